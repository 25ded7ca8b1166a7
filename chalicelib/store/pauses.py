"""Pauses: the managed list of reasons for which agents are away. Item: id, name, created_at, version."""

from chalicelib.config import CONFLICT_RETRIES
from chalicelib.models.errors import Refused
from chalicelib.store import configured, db, named, table
from chalicelib.store.db import Item
from chalicelib.store.idempotency import Once

_KIND = "pause"
PARTITION = table.configuration(_KIND, "")["pk"]


def names() -> list[str]:
    """Every pause that there is, in the order in which they were made."""
    return [item["name"] for item in db.query_all(PARTITION)]


def create(pause: Item, once: Once | None, now: int) -> None:
    """Write a new pause with its name. Raises Refused for a taken name."""
    named.create(_KIND, pause, once, now)


def delete(pause_id: str) -> None:
    """Take a pause off the list; who is in it stays. Raises Refused `not-found`."""
    for _ in range(CONFLICT_RETRIES):
        if named.delete(_KIND, configured.require(_KIND, pause_id)):
            return
    raise Refused("contended", "The pause is being changed by others.")
