"""Pauses: the managed list of reasons for which agents are away. Item: id, name, named_by, created_at, version."""

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


def name(pause_id: str | None) -> str | None:
    """What a pause is called; None for none, and for one that is not there."""
    found = configured.get(_KIND, pause_id) if pause_id else None
    return found["name"] if found else None


def create(pause: Item, once: Once | None, now: int) -> None:
    """Write a new pause with its name. Raises Refused for a taken name."""
    named.create(_KIND, pause, once, now)


def delete(pause_id: str) -> None:
    """Take a pause off the list; who is in it stays.

    Raises Refused `not-found`, and `in-use` with the `accounts` whose agents are in it while disposing.
    """
    for _ in range(CONFLICT_RETRIES):
        if named.delete(_KIND, configured.require(_KIND, pause_id)):
            return
    raise Refused("contended", "The pause is being changed by others.")
