"""Intervals, the named working rules: id, name, description, zone, parts, created_at, version.

A part is `{"type": "always"}` or `{"type": "custom", "from", "to", "week_days", "month_days", "months", "dates"}`.
"""

from collections.abc import Iterable
from typing import Any

from chalicelib.config import CONFLICT_RETRIES, settings
from chalicelib.models.errors import Refused
from chalicelib.models.ids import new_id
from chalicelib.store import configured, db, named, table
from chalicelib.store.db import Item
from chalicelib.store.idempotency import Once
from chalicelib.store.transaction import Lost, Transaction

_KIND = "interval"
_MADE = table.unique("default", "intervals")
_WORKING = {
    "type": "custom",
    "from": "09:00",
    "to": "17:59",
    "week_days": ["mon", "tue", "wed", "thu", "fri"],
    "month_days": [],
    "months": [],
    "dates": [],
}
_DEFAULTS: tuple[tuple[str, list[Item]], ...] = (("working time", [_WORKING]), ("holidays", []))
PARTITION = table.configuration(_KIND, "")["pk"]


def require(interval_id: str) -> Item:
    """The interval; raises Refused `not-found`."""
    return configured.require(_KIND, interval_id)


def named_in(actions: Iterable[Item]) -> dict[str, Item]:
    """The intervals that the steps of a plan are bound to, by id, without those that were deleted."""
    wanted = sorted({action["interval_id"] for action in actions if "interval_id" in action})
    return {item["id"]: item for item in configured.get_many(_KIND, wanted)}


def create(interval: Item, once: Once | None, now: int) -> None:
    """Write a new interval with its name. Raises Refused for a taken name."""
    named.create(_KIND, interval, once, now)


def change(interval: Item, version: int, changes: dict[str, Any]) -> None:
    """Change an interval that was read as `interval`, at `version`. Raises Refused."""
    named.change(_KIND, interval, version, changes)


def delete(interval_id: str) -> None:
    """Delete an interval. Raises Refused `in-use` with the `accounts` whose plans name it, and `not-found`."""
    for _ in range(CONFLICT_RETRIES):
        if named.delete(_KIND, require(interval_id)):
            return
    raise Refused("contended", "The interval is being changed by others.")


def ensure_defaults(now: int) -> None:
    """Make `working time` and `holidays` once, in the deployment's zone; `now` in milliseconds.

    A name that is taken already is left as it is, and one that was deleted later stays so.
    """
    for _ in range(CONFLICT_RETRIES):
        made, *known = db.get_many([_MADE, *(named.name_key(_KIND, name) for name, _ in _DEFAULTS)])
        if made is not None:
            return
        tx = Transaction().create(_MADE, {"at": now})
        for (name, parts), taken in zip(_DEFAULTS, known, strict=True):
            if taken is None:
                named.add(tx, _KIND, _default(name, parts, now))
        try:
            tx.commit()
        except Lost:
            continue
        return
    raise Refused("contended", "The default intervals are being made by others.")


def _default(name: str, parts: list[Item], now: int) -> Item:
    fresh = {"id": new_id("ivl"), "name": name, "description": "", "zone": settings().zone}
    return {**fresh, "parts": parts, "created_at": now, "version": 1}
