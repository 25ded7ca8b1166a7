"""Agents: their configuration, and the HEAD in which their work is kept."""

from collections.abc import Sequence
from typing import Any

from boto3.dynamodb.conditions import Attr

from chalicelib.config import CONFLICT_RETRIES, ROUTING_GRACE
from chalicelib.models.errors import Refused
from chalicelib.store import configured, db, idempotency, members, table, teams
from chalicelib.store.conversations import due
from chalicelib.store.db import Item
from chalicelib.store.idempotency import Once
from chalicelib.store.transaction import EXISTS, Lost, Transaction

_KIND = "agent"
PARTITION = table.configuration(_KIND, "")["pk"]


def head(agent_id: str) -> Item | None:
    return db.get(table.agent(agent_id))


def require(agent_id: str) -> Item:
    """The agent's configuration; raises Refused `not-found`."""
    return configured.require(_KIND, agent_id)


def with_heads(agents: Sequence[Item]) -> list[tuple[Item, Item]]:
    """Configurations together with their HEADs."""
    heads = db.get_many([table.agent(agent["id"]) for agent in agents]) if agents else []
    return [(agent, found) for agent, found in zip(agents, heads, strict=True) if found is not None]


def new_head(agent: Item, now: int) -> Item:
    """The HEAD of an agent who has just been created; `now` in milliseconds."""
    return {
        "agent_id": agent["id"],
        "name": agent.get("alias") or agent["name"],
        "session": 1,
        "state": "offline",
        "since": now,
        "seen_at": 0,
        "open_count": 0,
        "capacity": agent["capacity"],
        "members_version": 0,
        "seq": 0,
    }


def create(agent: Item, once: Once | None, now: int) -> None:
    tx = Transaction().create(table.configuration(_KIND, agent["id"]), agent)
    tx.create(table.agent(agent["id"]), new_head(agent, now))
    idempotency.action(tx, once, now)
    try:
        tx.commit()
    except Lost as lost:
        idempotency.raise_if_replayed(lost, once, now)
        raise


def change(agent: Item, version: int, changes: dict[str, Any]) -> None:
    """Change an agent that was read as `agent`, at `version`. Raises Refused."""
    changed = {**agent, **changes}
    shown = {"name": changed.get("alias") or changed["name"], "capacity": changed["capacity"]}
    tx = configured.update(Transaction(), _KIND, agent["id"], version, changes)
    tx.update(table.agent(agent["id"]), EXISTS, put=shown, add={"seq": 1})
    try:
        tx.commit()
    except Lost as lost:
        configured.raise_if_moved(lost, _KIND, agent["id"])
        raise


def delete(agent_id: str, now: int) -> bool:
    """Delete an agent with all memberships; False if that was done before. `now` in milliseconds.

    HEAD stays, without anything but the name, for the conversations that the agent still owns. It stands on the due
    list until `routing.departures` has seen to what the agent leaves to others, the tokens included.

    Raises Refused `not-found`, and `in-use` while action plans name the agent (`accounts`).
    """
    for _ in range(CONFLICT_RETRIES):
        found = head(agent_id)
        if found is None:
            raise configured.not_found(_KIND)
        if "deleted" in found:
            return False
        configured.refuse_if_named([configured.get(_KIND, agent_id)])
        for team in sorted(found.get("teams", ())):
            teams.remove_member(team, agent_id)
        if _deleted(found, now):
            return True
    raise Refused("contended", "The agent is being changed by others.")


def _deleted(found: Item, now: int) -> bool:
    agent_id = found["agent_id"]
    key, place = table.configuration(_KIND, agent_id), table.agent(agent_id)
    gone: Item = dict.fromkeys(("accounts", "queues", "teams", "ringing", "ring_ends", "pause"))
    gone |= {"deleted": True, "state": "offline", "since": now, "session": found["session"] + 1, "open_count": 0}
    gone |= due(place, now + ROUTING_GRACE * 1000)
    # seq grows with everything that an agent gets or does, so nothing came in since it was read.
    unmoved = Attr("seq").eq(found["seq"])
    tx = Transaction().update(place, unmoved, put=gone, add={"seq": 1, "members_version": 1}, prove=True)
    tx.delete(key, Attr("named_by").not_exists())
    for item in members.item_keys(agent_id, found.get("accounts", ()), found.get("queues", ())):
        tx.delete(item)
    try:
        tx.commit()
    except Lost as lost:
        configured.raise_if_named(lost, key)
        return False
    return True
