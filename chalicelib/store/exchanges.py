"""The exchange log: the last calls between the desk and each account's provider, without anything that was said.

A row (times in milliseconds) has the fields of `Exchange` that are known, and goes by itself after a week.
"""

import re
import uuid
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

from chalicelib import clock
from chalicelib.observability import logger
from chalicelib.store import db, table
from chalicelib.store.db import Item
from chalicelib.store.transaction import Transaction

DAYS = 7
_FIELDS = 40  # names that a row keeps
# Where somebody posts a text or a number in the place of a name, it does not look like a name.
_NAME = re.compile(r"(?!.*[0-9]{5})[A-Za-z_][A-Za-z0-9_.\[\]-]{0,30}")
_CODE = re.compile(r"[A-Za-z0-9_.-]{1,40}")


def _mark() -> str:
    return uuid.uuid4().hex[:12]


@dataclass(frozen=True)
class Exchange:
    """One call, or one of the events that it brought; what is not known is None.

    `at`: when it began; `duration_ms`: how long it took, or where that is not given, the time until the row is written.
    `outcome`: what the desk made of a call (stored, duplicate, applied, parked, ignored, malformed, bad-signature,
    contended), or the provider of ours (accepted, else the kind of the error). `fields`: names only; `detail`: words
    of ours.
    """

    account_id: str
    at: int
    direction: Literal["in", "out"]
    method: str | None = None
    status: int | None = None
    outcome: str | None = None
    duration_ms: int | None = None
    signature: str | None = None
    event: str | None = None
    provider_message_id: str | None = None
    fields: tuple[str, ...] = ()
    error_code: str | None = None
    detail: str | None = None
    mark: str = field(default_factory=_mark, compare=False)

    def ended(self, outcome: str, **more: Any) -> "Exchange":
        """The same exchange with what became of it."""
        return replace(self, outcome=outcome, **more)

    def part(self, **more: Any) -> "Exchange":
        """A row of its own for one event of the call."""
        return replace(self, mark=_mark(), **more)

    def join(self, tx: Transaction) -> None:
        """Write the row together with what the call changes."""
        tx.put(self._key, self._item())

    def note(self) -> None:
        """Write the row by itself. Never raises: a line of a log is not worth a text."""
        try:
            db.put(self._key, self._item())
        except Exception as error:
            logger.warning("exchange not logged", extra={"account_id": self.account_id, "error": type(error).__name__})

    @property
    def _key(self) -> table.Key:
        return table.exchange(self.account_id, self.at, self.mark)

    def _item(self) -> Item:
        took = clock.now_ms() - self.at if self.duration_ms is None else self.duration_ms
        code = self.error_code if self.error_code and _CODE.fullmatch(self.error_code) else None
        known = {name: value for name, value in asdict(self).items() if name not in ("account_id", "mark")}
        shown = {"duration_ms": max(0, took), "fields": list(self.fields), "error_code": code}
        return {**known, **shown, "ttl": (self.at + DAYS * 86_400_000) // 1000}


def names(given: Iterable[object]) -> tuple[str, ...]:
    """Those of the names of a call that look like names, each once, in order."""
    found = [name for name in given if isinstance(name, str) and _NAME.fullmatch(name)]
    return tuple(dict.fromkeys(found))[:_FIELDS]


def newest(account_id: str, now: int, limit: int, before: str | None = None) -> list[Item]:
    """Up to `limit` rows of the last week, newest first, older than the row with the sort key `before`."""
    pk = table.exchange(account_id, 0, "")["pk"]
    oldest = table.exchange(account_id, now - DAYS * 86_400_000, "")["sk"]
    # The page ends at `before`, which the query itself includes.
    page = db.query(pk, after=oldest, before=before, limit=limit + (before is not None), forward=False)
    return page.items[:limit]
