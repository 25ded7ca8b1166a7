"""Which part of a long text a call brings: by the header of a short message, or by three values."""

import re

from chalicelib.providers.contract import Part

_MOST = 255  # parts of a text: one octet counts them
_REFERENCE_CHARACTERS = 40  # it becomes part of a key in the table
# Concatenated short messages: information element -> octets of its reference (3GPP TS 23.040, 9.2.3.24.1 and .8).
_CONCATENATED = {0x00: 1, 0x08: 2}


def of_values(reference: str | None, number: str | None, total: str | None) -> Part | None:
    """The part that the values name; None for a whole text, and where they make no sense, so that it stands alone."""
    name = (reference or "").strip()
    if not name or len(name) > _REFERENCE_CHARACTERS:
        return None
    counts = [(value or "").strip() for value in (number, total)]
    if not all(re.fullmatch(r"[0-9]{1,3}", value) for value in counts):
        return None
    place, most = (int(value) for value in counts)
    return Part(name, place, most) if 1 <= place <= most and 1 < most <= _MOST else None


def of_header(header: str | None) -> Part | None:
    """The part that a user data header in hexadecimal digits names; None without one, and for one that is none."""
    digits = re.sub(r"[\s:%]", "", header or "")
    if not re.fullmatch(r"(?:[0-9A-Fa-f]{2})+", digits):
        return None
    elements = bytes.fromhex(digits)[1:]  # the first octet is the header's length
    while len(elements) >= 2:
        kind, length = elements[0], elements[1]
        value, elements = elements[2 : 2 + length], elements[2 + length :]
        size = _CONCATENATED.get(kind)
        if size and len(value) == length == size + 2:
            return of_values(value[:size].hex(), str(value[size + 1]), str(value[size]))
    return None
