"""Faults to plant in the product, each of which the property run must find."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from boto3.dynamodb.conditions import Attr

from chalicelib.inbound.arrivals import Arrival
from chalicelib.outbound import claims, delivery
from chalicelib.providers.contract import SendError
from chalicelib.routing import answers, match, plan, rounds
from chalicelib.store import conversations, table
from chalicelib.store.conversations import Change
from chalicelib.store.transaction import EXISTS, Transaction

_LATER = ("throttled", "unavailable", "unknown_outcome")
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


def a_status_goes_back(patch: pytest.MonkeyPatch) -> None:
    """A report overwrites whatever is known of the text."""
    patch.setattr(delivery, "takes", lambda _status: EXISTS)


def a_stop_is_not_looked_at(patch: pytest.MonkeyPatch) -> None:
    """A text that was queued before its recipient opted out is claimed all the same."""
    patch.setattr(claims, "may_get_texts", lambda: Attr("pk").exists() | Attr("pk").not_exists())


def what_is_unknown_is_sent_again(patch: pytest.MonkeyPatch) -> None:
    """Where nobody knows what became of a text it is tried once more."""
    patch.setattr(SendError, "retryable", property(lambda error: error.kind in _LATER))


def who_comes_later_leaves_first(patch: pytest.MonkeyPatch) -> None:
    """No text looks whether the one before it has left."""
    patch.setattr(claims, "check_order", lambda _tx, _row: None)


def an_auto_reply_is_not_remembered(patch: pytest.MonkeyPatch) -> None:
    """That a step has answered once is forgotten."""
    put = Change.set

    def forgetful(change: Change, **fields: Any) -> Change:
        return put(change, **{name: value for name, value in fields.items() if name != "replied"})

    patch.setattr(Change, "set", forgetful)


def an_opening_is_a_minute_late(patch: pytest.MonkeyPatch) -> None:
    """The end minute of an interval is not looked at when it opens again."""
    opening = plan.opening

    def late(*arguments: Any) -> Any:
        at = opening(*arguments)
        return at and at + timedelta(minutes=1)

    patch.setattr(plan, "opening", late)


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
        a_status_goes_back,
        a_stop_is_not_looked_at,
        what_is_unknown_is_sent_again,
        who_comes_later_leaves_first,
        an_auto_reply_is_not_remembered,
        an_opening_is_a_minute_late,
    )
}
