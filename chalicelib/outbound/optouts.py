"""The ledger of opt-outs: who may get texts, and why not.

A row (times in milliseconds): account_id, address, state (out|in), source (customer|provider|person), author, at; and
while the number is blocked, blocked_at and blocked_by. Either half may be missing.
"""

from typing import Literal

from boto3.dynamodb.conditions import Attr, ConditionBase

from chalicelib.models.errors import Refused
from chalicelib.store import table
from chalicelib.store.db import Item
from chalicelib.store.transaction import Transaction

_STATES = {"stop": "out", "start": "in"}
Source = Literal["customer", "provider", "person"]
NOT_BLOCKED: ConditionBase = Attr("blocked_at").not_exists()


def may_get_texts() -> ConditionBase:
    """The condition on a number's row of the ledger under which texts may go to it."""
    return (Attr("state").not_exists() | Attr("state").ne("out")) & NOT_BLOCKED


def is_blocked(row: Item | None) -> bool:
    return "blocked_at" in (row or {})


def refusal(row: Item | None) -> Refused:
    """What is answered to whoever writes to a number that may get no texts."""
    if is_blocked(row):
        return Refused("blocked", "The number is blocked and gets no texts. Unblock it first.")
    return Refused("opted-out", "The recipient has opted out and gets no texts.")


def entry(account_id: str, address: str, state: str, source: Source, now: int, author: str | None = None) -> Item:
    """The ledger's fields for a number that is `out` or `in`, as `source` says; `now` in milliseconds."""
    told = {"state": state, "source": source, "author": author, "at": now}
    return {**told, **_named(account_id, address), "g1pk": table.opt_outs_in(account_id), "g1sk": address}


def block_entry(account_id: str, address: str, author: str | None, now: int) -> Item:
    """The fields of a block; `now` in milliseconds."""
    told = {"blocked_at": now, "blocked_by": author}
    return {**told, **_named(account_id, address), "g2pk": table.blocked_in(account_id), "g2sk": address}


NO_BLOCK: Item = dict.fromkeys(("blocked_at", "blocked_by", "g2pk", "g2sk"))


def _named(account_id: str, address: str) -> Item:
    return {"account_id": account_id, "address": address}


def follow(account_id: str, address: str, opt: str | None, now: int) -> None:
    """Take over what a provider says of a recipient ("stop" or "start"; anything else changes nothing)."""
    state = _STATES.get(opt or "")
    if state:
        fields = entry(account_id, address, state, "provider", now)
        Transaction().update(table.opt_out(account_id, address), put=fields).commit()
