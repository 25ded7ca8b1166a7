"""How many segments a text takes, counted by the simulator itself so that it can disagree with the app.

Source: 3GPP TS 23.038 (GSM 7-bit default alphabet and its extension table) and TS 23.040 (concatenation).
"""

BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENSION = frozenset("\f^{}\\[~]|€")


def count(text: str) -> int:
    """Segments of a text, at least 1."""
    return len(split(text))


def split(text: str) -> list[str]:
    """The segments of a text, at least one; an escape pair or a surrogate pair is never divided."""
    if set(text) <= BASIC | EXTENSION:
        units = [2 if character in EXTENSION else 1 for character in text]
        single, part = 160, 153
    else:
        units = [2 if ord(character) > 0xFFFF else 1 for character in text]
        single, part = 70, 67
    if sum(units) <= single:
        return [text]
    segments, room = [""], part
    for character, size in zip(text, units, strict=True):
        if size > room:
            segments.append("")
            room = part
        segments[-1] += character
        room -= size
    return segments
