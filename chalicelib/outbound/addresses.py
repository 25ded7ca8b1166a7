"""Which addresses can be written to: numbers and short codes can, names that companies send under cannot."""

import re

# Letters make a name (also with the country that IntelePeer writes before it); a colon is another channel's number.
_NAME = re.compile(r"(?=.*[^\W\d_])[^:+]+", re.DOTALL)


def is_answerable(address: str) -> bool:
    """Whether a text can go to the address at all."""
    return not _NAME.fullmatch(address)
