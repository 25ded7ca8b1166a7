"""Queues: their configuration, the name that exists once, and their members."""

from collections.abc import Sequence
from typing import Any

from boto3.dynamodb.conditions import Attr

from chalicelib.config import CONFLICT_RETRIES
from chalicelib.models.errors import Refused, invalid
from chalicelib.store import configured, db, idempotency, members, plans, table
from chalicelib.store.db import Item
from chalicelib.store.idempotency import Once
from chalicelib.store.table import Key
from chalicelib.store.transaction import Lost, Transaction

_KIND = "queue"
PARTITION = table.configuration(_KIND, "")["pk"]


def require(queue_id: str) -> Item:
    """The queue; raises Refused `not-found`."""
    return configured.require(_KIND, queue_id)


def create(queue: Item, once: Once | None, now: int) -> None:
    """Write a new queue with its HEAD and its name. Raises Refused for a taken name."""
    taken = _name_key(queue["name"])
    tx = Transaction().create(table.configuration(_KIND, queue["id"]), queue)
    tx.create(table.queue(queue["id"]), {"queue_id": queue["id"], "seq": 0})
    tx.create(taken, {"queue_id": queue["id"]})
    idempotency.action(tx, once, now)
    try:
        tx.commit()
    except Lost as lost:
        idempotency.raise_if_replayed(lost, once, now)
        _raise_if_taken(lost, taken)
        raise


def change(queue: Item, version: int, changes: dict[str, Any]) -> None:
    """Change a queue that was read as `queue`, at `version`. Raises Refused."""
    taken = None
    tx = configured.update(Transaction(), _KIND, queue["id"], version, changes)
    old, new = _name_key(queue["name"]), _name_key({**queue, **changes}["name"])
    if new != old:
        taken = new
        tx.create(new, {"queue_id": queue["id"]})
        tx.delete(old, Attr("queue_id").eq(queue["id"]))
    try:
        tx.commit()
    except Lost as lost:
        configured.raise_if_moved(lost, _KIND, queue["id"])
        _raise_if_taken(lost, taken)
        raise


def delete(queue_id: str) -> None:
    """Delete a queue that no action plan names and in which nothing waits, then its members.

    Raises Refused `in-use` (with the `accounts` whose plans name it), and `not-found`; where an earlier try was cut
    off, it tidies up first.
    """
    for _ in range(CONFLICT_RETRIES):
        queue, head = db.get_many([table.configuration(_KIND, queue_id), table.queue(queue_id)])
        if queue is None or head is None:
            members.remove_all("queues", queue_id)
            raise configured.not_found(_KIND)
        if db.query(table.queue(queue_id)["pk"], "W#", limit=1).items:
            raise Refused("in-use", "Conversations are waiting in the queue.")
        if _deleted(queue, head):
            members.remove_all("queues", queue_id)
            return
    raise Refused("contended", "The queue is being changed by others.")


def _deleted(queue: Item, head: Item) -> bool:
    key = table.configuration(_KIND, queue["id"])
    unmoved = Attr("version").eq(queue["version"]) & Attr("named_by").not_exists()
    tx = Transaction().delete(key, unmoved).delete(_name_key(queue["name"]), Attr("queue_id").eq(queue["id"]))
    tx.delete(table.queue(queue["id"]), Attr("seq").eq(head["seq"]))  # nothing began to wait since
    try:
        tx.commit()
    except Lost as lost:
        plans.raise_if_named(lost, key)
        return False
    return True


def change_members(queue_id: str, add: Sequence[str], remove: Sequence[str], now: int) -> tuple[list[str], list[str]]:
    """Put agents in the queue and take others out; answers who really was. Raises Refused."""
    added = [one for one in add if members.add("queues", queue_id, one, now)]
    return added, [one for one in remove if members.remove("queues", queue_id, one)]


def _name_key(name: str) -> Key:
    return table.unique("queue", name.casefold())


def _raise_if_taken(lost: Lost, taken: Key | None) -> None:
    if taken and taken in lost:
        raise invalid("/name", "Another queue has this name.")
