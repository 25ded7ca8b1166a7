"""Faults to plant in the product, each of which the property run must find."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.inbound.arrivals import Arrival
from chalicelib.routing import answers, match, rounds
from chalicelib.store import conversations, table
from chalicelib.store.conversations import Change
from chalicelib.store.transaction import Transaction

Plant = Callable[[pytest.MonkeyPatch], None]


def a_late_timer_acts(patch: pytest.MonkeyPatch) -> None:
    """The Lambda does not look whether anybody still waits."""
    patch.setattr(rounds, "is_waited_for", lambda _meta: True)


def who_comes_second_overwrites(patch: pytest.MonkeyPatch) -> None:
    """A change is written whatever moved since it was decided, the epoch included."""
    patch.setattr(conversations, "_GUARDED", ())
    patch.setattr(Transaction, "create", lambda tx, key, item: tx.put(key, {**item, "op": tx.op}))


def a_newcomer_overtakes(patch: pytest.MonkeyPatch) -> None:
    """The shortest wait comes first."""
    rows = match._Pool.rows

    def newest_first(pool: Any) -> Iterator[Any]:
        return iter(sorted(rows(pool), key=lambda row: row["sk"], reverse=True))

    patch.setattr(match._Pool, "rows", newest_first)


def a_duplicate_is_stored(patch: pytest.MonkeyPatch) -> None:
    """Neither the look nor the condition that a text is new."""
    look = Arrival.look

    def mark(arrival: Arrival, change: Change) -> None:
        change.tx.put(table.duplicate(arrival.account_id, arrival.marks[0]), {"ttl": 1})

    patch.setattr(Arrival, "look", lambda arrival: replace(look(arrival), duplicate=False))
    patch.setattr(Arrival, "mark", mark)


def a_poll_is_not_told(patch: pytest.MonkeyPatch) -> None:
    """Changes of an interaction do not move its owner's HEAD."""
    patch.setattr(Change, "touch", lambda change, _agent: change)


def a_ring_is_not_released(patch: pytest.MonkeyPatch) -> None:
    """Who was rung is kept by a ring that is none."""
    patch.setattr(rounds, "release", lambda *_: None)


def who_comes_free_is_forgotten(patch: pytest.MonkeyPatch) -> None:
    """Nobody looks for waiting texts after an answer."""
    patch.setattr(answers, "match_agent", lambda *_: 0)


def a_tab_is_counted_twice(patch: pytest.MonkeyPatch) -> None:
    """Opening adds to open_count whatever was open."""
    nudge = Change.nudge

    def generous(change: Change, *arguments: Any, add: Any = None, **named: Any) -> Change:
        return nudge(change, *arguments, add={"open_count": 1} if add == {"open_count": 0} else add, **named)

    patch.setattr(Change, "nudge", generous)


PLANTS: dict[str, Plant] = {
    plant.__name__: plant
    for plant in (
        a_newcomer_overtakes,
        a_late_timer_acts,
        who_comes_second_overwrites,
        a_duplicate_is_stored,
        a_poll_is_not_told,
        a_ring_is_not_released,
        who_comes_free_is_forgotten,
        a_tab_is_counted_twice,
    )
}
