"""How many SMS segments a text takes, and in which encoding (3GPP TS 23.038 and TS 23.040)."""

from typing import Literal, NamedTuple

from chalicelib.providers.alphabet import BASIC, EXTENSION

# Units in a message that stands alone, and in each part of a longer one (its header takes the rest).
_GSM_SINGLE, _GSM_PART = 160, 153
_UCS_SINGLE, _UCS_PART = 70, 67


class Measure(NamedTuple):
    """`units` are septets (GSM-7) or UTF-16 code units (UCS-2), headers not counted.

    `forcing` names the characters that GSM-7 has not, each once, in order of first appearance; empty in GSM-7.
    """

    encoding: Literal["GSM-7", "UCS-2"]
    segments: int
    units: int
    forcing: tuple[str, ...]


def measure(text: str) -> Measure:
    """Count a text as a phone network does; an empty text still takes one segment (of 0 units).

    Parts are filled one after the other and never divide an escape pair or a surrogate pair, so a text can need one
    part more than its length divided by a part's.
    """
    forcing = tuple(dict.fromkeys(c for c in text if c not in BASIC and c not in EXTENSION))
    if forcing:
        widths = [2 if ord(c) > 0xFFFF else 1 for c in text]
        return Measure("UCS-2", _parts(widths, _UCS_SINGLE, _UCS_PART), sum(widths), forcing)
    widths = [2 if c in EXTENSION else 1 for c in text]
    return Measure("GSM-7", _parts(widths, _GSM_SINGLE, _GSM_PART), sum(widths), ())


def _parts(widths: list[int], single: int, part: int) -> int:
    if sum(widths) <= single:
        return 1
    count, used = 1, 0
    for width in widths:
        if used + width > part:
            count, used = count + 1, 0
        used += width
    return count
