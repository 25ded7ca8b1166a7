"""Queues: their configuration, the name that exists once, and their members."""

from collections.abc import Sequence
from typing import Any

from boto3.dynamodb.conditions import Attr

from chalicelib.config import CONFLICT_RETRIES
from chalicelib.models.errors import Refused
from chalicelib.store import configured, db, dispositions, members, named, table, teams
from chalicelib.store.db import Item
from chalicelib.store.idempotency import Once
from chalicelib.store.transaction import EXISTS, Transaction

_KIND = "queue"
PARTITION = table.configuration(_KIND, "")["pk"]


def require(queue_id: str) -> Item:
    """The queue; raises Refused `not-found`."""
    return configured.require(_KIND, queue_id)


def create(queue: Item, once: Once | None, now: int) -> None:
    """Write a new queue with its HEAD and its name. Raises Refused for a taken name."""
    tx = Transaction().create(table.queue(queue["id"]), {"queue_id": queue["id"], "seq": 0})
    named.create(_KIND, queue, once, now, tx)


def change(queue: Item, version: int, changes: dict[str, Any]) -> None:
    """Change a queue that was read as `queue`, at `version`, and tell its members' polls. Raises Refused."""
    tx = Transaction().update(table.queue(queue["id"]), EXISTS, add={"seq": 1})
    named.change(_KIND, queue, version, changes, tx)


def delete(queue_id: str) -> None:
    """Delete a queue that no action plan names and in which nothing waits, then its members and dispositions.

    Raises Refused `in-use` (with the `accounts` whose plans name it), and `not-found`; where an earlier try was cut
    off, it tidies up first.
    """
    for _ in range(CONFLICT_RETRIES):
        queue, head = db.get_many([table.configuration(_KIND, queue_id), table.queue(queue_id)])
        if queue is None or head is None:
            _forget(queue_id)
            raise configured.not_found(_KIND)
        if db.query(table.queue(queue_id)["pk"], "W#", limit=1).items:
            raise Refused("in-use", "Conversations are waiting in the queue.")
        if _deleted(queue, head):
            _forget(queue_id)
            return
    raise Refused("contended", "The queue is being changed by others.")


def _deleted(queue: Item, head: Item) -> bool:
    unmoved = Attr("seq").eq(head["seq"])  # nothing began to wait since
    return named.delete(_KIND, queue, Transaction().delete(table.queue(queue["id"]), unmoved))


def _forget(queue_id: str) -> None:
    """What a deleted queue leaves behind: its teams, its members, its dispositions."""
    teams.leave_queue(queue_id)
    members.remove_all("queues", queue_id)
    dispositions.remove_all(queue_id)


def change_members(queue_id: str, add: Sequence[str], remove: Sequence[str], now: int) -> tuple[list[str], list[str]]:
    """Put agents in the queue and take others out; answers who really was. Raises Refused."""
    added = [one for one in add if members.add("queues", queue_id, one, now)]
    return added, [one for one in remove if members.remove("queues", queue_id, one)]
