"""The characters of the GSM 7-bit default alphabet, which providers that want the encoding named must know."""

# 3GPP TS 23.038, 6.2.1 and 6.2.1.1. ESC is missing on purpose: it only announces the next septet.
BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENSION = frozenset("\f^{}\\[~]|€")


def septets(text: str) -> int:
    """How long a text of GSM-7 is: a character of the extension takes two."""
    return len(text) + sum(character in EXTENSION for character in text)


def units(text: str) -> int:
    """How long a text of UCS-2 is: a character beyond the basic plane takes two."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def is_gsm(text: str) -> bool:
    """Whether every character of the text can be sent in GSM-7; any other makes the whole text UCS-2."""
    return all(character in BASIC or character in EXTENSION for character in text)
