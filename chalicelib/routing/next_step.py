"""What the state machine's Lambda decides: the next round of one interaction, or that nobody need wait."""

from dataclasses import dataclass
from math import ceil

from boto3.dynamodb.conditions import Attr

from chalicelib.config import AUTO_REPLIES_PER_HOUR, CONFLICT_RETRIES, IMMEDIATE_ACTIONS, ROUTING_GRACE
from chalicelib.outbound import compose
from chalicelib.routing import agents, queues, rounds, wake
from chalicelib.routing.match import match
from chalicelib.store import accounts, conversations, db, table
from chalicelib.store.conversations import Change
from chalicelib.store.db import Item
from chalicelib.store.transaction import EXISTS, Lost


@dataclass(frozen=True)
class Step:
    """`wait` is the stage to wait in, or "done"; `seconds` until its deadline, at least 1."""

    wait: str
    seconds: int = 0
    epoch: int = 0


DONE = Step("done")


def advance(interaction: str, run: int, now: int) -> Step:
    """Decide until there is something to wait for; `now` in milliseconds. Safe to call at any time and again."""
    matched = False
    for _ in range(IMMEDIATE_ACTIONS + CONFLICT_RETRIES):
        meta = conversations.get(interaction)
        if not meta or meta["status"] != "open" or meta["run"] != run or meta["stage"] == "none":
            return DONE
        if meta["stage"] != "starting" and meta["deadline_at"] > now:
            if matched or not _may_ring(meta):
                return Step(meta["stage"], max(1, ceil((meta["deadline_at"] - now) / 1000)), meta["epoch"])
            match([meta["queue_id"]], now)
            matched = True
            continue
        try:
            _decide(meta, now)
        except Lost:
            continue
        matched = False
    raise RuntimeError(f"no decision for {interaction} after {IMMEDIATE_ACTIONS} actions")


def _may_ring(meta: Item) -> bool:
    return meta["stage"] in rounds.QUEUES and meta["strategy"] in queues.EXCLUSIVE and "ring_agent" not in meta


def _decide(meta: Item, now: int) -> None:
    change = Change(meta, now).set(task_token=None)
    heads = rounds.heads_of(meta)
    account = accounts.get_cached(meta["account_id"], now)
    stage = meta["stage"]
    if account is None:
        _without_account(change, heads)
    elif stage in rounds.QUEUES and meta["round_ends_at"] > now and "ring_agent" in meta:
        _ring_out(change, heads)
    elif stage == "starting" and "plan_step" not in meta:
        _begin(change, heads, account)
    elif stage == "assigned_agent":
        _to_assigned_queue(change, heads, account)
    elif stage == "assigned_queue":
        _to_plan(change, heads, 0)
    else:
        _to_plan(change, heads, meta["plan_step"] + 1)


def _ring_out(change: Change, heads: rounds.Heads) -> None:
    agent = rounds.drop_ring(change, heads)
    _not_responding(change, heads)
    change.event(f"Rang out at {rounds.name(heads, agent)}").commit()


def _not_responding(change: Change, heads: rounds.Heads) -> None:
    """Who let a full ring pass gets no more offers until they say that they are back."""
    base = change.base
    agent = base.get("ring_agent")
    if not agent or heads.get(agent, {}).get("ringing") != change.interaction:
        return
    change.set(expired_for={*base.get("expired_for", ()), agent})
    queue = db.get(table.configuration("queue", base["queue_id"]))
    if base["ring_full"] and queue and queue["not_responding"] and heads[agent]["state"] == "online":
        change.nudge(table.agent(agent), put={"state": "not_responding", "since": change.now})


def _without_account(change: Change, heads: rounds.Heads) -> None:
    """The account was deleted while the text came in: it stays readable, but nobody can be asked."""
    rounds.leave(change, heads)
    change.decide().event("Not routed: the account was deleted").commit()


def _begin(change: Change, heads: rounds.Heads, account: Item) -> None:
    owner = change.base.get("owner")
    change.set(plan_version=account["plan_version"])
    if owner and agents.on_account(heads.get(owner), account["id"]):
        rounds.leave(change, heads)
        wait = account["wait_for_assigned_agent"]
        rounds.enter_directed(change, "assigned_agent", owner, wait, "had this customer last")
        change.event(f"Offered to {rounds.name(heads, owner)} for {wait} s: had this customer last").commit()
    else:
        _to_plan(change, heads, 0)


def _to_assigned_queue(change: Change, heads: rounds.Heads, account: Item) -> None:
    base = change.base
    owner = base["owner"]
    if owner not in base.get("rejected", ()):
        change.event(f"{rounds.name(heads, owner)} did not answer in time")
        change.set(expired_for={*base.get("expired_for", ()), owner})
    queue = _assigned_queue(base, heads.get(owner, {}))
    rounds.leave(change, heads)
    rounds.disown(change, heads)
    if queue is None:
        change.event("Assigned queue skipped: the last agent shares no queue with anyone on this account")
        _set_out(change)
        change.commit()
        return
    wait = account["wait_for_assigned_queue"]
    rounds.enter_queue(change, "assigned_queue", queue, wait, "queue of the last agent")
    change.event(f"Waiting in queue {queue['name']} for {wait} s: queue of the last agent").commit()


def _assigned_queue(meta: Item, owner: Item) -> Item | None:
    """The queue it was last accepted through, the plan's first of the owner, else the owner's oldest; with members."""
    mine = set(owner.get("queues", ()))
    planned = [a["queue_id"] for a in _plan(meta) if a["app"] == "queue" and a["enabled"]]
    known = [q for q in (meta.get("accepted_queue"), *planned) if q in mine]
    if known:
        return _queue_with_members(known[0], meta["account_id"])
    shared = (_queue_with_members(q, meta["account_id"], but=owner["agent_id"]) for q in sorted(mine))
    return next((queue for queue in shared if queue), None)


def _queue_with_members(queue_id: str, account_id: str, but: str | None = None) -> Item | None:
    """The queue if anyone (`but` for one) in it is on the account."""
    members = {m["agent_id"] for m in db.query_all(table.queue(queue_id)["pk"], "M#")} - {but}
    heads = rounds.read_heads(members) if members else {}
    if not any(agents.on_account(head, account_id) for head in heads.values()):
        return None
    return db.get(table.configuration("queue", queue_id))


def _plan(meta: Item) -> list[Item]:
    plan = db.get(table.plan(meta["account_id"], meta["plan_version"]))
    return plan["actions"] if plan else []


def _set_out(change: Change) -> None:
    """Between two rounds: asked to decide again, now."""
    change.set(stage="starting", deadline_at=change.now).decide().due(change.now + ROUTING_GRACE * 1000)
    if "plan_step" not in change.base and "plan_step" not in change.fields:
        change.set(plan_step=-1)


def _to_plan(change: Change, heads: rounds.Heads, index: int) -> None:
    """Leave what was, and run the plan's next enabled action from `index` on."""
    meta = change.base
    if meta["stage"] in rounds.QUEUES:
        _not_responding(change, heads)
        change.event("Nobody accepted in time")
    elif meta["stage"] == "plan_agent" and meta["offered_to"] not in meta.get("rejected", ()):
        change.event(f"{rounds.name(heads, meta['offered_to'])} did not answer in time")
    rounds.leave(change, heads)
    rounds.disown(change, heads)
    change.set(rejected=None)
    actions = _plan({**meta, **change.fields})
    index = next((i for i in range(index, len(actions)) if actions[i]["enabled"]), len(actions))
    if index == len(actions):
        _end(change)
        return
    change.set(plan_step=index)
    _ACTIONS[actions[index]["app"]](change, actions[index])


def _end(change: Change) -> None:
    """The plan is over and nobody has it: it stays visible to everybody of the account."""
    row = rounds.offer(change, "none", "nobody accepted")
    change.tx.put(table.unassigned(change.base["account_id"], change.base["waiting_since"], change.interaction), row)
    change.nudge(table.account(change.base["account_id"]), EXISTS)
    change.decide().event("The action plan ended with nobody; open for every agent of the account").commit()


def _agent(change: Change, action: Item) -> None:
    agent = action["agent_id"]
    heads = rounds.read_heads({agent})
    if not agents.on_account(heads.get(agent), change.base["account_id"]):
        _skip(change, f"Plan: agent {rounds.name(heads, agent)} skipped, not on this account")
        return
    rounds.enter_directed(change, "plan_agent", agent, action["timeout"], "named by the action plan")
    change.event(f"Plan: offered to {rounds.name(heads, agent)} for {action['timeout']} s").commit()


def _queue(change: Change, action: Item) -> None:
    queue = _queue_with_members(action["queue_id"], change.base["account_id"])
    if queue is None:
        _skip(change, "Plan: queue skipped, none of its members is on this account")
        return
    rounds.enter_queue(change, "plan_queue", queue, action["timeout"], f"queue {queue['name']}")
    change.event(f"Plan: waiting in queue {queue['name']} for {action['timeout']} s").commit()


def _auto_reply(change: Change, action: Item) -> None:
    base = change.base
    done = set(base.get("replied", ()))
    mark = action["id"] if action["times"] == "once" else f"{action['id']}@{base['began_n']}"
    if mark in done:
        _skip(change, "Plan: auto reply skipped, sent before")
    elif action["times"] == "first_message" and base["began_n"] != base.get("first_in_n"):
        _skip(change, "Plan: auto reply skipped, not the first message")
    else:
        _reply(change, action, done | {mark})


def _reply(change: Change, action: Item, replied: set[str]) -> None:
    base = change.base
    hour = change.now // 3_600_000
    allowance = table.auto_replies(base["address"], hour)
    few = Attr("sent").not_exists() | Attr("sent").lt(AUTO_REPLIES_PER_HOUR)
    ttl = {"ttl": change.now // 1000 + 7200}
    sent = db.get(allowance) or {"sent": 0}
    if sent["sent"] >= AUTO_REPLIES_PER_HOUR:
        _skip(change, f"Plan: auto reply skipped, {AUTO_REPLIES_PER_HOUR} within an hour are the limit")
        return
    change.tx.update(allowance, few, put=ttl, add={"sent": 1})
    line = compose.add_message(change, action["text"], author=None, automatic=True)
    change.set(replied=replied)
    _set_out(change)
    change.commit()
    compose.poke(base["account_id"], base["address"], line["id"])


def _close(change: Change, action: Item) -> None:  # noqa: ARG001
    change.set(status="closed", closed_at=change.now, waiting_since=None).decide()
    change.event("Plan: closed").commit()


def _skip(change: Change, text: str) -> None:
    change.event(text)
    _set_out(change)
    change.commit()


_ACTIONS = {"agent": _agent, "queue": _queue, "auto_reply": _auto_reply, "close": _close}


def redrive(meta: Item, now: int) -> None:
    """Give an interaction whose execution is gone or stuck a fresh one, from where it stands. May raise Lost."""
    change = Change(meta, now)
    run = meta["run"] + 1
    change.set(run=run).decide().due(now + ROUTING_GRACE * 1000)
    change.event("Routing was taken up again").commit()
    wake.end_wait(conversations.get(meta["interaction_id"]) or meta)
    wake.start(meta["interaction_id"], run)
