"""Remembers what was read from the table for some seconds, per process."""

from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")
_ENTRIES = 1000


class Memory(Generic[T]):
    """Values by key, each for a number of seconds; absence is never remembered, so that what is new works at once."""

    def __init__(self, seconds: int) -> None:
        self._milliseconds = seconds * 1000
        self._entries: dict[str, tuple[int, T]] = {}

    def get(self, key: str, now: int, load: Callable[[], T | None]) -> T | None:
        """The remembered value, or what `load` finds; `now` in milliseconds."""
        kept = self._entries.get(key)
        if kept and 0 <= now - kept[0] < self._milliseconds:
            return kept[1]
        value = load()
        self._entries.pop(key, None)
        if value is not None:
            if len(self._entries) >= _ENTRIES:
                self._entries.pop(next(iter(self._entries)))
            self._entries[key] = (now, value)
        return value

    def cache_clear(self) -> None:
        self._entries.clear()
