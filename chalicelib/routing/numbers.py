"""What people decide of a customer's number: whether it gets texts, and whether its texts reach anybody."""

from boto3.dynamodb.conditions import ConditionBase

from chalicelib.outbound import optouts
from chalicelib.routing import rounds, wake
from chalicelib.routing.answers import retried
from chalicelib.routing.match import match_agent
from chalicelib.store import conversations, db, table
from chalicelib.store.conversations import Change
from chalicelib.store.db import Item
from chalicelib.store.transaction import NEW, Transaction

_OPTED = {"out": "Opted out by {}: it gets no texts", "in": "Opted in by {}: it gets texts again"}


@retried
def opt(account_id: str, address: str, state: str, author: str | None, now: int) -> Item:
    """Write into the ledger that a number is `out` or `in`; answers its row. What it says already stays."""
    pointer, row = _look(account_id, address)
    if row and row.get("state") == state:
        return row
    fields = optouts.entry(account_id, address, state, "person", now, author)
    _write(pointer, account_id, address, fields, _OPTED[state], author, now)
    return {**(row or {}), **fields}


@retried
def block(account_id: str, address: str, author: str | None, now: int) -> bool:
    """Keep a number's texts from everybody; answers whether it was free before.

    What waits for somebody is closed, and what somebody has stays theirs, read.
    """
    pointer, row = _look(account_id, address)
    if optouts.is_blocked(row):
        return False
    fields = optouts.block_entry(account_id, address, author, now)
    meta = conversations.get(pointer["interaction_id"]) if pointer and pointer["status"] == "open" else None
    if meta is None or meta["status"] != "open":
        tx = Transaction().update(table.opt_out(account_id, address), put=fields)
        tx.check(table.pointer(account_id, address), _unmoved(pointer)).commit()
        return True
    heads = rounds.heads_of(meta, *([author] if author else []))
    change = Change(meta, now).touch(meta.get("owner")).hold("read_n")
    change.set(read_n=meta["n"], unread_count=0, unread=None)
    waits = not meta.get("owner") or (meta["stage"] != "none" and "transfer" not in meta)
    who = rounds.name(heads, author) if author else "a supervisor"
    if waits:
        rounds.leave(change, heads)
        rounds.disown(change, heads)
        change.set(status="closed", closed_at=now, waiting_since=None, rejected=None).decide()
    change.event(f"The number was blocked by {who}" + (": closed" if waits else ""), author)
    change.tx.update(table.opt_out(account_id, address), put=fields)
    change.commit()
    if waits:
        wake.tell(change.interaction, taken=True)
        match_agent(heads.get(meta.get("ring_agent") or ""), now)
    return True


@retried
def unblock(account_id: str, address: str, author: str | None, now: int) -> bool:
    """Let a number's texts through again; answers whether it was blocked."""
    pointer, row = _look(account_id, address)
    if not optouts.is_blocked(row):
        return False
    _write(pointer, account_id, address, optouts.NO_BLOCK, "The number was unblocked by {}", author, now)
    return True


def _unmoved(pointer: Item | None) -> ConditionBase:
    """That no text has opened an interaction since the pointer was read."""
    if pointer is None:
        return NEW
    return conversations.unchanged("interaction_id", pointer) & conversations.unchanged("status", pointer)


def _look(account_id: str, address: str) -> tuple[Item | None, Item | None]:
    pointer, row = db.get_many([table.pointer(account_id, address), table.opt_out(account_id, address)])
    return pointer, row


def _write(
    pointer: Item | None, account_id: str, address: str, fields: Item, words: str, author: str | None, now: int
) -> None:
    """The fields of the number's row, and who decided it in the thread of an open interaction. May raise Lost."""
    key = table.opt_out(account_id, address)
    if not pointer or pointer["status"] != "open":
        Transaction().update(key, put=fields).commit()
        return
    heads = rounds.read_heads({author}) if author else {}
    change = Change(pointer, now).touch(pointer.get("owner"))
    change.event(words.format(rounds.name(heads, author) if author else "a supervisor"), author)
    change.tx.update(key, put=fields)
    change.commit()
