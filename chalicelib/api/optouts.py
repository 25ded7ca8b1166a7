"""Opt-outs and blocked numbers over HTTP."""

from collections.abc import Callable
from typing import Any

from chalicelib import clock
from chalicelib.api import access, cursors, pages
from chalicelib.api.request import Request
from chalicelib.models.errors import invalid
from chalicelib.models.optouts import BlockedChanged, BlockedNumber, OptOut
from chalicelib.providers import wire
from chalicelib.routing import numbers
from chalicelib.store import db, table
from chalicelib.store.db import Item


def index(request: Request) -> dict[str, Any]:
    """The ledger of an account, by number; the index behind it may lag by a moment."""
    account = access.require_account(request, request.query["account_id"])
    by_number = table.BY_START, "g1pk", "g1sk", table.opt_outs_in(account["id"])
    return _page(request, account["id"], "opt-outs", by_number, _present)


def change(request: Request) -> OptOut:
    given = request.body
    access.require_account(request, given.account_id)
    address = _address("/address", given.address)
    author = request.who().agent_id
    return _present(numbers.opt(given.account_id, address, given.state, author, request.now))


def blocked(request: Request, account_id: str) -> dict[str, Any]:
    access.require_account(request, account_id)
    by_number = table.BY_LAST, "g2pk", "g2sk", table.blocked_in(account_id)
    return _page(request, account_id, "blocked", by_number, _present_blocked)


def change_blocked(request: Request, account_id: str) -> BlockedChanged:
    access.require_account(request, account_id)
    add, remove = _addresses("add", request.body.add), _addresses("remove", request.body.remove)
    both = [n for n, address in enumerate(add) if address in remove]
    if both:
        raise invalid(f"/add/{both[0]}", "Named to be let through too.")
    author = request.who().agent_id
    added = [one for one in add if numbers.block(account_id, one, author, request.now)]
    removed = [one for one in remove if numbers.unblock(account_id, one, author, request.now)]
    return BlockedChanged(added=added, removed=removed)


def _addresses(field: str, given: list[str]) -> list[str]:
    return list(dict.fromkeys(_address(f"/{field}/{n}", one) for n, one in enumerate(given)))


def _address(pointer: str, given: str) -> str:
    """The number as texts from it name it."""
    address = wire.address(given)
    if address is None or not address.isprintable():
        raise invalid(pointer, "A number with its country such as +15005550006, a short code, or a name.")
    return address


def _page(
    request: Request, account_id: str, kind: str, by: tuple[str, str, str, str], present: Callable[[Item], Any]
) -> dict[str, Any]:
    """A page of rows of the ledger that an index lists by number."""
    name, pk, sk, partition = by
    cursor = request.query["cursor"]
    after = cursors.decode(kind, cursor, after=str)["after"] if cursor else None
    start = {**table.opt_out(account_id, after), pk: partition, sk: after} if after else None
    found = db.query_index(name, (pk, partition), start=start, limit=request.query["limit"])
    more = cursors.encode(kind, after=found.last[sk]) if found.last else None
    return pages.page([present(item) for item in found.items], more)


def _present(row: Item) -> OptOut:
    return OptOut.model_validate({"author": None, **row, "at": clock.rfc3339(row["at"])})


def _present_blocked(row: Item) -> BlockedNumber:
    return BlockedNumber(
        address=row["address"], author=row.get("blocked_by"), at=clock.rfc3339(row["blocked_at"]) or ""
    )
