"""A text on its way into the store: what makes it the same as another, and what is known of its sender."""

import hashlib
from dataclasses import dataclass

from chalicelib.config import DEDUP_DAYS, PART_CHARACTERS, UNNAMED_DUPLICATE_WINDOW
from chalicelib.outbound import optouts
from chalicelib.providers.contract import InboundMessage, Part
from chalicelib.store import db, table
from chalicelib.store.conversations import Change
from chalicelib.store.db import Item
from chalicelib.store.exchanges import Exchange
from chalicelib.store.transaction import NEW

STORED = "stored"


@dataclass(frozen=True)
class Seen:
    """What one consistent read says about an address."""

    pointer: Item
    """Empty where the address has never written."""
    phone: Item | None
    opted_out: bool
    blocked: bool
    duplicate: bool
    parts: Item | None
    """What has come of the long text that this one is a part of."""

    @property
    def open(self) -> bool:
        return bool(self.pointer) and self.pointer["status"] == "open"


@dataclass(frozen=True)
class Arrival:
    """One text on its way into the store."""

    account: Item
    message: InboundMessage
    now: int
    marks: tuple[str, ...]
    """Fingerprints under which it may be known; the first is written."""
    exchange: Exchange | None
    """The call that brought it, for the log; written along."""

    @property
    def account_id(self) -> str:
        return self.account["id"]

    @property
    def address(self) -> str:
        return self.message.sender

    @property
    def part(self) -> Part | None:
        """Which part of a long text it is; None for a whole text, and for one too long to be a part."""
        return self.message.part if len(self.message.text) <= PART_CHARACTERS else None

    def look(self) -> Seen:
        """One consistent read of all that decides what becomes of it."""
        keys = [
            table.pointer(self.account_id, self.address),
            table.phone(self.address),
            table.opt_out(self.account_id, self.address),
            *(table.duplicate(self.account_id, mark) for mark in self.marks),
        ]
        part = self.part
        if part:
            keys.append(table.parts(self.account_id, self.address, part.reference, part.total))
        pointer, phone, ledger, *others = db.get_many(keys)
        known = others[: len(self.marks)]
        opted_out, blocked = (ledger or {}).get("state") == "out", optouts.is_blocked(ledger)
        return Seen(pointer or {}, phone, opted_out, blocked, any(known), others[-1] if part else None)

    def mark(self, change: Change) -> None:
        """Remember it and the call that brought it, and make sure that nobody else has stored it meanwhile."""
        first, *others = self.marks
        ttl = self.now // 1000 + DEDUP_DAYS * 86400
        change.tx.create(table.duplicate(self.account_id, first), {"ttl": ttl})
        for mark in others:
            change.tx.check(table.duplicate(self.account_id, mark), NEW)
        if self.exchange:
            self.exchange.ended(STORED).join(change.tx)


def fingerprints(account_id: str, message: InboundMessage, now: int) -> tuple[str, ...]:
    """What makes two calls the same text: the provider's id, else all it says; of a part also which one it is.

    Without id and timestamp equal texts within the same or a neighbouring minute count as one.
    """
    part = message.part
    place = f"{part.reference}/{part.number}/{part.total}" if part else ""
    if message.provider_message_id:
        return (f"{message.provider_message_id}/{place}" if place else message.provider_message_id,)
    media = "\n".join(item.url for item in message.media)
    told = "\x1f".join((account_id, message.sender, message.recipient or "", message.text, media))
    if place:
        told += f"\x1f{place}"
    if message.received_at:
        stamps = [message.received_at.isoformat()]
    else:
        minute = now // (UNNAMED_DUPLICATE_WINDOW * 1000)
        stamps = [f"bucket {m}" for m in (minute, minute - 1, minute + 1)]
    return tuple(hashlib.sha256(f"{told}\x1f{stamp}".encode()).hexdigest() for stamp in stamps)
