"""Repairs a text that waits to be sent although its time has come: its poke was lost."""

from boto3.dynamodb.conditions import Attr

from chalicelib.config import OUTBOUND_GRACE
from chalicelib.outbound import compose
from chalicelib.store import db, table
from chalicelib.store.conversations import due
from chalicelib.store.db import Item
from chalicelib.store.table import Key
from chalicelib.store.transaction import Lost, Transaction


def repair(row_key: Key, now: int) -> bool:
    """Poke an OUT row that is past due; answers whether that was a find. `now` in milliseconds.

    A text behind another one waits rightly and is only looked at again later. A claim that has run out is settled by
    the function that the poke wakes.
    """
    row = db.get(row_key)
    if row is None or row["due_at"] > now:
        return False
    before = row.get("prev")
    behind = bool(before) and db.get(table.outgoing(row["account_id"], row["address"], str(before))) is not None
    if not _postpone(row_key, row, now):
        return False
    if not behind:
        compose.poke(row["account_id"], row["address"], row["message_id"])
    return not behind


def _postpone(row_key: Key, row: Item, now: int) -> bool:
    """Look again in a minute; answers False when somebody moved the row meanwhile."""
    later = due(row_key, now + OUTBOUND_GRACE * 1000)
    try:
        Transaction().update(row_key, Attr("due_at").eq(row["due_at"]), put=later, prove=True).commit()
    except Lost:
        return False
    return True
