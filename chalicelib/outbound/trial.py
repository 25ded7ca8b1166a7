"""A text that tries an account out: sent and followed like every other, but it asks nobody to answer."""

from typing import Any

from chalicelib.config import CONFLICT_RETRIES
from chalicelib.outbound import compose
from chalicelib.outbound.optouts import may_get_texts
from chalicelib.outbound.replies import Present, commit, contended
from chalicelib.store import db, idempotency, table
from chalicelib.store.conversations import Change
from chalicelib.store.db import Item
from chalicelib.store.idempotency import Once, Replayed


def send(
    account_id: str, address: str, text: str, author: str | None, once: Once | None, now: int, *, present: Present
) -> Item:
    """Queue a test text; answers its line. `now` in milliseconds.

    It joins the open interaction of the address, else one that is closed from the start. `present` gets the line
    with its `interaction_id`. Raises Refused (opted-out, blocked, account-disabled, contended) or idempotency.Replayed.
    """
    for _ in range(CONFLICT_RETRIES):
        pointer, phone, stored = _read(account_id, address, once, now)
        if stored:
            raise Replayed(stored)
        compose.require_enabled(account_id, now)
        change = _change(account_id, address, pointer, phone, now)
        line = compose.add_message(change, text, author=author, automatic=True)
        change.event("The text above tries the account out").touch(change.get("owner"))
        change.tx.check(table.opt_out(account_id, address), may_get_texts())
        line["interaction_id"] = change.interaction
        if commit(change, line, now, present, once):
            compose.poke(account_id, address, line["id"])
            return line
    raise contended()


def _read(account_id: str, address: str, once: Once | None, now: int) -> tuple[Item | None, Item | None, Any]:
    keys = [table.pointer(account_id, address), table.phone(address), *([once.item_key] if once else [])]
    pointer, phone, *answered = db.get_many(keys)
    stored = idempotency.replay(answered[0], once, now) if once else None
    return pointer, phone, stored


def _change(account_id: str, address: str, pointer: Item | None, phone: Item | None, now: int) -> Change:
    if pointer and pointer["status"] == "open":
        return Change(pointer, now)
    known = phone or {}
    change = Change.begin(account_id, address, pointer, now)
    change.set(contact_id=known.get("contact_id"), contact_name=known.get("name"))
    return change.set(status="closed", closed_at=now)
