"""What all configured objects share: read one or several, change one at the version that was read."""

from collections.abc import Iterable, Sequence
from typing import Any

from boto3.dynamodb.conditions import Attr, ConditionBase

from chalicelib.models.errors import Refused
from chalicelib.store import db, table
from chalicelib.store.db import Item
from chalicelib.store.table import Key
from chalicelib.store.transaction import Lost, Transaction


def not_found(kind: str) -> Refused:
    return Refused("not-found", f"There is no such {kind}.")


def get(kind: str, identifier: str) -> Item | None:
    return db.get(table.configuration(kind, identifier))


def require(kind: str, identifier: str) -> Item:
    """The object; raises Refused `not-found`."""
    item = get(kind, identifier)
    if item is None:
        raise not_found(kind)
    return item


def get_many(kind: str, identifiers: Sequence[str]) -> list[Item]:
    """Those of the objects that exist, in the order of their ids."""
    found = db.get_many([table.configuration(kind, one) for one in identifiers]) if identifiers else []
    return [item for item in found if item is not None]


def update(
    tx: Transaction,
    kind: str,
    identifier: str,
    version: int,
    changes: dict[str, Any],
    also: ConditionBase | None = None,
) -> Transaction:
    """Add a change of the object, valid only at `version`, and while a further condition holds, to a transaction."""
    put = {**changes, "version": version + 1}
    unmoved = Attr("version").eq(version)
    condition = unmoved if also is None else unmoved & also
    return tx.update(table.configuration(kind, identifier), condition, put=put, prove=True)


def raise_if_moved(lost: Lost, kind: str, identifier: str) -> None:
    """After a lost transaction: Refused `not-found` or `version-conflict` if the object was why."""
    key = table.configuration(kind, identifier)
    if key in lost:
        item = lost.item(key)
        if item is None:
            raise not_found(kind)
        raise Refused("version-conflict", f"It has changed since; its version is {item['version']}.")


def raise_if_named(lost: Lost, key: Key) -> None:
    """After a lost deletion: Refused `in-use` with the accounts that name the object, by their plans for most kinds."""
    if key in lost:
        refuse_if_named([lost.item(key)])


def refuse_if_named(items: Iterable[Item | None]) -> None:
    """Raises Refused `in-use` with the accounts that name one of the objects."""
    users = {account for item in items if item for account in item.get("named_by", ())}
    if users:
        raise Refused("in-use", "Accounts or their action plans name it.", accounts=sorted(users))
