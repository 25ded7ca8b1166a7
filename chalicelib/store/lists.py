"""Contact lists, and the one named Default that an account gets when it names none."""

from collections.abc import Sequence
from typing import Any

from boto3.dynamodb.conditions import Attr

from chalicelib.config import CONFLICT_RETRIES
from chalicelib.models.errors import Refused, invalid
from chalicelib.models.ids import new_id
from chalicelib.store import configured, db, idempotency, table
from chalicelib.store.db import Item
from chalicelib.store.idempotency import Once
from chalicelib.store.table import Key
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
    taken = _name_key(contact_list["name"])
    tx = Transaction().create(table.configuration(_KIND, contact_list["id"]), contact_list)
    tx.create(taken, {"list_id": contact_list["id"]})
    idempotency.action(tx, once, now)
    try:
        tx.commit()
    except Lost as lost:
        idempotency.raise_if_replayed(lost, once, now)
        _raise_if_taken(lost, taken)
        raise


def change(contact_list: Item, version: int, changes: dict[str, Any]) -> None:
    """Change a list that was read as `contact_list`, at `version`. Raises Refused."""
    taken = None
    tx = configured.update(Transaction(), _KIND, contact_list["id"], version, changes)
    old, new = _name_key(contact_list["name"]), _name_key({**contact_list, **changes}["name"])
    if new != old:
        taken = new
        tx.create(new, {"list_id": contact_list["id"]})
        tx.delete(old, Attr("list_id").eq(contact_list["id"]))
    try:
        tx.commit()
    except Lost as lost:
        configured.raise_if_moved(lost, _KIND, contact_list["id"])
        _raise_if_taken(lost, taken)
        raise


def ensure_default(now: int) -> str:
    """The id of the list for accounts that name none; made where it is missing. `now` in milliseconds."""
    for _ in range(CONFLICT_RETRIES):
        default, named = db.get_many([_DEFAULT_KEY, _name_key(_DEFAULT)])
        if default is not None:
            return str(default["list_id"])
        fresh = {"id": new_id("lst"), "name": _DEFAULT, "description": "", "created_at": now, "version": 1}
        list_id = str(named["list_id"] if named else fresh["id"])
        tx = Transaction().create(_DEFAULT_KEY, {"list_id": list_id})
        if named is None:
            tx.create(table.configuration(_KIND, list_id), fresh)
            tx.create(_name_key(_DEFAULT), {"list_id": list_id})
        try:
            tx.commit()
        except Lost:
            continue
        return list_id
    raise Refused("contended", "The default list is being made by others.")


def _name_key(name: str) -> Key:
    return table.unique("list", name.casefold())


def _raise_if_taken(lost: Lost, taken: Key | None) -> None:
    if taken and taken in lost:
        raise invalid("/name", "Another list has this name.")
