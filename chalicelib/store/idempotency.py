"""Idempotency keys: a repeated request gets the stored answer, which was written with the effect itself."""

import json
from dataclasses import dataclass, field, replace
from typing import Any

from boto3.dynamodb.conditions import Attr

from chalicelib.config import IDEMPOTENCY_HOURS
from chalicelib.models.errors import Refused
from chalicelib.store import db, table
from chalicelib.store.transaction import NEW, Lost, Transaction

_LIFETIME = IDEMPOTENCY_HOURS * 3600


@dataclass(frozen=True)
class Stored:
    """An answer that was given before."""

    status: int
    answer: Any = field(repr=False)


class Replayed(Exception):
    """The request has been carried out before; holds the answer it got then."""

    def __init__(self, stored: Stored) -> None:
        super().__init__("carried out before")
        self.stored = stored


@dataclass(frozen=True)
class Once:
    """One Idempotency-Key of one caller on one route, the hash of what was asked, and the answer to keep."""

    scope: str
    key: str
    body_hash: str
    status: int = 201
    answer: Any = field(default=None, repr=False)

    @property
    def item_key(self) -> table.Key:
        return table.idempotency(self.scope, self.key)

    def answered(self, status: int, answer: Any) -> "Once":
        """The same with the answer (plain JSON, without secrets) that a repetition gets."""
        return replace(self, status=status, answer=answer)


def action(tx: Transaction, once: Once | None, now: int) -> None:
    """Store the answer in the effect's own transaction; nothing without a key. `now` in milliseconds."""
    if once is None:
        return
    seconds = now // 1000
    item = {
        "body_hash": once.body_hash,
        "status": once.status,
        "answer": json.dumps(once.answer),
        "ttl": seconds + _LIFETIME,
        "op": tx.op,
    }
    # DynamoDB deletes an expired item when it pleases, up to days later.
    tx.put(once.item_key, item, NEW | Attr("ttl").lte(seconds))


def replay(item: db.Item | None, once: Once, now: int) -> Stored | None:
    """The stored answer of an item read at `once.item_key`; None when there is none or it has expired.

    Raises Refused `idempotency-mismatch` when the key was used for another request.
    """
    if item is None or item["ttl"] <= now // 1000:
        return None
    if item["body_hash"] != once.body_hash:
        raise Refused("idempotency-mismatch", "This Idempotency-Key was used for another request.")
    return Stored(item["status"], json.loads(item["answer"]))


def find(once: Once, now: int) -> Stored | None:
    """Read and replay in one step."""
    return replay(db.get(once.item_key), once, now)


def raise_if_replayed(lost: Lost, once: Once | None, now: int) -> None:
    """After a lost transaction: if the same request was carried out meanwhile, raise Replayed."""
    if once is not None and once.item_key in lost:
        stored = replay(lost.item(once.item_key), once, now)
        if stored:
            raise Replayed(stored)
