"""Dispositions: trees of at most three levels, one for everybody, and one of each account, list and queue.

Item, in the partition of its scope (`global` or the id of the owner): id, name, description, parent_id, level
(from 1), path (names from level 1 down to its own), seq (grows with each child), named_by, created_at.
"""

from collections.abc import Iterable, Sequence

from boto3.dynamodb.conditions import Attr

from chalicelib.config import CONFLICT_RETRIES
from chalicelib.models.errors import Refused, invalid
from chalicelib.store import configured, db, idempotency, table
from chalicelib.store.db import Item
from chalicelib.store.idempotency import Once
from chalicelib.store.table import Key
from chalicelib.store.transaction import EXISTS, Lost, Transaction

GLOBAL = "global"
LEVELS = 3


def key(scope: str, disposition_id: str) -> Key:
    return table.configuration(f"disposition#{scope}", disposition_id)


def partition(scope: str) -> str:
    return key(scope, "")["pk"]


def find(disposition_id: str, account: Item, *others: str) -> Item | None:
    """`{"id", "path"}` of a disposition for an interaction of an account; None where none of its scopes has it.

    `others` are further owners, such as the queue and the contact's list.
    """
    scopes = dict.fromkeys((GLOBAL, account["id"], account["list_id"], *others))
    found = [item for item in db.get_many([key(scope, disposition_id) for scope in scopes]) if item]
    return {"id": disposition_id, "path": found[0]["path"]} if found else None


def locate(disposition_ids: Iterable[str], account_id: str) -> dict[str, Key]:
    """The keys of those dispositions that are global or an account's own, by id."""
    keys = [key(scope, one) for one in sorted(set(disposition_ids)) for scope in (GLOBAL, account_id)]
    found = db.get_many(keys) if keys else []
    return {item["id"]: place for place, item in zip(keys, found, strict=True) if item}


def below(scope: str, disposition: Item, now: int) -> Item:
    """A new disposition, not stored yet, with its place below its `parent_id`. `now` in milliseconds.

    Raises Refused for an unknown parent and one on the last level.
    """
    parent_id = disposition["parent_id"]
    parent = db.get(key(scope, parent_id)) if parent_id else None
    if parent_id and parent is None:
        raise invalid("/parent_id", "There is no such disposition here.")
    above = parent["path"] if parent else []
    if len(above) >= LEVELS:
        raise invalid("/parent_id", f"A disposition above the last of {LEVELS} levels.")
    place = {"level": len(above) + 1, "path": [*above, disposition["name"]]}
    return {**disposition, **place, "seq": 0, "created_at": now}


def create(scope: str, made: Item, once: Once | None, now: int) -> None:
    """Store it. Raises Refused for a name that another one beside it has, and a parent who has gone meanwhile."""
    taken = _name_key(scope, made)
    tx = Transaction().create(key(scope, made["id"]), made).create(taken, {"disposition_id": made["id"]})
    if made["parent_id"]:
        tx.update(key(scope, made["parent_id"]), EXISTS, add={"seq": 1})
    idempotency.action(tx, once, now)
    try:
        tx.commit()
    except Lost as lost:
        idempotency.raise_if_replayed(lost, once, now)
        if taken in lost:
            raise invalid("/name", "Another disposition beside it has this name.") from None
        if made["parent_id"] and key(scope, made["parent_id"]) in lost:
            raise invalid("/parent_id", "There is no such disposition here.") from None
        raise


def delete(scope: str, disposition_id: str) -> None:
    """Delete a disposition and all below it, the lowest first, so that what a broken-off try leaves is still a tree.

    Raises Refused `not-found`, and `in-use` with the `accounts` whose plans name one of them.
    """
    for _ in range(CONFLICT_RETRIES):
        tree = _tree(list(db.query_all(partition(scope))), disposition_id)
        if not tree:
            raise configured.not_found("disposition")
        configured.refuse_if_named(tree)
        if all(_deleted(scope, item) for item in tree):
            return
    raise Refused("contended", "The disposition is being changed by others.")


def _tree(items: Sequence[Item], disposition_id: str) -> list[Item]:
    """The disposition and all below it, the lowest first."""
    wanted = {disposition_id}
    for _ in range(LEVELS - 1):
        wanted |= {item["id"] for item in items if item.get("parent_id") in wanted}
    return sorted((item for item in items if item["id"] in wanted), key=lambda item: -item["level"])


def _deleted(scope: str, item: Item) -> bool:
    place = key(scope, item["id"])
    unmoved = Attr("seq").eq(item["seq"]) & Attr("named_by").not_exists()
    tx = Transaction().delete(place, unmoved).delete(_name_key(scope, item))
    try:
        tx.commit()
    except Lost as lost:
        configured.raise_if_named(lost, place)
        return False
    return True


def remove_all(scope: str) -> None:
    """Delete the whole tree of an owner who was deleted."""
    for item in list(db.query_all(partition(scope))):
        Transaction().delete(key(scope, item["id"])).delete(_name_key(scope, item)).commit()


def _name_key(scope: str, item: Item) -> Key:
    return table.unique(f"disposition#{scope}#{item.get('parent_id') or ''}", item["name"].casefold())
