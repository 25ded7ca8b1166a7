"""What a text from outside may hold."""


def storable(text: str) -> bool:
    """Whether it can be written as UTF-8, which half a surrogate pair cannot."""
    return not any("\ud800" <= character <= "\udfff" for character in text)
