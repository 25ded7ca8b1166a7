"""Contact lists, and the one named Default that an account gets when it names none."""

from collections.abc import Sequence
from typing import Any

from chalicelib.config import CONFLICT_RETRIES
from chalicelib.models.errors import Refused
from chalicelib.models.ids import new_id
from chalicelib.store import configured, db, named, table
from chalicelib.store.db import Item
from chalicelib.store.idempotency import Once
from chalicelib.store.transaction import Lost, Transaction

_KIND = "list"
_DEFAULT = "Default"
_DEFAULT_KEY = table.unique("default", "list")
PARTITION = table.configuration(_KIND, "")["pk"]


def require(list_id: str) -> Item:
    """The list; raises Refused `not-found`."""
    return configured.require(_KIND, list_id)


def get_many(list_ids: Sequence[str]) -> list[Item]:
    return configured.get_many(_KIND, list_ids)


def create(contact_list: Item, once: Once | None, now: int) -> None:
    """Write a new list with its name, which exists once. Raises Refused for a taken name."""
    named.create(_KIND, contact_list, once, now)


def change(contact_list: Item, version: int, changes: dict[str, Any]) -> None:
    """Change a list that was read as `contact_list`, at `version`. Raises Refused."""
    named.change(_KIND, contact_list, version, changes)


def ensure_default(now: int) -> str:
    """The id of the list for accounts that name none; made where it is missing. `now` in milliseconds."""
    for _ in range(CONFLICT_RETRIES):
        default, known = db.get_many([_DEFAULT_KEY, named.name_key(_KIND, _DEFAULT)])
        if default is not None:
            return str(default["list_id"])
        fresh = {"id": new_id("lst"), "name": _DEFAULT, "description": "", "created_at": now, "version": 1}
        list_id = str(known["list_id"] if known else fresh["id"])
        tx = Transaction().create(_DEFAULT_KEY, {"list_id": list_id})
        if known is None:
            named.add(tx, _KIND, fresh)
        try:
            tx.commit()
        except Lost:
            continue
        return list_id
    raise Refused("contended", "The default list is being made by others.")
