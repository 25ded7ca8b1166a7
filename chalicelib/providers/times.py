"""Times as providers write them where no contract says how."""

from datetime import datetime

from chalicelib.providers import wire

_STAMPS = ("%Y%m%d%H%M%S %z", "%Y-%m-%d %H:%M:%S %z", "%Y-%m-%dT%H:%M:%S %z", "%d %b %Y %H:%M:%S %z")


def usual(value: str) -> datetime | None:
    """Seconds or milliseconds since 1970, or a usual way of writing; UTC where no zone is given."""
    bare = value.rpartition(",")[2].strip()  # without the weekday of an e-mail's date
    forms = (wire.timestamp(text, form) for form in _STAMPS for text in (bare, f"{bare} +0000"))
    return wire.epoch(value) or wire.iso_time(value) or next((moment for moment in forms if moment), None)
