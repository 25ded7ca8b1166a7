"""Working rules: whether an interval holds at a moment, and when that changes next. Pure.

An interval is a zone and parts, of which one must hold; without parts it never holds. A part is `always`, or a
range of local time (both minutes included; past midnight where the end comes first) on days chosen
by weekday, day of the month, month, and date; what is not named does not restrict.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

WEEK_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
HORIZON_DAYS = 366 * 9  # past any 29 February, even the one after 2096
_LAST_MINUTE = 24 * 60 - 1
Part = Mapping[str, Any]


def holds(zone: str, parts: Sequence[Part], at: datetime) -> bool:
    """Whether the interval holds at an aware moment.

    A local time that happens twice holds twice, one that is skipped never, since only real moments are asked for.
    """
    local = at.astimezone(ZoneInfo(zone))
    minute = local.hour * 60 + local.minute
    return any(_part_holds(part, local.date(), minute) for part in parts)


def _part_holds(part: Part, day: date, minute: int) -> bool:
    if part["type"] == "always":
        return True
    start, end = range_of(part)
    if start <= end:
        return start <= minute <= end and _on(part, day)
    yesterday = day - timedelta(days=1)
    return (minute >= start and _on(part, day)) or (minute <= end and _on(part, yesterday))


def range_of(part: Part) -> tuple[int, int]:
    """First and last minute of the day; the whole day where no times are given."""
    return _minute(part.get("from") or "00:00"), min(_minute(part.get("to") or "24:00"), _LAST_MINUTE)


def _minute(text: str) -> int:
    hours, minutes = text.split(":")
    return int(hours) * 60 + int(minutes)


def _on(part: Part, day: date) -> bool:
    """Whether the part's days include this one; a range past midnight belongs to the day it begins on."""
    chosen = (
        ("week_days", WEEK_DAYS[day.weekday()]),
        ("month_days", day.day),
        ("months", day.month),
        ("dates", day.isoformat()),
    )
    return all(not part.get(name) or value in part[name] for name, value in chosen)


def next_change(zone: str, parts: Sequence[Part], at: datetime) -> datetime | None:
    """The first moment after `at` (aware; the answer is in UTC) when `holds` differs; None if it never does."""
    if not parts or any(part["type"] == "always" for part in parts):
        return None
    now = holds(zone, parts, at)
    return next((moment for moment in _edges(zone, parts, at) if holds(zone, parts, moment) != now), None)


def _edges(zone: str, parts: Sequence[Part], at: datetime) -> Iterator[datetime]:
    """Every moment after `at` at which some part could begin or end, in order, for some years."""
    tz = ZoneInfo(zone)
    minutes = sorted({m for part in parts for m in (range_of(part)[0], range_of(part)[1] + 1)} | {0})
    first = at.astimezone(tz).date() - timedelta(days=1)
    for days in range(HORIZON_DAYS):
        day = first + timedelta(days=days)
        if days > 1 and not any(_on(part, one) for part in parts for one in (day, day - timedelta(days=1))):
            continue  # nothing begins, runs over from the day before, or ends
        moments = {moment for minute in minutes for moment in _moments(day, minute, tz)} | set(_shift(day, tz))
        yield from sorted(moment for moment in moments if moment > at)


def _moments(day: date, minute: int, tz: ZoneInfo) -> Iterator[datetime]:
    """The moments at which a local time happens: two on the night when clocks go back."""
    naive = datetime.combine(day, time()) + timedelta(minutes=minute)
    for fold in (0, 1):
        yield naive.replace(tzinfo=tz, fold=fold).astimezone(UTC)


def _shift(day: date, tz: ZoneInfo) -> Iterator[datetime]:
    """The moment at which the zone's offset changes on a day, to the minute."""
    low, high = (
        datetime.combine(day + timedelta(days=n), time(), tz).astimezone(UTC).replace(second=0, microsecond=0)
        for n in (0, 1)
    )
    before = low.astimezone(tz).utcoffset()
    if high.astimezone(tz).utcoffset() == before:
        return
    while high - low > timedelta(minutes=1):
        middle = low + (high - low) // 2
        middle = middle.replace(second=0, microsecond=0)
        if middle.astimezone(tz).utcoffset() == before:
            low = middle
        else:
            high = middle
    yield high
