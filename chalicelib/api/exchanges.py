"""The exchange log of an account, and what it tells of the account's health."""

from collections.abc import Callable, Iterable
from typing import Any

from chalicelib import clock
from chalicelib.api import access, cursors, pages
from chalicelib.api.request import Request
from chalicelib.models.account_checks import AccountHealth, Exchange
from chalicelib.store import exchanges
from chalicelib.store.db import Item

_WELL = frozenset({"stored", "duplicate", "applied", "parked", "ignored", "accepted", "check-ok", "check-unproven"})
_LOOKED_AT = 500  # rows that one look at the health reads at most
_DAY = 86_400_000  # milliseconds


def index(request: Request, account_id: str) -> dict[str, Any]:
    access.require_account(request, account_id)
    limit, cursor = request.query["limit"], request.query["cursor"]
    before = cursors.decode("exchanges", cursor, before=str)["before"] if cursor else None
    rows = exchanges.newest(account_id, request.now, limit + 1, before)
    shown = rows[:limit]
    further = cursors.encode("exchanges", before=shown[-1]["sk"]) if len(rows) > limit else None
    return pages.page([_present(row) for row in shown], further)


def _present(row: Item) -> Exchange:
    known = {name: row.get(name) for name in Exchange.model_fields}
    return Exchange.model_validate({**known, "id": row["sk"], "at": clock.rfc3339(row["at"])})


def health(request: Request, account_id: str) -> AccountHealth:
    account = access.require_account(request, account_id)
    rows = exchanges.newest(account_id, request.now, _LOOKED_AT)
    since = rows[-1]["at"] if len(rows) == _LOOKED_AT else request.now - exchanges.DAYS * _DAY
    proven = _first(rows, lambda row: "signature" in row)
    return AccountHealth.model_validate(
        {
            "since": clock.rfc3339(since),
            "last_inbound": _at(_first(rows, lambda row: row.get("event") == "message")),
            "last_report": _at(_first(rows, lambda row: row.get("event") == "report")),
            "last_accepted": _at(_first(rows, lambda row: row["outcome"] == "accepted")),
            "last_signature": proven and {"at": _at(proven), "result": proven["signature"]},
            "last_error": _last_error(account, rows),
        }
    )


def _first(rows: Iterable[Item], fits: Callable[[Item], bool]) -> Item | None:
    return next((row for row in rows if fits(row)), None)


def _at(row: Item | None) -> str | None:
    return clock.rfc3339(row["at"]) if row else None


def _last_error(account: Item, rows: Iterable[Item]) -> dict[str, Any] | None:
    """What is wrong with the account until a text is accepted again, else the newest exchange that went wrong."""
    trouble = account.get("trouble")
    if trouble:
        return {
            "at": _at(trouble),
            "kind": trouble["kind"],
            "code": trouble.get("code"),
            "detail": None,
            "lasting": True,
        }
    row = _first(rows, lambda one: one["outcome"] not in _WELL)
    if row is None:
        return None
    told = {"kind": row["outcome"], "code": row.get("error_code"), "detail": row.get("detail")}
    return {"at": _at(row), "lasting": False, **told}
