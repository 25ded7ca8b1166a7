"""Cursors: opaque to the client, checked when they come back, and never the source of a partition key."""

import base64
import json
from typing import Any

from chalicelib.models.errors import Refused

_VERSION = 1
_LONGEST = 8000


def encode(kind: str, **values: Any) -> str:
    """A cursor of a kind; its values are plain JSON."""
    text = json.dumps({"k": kind, "v": _VERSION, **values}, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def decode(kind: str, cursor: str, /, *, parameter: str = "cursor", **types: type) -> dict[str, Any]:
    """The values of a cursor of this kind, each of the type asked for. Raises Refused `invalid` for any other."""
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        values = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True)) if len(cursor) <= _LONGEST else {}
    except (ValueError, RecursionError):
        values = {}
    is_known = isinstance(values, dict) and values.pop("k", None) == kind and values.pop("v", None) == _VERSION
    if is_known and {name: type(value) for name, value in values.items()} == types and _are_keys(values):
        return values
    raise Refused(
        "invalid",
        "The query is not valid.",
        errors=[{"parameter": parameter, "detail": "Give back the cursor of an earlier answer to the same request."}],
    )


def _are_keys(values: dict[str, Any]) -> bool:
    """Strings end up in sort keys, which are short and plain."""
    return all(len(value) <= 300 and value.isascii() for value in values.values() if isinstance(value, str))
