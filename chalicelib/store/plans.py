"""Action plans: every version stays, since a running round keeps the one that it began with.

What a plan names (agents, queues, intervals, dispositions) holds in `named_by` the accounts whose present plan
names it, so that deleting one is a condition and no search.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

from boto3.dynamodb.conditions import Attr

from chalicelib.models.errors import Refused, invalid
from chalicelib.store import db, dispositions, table
from chalicelib.store.conversations import unchanged
from chalicelib.store.db import Item
from chalicelib.store.table import Key
from chalicelib.store.transaction import EXISTS, Lost, Transaction

_MOST_CHANGES = 98  # beside the plan and its account, in one transaction of 100 items
_NAMING = (("agent_id", "agent"), ("queue_id", "queue"), ("interval_id", "interval"))
_Names = dict[tuple[str, str], Key]


class _Reference(NamedTuple):
    """A step's naming of something: where in the step, of which kind, and its id."""

    position: int
    field: str
    kind: str
    identifier: str


def get(account_id: str, version: int) -> Item | None:
    return db.get(table.plan(account_id, version))


def current(account: Item) -> Item:
    """The plan that new rounds of an account follow."""
    return get(account["id"], account["plan_version"]) or {"version": account["plan_version"], "actions": []}


def replace(account: Item, version: int, actions: list[Item]) -> None:
    """Make `actions` the plan of an account whose plan has `version`.

    Raises Refused `version-conflict`, `contended` where the account requires dispositions now, or no longer, and
    `invalid` with the pointer of each step that names what does not exist.
    """
    key = table.configuration("account", account["id"])
    present = current(account)["actions"]
    places = _dispositions([*present, *actions], account)
    _raise_if_unknown(actions, lambda one: one.kind == "disposition" and one.identifier not in places)
    before, after = _named(present, places), _named(actions, places)
    if len(before.keys() ^ after.keys()) > _MOST_CHANGES:
        raise invalid("/actions", f"A change names, or names no longer, at most {_MOST_CHANGES} things.")
    tx = Transaction().create(table.plan(account["id"], version + 1), {"version": version + 1, "actions": actions})
    unmoved = Attr("plan_version").eq(version) & unchanged("mandatory_disposition", account)
    tx.update(key, unmoved, put={"plan_version": version + 1}, prove=True)
    mine = {"named_by": {account["id"]}}
    for name in after.keys() - before.keys():
        tx.update(after[name], EXISTS, add=mine)
    for name in before.keys() - after.keys():
        tx.update(before[name], EXISTS, drop=mine)
    try:
        tx.commit()
    except Lost as lost:
        _raise_if_moved(lost, key, version)
        gone = {name for name, place in after.items() if place in lost}
        _raise_if_unknown(actions, lambda one: (one.kind, one.identifier) in gone)
        raise


def forget(tx: Transaction, account: Item) -> None:
    """Take a deleted account's plan off what it names, in the deleting transaction."""
    actions = current(account)["actions"]
    for place in _named(actions, _dispositions(actions, account)).values():
        tx.update(place, EXISTS, drop={"named_by": {account["id"]}})


def _references(actions: Sequence[Item]) -> Iterator[_Reference]:
    for position, action in enumerate(actions):
        for field, kind in _NAMING:
            if field in action:
                yield _Reference(position, field, kind, action[field])
        if action.get("disposition"):
            yield _Reference(position, "disposition", "disposition", action["disposition"])


def _dispositions(actions: Sequence[Item], account: Item) -> dict[str, Key]:
    """Where the dispositions are that close steps name: the global ones and the account's own."""
    return dispositions.locate(
        [one.identifier for one in _references(actions) if one.kind == "disposition"], account["id"]
    )


def _named(actions: Sequence[Item], places: Mapping[str, Key]) -> _Names:
    """The keys of all that a plan names, by kind and id."""
    return {
        (one.kind, one.identifier): places[one.identifier]
        if one.kind == "disposition"
        else table.configuration(one.kind, one.identifier)
        for one in _references(actions)
    }


def _raise_if_moved(lost: Lost, key: Key, version: int) -> None:
    if key in lost:
        item = lost.item(key)
        if item is None:
            raise Refused("not-found", "There is no such account.")
        if item["plan_version"] == version:
            raise Refused("contended", "What the account requires was changed at the same moment. Try again.")
        raise Refused("version-conflict", f"The plan has changed since; its version is {item['plan_version']}.")


def _raise_if_unknown(actions: Sequence[Item], is_unknown: Callable[[_Reference], bool]) -> None:
    errors = [
        {"pointer": f"/actions/{one.position}/{one.field}", "detail": f"There is no such {one.kind}."}
        for one in _references(actions)
        if is_unknown(one)
    ]
    if errors:
        raise Refused("invalid", "The request is not valid.", errors=errors)
