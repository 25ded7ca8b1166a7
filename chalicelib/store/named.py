"""Configured objects whose name exists once within their kind: create, change and delete them with the name."""

from typing import Any

from boto3.dynamodb.conditions import Attr

from chalicelib.models.errors import invalid
from chalicelib.store import configured, idempotency, table
from chalicelib.store.db import Item
from chalicelib.store.idempotency import Once
from chalicelib.store.table import Key
from chalicelib.store.transaction import Lost, Transaction


def name_key(kind: str, name: str) -> Key:
    """Where a kind holds a name; upper and lower case count as the same."""
    return table.unique(kind, name.casefold())


def add(tx: Transaction, kind: str, item: Item) -> Key:
    """Add a new object and its name to a transaction; answers the key of the name."""
    taken = name_key(kind, item["name"])
    tx.create(table.configuration(kind, item["id"]), item)
    tx.create(taken, {f"{kind}_id": item["id"]})
    return taken


def create(kind: str, item: Item, once: Once | None, now: int, tx: Transaction | None = None) -> None:
    """Write a new object together with what `tx` holds already. Raises Refused for a taken name."""
    tx = tx or Transaction()
    taken = add(tx, kind, item)
    idempotency.action(tx, once, now)
    try:
        tx.commit()
    except Lost as lost:
        idempotency.raise_if_replayed(lost, once, now)
        _raise_if_taken(lost, kind, taken)
        raise


def change(kind: str, item: Item, version: int, changes: dict[str, Any], tx: Transaction | None = None) -> None:
    """Change an object that was read as `item`, at `version`, together with what `tx` holds already. Raises Refused."""
    taken = None
    tx = configured.update(tx or Transaction(), kind, item["id"], version, changes)
    old, new = name_key(kind, item["name"]), name_key(kind, {**item, **changes}["name"])
    if new != old:
        taken = new
        tx.create(new, {f"{kind}_id": item["id"]})
        tx.delete(old, Attr(f"{kind}_id").eq(item["id"]))
    try:
        tx.commit()
    except Lost as lost:
        configured.raise_if_moved(lost, kind, item["id"])
        _raise_if_taken(lost, kind, taken)
        raise


def delete(kind: str, item: Item, tx: Transaction | None = None) -> bool:
    """Delete an object as it was read, with its name; False if it has moved since.

    Raises Refused `in-use` with the `accounts` whose plans name it.
    """
    key = table.configuration(kind, item["id"])
    unmoved = Attr("version").eq(item["version"]) & Attr("named_by").not_exists()
    tx = (tx or Transaction()).delete(key, unmoved)
    tx.delete(name_key(kind, item["name"]), Attr(f"{kind}_id").eq(item["id"]))
    try:
        tx.commit()
    except Lost as lost:
        configured.raise_if_named(lost, key)
        return False
    return True


def _raise_if_taken(lost: Lost, kind: str, taken: Key | None) -> None:
    if taken and taken in lost:
        raise invalid("/name", f"Another {kind} has this name.")
