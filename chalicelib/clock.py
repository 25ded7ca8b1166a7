"""The one place that reads the time; everything below the entry points takes `now` as an argument."""

import time
from datetime import UTC, datetime


def now_ms() -> int:
    """Milliseconds since the epoch, the unit of every stored time."""
    return time.time_ns() // 1_000_000


def rfc3339(ms: int | None) -> str | None:
    """A stored time as the API shows it: RFC 3339 in UTC with milliseconds."""
    if ms is None:
        return None
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def aware(ms: int) -> datetime:
    """A stored time as an aware datetime in UTC."""
    return datetime.fromtimestamp(ms / 1000, UTC)
