"""The steps of an action plan: a walk goes on until a step waits or acts, which is one decision, committed once."""

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from boto3.dynamodb.conditions import Attr

from chalicelib import clock
from chalicelib.config import AUTO_REPLIES_PER_HOUR, IMMEDIATE_ACTIONS, ROUTING_GRACE, WEBHOOKS_PER_STEP, settings
from chalicelib.observability import count
from chalicelib.outbound import compose
from chalicelib.outbound.addresses import is_answerable
from chalicelib.routing import agents, plan, rounds, webhooks
from chalicelib.routing.closing import requires_disposition
from chalicelib.store import accounts, db, dispositions, intervals, table
from chalicelib.store.conversations import Change
from chalicelib.store.db import Item

_TAGS = 50


@dataclass
class _Walk:
    """One way through a plan, and what it has learnt on it."""

    change: Change
    actions: list[Item]
    intervals: dict[str, Item]
    calls: int = 0
    _facts: Item = field(default_factory=dict)

    def facts(self) -> Item:
        """What conditions may ask about; read when first asked."""
        if not self._facts:
            self._facts = _facts(self.change)
        return {**self._facts, "interaction.tags": tuple(self.change.get("tags") or ())}


def walk(change: Change, actions: list[Item], index: int) -> None:
    """Go through the plan from `index` on, and commit the first step that waits or acts, or the end. May raise Lost."""
    way = _Walk(change, actions, intervals.named_in(actions))
    at = clock.aware(change.now)
    passed = change.get("passed") or 0
    while index < len(actions) and passed < IMMEDIATE_ACTIONS:
        passed += 1
        action = actions[index]
        why = plan.obstacle(action, way.intervals, at)
        if why is None:
            change.set(plan_step=index, passed=passed)
            jump = _STEPS[action["app"]](way, action)
            if jump == _COMMITTED:
                return
            index = index + 1 if jump is None else jump
            continue
        if action["enabled"]:
            change.event(f"Plan: {action['app'].replace('_', ' ')} skipped, {why}")
        index += 1
    if index < len(actions):
        count("PlanTooLong")
        change.event(f"Plan: stopped after {IMMEDIATE_ACTIONS} steps without a wait")
    _end(way)


_COMMITTED = -1


def set_out(change: Change) -> None:
    """Between two rounds: commit, asked to decide again at once. May raise Lost."""
    change.set(stage="starting", deadline_at=change.now).decide().due(change.now + ROUTING_GRACE * 1000)
    if "plan_step" not in change.base and "plan_step" not in change.fields:
        change.set(plan_step=-1)
    change.commit()


def queue_with_members(queue_id: str, account_id: str, but: str | None = None) -> Item | None:
    """The queue if anyone (`but` for one) in it is on the account."""
    members = {m["agent_id"] for m in db.query_all(table.queue(queue_id)["pk"], "M#")} - {but}
    heads = rounds.read_heads(members) if members else {}
    if not any(agents.on_account(head, account_id) for head in heads.values()):
        return None
    return db.get(table.configuration("queue", queue_id))


def _facts(change: Change) -> Item:
    base = change.base
    line, contact = db.get_many(
        [table.line(change.interaction, base.get("began_n", 1)), table.contact(base.get("contact_id") or "-")]
    )
    account = accounts.get_cached(base["account_id"], change.now) or {}
    known = contact or {}
    return {
        "message.text": (line or {}).get("text"),
        "message.count": base.get("in_count", 0),
        "contact.id": known.get("id"),
        "contact.name": known.get("name"),
        "contact.list_id": known.get("list_id"),
        "interaction.address": base["address"],
        "interaction.account_key": account.get("key"),
        "interaction.last_owner": change.get("last_owner"),
        "hour": clock.aware(change.now).astimezone(ZoneInfo(settings().zone)).hour,
    }


def _end(way: _Walk) -> None:
    """Nobody has it: it stays visible to everybody of the account, until a closed step opens if there is one."""
    change = way.change
    rounds.show_everybody(change)
    opens = plan.opening(way.actions, way.intervals, clock.aware(change.now))
    if opens:
        at = int(opens.timestamp() * 1000)
        change.set(opening_at=at).due(at + ROUTING_GRACE * 1000)
        change.event(f"The action plan ended with nobody; it is tried again at {clock.rfc3339(at)}")
    else:
        change.event("The action plan ended with nobody; open for every agent of the account")
    change.decide().set(passed=None).commit()


def _agent(way: _Walk, action: Item) -> int | None:
    agent, change = action["agent_id"], way.change
    heads = rounds.read_heads({agent})
    if not agents.on_account(heads.get(agent), change.base["account_id"]):
        change.event(f"Plan: agent {rounds.name(heads, agent)} skipped, not on this account")
        return None
    seconds = action["timeout"]
    rounds.enter_directed(
        change, "plan_agent", agent, seconds, "named by the action plan", action.get("renotify_every")
    )
    again = action.get("renotify_every") or seconds
    told = f", told again every {again} s" if again < seconds else ""
    change.event(f"Plan: offered to {rounds.name(heads, agent)} for {seconds} s{told}: named by the plan").commit()
    return _COMMITTED


def _queue(way: _Walk, action: Item) -> int | None:
    change = way.change
    queue = queue_with_members(action["queue_id"], change.base["account_id"])
    if queue is None:
        found = db.get(table.configuration("queue", action["queue_id"]))
        why = f"{found['name']} skipped, none of its members is on this account" if found else "skipped, it was deleted"
        change.event(f"Plan: queue {why}")
        return None
    rounds.enter_queue(change, "plan_queue", queue, action["timeout"], f"queue {queue['name']}")
    change.event(f"Plan: {rounds.told_queue(queue, action['timeout'])}").commit()
    return _COMMITTED


def _auto_reply(way: _Walk, action: Item) -> int | None:
    base = way.change.base
    done = set(base.get("replied", ()))
    mark = action["id"] if action["times"] == "once" else f"{action['id']}@{base['began_n']}"
    if mark in done:
        way.change.event("Plan: auto reply skipped, sent before")
        return None
    if action["times"] == "first_message" and base["began_n"] != base.get("first_in_n"):
        way.change.event("Plan: auto reply skipped, not the first message")
        return None
    way.change.set(replied=done | {mark})
    return _reply(way.change, action["text"])


def _reply(change: Change, text: str) -> int | None:
    base = change.base
    if not is_answerable(base["address"]):
        change.event("Plan: auto reply skipped, the sender cannot be answered")
        return None
    allowance = table.auto_replies(base["address"], change.now // 3_600_000)
    sent = db.get(allowance) or {"sent": 0}
    if sent["sent"] >= AUTO_REPLIES_PER_HOUR:
        change.event(f"Plan: auto reply skipped, {AUTO_REPLIES_PER_HOUR} within an hour are the limit")
        return None
    few = Attr("sent").not_exists() | Attr("sent").lt(AUTO_REPLIES_PER_HOUR)
    change.tx.update(allowance, few, put={"ttl": change.now // 1000 + 7200}, add={"sent": 1})
    line = compose.add_message(change, text, author=None, automatic=True)
    set_out(change)
    compose.poke(base["account_id"], base["address"], line["id"])
    return _COMMITTED


def _close(way: _Walk, action: Item) -> int | None:
    change = way.change
    account = accounts.get_cached(change.base["account_id"], change.now)
    named = action.get("disposition")
    found = dispositions.find(named, account) if named and account else None
    gone = "its disposition was deleted" if named and not found else None
    if found is None and requires_disposition(account):
        change.event(f"Plan: close skipped, {gone or 'this account closes nothing without a disposition'}")
        return None
    change.set(status="closed", closed_at=change.now, waiting_since=None, disposition=found).decide()
    how = f" as {' / '.join(found['path'])}" if found else f" without a disposition, {gone}" if gone else ""
    change.event(f"Plan: closed{how}").commit()
    return _COMMITTED


def _tag(way: _Walk, action: Item) -> int | None:
    _add_tags(way.change, {action["tag"]})
    return None


def _add_tags(change: Change, wanted: Collection[str]) -> None:
    """Add tags as far as there is room, and say which were not."""
    tags = set(change.get("tags") or ())
    fresh = sorted(set(wanted) - tags)
    room = max(0, _TAGS - len(tags))
    change.set(tags=tags | set(fresh[:room]))
    if len(fresh) <= room:
        change.event(f"Plan: tagged {', '.join(sorted(wanted))}")
    else:
        change.event(f"Plan: tag {', '.join(fresh[room:])} skipped, {_TAGS} on one interaction are the limit")


def _noop(way: _Walk, action: Item) -> int | None:
    way.change.event(action["text"])
    return None


def _goto(way: _Walk, action: Item) -> int:
    target = plan.position(way.actions, action["to"])
    way.change.event(f"Plan: goes on with {_step(way, target)}")
    return target


def _goto_if(way: _Walk, _action: Item) -> int:
    target, holds = plan.branch(way.actions, way.change.get("plan_step"), way.facts())
    way.change.event(f"Plan: the conditions {'hold' if holds else 'do not hold'}, goes on with {_step(way, target)}")
    return target


def _step(way: _Walk, index: int) -> str:
    """A step as people count them."""
    if index >= len(way.actions):
        return "the end"
    return f"step {index + 1} ({way.actions[index]['app'].replace('_', ' ')})"


def _webhook(way: _Walk, action: Item) -> int | None:
    """Ask somebody else's server; what it answers is a part of this decision."""
    change = way.change
    if way.calls == WEBHOOKS_PER_STEP:
        change.event(f"Plan: web hook skipped, {WEBHOOKS_PER_STEP} at a time are the limit")
        return None
    way.calls += 1
    answer = webhooks.call(action, change.base, way.facts(), change.now)
    if answer is None or (answer.goto and plan.position(way.actions, answer.goto) == len(way.actions)):
        other = plan.position(way.actions, action["on_error"]) if action.get("on_error") else None
        change.event("Plan: the web hook failed" + ("" if other is None else f", goes on with {_step(way, other)}"))
        return other
    target = plan.position(way.actions, answer.goto) if answer.goto else None
    change.event("Plan: the web hook answered" + ("" if target is None else f", goes on with {_step(way, target)}"))
    if answer.tags:
        _add_tags(change, set(answer.tags))
    if answer.reply is None:
        return target
    if target is not None:
        change.set(plan_step=target - 1)
    return _reply(change, answer.reply) or target


_STEPS: dict[str, Any] = {
    "agent": _agent,
    "queue": _queue,
    "auto_reply": _auto_reply,
    "close": _close,
    "tag": _tag,
    "goto": _goto,
    "goto_if": _goto_if,
    "webhook": _webhook,
    "noop": _noop,
}
