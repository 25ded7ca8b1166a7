"""How fast an account may send: every text reserves a time slot, one segment after the other at the account's rate."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

from boto3.dynamodb.conditions import Attr

from chalicelib.config import CONFLICT_RETRIES, OUTBOUND_GRACE, SLOT_STALE
from chalicelib.outbound.delivery import Contended
from chalicelib.store import table
from chalicelib.store.conversations import due
from chalicelib.store.db import Item
from chalicelib.store.transaction import Lost, Transaction

WAIT_HERE = 1000  # ms: a slot no further away is waited for by the function; for a later one the text goes back


@dataclass(frozen=True)
class Reservation:
    """Slots of some texts by message id, and when the account is free again; all in milliseconds since the epoch."""

    slots: dict[str, int]
    free_at: int


def reserve(rows: Sequence[Item], free_at: int | None, rate: float, now: int) -> Reservation:
    """Slots for texts in their order at `rate` segments per second, after all that is reserved already."""
    at = max(now, free_at or 0)
    slots = {}
    for row in rows:
        slots[row["message_id"]] = at
        at += ceil(row["segments"] * 1000 / rate)
    return Reservation(slots, at)


def usable(slot: int | None, now: int) -> bool:
    """Whether a slot still counts; one that was missed by more than SLOT_STALE seconds is reserved anew."""
    return slot is not None and now - slot <= SLOT_STALE * 1000


def book(account_id: str, rows: Sequence[Item], pace: Item | None, rate: float, now: int) -> dict[str, int]:
    """Reserve slots of one account's texts in one transaction, given its pace as it was read; answers them by message.

    A text whose slot is too far away to wait for keeps it on its row. Raises Contended.
    """
    waiting = {row["message_id"]: row for row in rows}
    for _ in range(CONFLICT_RETRIES):
        seen = (pace or {}).get("next_free_at")
        made = reserve(list(waiting.values()), seen, rate, now)
        try:
            _write(account_id, waiting, seen, made, now)
            return made.slots
        except Lost as lost:
            key = table.pace(account_id)
            pace = lost.item(key) if key in lost else pace
            waiting = {name: row for name, row in waiting.items() if _key(row) not in lost}
            if not waiting:
                return {}
    raise Contended


def _write(account_id: str, rows: dict[str, Item], seen: int | None, made: Reservation, now: int) -> None:
    unchanged = Attr("next_free_at").eq(seen) if seen else Attr("next_free_at").not_exists()
    tx = Transaction().update(table.pace(account_id), unchanged, put={"next_free_at": made.free_at}, prove=True)
    for message, slot in made.slots.items():
        if slot > now + WAIT_HERE:
            row = rows[message]
            untouched = Attr("attempt").eq(row["attempt"]) & Attr("claim_id").not_exists()
            kept = {"slot": slot, **due(_key(row), slot + OUTBOUND_GRACE * 1000)}
            tx.update(_key(row), untouched, put=kept)
    tx.commit()


def _key(row: Item) -> table.Key:
    return table.key(row["pk"], row["sk"])
