"""What the state machine's Lambda decides: the next round of one interaction, or that nobody need wait."""

from dataclasses import dataclass
from math import ceil

from chalicelib.config import CONFLICT_RETRIES, IMMEDIATE_ACTIONS, ROUTING_GRACE
from chalicelib.routing import agents, queues, reassign, rounds, steps, transfer, wake
from chalicelib.routing.match import match, match_agent
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
        if not meta or meta["status"] != "open" or meta["run"] != run or not rounds.is_waited_for(meta):
            return DONE
        if meta["stage"] != "starting" and _deadline(meta) > now:
            if matched or not _may_ring(meta):
                wait = "opening" if meta["stage"] == "none" else meta["stage"]
                return Step(wait, max(1, ceil((_deadline(meta) - now) / 1000)), meta["epoch"])
            match([meta["queue_id"]], now)
            matched = True
            continue
        try:
            freed = _decide(meta, now)
        except Lost:
            continue
        for agent in freed:
            match_agent(db.get(table.agent(agent)), now)
        matched = False
    raise RuntimeError(f"no decision for {interaction} after {IMMEDIATE_ACTIONS} actions")


def _freed(meta: Item, heads: rounds.Heads) -> set[str]:
    """Whom a decision may have let go: the agent who was rung, and an owner who had it open or was disposing of it."""
    owner = meta.get("owner")
    held = meta.get("tab") or agents.disposes(heads.get(owner or "", {}), meta["interaction_id"])
    return {meta.get("ring_agent"), owner if held else None} - {None}  # type: ignore[return-value]


def _deadline(meta: Item) -> int:
    return meta["opening_at"] if meta["stage"] == "none" else meta["deadline_at"]


def _may_ring(meta: Item) -> bool:
    return rounds.in_queue(meta) and meta["strategy"] in queues.EXCLUSIVE and "ring_agent" not in meta


def _decide(meta: Item, now: int) -> set[str]:
    """Take one decision; answers whom it may have let go. May raise Lost."""
    change = Change(meta, now).set(task_token=None, token_epoch=None)
    heads = rounds.heads_of(meta)
    account = accounts.get_cached(meta["account_id"], now)
    stage = meta["stage"]
    if account is None:
        _without_account(change, heads)
    elif accounts.is_off(meta["account_id"]):
        _switched_off(change, heads)
    elif stage == "none":
        _reopen(change, heads, account)
    elif rounds.in_queue(meta) and meta["round_ends_at"] > now and "ring_agent" in meta:
        _ring_out(change, heads)
    elif stage == "plan_agent" and meta["round_ends_at"] > now and meta["offered_to"] not in meta.get("rejected", ()):
        _notify_again(change)
    elif "sent_to" in meta:
        reassign.enter(change, account)
    elif "transfer" in meta:
        _transfer(change, heads, account)
    elif stage == "starting" and "plan_step" not in meta:
        _begin(change, heads, account)
    elif stage == "assigned_agent":
        _to_assigned_queue(change, heads, account)
    elif stage == "assigned_queue":
        _to_plan(change, heads, 0)
    else:
        _to_plan(change, heads, meta["plan_step"] + 1)
    return _freed(meta, heads)


def _ring_out(change: Change, heads: rounds.Heads) -> None:
    rounds.drop_ring(change, heads)
    _missed(change, heads)
    change.commit()


def _missed(change: Change, heads: rounds.Heads) -> None:
    """Who let a full ring pass gets no more offers until they say that they are back; a transfer harms nobody."""
    base = change.base
    agent = base.get("ring_agent")
    if not agent:
        return
    change.event(f"Rang out at {rounds.name(heads, agent)}")
    if heads.get(agent, {}).get("ringing") != change.interaction:
        return
    change.set(expired_for={*base.get("expired_for", ()), agent})
    if "transfer" in base:
        return
    queue = db.get(table.configuration("queue", base["queue_id"]))
    if base["ring_full"] and queue and queue["not_responding"] and agents.online(heads[agent], change.now):
        change.nudge(table.agent(agent), put={"state": "not_responding", "since": change.now})
        change.event(f"{rounds.name(heads, agent)} gets no more offers until they say that they are back")


def _without_account(change: Change, heads: rounds.Heads) -> None:
    """The account was deleted while the text came in: it stays readable, but nobody can be asked."""
    rounds.leave(change, heads)
    change.decide().event("Not routed: the account was deleted").commit()


def _switched_off(change: Change, heads: rounds.Heads) -> None:
    """The account takes texts but answers none: nobody is asked, and what was handed over goes back."""
    rounds.leave(change, heads)
    if "transfer" in change.base:
        _hand_back(change, heads, "ended, the account is switched off")
        return
    rounds.disown(change, heads)
    change.set(rejected=None)
    rounds.show_everybody(change)
    change.decide().event("Not routed: the account is switched off").commit()


def _hand_back(change: Change, heads: rounds.Heads, why: str) -> None:
    owner = change.base["owner"]
    change.set(transfer=None, rejected=None, waiting_since=None, unread=True).touch(owner)
    change.decide().event(f"Transfer {why}: back to {rounds.name(heads, owner)}").commit()


def _begin(change: Change, heads: rounds.Heads, account: Item) -> None:
    owner = change.base.get("owner")
    change.set(plan_version=account["plan_version"])
    if owner is None:
        _to_plan(change, heads, 0)
    elif agents.on_account(heads.get(owner), account["id"]):
        rounds.leave(change, heads)
        wait = account["wait_for_assigned_agent"]
        why = "assigned by a supervisor" if "given" in change.base else "had this customer last"
        rounds.enter_directed(change, "assigned_agent", owner, wait, why)
        change.event(f"Offered to {rounds.name(heads, owner)} for {wait} s: {why}").commit()
    else:
        change.event(f"Assigned agent skipped: {rounds.name(heads, owner)} {rounds.gone(heads, owner)}")
        _ask_queue(change, heads, account)


def _transfer(change: Change, heads: rounds.Heads, account: Item) -> None:
    """Enter the round of a transfer, or end it: back to the owner, as unread."""
    base = change.base
    target = base["transfer"]
    if base["stage"] == "starting" and transfer.enter(change, target, account):
        change.commit()
        return
    if rounds.in_queue(base):
        _missed(change, heads)
    owner = base["owner"]
    head = heads.get(owner)
    why = _why_not_transferred(base, heads)
    change.set(transfer=None, rejected=None)
    if not agents.on_account(head, account["id"]) or not rounds.is_seen(change, heads):
        change.event(f"Transfer {why}, and {rounds.name(heads, owner)} is not there")
        change.set(tab=None, waiting_since=base["last_message_at"], began_n=base["last_in_n"])
        _begin(change, heads, account)
        return
    rounds.leave(change, heads)
    _hand_back(change, heads, why)


def _why_not_transferred(base: Item, heads: rounds.Heads) -> str:
    asked = base.get("offered_to")
    if base["stage"] == "starting":
        return "found nobody on this account"
    if asked and not agents.on_account(heads.get(asked), base["account_id"]):
        return f"not possible, {rounds.name(heads, asked)} {rounds.gone(heads, asked)}"
    rejected = asked in base.get("rejected", ()) or "turned_down" in base
    return "rejected" if rejected else "not accepted in time"


def _to_assigned_queue(change: Change, heads: rounds.Heads, account: Item) -> None:
    base = change.base
    owner = base["owner"]
    if owner not in base.get("rejected", ()):
        change.event(f"{rounds.name(heads, owner)} did not answer in time")
        change.set(expired_for={*base.get("expired_for", ()), owner})
    _ask_queue(change, heads, account)


def _ask_queue(change: Change, heads: rounds.Heads, account: Item) -> None:
    """The owner does not answer or is gone: a queue of theirs is asked, and they own it no longer."""
    base = change.base
    queue = _assigned_queue({**base, **change.fields}, heads.get(base["owner"], {}))
    rounds.leave(change, heads)
    rounds.disown(change, heads)
    if queue is None:
        change.event("Assigned queue skipped: the last agent shares no queue with anyone on this account")
        steps.set_out(change)
        return
    if _nobody_left(change, queue):
        change.event(f"Assigned queue skipped: everybody in queue {queue['name']} who is online has rejected it")
        steps.set_out(change)
        return
    wait = account["wait_for_assigned_queue"]
    rounds.enter_queue(change, "assigned_queue", queue, wait, "queue of the last agent")
    told = rounds.told_queue(queue, wait)
    change.event(f"{told[0].upper()}{told[1:]}: queue of the last agent").commit()


def _nobody_left(change: Change, queue: Item) -> bool:
    """Whether the owner's rejection leaves the queue with nobody to ask."""
    rejected = change.get("rejected")
    if not rejected:
        return False
    members = [m["agent_id"] for m in db.query_all(table.queue(queue["id"])["pk"], "M#")]
    row = {"account_id": change.base["account_id"], "rejected": rejected}
    return queues.nobody_left(row, rounds.read_heads(members).values(), change.now)


def _assigned_queue(meta: Item, owner: Item) -> Item | None:
    """The queue it was last accepted through, the plan's first of the owner, else the owner's oldest; with members.

    A deleted owner is in no queue any more: there the first of these is left.
    """
    last = meta.get("accepted_queue")
    mine: set[str] = ({last} if last else set()) if "deleted" in owner else set(owner.get("queues", ()))
    planned = [a["queue_id"] for a in _plan(meta) if a["app"] == "queue" and a["enabled"]]
    known = [q for q in (last, *planned) if q in mine]
    if known:
        return steps.queue_with_members(known[0], meta["account_id"])
    shared = (steps.queue_with_members(q, meta["account_id"], but=owner["agent_id"]) for q in sorted(mine))
    return next((queue for queue in shared if queue), None)


def _plan(meta: Item) -> list[Item]:
    plan = db.get(table.plan(meta["account_id"], meta["plan_version"]))
    return plan["actions"] if plan else []


def _to_plan(change: Change, heads: rounds.Heads, index: int) -> None:
    """Leave what was, and walk the plan from `index` on."""
    meta = change.base
    if rounds.in_queue(meta):
        _missed(change, heads)
        if "turned_down" not in meta:
            change.event("Nobody accepted in time")
    elif meta["stage"] == "plan_agent" and meta["offered_to"] not in meta.get("rejected", ()):
        change.event(f"{rounds.name(heads, meta['offered_to'])} did not answer in time")
    rounds.leave(change, heads)
    rounds.disown(change, heads)
    change.set(rejected=None)
    steps.walk(change, _plan({**meta, **change.fields}), index)


def _reopen(change: Change, heads: rounds.Heads, account: Item) -> None:
    """A closed step of the plan opens: the plan from the top."""
    change.set(plan_version=account["plan_version"], passed=None)
    change.event("The action plan is open again")
    _to_plan(change, heads, 0)


def _notify_again(change: Change) -> None:
    """An agent's offer is still there: say so again."""
    base = change.base
    agent = base["offered_to"]
    change.tx.update(table.directed(agent, change.interaction), EXISTS, add={"notified": 1})
    change.touch(agent).set(deadline_at=min(base["round_ends_at"], change.now + base["renotify_every"] * 1000))
    change.decide().due(base["round_ends_at"] + ROUTING_GRACE * 1000).commit()


def redrive(meta: Item, now: int) -> None:
    """Give an interaction whose execution is gone or stuck a fresh one, from where it stands. May raise Lost.

    It is due again when its wait should be over: the fresh execution enters that wait and writes nothing.
    """
    change = Change(meta, now)
    run = meta["run"] + 1
    change.set(run=run).decide().due(max(now, _deadline(meta)) + ROUTING_GRACE * 1000)
    change.event("Routing was taken up again").commit()
    wake.end_wait(conversations.get(meta["interaction_id"]) or meta)
    wake.start(meta["interaction_id"], run)
