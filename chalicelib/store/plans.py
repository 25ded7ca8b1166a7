"""Action plans: every version stays, since a running round keeps the one that it began with.

An agent or a queue holds in `named_by` the accounts whose present plan names it, so that deleting one is a
condition and no search.
"""

from collections.abc import Sequence

from boto3.dynamodb.conditions import Attr

from chalicelib.models.errors import Refused
from chalicelib.store import db, table
from chalicelib.store.db import Item
from chalicelib.store.table import Key
from chalicelib.store.transaction import EXISTS, Lost, Transaction


def get(account_id: str, version: int) -> Item | None:
    return db.get(table.plan(account_id, version))


def current(account: Item) -> Item:
    """The plan that new rounds of an account follow."""
    return get(account["id"], account["plan_version"]) or {"version": account["plan_version"], "actions": []}


def replace(account: Item, version: int, actions: list[Item]) -> None:
    """Make `actions` the plan of an account whose plan has `version`.

    Raises Refused `version-conflict`, and `invalid` with the pointer of an action that names nobody.
    """
    key = table.configuration("account", account["id"])
    before, after = _named(current(account)["actions"]), _named(actions)
    tx = Transaction().create(table.plan(account["id"], version + 1), {"version": version + 1, "actions": actions})
    tx.update(key, Attr("plan_version").eq(version), put={"plan_version": version + 1}, prove=True)
    mine = {"named_by": {account["id"]}}
    for sk, named in after.items():
        if sk not in before:
            tx.update(named, EXISTS, add=mine)
    for sk, named in before.items():
        if sk not in after:
            tx.update(named, EXISTS, drop=mine)
    try:
        tx.commit()
    except Lost as lost:
        _raise_if_moved(lost, key)
        _raise_if_unknown(lost, actions)
        raise


def forget(tx: Transaction, account: Item) -> None:
    """Take a deleted account's plan off whom it names, in the deleting transaction."""
    for named in _named(current(account)["actions"]).values():
        tx.update(named, EXISTS, drop={"named_by": {account["id"]}})


def raise_if_named(lost: Lost, key: Key) -> None:
    """After a lost deletion of an agent or a queue: Refused `in-use` with the accounts whose plans name it."""
    item = lost.item(key) if key in lost else None
    if item and item.get("named_by"):
        raise Refused("in-use", "Action plans name it.", accounts=sorted(item["named_by"]))


def _named(actions: Sequence[Item]) -> dict[str, Key]:
    """The agents and queues that a plan names, by id."""
    found = {}
    for action in actions:
        if action["app"] in ("agent", "queue"):
            identifier = action[f"{action['app']}_id"]
            found[identifier] = table.configuration(action["app"], identifier)
    return found


def _raise_if_moved(lost: Lost, key: Key) -> None:
    if key in lost:
        item = lost.item(key)
        if item is None:
            raise Refused("not-found", "There is no such account.")
        raise Refused("version-conflict", f"The plan has changed since; its version is {item['plan_version']}.")


def _raise_if_unknown(lost: Lost, actions: Sequence[Item]) -> None:
    errors = []
    for position, action in enumerate(actions):
        app = action["app"]
        if app in ("agent", "queue") and table.configuration(app, action[f"{app}_id"]) in lost:
            errors.append({"pointer": f"/actions/{position}/{app}_id", "detail": f"There is no such {app}."})
    if errors:
        raise Refused("invalid", "The request is not valid.", errors=errors)
