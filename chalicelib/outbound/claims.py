"""Who may send a waiting text: what holds it back, the claim that one sender has on it, and how it is let go.

An OUT row (times in milliseconds): account_id, address, interaction_id, n, message_id, text, media, segments,
prev (the text before it), compliance, queued_at, attempt, next_try_at, slot, claim_id, lease_until, errors, due_at.
"""

import random
import time
from collections.abc import Callable
from typing import TypeVar

from boto3.dynamodb.conditions import Attr, ConditionBase

from chalicelib.config import BACKOFF_FIRST, BACKOFF_LAST, LEASE, OUTBOUND_GRACE, SEND_BACK
from chalicelib.outbound.optouts import is_blocked, may_get_texts
from chalicelib.outbound.pacing import WAIT_HERE
from chalicelib.store import table
from chalicelib.store.conversations import due
from chalicelib.store.db import Item
from chalicelib.store.exchanges import Exchange
from chalicelib.store.outage import is_outage
from chalicelib.store.table import Key
from chalicelib.store.transaction import NEW, Lost, Transaction

T = TypeVar("T")
PAUSES = (0.1, 0.4, 1.0)  # seconds between the tries of a write that must not be given up lightly


class Gone(Exception):
    """The text is no longer on its way: somebody else has dealt with it."""


class GoesBack(Exception):
    """The text cannot be sent now; `until` says when to look again."""

    def __init__(self, until: int) -> None:
        super().__init__("goes back")
        self.until = until


class OptedOut(Exception):
    """The recipient wants no texts, or with `blocked` is wanted to get none."""

    def __init__(self, blocked: bool) -> None:
        super().__init__("opted out")
        self.blocked = blocked


def key_of(row: Item) -> Key:
    return table.outgoing(row["account_id"], row["address"], row["message_id"])


def held_until(row: Item, now: int) -> int | None:
    """Until when the row is not to be touched: a running claim, a backoff or a slot too far away; None if free."""
    times = [row.get("lease_until") if "claim_id" in row else None, row.get("next_try_at")]
    slot = row.get("slot")
    if slot and slot > now + WAIT_HERE:
        times.append(slot)
    return max((at for at in times if at and at > now), default=None)


def abandoned(row: Item, now: int) -> bool:
    """Whether a sender claimed it and never said what became of it."""
    return "claim_id" in row and row["lease_until"] <= now


def backoff(attempt: int, retry_after: float | None, jitter: float) -> int:
    """Milliseconds until the next try: doubling from 2 s to 300 s, and not before `retry_after` (seconds).

    `jitter`, from 0 to 1, says where in the upper half of that time it falls.
    """
    full = min(BACKOFF_FIRST * 2 ** min(attempt, 16), BACKOFF_LAST)
    return int(1000 * max(full * (0.5 + jitter / 2), BACKOFF_FIRST, retry_after or 0))


def untouched(row: Item) -> ConditionBase:
    """That the row is as it was read: nobody claimed it or tried it since."""
    return Attr("attempt").eq(row["attempt"]) & Attr("claim_id").not_exists()


def check_order(tx: Transaction, row: Item) -> None:
    """The text before this one must have left: its row is gone."""
    if row.get("prev"):
        tx.check(_before(row), NEW)


def out_of_order(lost: Lost, row: Item) -> bool:
    return bool(row.get("prev")) and _before(row) in lost


def _before(row: Item) -> Key:
    return table.outgoing(row["account_id"], row["address"], row["prev"])


def take(row: Item, now: int) -> str:
    """Claim a text in order to send it; answers the claim's id. Raises Gone, GoesBack or OptedOut."""
    tx = Transaction()
    lease = now + LEASE * 1000
    claim = {"claim_id": tx.op, "lease_until": lease, **due(key_of(row), lease + OUTBOUND_GRACE * 1000)}
    tx.update(key_of(row), untouched(row), put=claim, prove=True)
    check_order(tx, row)
    if not row["compliance"]:
        tx.check(table.opt_out(row["account_id"], row["address"]), may_get_texts())
    try:
        insist(tx.commit)
    except Lost as lost:
        raise _obstacle(lost, row, now) from None
    return tx.op


def _obstacle(lost: Lost, row: Item, now: int) -> Exception:
    if key_of(row) in lost:
        seen = lost.item(key_of(row))
        return GoesBack(held_until(seen, now) or now + SEND_BACK * 1000) if seen else Gone()
    if out_of_order(lost, row):
        return GoesBack(now + SEND_BACK * 1000)
    return OptedOut(is_blocked(lost.item(table.opt_out(row["account_id"], row["address"]))))


def release(row: Item, claim_id: str, next_try_at: int, exchange: Exchange) -> None:
    """Give a claim up after a try that certainly sent nothing; the exchange is its row of the log."""
    later = {"claim_id": None, "lease_until": None, "slot": None, "next_try_at": next_try_at}
    later |= due(key_of(row), next_try_at + OUTBOUND_GRACE * 1000)
    tx = Transaction()
    tx.update(key_of(row), Attr("claim_id").eq(claim_id), put=later, add={"attempt": 1}, prove=True)
    exchange.join(tx)
    try:
        insist(tx.commit)
    except Lost:
        return  # the claim had run out meanwhile, and whoever saw that has settled it


def insist(write: Callable[[], T], pauses: tuple[float, ...] | None = None) -> T:
    """Carry out a write that may be repeated, again after each pause while AWS is out; raises the last error."""
    for pause in PAUSES if pauses is None else pauses:
        try:
            return write()
        except Exception as error:
            if not is_outage(error):
                raise
        time.sleep(pause * random.uniform(0.5, 1))
    return write()
