"""A provider's inbound text becomes one line of one interaction, exactly once, and its routing is asked for."""

import hashlib
from dataclasses import dataclass

from boto3.dynamodb.conditions import Attr

from chalicelib.config import CONFLICT_RETRIES, DEDUP_DAYS, UNNAMED_DUPLICATE_WINDOW
from chalicelib.inbound import keywords
from chalicelib.models.ids import new_id
from chalicelib.outbound import compose
from chalicelib.providers.contract import InboundMessage
from chalicelib.routing import rounds, wake
from chalicelib.store import db, table
from chalicelib.store.conversations import Change
from chalicelib.store.db import Item
from chalicelib.store.exchanges import Exchange
from chalicelib.store.transaction import NEW, Lost

STORED, DUPLICATE = "stored", "duplicate"
RESUMED = "resumed"  # a duplicate whose interaction still waited for its routing to begin
_LEDGER = {"stop": "out", "start": "in"}
# What the desk answers where the provider does not answer by itself (CTIA's rules for opt-out confirmations).
_ANSWERS = {
    "stop": "You are unsubscribed and will get no more messages. Reply START to get them again.",
    "start": "You are subscribed again. Reply STOP to get no more messages.",
    "help": "Write to us here and we will answer. Reply STOP to get no more messages.",
}


class Contended(Exception):
    """So many others wrote to the conversation that this text was not stored; the provider may try again."""


@dataclass(frozen=True)
class _Seen:
    """What one consistent read says about an address."""

    pointer: Item | None
    phone: Item | None
    opted_out: bool
    duplicate: bool

    @property
    def open(self) -> bool:
        return bool(self.pointer) and self.pointer["status"] == "open"  # type: ignore[index]


@dataclass(frozen=True)
class _Arrival:
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


def store(account: Item, message: InboundMessage, now: int, exchange: Exchange | None = None) -> str:
    """Store one text of an account; `now` in milliseconds. Answers "stored", or "duplicate" or "resumed".

    What is stored brings the exchange's row of the log along.

    Raises Contended, or botocore's errors, when nothing was stored; calling again is always safe.
    """
    arrival = _Arrival(account, message, now, fingerprints(account["id"], message, now), exchange)
    for _ in range(CONFLICT_RETRIES):
        seen = _look(arrival)
        if seen.duplicate:
            return RESUMED if _start_again(seen.pointer) else DUPLICATE
        try:
            _write(arrival, seen)
        except Lost:
            continue
        return STORED
    raise Contended(account["id"])


def fingerprints(account_id: str, message: InboundMessage, now: int) -> tuple[str, ...]:
    """What makes two calls the same text: the provider's id, else all it says.

    Without id and timestamp equal texts within the same or a neighbouring minute count as one.
    """
    if message.provider_message_id:
        return (message.provider_message_id,)
    media = "\n".join(item.url for item in message.media)
    told = "\x1f".join((account_id, message.sender, message.recipient or "", message.text, media))
    if message.received_at:
        stamps = [message.received_at.isoformat()]
    else:
        minute = now // (UNNAMED_DUPLICATE_WINDOW * 1000)
        stamps = [f"bucket {m}" for m in (minute, minute - 1, minute + 1)]
    return tuple(hashlib.sha256(f"{told}\x1f{stamp}".encode()).hexdigest() for stamp in stamps)


def _look(arrival: _Arrival) -> _Seen:
    keys = [
        table.pointer(arrival.account_id, arrival.address),
        table.phone(arrival.address),
        table.opt_out(arrival.account_id, arrival.address),
        *(table.duplicate(arrival.account_id, mark) for mark in arrival.marks),
    ]
    pointer, phone, ledger, *known = db.get_many(keys)
    return _Seen(pointer, phone, bool(ledger) and ledger["state"] == "out", any(known))  # type: ignore[index]


def _start_again(pointer: Item | None) -> bool:
    """Start the routing of an interaction that still waits for it; answers whether it did."""
    if not (pointer and pointer["status"] == "open" and pointer["stage"] == "starting"):
        return False
    wake.start(pointer["interaction_id"], pointer["run"])
    return True


def _write(arrival: _Arrival, seen: _Seen) -> None:
    keyword = _keyword(arrival.message, seen.opted_out)
    if keyword:
        _store_keyword(arrival, seen, keyword)
        return
    pointer = seen.pointer
    if not seen.open or pointer is None:
        _request_routing(_first(arrival, seen), arrival)
    elif pointer["stage"] != "none":
        _join(arrival, pointer)
    elif pointer.get("owner") and pointer.get("tab"):
        try:
            _append(arrival, pointer, tab=pointer["tab"])
        except Lost as lost:
            if table.agent(pointer["owner"]) not in lost:
                raise
            _return(arrival, pointer)
    else:
        _return(arrival, pointer)


def _keyword(message: InboundMessage, opted_out: bool) -> str | None:
    if message.opt:
        return message.opt
    kind = keywords.classify(message.text)
    if kind == "start" and not opted_out and keywords.is_start_only_when_out(message.text):
        return None
    return kind


def _line(arrival: _Arrival) -> Item:
    message = arrival.message
    return {
        "id": new_id("msg"),
        "kind": "message",
        "direction": "in",
        "text": message.text,
        "media": [{"url": m.url, "content_type": m.content_type, "size": m.size} for m in message.media],
        "automatic": False,
        "provider_message_id": message.provider_message_id,
    }


def _mark(change: Change, arrival: _Arrival) -> None:
    """Remember the text and the call that brought it, and make sure that nobody else has stored it meanwhile."""
    first, *others = arrival.marks
    ttl = arrival.now // 1000 + DEDUP_DAYS * 86400
    change.tx.create(table.duplicate(arrival.account_id, first), {"ttl": ttl})
    for mark in others:
        change.tx.check(table.duplicate(arrival.account_id, mark), NEW)
    if arrival.exchange:
        arrival.exchange.ended(STORED).join(change.tx)


def _append(arrival: _Arrival, pointer: Item, *, tab: int | None = None) -> None:
    """Add the text to an open interaction; with `tab` only while its owner has it open in that session."""
    change = Change(pointer, arrival.now)
    change.message(_line(arrival))
    _mark(change, arrival)
    if tab is not None:
        there = Attr("session").eq(tab) & Attr("state").ne("offline")
        change.nudge(table.agent(pointer["owner"]), there)
    else:
        change.touch(pointer.get("owner"))
    change.commit()


def _join(arrival: _Arrival, pointer: Item) -> None:
    _append(arrival, pointer)
    _start_again(pointer)


def _return(arrival: _Arrival, pointer: Item) -> None:
    """The owner has closed the tab, or nobody has it: ask for a new round."""
    change = Change(pointer, arrival.now).touch(pointer.get("owner"))
    since = pointer.get("waiting_since")
    if since and not pointer.get("owner"):
        change.tx.delete(table.unassigned(arrival.account_id, since, pointer["interaction_id"]))
        change.nudge(table.account(arrival.account_id))
    _request_routing(change, arrival)


def _request_routing(change: Change, arrival: _Arrival) -> None:
    n = change.message(_line(arrival))
    _mark(change, arrival)
    change.set(began_n=n, waiting_since=change.get("waiting_since") or arrival.now)
    run = rounds.ask(change)
    change.commit()
    wake.start(change.interaction, run)


def _first(arrival: _Arrival, seen: _Seen) -> Change:
    """A new interaction, with the contact whom the number belongs to."""
    change = Change.begin(arrival.account_id, arrival.address, seen.pointer, arrival.now)
    contact_id, name = _contact(change, arrival, seen.phone)
    return change.set(contact_id=contact_id, contact_name=name, first_in_n=1)


def _contact(change: Change, arrival: _Arrival, phone: Item | None) -> tuple[str, str | None]:
    """The contact of a number: of the account's list, else the oldest one, else a new one in that list."""
    list_id = arrival.account["list_id"]
    if phone:
        return phone["lists"].get(list_id, phone["contact_id"]), phone.get("name")
    contact_id = new_id("con")
    address = arrival.address
    contact = {
        "id": contact_id,
        "list_id": list_id,
        "phones": [address],
        "created_at": arrival.now,
        "g1pk": table.in_list(list_id),
        "g1sk": contact_id,
    }
    change.tx.put(table.contact(contact_id), contact, NEW)
    change.tx.put(table.phone_of(address, list_id, contact_id), {"contact_id": contact_id}, NEW)
    change.tx.put(table.phone(address), {"contact_id": contact_id, "lists": {list_id: contact_id}}, NEW)
    return contact_id, None


def _store_keyword(arrival: _Arrival, seen: _Seen, keyword: str) -> None:
    """STOP, START and HELP: the ledger and the text together, never routed, answered at most once."""
    change = Change(seen.pointer, arrival.now) if seen.open and seen.pointer else _first(arrival, seen)
    change.message(_line(arrival), unread=False)
    _mark(change, arrival)
    if not seen.open:
        change.set(status="closed", closed_at=arrival.now)
    if keyword in _LEDGER:
        state = {"state": _LEDGER[keyword], "source": "customer", "at": arrival.now}
        change.tx.update(table.opt_out(arrival.account_id, arrival.address), put=state)
    answered = None
    if arrival.account["opt_out_reply"] == "desk":
        answered = compose.add_message(change, _ANSWERS[keyword], author=None, automatic=True, compliance=True)
    change.touch(change.get("owner")).commit()
    if answered:
        compose.poke(arrival.account_id, arrival.address, answered["id"])
