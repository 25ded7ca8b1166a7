"""What an action plan would do with a text if nobody accepted it, step by step, without touching anything. Pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from chalicelib.outbound.addresses import is_answerable
from chalicelib.routing import plan
from chalicelib.routing.plan import Action, Intervals

MOST_STEPS = 100  # a plan that goes round between waits would go on for ever


@dataclass(frozen=True)
class Staff:
    """Who could be asked: agents {name, state} of the account by id, queues {name, members} by id."""

    agents: Mapping[str, Mapping[str, Any]]
    queues: Mapping[str, Mapping[str, Any]]

    def online(self, agent_ids: Sequence[str]) -> list[str]:
        return [one for one in agent_ids if self.agents[one]["state"] == "online"]

    def names(self, agent_ids: Sequence[str]) -> str:
        return ", ".join(str(self.agents[one]["name"]) for one in agent_ids)


@dataclass
class _Run:
    """Where a simulated run stands."""

    staff: Staff
    at: datetime
    tags: set[str]
    answerable: bool
    sent: set[str] = field(default_factory=set)
    closed: bool = False


@dataclass(frozen=True)
class _Outcome:
    """What a step does, in words; `runs` is False where it is passed over, `seconds` the wait that it begins."""

    reason: str
    runs: bool = True
    seconds: int = 0
    offered_to: Sequence[str] = ()


def simulate(
    actions: Sequence[Action], intervals: Intervals, staff: Staff, facts: Mapping[str, Any], at: datetime, zone: str
) -> dict[str, Any]:
    """The steps that a new text comes to, from an aware moment on, and how that ends.

    `facts` are what conditions ask about; `hour` is taken from the moment in `zone`, tags are followed.
    """
    run = _Run(staff, at, set(facts.get("interaction.tags", ())), is_answerable(facts.get("interaction.address", "")))
    steps: list[dict[str, Any]] = []
    index = 0
    while index < len(actions) and not run.closed and len(steps) < MOST_STEPS:
        action = actions[index]
        obstacle = plan.obstacle(action, intervals, run.at)
        outcome = _Outcome(obstacle, runs=False) if obstacle else _OUTCOMES[action["app"]](action, run)
        now = {**facts, "interaction.tags": tuple(sorted(run.tags)), "hour": run.at.astimezone(ZoneInfo(zone)).hour}
        following = plan.following(actions, index, now) if outcome.runs else index + 1
        steps.append(_step(action, outcome, run.at, _way(actions, action, following)))
        run.at += timedelta(seconds=outcome.seconds)
        index = following
    end = _end(actions, intervals, run, is_over=index >= len(actions))
    return {"steps": steps, "end": {"at": run.at, **end}, "tags": sorted(run.tags)}


def _step(action: Action, outcome: _Outcome, at: datetime, way: str) -> dict[str, Any]:
    return {
        "id": action["id"],
        "app": action["app"],
        "at": at,
        "runs": outcome.runs,
        "reason": outcome.reason + (way if outcome.runs else ""),
        "seconds": outcome.seconds,
        "offered_to": list(outcome.offered_to),
    }


def _way(actions: Sequence[Action], action: Action, following: int) -> str:
    """Where a jump leads."""
    if action["app"] not in ("goto", "goto_if"):
        return ""
    return f"goes on with {actions[following]['id']}" if following < len(actions) else "goes on to the end"


def _agent(action: Action, run: _Run) -> _Outcome:
    agent = run.staff.agents.get(action["agent_id"])
    if agent is None:
        return _Outcome("not on this account", runs=False)
    shown = run.staff.online([action["agent_id"]])
    state = "" if shown else f", who is {str(agent['state']).replace('_', ' ')}"
    return _Outcome(f"offered to {agent['name']}{state}", seconds=action["timeout"], offered_to=shown)


def _queue(action: Action, run: _Run) -> _Outcome:
    queue = run.staff.queues.get(action["queue_id"])
    if queue is None:
        return _Outcome("the queue was deleted", runs=False)
    members = [one for one in queue["members"] if one in run.staff.agents]
    if not members:
        return _Outcome(f"nobody of queue {queue['name']} is on this account", runs=False)
    online = run.staff.online(members)
    who = f"online: {run.staff.names(online)}" if online else "nobody is online"
    return _Outcome(f"waits in queue {queue['name']}; {who}", seconds=action["timeout"], offered_to=online)


def _auto_reply(action: Action, run: _Run) -> _Outcome:
    if not run.answerable:
        return _Outcome("the sender cannot be answered", runs=False)
    if action["id"] in run.sent:  # whatever `times` says: it is not sent twice for one text
        return _Outcome("sent before", runs=False)
    run.sent.add(action["id"])
    return _Outcome("sends its text")


def _tag(action: Action, run: _Run) -> _Outcome:
    run.tags.add(action["tag"])
    return _Outcome(f"adds the tag {action['tag']}")


def _close(_action: Action, run: _Run) -> _Outcome:
    run.closed = True
    return _Outcome("closes the conversation")


def _jump(_action: Action, _run: _Run) -> _Outcome:
    return _Outcome("")


def _webhook(_action: Action, _run: _Run) -> _Outcome:
    return _Outcome("would be called; taken to succeed without an answer")


def _noop(_action: Action, _run: _Run) -> _Outcome:
    return _Outcome("writes a line into the thread")


_OUTCOMES: Mapping[str, Callable[[Action, _Run], _Outcome]] = {
    "agent": _agent,
    "queue": _queue,
    "auto_reply": _auto_reply,
    "tag": _tag,
    "close": _close,
    "goto": _jump,
    "goto_if": _jump,
    "webhook": _webhook,
    "noop": _noop,
}


def _end(actions: Sequence[Action], intervals: Intervals, run: _Run, *, is_over: bool) -> dict[str, str]:
    if run.closed:
        return {"status": "closed", "reason": "closed by the plan"}
    if not is_over:
        return {"status": "open", "reason": f"not followed beyond {MOST_STEPS} steps"}
    opening = plan.opening(actions, intervals, run.at)
    if opening:
        return {"status": "open", "reason": f"nobody accepted; the plan begins anew at {opening.isoformat()}"}
    return {"status": "open", "reason": "nobody accepted; open for every agent of the account"}
