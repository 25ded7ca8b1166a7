"""How many segments a text takes, counted by the simulator itself so that it can disagree with the app.

Source: 3GPP TS 23.038 (GSM 7-bit default alphabet and its extension table) and TS 23.040 (concatenation).
"""

BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENSION = frozenset("\f^{}\\[~]|€")


def count(text: str) -> int:
    """Segments of a text, at least 1; an escape pair or a surrogate pair is never divided."""
    if set(text) <= BASIC | EXTENSION:
        units = [2 if character in EXTENSION else 1 for character in text]
        single, part = 160, 153
    else:
        units = [2 if ord(character) > 0xFFFF else 1 for character in text]
        single, part = 70, 67
    if sum(units) <= single:
        return 1
    segments, room = 1, part
    for size in units:
        if size > room:
            segments, room = segments + 1, part
        room -= size
    return segments
