"""What people do with an interaction: accept, reject, open, leave, take."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from boto3.dynamodb.conditions import Attr

from chalicelib.config import CONFLICT_RETRIES, ROUTING_GRACE
from chalicelib.models.errors import Refused
from chalicelib.routing import agents, queues, rounds, wake
from chalicelib.routing.match import match, match_agent
from chalicelib.store import accounts, conversations, db, table
from chalicelib.store.conversations import Change
from chalicelib.store.db import Item
from chalicelib.store.transaction import EXISTS, Lost


def retried(act: Callable[..., Any]) -> Callable[..., Any]:
    """Decide again from what is there now, each time somebody else was first."""

    @wraps(act)
    def again(*arguments: Any, **named: Any) -> Any:
        for _ in range(CONFLICT_RETRIES):
            try:
                return act(*arguments, **named)
            except Lost:
                continue
        raise Refused("contended", "Others are changing this conversation right now. Try again.", retryable=True)

    return again


def look(interaction: str, *agents: str) -> tuple[Item, rounds.Heads]:
    """The interaction, the HEADs it concerns, and those of these agents. Raises Refused `not-found`."""
    meta = conversations.get(interaction)
    if meta is None:
        raise Refused("not-found", "There is no such interaction.")
    return meta, rounds.heads_of(meta, *agents)


def _read_open(interaction: str, agent: str) -> tuple[Item, rounds.Heads]:
    """The same for an open one; who is not on its account does not see it."""
    meta, heads = look(interaction, agent)
    if meta["status"] == "closed":
        raise Refused("closed", "The interaction is closed.")
    if not agents.on_account(heads.get(agent), meta["account_id"]):
        raise Refused("not-found", "There is no such interaction.")
    return meta, heads


def require_own(meta: Item, agent: str, heads: rounds.Heads) -> None:
    if meta["status"] == "closed":
        raise Refused("closed", "The interaction is closed.")
    if meta.get("owner") != agent:
        owner = meta.get("owner")
        detail = (
            f"It belongs to {rounds.name(heads, owner)}." if owner else "It belongs to nobody yet; accept it first."
        )
        raise Refused("not-owner", detail, owner=heads.get(owner or "", {}).get("name"))


@retried
def accept(interaction: str, agent: str, now: int) -> Item:
    """Make an offered interaction the agent's own, open in a tab, read. Accepting twice is one.

    Refused: offer-taken (with the owner's name), not-offered, offer-expired, at-capacity, account-disabled, closed.
    """
    meta, heads = _read_open(interaction, agent)
    head = heads[agent]
    if meta.get("owner") == agent and (meta["stage"] == "none" or "transfer" in meta):
        return _open_tab(meta, heads, agent, now)
    if accounts.is_off(meta["account_id"]):
        raise Refused("account-disabled", "The account is switched off; nothing is accepted there.")
    right = _right(meta, heads, agent)
    if right != "directed" and not agents.has_slot(head):
        raise Refused("at-capacity", f"You have {head['open_count']} open, your capacity. Close or leave one first.")
    change = Change(meta, now)
    if right == "derived":
        change.tx.check(table.member(meta["queue_id"], agent), EXISTS)
    if right in ("ring", "derived"):
        change.set(accepted_queue=meta["queue_id"])
    _become_owner(change, heads, agent, directed=right == "directed")
    change.event(f"Accepted by {head['name']}", author=agent)
    result = change.commit()
    if rounds.is_waited_for(meta):
        wake.tell(interaction, taken=True)
    for freed in dict.fromkeys((agent, meta.get("owner") or agent)):
        match_agent(heads.get(freed), now)
    return result


def _right(meta: Item, heads: rounds.Heads, agent: str) -> str:
    """By which offer the agent may accept: ring, directed, derived or unassigned; else Refused."""
    owner = meta.get("owner")
    if meta.get("ring_agent") == agent:
        return "ring"
    if agent in (meta.get("offered_to"), owner):
        return "directed"
    if owner and "transfer" not in meta:
        raise Refused("offer-taken", f"{rounds.name(heads, owner)} has it.", owner=heads.get(owner, {}).get("name"))
    if meta["stage"] == "none":
        return "unassigned"
    in_queue = meta.get("queue_id") in heads[agent].get("queues", ()) and "ring_agent" not in meta
    if in_queue and agent not in meta.get("rejected", ()) and _is_shown_to_all(meta):
        return "derived"
    if agent in meta.get("expired_for", ()):
        raise Refused("offer-expired", "Your time to accept it is over; it is offered to others now.")
    raise Refused("not-offered", "It is not offered to you.")


def _is_shown_to_all(meta: Item) -> bool:
    """Whether its queue shows it to every member: since it waits there, or since the strategy was changed."""
    if meta["strategy"] not in queues.EXCLUSIVE:
        return True
    queue = db.get(table.configuration("queue", meta["queue_id"]))
    return queue is not None and queues.is_common(queue)


def _become_owner(change: Change, heads: rounds.Heads, agent: str, *, directed: bool = False) -> None:
    head = heads[agent]
    rounds.leave(change, heads)
    if change.base.get("owner") not in (None, agent):
        rounds.disown(change, heads)
    account = change.base["account_id"]
    allowed = Attr("accounts").contains(account) & Attr("session").eq(head["session"])
    if not directed:
        allowed &= agents.slot_left()
    counted = change.base.get("owner") == agent and change.base.get("tab") == head["session"]
    change.nudge(table.agent(agent), allowed, add={"open_count": 0 if counted else 1})
    change.tx.put(table.own(agent, change.interaction), {"interaction_id": change.interaction})
    change.set(owner=agent, tab=head["session"], waiting_since=None, rejected=None, expired_for=None, transfer=None)
    change.set(read_n=change.base["n"], unread_count=0, unread=None)
    if rounds.is_waited_for(change.base):
        change.decide()


def _open_tab(meta: Item, heads: rounds.Heads, agent: str, now: int) -> Item:
    """The owner looks at it: a tab of this session, counted once, and all is read."""
    head = heads[agent]
    if meta.get("tab") == head["session"] and not meta["unread_count"] and "unread" not in meta:
        return meta
    change = Change(meta, now)
    here = Attr("session").eq(head["session"])
    opened = 0 if meta.get("tab") == head["session"] else 1
    change.nudge(table.agent(agent), here, add={"open_count": opened})
    change.set(tab=head["session"], read_n=meta["n"], unread_count=0, unread=None)
    return change.commit()


@retried
def leave(interaction: str, agent: str, now: int) -> Item:
    """Close the owner's tab; what is unread then looks for somebody, after the hand-over if there is one."""
    meta, heads = look(interaction, agent)
    require_own(meta, agent, heads)
    if meta.get("tab") != heads[agent]["session"]:
        return meta
    change = Change(meta, now)
    rounds.end_disposing(change, heads)
    rounds.close_tab(change, heads)
    waits = meta["unread_count"] and meta["stage"] == "none"
    run = look_for_somebody(change, heads, agent) if waits else None
    result = change.commit()
    if run:
        wake.start(interaction, run)
    match_agent(heads[agent], now)
    return result


@retried
def route_unread(interaction: str, agent: str, now: int) -> None:
    """Ask for routing if the agent's own interaction has unread texts and no open tab."""
    meta, heads = look(interaction, agent)
    idle = meta["status"] == "open" and meta["stage"] == "none" and meta.get("owner") == agent
    if not idle or not meta["unread_count"] or meta.get("tab") == heads.get(agent, {}).get("session"):
        return
    change = Change(meta, now)
    run = look_for_somebody(change, heads, agent)
    change.commit()
    wake.start(interaction, run)


def look_for_somebody(change: Change, heads: rounds.Heads, agent: str) -> int:
    """Ask for routing because the owner has no tab open; answers the run to start after the commit."""
    change.touch(agent).set(tab=None, waiting_since=change.get("last_message_at"), began_n=change.get("last_in_n"))
    return rounds.ask(change.event(f"{rounds.name(heads, agent)} is not there: looking for somebody"))


@retried
def take(interaction: str, agent: str, now: int) -> Item:
    """Take it over from whoever has it, or from the round it is in (supervisors)."""
    meta, heads = look(interaction, agent)
    if meta["status"] == "closed":
        raise Refused("closed", "The interaction is closed.")
    if agent not in heads or not agents.on_account(heads[agent], meta["account_id"]):
        raise Refused("not-on-account", "You are not on this account; add your agent to it first.")
    if meta.get("owner") == agent and meta["stage"] == "none":
        return _open_tab(meta, heads, agent, now)
    change = Change(meta, now)
    _become_owner(change, heads, agent, directed=True)
    before = meta.get("owner")
    source = f" from {rounds.name(heads, before)}" if before and before != agent else ""
    change.event(f"Taken over by {heads[agent]['name']}{source}", author=agent)
    result = change.commit()
    if rounds.is_waited_for(meta):
        wake.tell(interaction, taken=True)
    for head in heads.values():
        match_agent(head, now)
    return result


@retried
def reject(interaction: str, agent: str, now: int) -> Item:
    """Turn an offer down; it goes on at once. Twice is once.

    Refused: offer-taken (with the owner's name), not-offered, offer-expired, closed.
    """
    meta, heads = _read_open(interaction, agent)
    if meta.get("owner") == agent != meta.get("offered_to"):
        raise Refused("not-offered", "It is yours, and not being offered to you.")
    if agent in meta.get("rejected", ()):
        return meta
    right = _right(meta, heads, agent)
    change = Change(meta, now).set(rejected={*meta.get("rejected", ()), agent})
    change.event(f"Rejected by {heads[agent]['name']}", author=agent)
    if right == "ring":
        return _reject_ring(change, heads, agent)
    return _reject_directed(change, agent) if right == "directed" else _reject_derived(change)


def _reject_ring(change: Change, heads: rounds.Heads, agent: str) -> Item:
    rounds.drop_ring(change, heads)
    _end_round_if_nobody_left(change)
    result = change.commit()
    match([change.base["queue_id"]], change.now)
    match_agent(heads[agent], change.now)
    wake.tell(change.interaction)
    return result


def _reject_directed(change: Change, agent: str) -> Item:
    rounds.end_directed(change, agent)
    result = change.commit()
    wake.tell(change.interaction)
    return result


def _reject_derived(change: Change) -> Item:
    base = change.base
    if base["stage"] == "none":
        row = table.unassigned(base["account_id"], base["waiting_since"], change.interaction)
        change.nudge(table.account(base["account_id"]))
    else:
        row = table.waiting(base["queue_id"], base["waiting_since"], change.interaction)
        change.nudge(table.queue(base["queue_id"]))
        _end_round_if_nobody_left(change)
    change.tx.update(row, EXISTS, put={"rejected": change.get("rejected")})
    result = change.commit()
    if change.get("epoch") != base["epoch"]:
        wake.tell(change.interaction)
    return result


def _end_round_if_nobody_left(change: Change) -> None:
    """Whoever sees that every member who is online has rejected ends the queue's round."""
    members = [m["agent_id"] for m in db.query_all(table.queue(change.base["queue_id"])["pk"], "M#")]
    row = {"account_id": change.base["account_id"], "rejected": change.get("rejected")}
    if queues.nobody_left(row, rounds.read_heads(members).values(), change.now):
        change.set(round_ends_at=change.now, deadline_at=change.now, turned_down=True)
        change.event("Everybody in the queue who is online has rejected it")
        change.decide().due(change.now + ROUTING_GRACE * 1000)
