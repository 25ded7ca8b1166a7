"""Agents come and go: states, sessions, and what their going leaves to others.

A session is one number on HEAD. Ending it closes every tab without touching one, since a tab is open
only while its interaction names the owner's present session.
"""

from boto3.dynamodb.conditions import Attr

from chalicelib.config import CONFLICT_RETRIES, ROUTING_GRACE, SILENCE
from chalicelib.models.errors import Refused
from chalicelib.routing import agents, answers, departures
from chalicelib.routing.match import match_agent
from chalicelib.store import conversations, db, table
from chalicelib.store.conversations import due
from chalicelib.store.db import Item
from chalicelib.store.transaction import Lost, Transaction


def change(agent: str, state: str, pause: str | None, now: int) -> Item:
    """Set an agent's state: online, offline, or paused with a reason. Answers the HEAD.

    Offline ends the session; everything but online gives a ring back to its queue.
    """
    for _ in range(CONFLICT_RETRIES):
        head = _head(agent)
        if head["state"] == "offline" and state == "offline":
            return head
        if _ended_silently(head, now):
            continue
        try:
            after = _set(head, state, pause, now)
        except Lost:
            continue
        _follow(head, after, now)
        if state == "offline":
            _done(after)
        return after
    raise Refused("contended", "The agent's state is changing right now. Try again.", retryable=True)


def seen(head: Item, now: int) -> Item:
    """A poll came: remember when; after a silence the old session is over and a new one begins. May raise Lost."""
    if head["state"] == "offline":
        return head
    if not agents.silent(head, now):
        key = table.agent(head["agent_id"])
        same = Attr("session").eq(head["session"]) & Attr("state").ne("offline")
        fresh = {"seen_at": now, **due(key, now + SILENCE * 1000)}
        Transaction().update(key, same, put=fresh).commit()
        return {**head, **fresh}
    if _ended_silently(head, now):
        head = _head(head["agent_id"])
    after = _set(head, head["state"], head.get("pause"), now)
    _follow(head, after, now)
    return after


def end_silent(agent: str, now: int) -> bool:
    """End the session of an agent who fell silent, or finish what ending one began; the state is kept for later.

    HEAD stays on the due list until all that the session leaves to others has been seen to.
    """
    head = db.get(table.agent(agent))
    if head is None or "due_at" not in head:
        return False
    if head["state"] == "offline":
        if "deleted" in head:
            departures.from_company(agent, now)
        else:
            _route_own(agent, now)
        _done(head)
        return True
    return _ended_silently(head, now)


def _ended_silently(head: Item, now: int) -> bool:
    """Whether a session had to be ended for silence; HEAD has moved then, or somebody else moved it."""
    if not agents.silent(head, now) or "due_at" not in head:
        return False
    try:
        after = _write(head, {**_over(head), **due(table.agent(head["agent_id"]), now + ROUTING_GRACE * 1000)})
    except Lost:
        return True
    _follow(head, after, now)
    _done(after)
    return True


def _done(head: Item) -> None:
    """The ended session leaves nothing undone: HEAD comes off the due list, unless it moved on."""
    key = table.agent(head["agent_id"])
    same = Attr("session").eq(head["session"]) & conversations.unchanged("due_at", head)
    try:
        Transaction().update(key, same, put=due(key, None), prove=True).commit()
    except Lost:
        return


def _head(agent: str) -> Item:
    head = db.get(table.agent(agent))
    if head is None or head.get("deleted"):
        raise Refused("not-found", "There is no such agent.")
    return head


def _over(head: Item) -> Item:
    """What ends a session: every tab closed, the ring released, nothing about to be closed."""
    done = dict.fromkeys(("ringing", "ring_ends", "disposing", "before_disposing"))
    return {"session": head["session"] + 1, "open_count": 0, **done}


def _set(head: Item, state: str, pause: str | None, now: int) -> Item:
    key = table.agent(head["agent_id"])
    fields: Item = {"state": state, "pause": pause if state == "paused" else None, "seen_at": now}
    if (state, fields["pause"]) != (head["state"], head.get("pause")):
        fields["since"] = now
    if state == "offline":
        fields |= _over(head)
    if state != "online":
        fields |= {"ringing": None, "ring_ends": None}
    fields |= due(key, now + (ROUTING_GRACE if state == "offline" else SILENCE) * 1000)
    return _write(head, fields)


def _write(head: Item, fields: Item) -> Item:
    """One update, refused when the session, the state or the ring moved since it was read."""
    same = Attr("session").eq(head["session"])
    for name in ("state", "seen_at", "ringing"):
        same &= conversations.unchanged(name, head)
    tx = Transaction().update(table.agent(head["agent_id"]), same, put=fields, add={"seq": 1}, prove=True)
    tx.commit()
    return {name: value for name, value in {**head, **fields}.items() if value is not None}


def _follow(before: Item, after: Item, now: int) -> None:
    """What a change of state means for others: a ring goes on, unread texts look for somebody, the free are rung."""
    agent = after["agent_id"]
    if "ringing" in before and "ringing" not in after:
        departures.give_back(before["ringing"], agent, "went while it rang", now)
    if before["session"] != after["session"]:
        _route_own(agent, now)
    if agents.free(after, now):
        match_agent(after, now)


def _route_own(agent: str, now: int) -> None:
    for own in list(db.query_all(table.agent(agent)["pk"], "I#")):
        answers.route_unread(own["interaction_id"], agent, now)
