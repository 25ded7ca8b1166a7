"""Walking an action plan: which steps run at a moment, where jumps lead, when a closed step opens. Pure.

An action is as DESIGN's plan object has it; `intervals` holds the named ones by id: {name, zone, parts}.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from chalicelib.config import OPENING_DAYS
from chalicelib.routing.conditions import hold
from chalicelib.routing.intervals import holds, next_change

Action = Mapping[str, Any]
Intervals = Mapping[str, Mapping[str, Any]]
WAITING = frozenset({"agent", "queue"})  # the steps that offer and wait


def interval_of(action: Action, intervals: Intervals) -> Mapping[str, Any] | None:
    """The interval that a step is bound to; None without one, or when it was deleted."""
    if "interval_id" in action:
        return intervals.get(action["interval_id"])
    return action.get("interval")


def is_bound(action: Action) -> bool:
    return "interval_id" in action or "interval" in action


def obstacle(action: Action, intervals: Intervals, at: datetime) -> str | None:
    """Why a step does not run at a moment, in words; None if it runs."""
    if not action["enabled"]:
        return "switched off"
    if not is_bound(action):
        return None
    interval = interval_of(action, intervals)
    if interval is None:
        return "its interval was deleted"
    name = interval.get("name") or "its interval"
    inside = holds(interval["zone"], interval["parts"], at)
    if inside == (action.get("when", "inside") == "inside"):
        return None
    return f"{'outside' if action.get('when', 'inside') == 'inside' else 'inside'} {name}"


def runs(action: Action, intervals: Intervals, at: datetime) -> bool:
    return obstacle(action, intervals, at) is None


def opening(actions: Sequence[Action], intervals: Intervals, at: datetime) -> datetime | None:
    """When the first of the waiting steps that are closed now opens; None if none of them is, or none does in time.

    In time is `OPENING_DAYS`: an execution of the state machine, which waits for it, lives for a year.
    """
    moments = []
    for action in actions:
        closed = action["app"] in WAITING and action["enabled"] and not runs(action, intervals, at)
        interval = interval_of(action, intervals) if closed else None
        change = next_change(interval["zone"], interval["parts"], at) if interval else None
        if change and change - at <= timedelta(days=OPENING_DAYS):
            moments.append(change)
    return min(moments, default=None)


def position(actions: Sequence[Action], identifier: str | None) -> int:
    """Where a jump leads; past the end for no target, or one that is not there."""
    return next((i for i, action in enumerate(actions) if action["id"] == identifier), len(actions))


def following(actions: Sequence[Action], index: int, facts: Mapping[str, Any]) -> int:
    """The step after the one at `index`: its jump's target, else the next in the list.

    A Go to if without `else` goes on with the next step.
    """
    action = actions[index]
    if action["app"] == "goto":
        return position(actions, action["to"])
    return branch(actions, index, facts)[0] if action["app"] == "goto_if" else index + 1


def branch(actions: Sequence[Action], index: int, facts: Mapping[str, Any]) -> tuple[int, bool]:
    """Where a Go to if leads, and whether its conditions hold."""
    action = actions[index]
    if hold(action["if"]["match"], action["if"]["conditions"], facts):
        return position(actions, action["then"]), True
    return (position(actions, action["else"]) if action.get("else") else index + 1), False
