"""The action plans of the company, and the working rule that their bound steps go by, in minutes."""

from collections.abc import Mapping, Sequence
from typing import Any

from tests.model.outside import HOOK

Action = dict[str, Any]
ONCE, FIRST, ALWAYS = "auto once", "auto first", "auto always"
_SECRET = "whsec_" + "bW9kZWwg" * 4
_PERIOD, _OPEN, _TIMES = 4, 2, 20  # minutes, and how often before the day ends closed
_INTERVAL = {
    "zone": "UTC",
    "parts": [
        {"type": "custom", "from": f"{m // 60:02}:{m % 60:02}", "to": f"{m // 60:02}:{m % 60 + _OPEN - 1:02}"}
        for m in range(0, _PERIOD * _TIMES, _PERIOD)
    ],
}
OPENS_EVERY = 60 * _OPEN  # seconds: then steps open that are bound to be inside, or outside
_MINUTE, _DAY = 60_000, 86_400_000


def plans(queues: Sequence[str], agent: str, account: int) -> list[list[Action]]:
    """The plans that an account may get; the first is what it begins with."""
    first, second, third = (Action(app="queue", queue_id=q, timeout=25) for q in queues)
    asked: Action = {"app": "agent", "agent_id": agent, "timeout": 15, "renotify_every": 5}
    tag = {"app": "tag", "tag": "seen"}
    last = third | {"id": "last"}
    main = [_reply("once", ONCE), first, asked, third] if account == 0 else [tag, _hook(), second, last]
    return [
        main,
        [first, second, third],
        [third, second],
        [_reply("first_message", FIRST), asked, _reply("always", ALWAYS), _hook(), second, last],
        [second, {"app": "close"}],
        [],
        [_bound(first, "inside"), _bound(_reply("always", ALWAYS), "outside"), _reply("once", ONCE)],
        [_hook(), _reply("once", ONCE), _bound(second, "outside"), _bound(asked, "inside") | {"id": "last"}],
        [_bound(third, "inside")],
    ]


def _reply(times: str, text: str) -> Action:
    return {"app": "auto_reply", "id": times, "text": text, "times": times}


def _hook() -> Action:
    return {"app": "webhook", "id": "hook", "url": HOOK, "secret": _SECRET, "on_error": "last"}


def _bound(action: Action, when: str) -> Action:
    return {**action, "interval": _INTERVAL, "when": when}


def runs(action: Mapping[str, Any], at: int) -> bool:
    """Whether a step's interval lets it run at a time (ms)."""
    if "interval" not in action:
        return True
    minute = at % _DAY // _MINUTE
    inside = minute < _PERIOD * _TIMES and minute % _PERIOD < _OPEN
    return inside == (action["when"] == "inside")


def opens(actions: Sequence[Mapping[str, Any]], at: int) -> int | None:
    """When the first agent or queue step that is closed at a time opens (ms), None where there is none."""
    closed = [one for one in actions if one["app"] in ("agent", "queue") and not runs(one, at)]
    moments = range(at - at % _MINUTE + _MINUTE, at + 2 * _DAY, _MINUTE)
    return min((next(moment for moment in moments if runs(one, moment)) for one in closed), default=None)
