"""Intervals against examples at their edges, and against a slow and obvious oracle."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.routing.intervals import WEEK_DAYS, holds, next_change

ROME, AUCKLAND, LORD_HOWE = "Europe/Rome", "Pacific/Auckland", "Australia/Lord_Howe"
WORKING = [{"type": "custom", "from": "09:00", "to": "17:59", "week_days": ["mon", "tue", "wed", "thu", "fri"]}]


def at(zone: str, *when: int, fold: int = 0) -> datetime:
    return datetime(*when, tzinfo=ZoneInfo(zone), fold=fold)


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        ((2026, 3, 2, 8, 59, 59), False),
        ((2026, 3, 2, 9, 0), True),
        ((2026, 3, 2, 17, 59, 59), True),
        ((2026, 3, 2, 18, 0), False),
        ((2026, 3, 7, 12, 0), False),
    ],
)
def test_the_end_minute_is_included(when: tuple[int, ...], expected: bool) -> None:
    assert holds(ROME, WORKING, at(ROME, *when)) is expected


def test_without_parts_it_never_holds_and_never_changes() -> None:
    assert not holds(ROME, [], at(ROME, 2026, 1, 1))
    assert next_change(ROME, [], at(ROME, 2026, 1, 1)) is None


def test_always_holds_and_never_changes() -> None:
    assert holds(ROME, [{"type": "always"}], at(ROME, 2026, 1, 1))
    assert next_change(ROME, [{"type": "always"}], at(ROME, 2026, 1, 1)) is None


def test_24_00_is_the_last_second_of_the_day() -> None:
    part = [{"type": "custom", "from": "18:00", "to": "24:00", "week_days": ["sun"]}]
    assert holds(ROME, part, at(ROME, 2026, 3, 1, 23, 59, 59))
    assert not holds(ROME, part, at(ROME, 2026, 3, 2, 0, 0))


def test_a_range_past_midnight_belongs_to_the_day_it_begins_on() -> None:
    night = [{"type": "custom", "from": "22:00", "to": "05:59", "week_days": ["fri"]}]
    assert holds(ROME, night, at(ROME, 2026, 3, 6, 22, 0))
    assert holds(ROME, night, at(ROME, 2026, 3, 7, 5, 59))
    assert not holds(ROME, night, at(ROME, 2026, 3, 6, 5, 0))
    assert not holds(ROME, night, at(ROME, 2026, 3, 7, 22, 0))


def test_the_31st_is_skipped_in_shorter_months() -> None:
    part = [{"type": "custom", "month_days": [31]}]
    assert next_change(ROME, part, at(ROME, 2026, 2, 1)) == at(ROME, 2026, 3, 31)


def test_saturday_in_auckland_is_still_friday_in_utc() -> None:
    part = [{"type": "custom", "week_days": ["sat"]}]
    assert holds(AUCKLAND, part, datetime(2026, 1, 2, 12, 0, tzinfo=UTC))
    assert not holds("UTC", part, datetime(2026, 1, 2, 12, 0, tzinfo=UTC))


def test_a_local_time_that_happens_twice_holds_twice() -> None:
    part = [{"type": "custom", "from": "02:30", "to": "02:44"}]
    assert holds(ROME, part, at(ROME, 2026, 10, 25, 2, 30, fold=0))
    assert holds(ROME, part, at(ROME, 2026, 10, 25, 2, 30, fold=1))
    between = at(ROME, 2026, 10, 25, 2, 50, fold=0)
    assert not holds(ROME, part, between)
    again = at(ROME, 2026, 10, 25, 2, 30, fold=1).astimezone(UTC)
    assert next_change(ROME, part, between) == again


def test_a_local_time_that_is_skipped_never_holds() -> None:
    part = [{"type": "custom", "from": "02:30", "to": "02:44", "dates": ["2026-03-29"]}]
    assert next_change(ROME, part, at(ROME, 2026, 3, 28)) is None


def test_a_range_over_the_skipped_hour_ends_when_the_clocks_jump() -> None:
    part = [{"type": "custom", "from": "01:00", "to": "02:29", "dates": ["2026-03-29"]}]
    assert next_change(ROME, part, at(ROME, 2026, 3, 29, 1, 30)) == at(ROME, 2026, 3, 29, 3, 0)


def test_the_next_29_february_is_found() -> None:
    part = [{"type": "custom", "months": [2], "month_days": [29]}]
    assert next_change("UTC", part, datetime(2096, 3, 1, tzinfo=UTC)) == datetime(2104, 2, 29, tzinfo=UTC)


_clock = st.builds(lambda h, m: f"{h:02}:{m:02}", st.integers(0, 23), st.integers(0, 59))
_part = st.fixed_dictionaries(
    {"type": st.just("custom"), "from": _clock, "to": _clock | st.just("24:00")},
    optional={
        "week_days": st.lists(st.sampled_from(WEEK_DAYS), max_size=4, unique=True),
        "month_days": st.lists(st.integers(25, 31), max_size=4, unique=True),
        "months": st.lists(st.sampled_from([3, 4, 9, 10]), max_size=3, unique=True),
    },
)
# Around the nights on which clocks change, where mistakes live; Lord Howe shifts by half an hour.
_nights = st.sampled_from(
    [(ROME, (2026, 3, 29)), (ROME, (2026, 10, 25)), (AUCKLAND, (2026, 4, 5)), (LORD_HOWE, (2026, 10, 4))]
)
_offsets = st.integers(-48 * 60, 48 * 60)


def obvious(zone: str, parts: list[dict[str, Any]], moment: datetime) -> bool:
    """Walks minute by minute through the 24 hours before: does a range that began on a chosen day still run?"""
    local = moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None, second=0, microsecond=0)
    for part in parts:
        for back in range(2):
            day = local.date() - timedelta(days=back)
            named = (
                (part.get("week_days"), WEEK_DAYS[day.weekday()]),
                (part.get("month_days"), day.day),
                (part.get("months"), day.month),
            )
            if not all(value in chosen for chosen, value in named if chosen):
                continue
            begin = datetime.strptime(f"{day} {part['from']}", "%Y-%m-%d %H:%M")  # noqa: DTZ007 - local on purpose
            end_text = "23:59" if part["to"] == "24:00" else part["to"]
            end = datetime.strptime(f"{day} {end_text}", "%Y-%m-%d %H:%M")  # noqa: DTZ007
            if end < begin:
                end += timedelta(days=1)
            if begin <= local <= end:
                return True
    return False


@settings(max_examples=150, deadline=None)
@given(night=_nights, offset=_offsets, parts=st.lists(_part, min_size=1, max_size=3))
def test_it_holds_exactly_when_the_oracle_says_so(night: Any, offset: int, parts: list[dict[str, Any]]) -> None:
    zone, day = night
    moment = datetime(*day, tzinfo=UTC) + timedelta(minutes=offset)
    assert holds(zone, parts, moment) == obvious(zone, parts, moment)


@settings(max_examples=40, deadline=None)
@given(night=_nights, offset=_offsets, parts=st.lists(_part, min_size=1, max_size=2))
def test_the_next_change_is_the_first_minute_that_differs(night: Any, offset: int, parts: list[dict[str, Any]]) -> None:
    zone, day = night
    moment = datetime(*day, tzinfo=UTC) + timedelta(minutes=offset)
    now = obvious(zone, parts, moment)
    ahead = (moment + timedelta(minutes=m) for m in range(1, 3 * 24 * 60))
    expected = next((m for m in ahead if obvious(zone, parts, m) != now), None)
    found = next_change(zone, parts, moment)
    if expected:
        assert found == expected
    else:
        assert found is None or found >= moment + timedelta(minutes=3 * 24 * 60)
