"""Identifiers: a prefix that names the kind and a ULID, so that they sort by creation."""

import re

from ulid import ULID

ID = re.compile(r"^[a-z]{2,5}_[0-9A-HJKMNP-TV-Z]{26}$")


def new_id(prefix: str) -> str:
    """A fresh identifier such as `int_01J…`."""
    return f"{prefix}_{ULID()}"
