"""A provider's inbound text becomes one line of one interaction, exactly once, and its routing is asked for."""

from boto3.dynamodb.conditions import Attr

from chalicelib.config import CONFLICT_RETRIES
from chalicelib.inbound import arrivals, keywords, parts
from chalicelib.inbound.arrivals import STORED, Arrival, Seen
from chalicelib.models.ids import new_id
from chalicelib.outbound import compose, optouts
from chalicelib.outbound.addresses import is_answerable
from chalicelib.providers.contract import InboundMessage
from chalicelib.routing import rounds, wake
from chalicelib.store import accounts, conversations, table
from chalicelib.store.conversations import Change
from chalicelib.store.db import Item
from chalicelib.store.exchanges import Exchange
from chalicelib.store.transaction import NEW, Lost

DUPLICATE = "duplicate"
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


def store(account: Item, message: InboundMessage, now: int, exchange: Exchange | None = None) -> str:
    """Store one text of an account; `now` in milliseconds. Answers "stored", or "duplicate" or "resumed".

    What is stored brings the exchange's row of the log along.

    Raises Contended, or botocore's errors, when nothing was stored; calling again is always safe.
    """
    arrival = Arrival(account, message, now, arrivals.fingerprints(account["id"], message, now), exchange)
    for _ in range(CONFLICT_RETRIES):
        seen = arrival.look()
        if seen.duplicate or parts.is_repeated(arrival, seen):
            return RESUMED if _start_again(seen) else DUPLICATE
        try:
            _write(arrival, seen)
        except Lost:
            continue
        return STORED
    raise Contended(account["id"])


def _start_again(seen: Seen) -> bool:
    """Start the routing of an interaction that still waits for it; answers whether it did."""
    if not seen.open or seen.pointer["stage"] != "starting":
        return False
    wake.start(seen.pointer["interaction_id"], seen.pointer["run"])
    return True


def _write(arrival: Arrival, seen: Seen) -> None:
    keyword = _keyword(arrival.message, seen.opted_out)
    if keyword:
        _store_keyword(arrival, seen, keyword)
        return
    if seen.blocked:
        _aside(arrival, seen, "Not routed: the number is blocked").commit()
        return
    pointer = seen.pointer
    if arrival.part and seen.parts and parts.is_continued(arrival, seen):
        parts.join(arrival, seen, arrival.part, seen.parts)
    elif _reopens(arrival, seen):
        _reopen(arrival, seen)
    elif not seen.open:
        _request_routing(_first(arrival, seen), arrival, seen)
    elif pointer["stage"] != "none":
        _join(arrival, seen)
    elif pointer.get("owner") and pointer.get("tab"):
        try:
            _append(arrival, seen, tab=pointer["tab"])
        except Lost as lost:
            if table.agent(pointer["owner"]) not in lost:
                raise
            _return(arrival, seen)
    else:
        _return(arrival, seen)


def _keyword(message: InboundMessage, opted_out: bool) -> str | None:
    if message.opt:
        return message.opt
    kind = keywords.classify(message.text) if message.part is None else None
    if kind == "start" and not opted_out and keywords.is_start_only_when_out(message.text):
        return None
    return kind


def _line(arrival: Arrival) -> Item:
    message = arrival.message
    return {
        "id": new_id("msg"),
        "kind": "message",
        "direction": "in",
        "text": parts.text_of(arrival),
        "media": [{"url": m.url, "content_type": m.content_type, "size": m.size} for m in message.media],
        "automatic": False,
        "provider_message_id": message.provider_message_id,
        "marks": list(arrival.marks[:1]) if arrival.part else None,
    }


def _put(change: Change, arrival: Arrival, seen: Seen, *, unread: bool = True) -> int:
    """The text becomes a line; answers its number."""
    n = change.message(_line(arrival), unread=unread)
    if unread:
        parts.begin(change, arrival, seen, n)
    arrival.mark(change)
    return n


def _append(arrival: Arrival, seen: Seen, *, tab: int | None = None) -> None:
    """Add the text to an open interaction; with `tab` only while its owner has it open in that session."""
    pointer = seen.pointer
    change = Change(pointer, arrival.now)
    _put(change, arrival, seen)
    if tab is not None:
        there = Attr("session").eq(tab) & Attr("state").ne("offline")
        change.nudge(table.agent(pointer["owner"]), there & Attr("accounts").contains(arrival.account_id))
    else:
        change.touch(pointer.get("owner"))
    change.commit()


def _join(arrival: Arrival, seen: Seen) -> None:
    _append(arrival, seen)
    _start_again(seen)


def _return(arrival: Arrival, seen: Seen) -> None:
    """The owner has closed the tab, or nobody has it: ask for a new round."""
    pointer = seen.pointer
    enabled = accounts.is_enabled(arrival.account)
    base = pointer if enabled else conversations.get(pointer["interaction_id"]) or pointer
    change = Change(base, arrival.now).touch(pointer.get("owner"))
    since = pointer.get("waiting_since")
    if since and not pointer.get("owner"):
        change.tx.delete(table.unassigned(arrival.account_id, since, pointer["interaction_id"]))
        change.nudge(table.account(arrival.account_id))
    _request_routing(change, arrival, seen)


def _reopens(arrival: Arrival, seen: Seen) -> bool:
    """Whether the text opens the closed interaction again; one that was never routed (a STOP) stays closed."""
    pointer, hours = seen.pointer, arrival.account.get("reopen_hours", 0)
    if not pointer or seen.open or not pointer["run"]:
        return False
    return arrival.now - pointer["closed_at"] < hours * 3_600_000


def _reopen(arrival: Arrival, seen: Seen) -> None:
    """As if it had never been closed: its last owner, who has no tab of it, is asked first. May raise Lost."""
    owner = seen.pointer.get("last_owner") if accounts.is_enabled(arrival.account) else None
    try:
        _request_routing(_reopening(arrival, seen, owner), arrival, seen)
    except Lost as lost:
        if not owner or table.agent(owner) not in lost:
            raise
        _request_routing(_reopening(arrival, seen, None), arrival, seen)  # the agent is gone


def _reopening(arrival: Arrival, seen: Seen, owner: str | None) -> Change:
    change = Change.reopen(seen.pointer, arrival.now).touch(owner)
    if owner:
        change.tx.put(table.own(owner, change.interaction), {"interaction_id": change.interaction})
        change.set(owner=owner)
    return change.event(f"Reopened: a text came within {arrival.account['reopen_hours']} h of the close")


def _request_routing(change: Change, arrival: Arrival, seen: Seen) -> None:
    n = _put(change, arrival, seen)
    if n == 1 and not is_answerable(arrival.address):
        change.event("This sender is a name, not a number: it cannot be answered")
    change.set(began_n=n, waiting_since=change.get("waiting_since") or arrival.now)
    if not seen.open:  # whoever blocks the number closes what is open, and must not miss what is just being opened
        change.tx.check(table.opt_out(arrival.account_id, arrival.address), optouts.NOT_BLOCKED)
    if not accounts.is_enabled(arrival.account):
        rounds.disown(change.set(rejected=None), rounds.heads_of(change.base))
        change.event("Not routed: the account is switched off")
        rounds.show_everybody(change)
        change.commit()
        return
    run = rounds.ask(change)
    change.commit()
    wake.start(change.interaction, run)


def _first(arrival: Arrival, seen: Seen) -> Change:
    """A new interaction, with the contact whom the number belongs to."""
    change = Change.begin(arrival.account_id, arrival.address, seen.pointer or None, arrival.now)
    contact_id, name = _contact(change, arrival, seen.phone)
    return change.set(contact_id=contact_id, contact_name=name, first_in_n=1)


def _contact(change: Change, arrival: Arrival, phone: Item | None) -> tuple[str, str | None]:
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


def _aside(arrival: Arrival, seen: Seen, why: str | None = None) -> Change:
    """The text without asking anybody: in the open interaction, else in one that is closed from the start."""
    change = Change(seen.pointer, arrival.now) if seen.open else _first(arrival, seen)
    _put(change, arrival, seen, unread=False)
    if not seen.open:
        change.set(status="closed", closed_at=arrival.now)
        if why:
            change.event(why)
    return change.touch(change.get("owner"))


def _store_keyword(arrival: Arrival, seen: Seen, keyword: str) -> None:
    """STOP, START and HELP: the ledger and the text together, never routed, answered at most once."""
    account_id, address = arrival.account_id, arrival.address
    change = _aside(arrival, seen)
    if keyword in _LEDGER:
        state = optouts.entry(account_id, address, _LEDGER[keyword], "customer", arrival.now)
        change.tx.update(table.opt_out(account_id, address), put=state)
    answered = None
    answers = arrival.account["opt_out_reply"] == "desk" and accounts.is_enabled(arrival.account)
    if answers and not seen.blocked and is_answerable(address):
        answered = compose.add_message(change, _ANSWERS[keyword], author=None, automatic=True, compliance=True)
    change.commit()
    if answered:
        compose.poke(account_id, address, answered["id"])
