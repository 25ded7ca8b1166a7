"""The ledger of opt-outs as what providers tell of it."""

from boto3.dynamodb.conditions import Attr, ConditionBase

from chalicelib.store import table
from chalicelib.store.db import Item
from chalicelib.store.transaction import Transaction

_STATES = {"stop": "out", "start": "in"}


def may_get_texts() -> ConditionBase:
    """The condition on a number's row of the ledger under which texts may go to it."""
    return Attr("state").not_exists() | Attr("state").ne("out")


def entry(state: str, now: int) -> Item:
    """The ledger's fields for a number that its provider calls `out` or `in`; `now` in milliseconds."""
    return {"state": state, "source": "provider", "at": now}


def follow(account_id: str, address: str, opt: str | None, now: int) -> None:
    """Take over what a provider says of a recipient ("stop" or "start"; anything else changes nothing)."""
    state = _STATES.get(opt or "")
    if state:
        Transaction().update(table.opt_out(account_id, address), put=entry(state, now)).commit()
