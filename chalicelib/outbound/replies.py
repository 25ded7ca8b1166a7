"""What agents write into a conversation: replies, retries of texts that did not arrive, and internal notes."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from boto3.dynamodb.conditions import Attr

from chalicelib import providers
from chalicelib.config import CONFLICT_RETRIES
from chalicelib.models.errors import Refused, invalid
from chalicelib.models.ids import new_id
from chalicelib.outbound import compose
from chalicelib.outbound.addresses import is_answerable
from chalicelib.outbound.optouts import may_get_texts, refusal
from chalicelib.store import accounts, db, idempotency, table
from chalicelib.store.conversations import Change
from chalicelib.store.db import Item
from chalicelib.store.idempotency import Once, Replayed
from chalicelib.store.transaction import EXISTS, Lost

Present = Callable[[Item], Any]
"""Turns a new line into the plain JSON that the caller answers with, and that a repetition gets again."""
Accept = Callable[[str, str, int], Any]
"""`chalicelib.routing.answers.accept(interaction_id, agent_id, now)`."""

RETRYABLE = frozenset({"failed", "undelivered", "rejected", "expired", "unknown"})


@dataclass(frozen=True)
class _Text:
    """What is to be sent."""

    text: str = field(repr=False)
    media: tuple[str, ...] = field(default=(), repr=False)
    retry_of: str | None = None


def reply(
    interaction_id: str,
    agent_id: str,
    text: str,
    media_urls: Sequence[str],
    once: Once | None,
    now: int,
    *,
    accept: Accept,
    present: Present,
) -> Item:
    """Queue the owner's text; answers its line. `now` in milliseconds.

    Who is offered the interaction, or finds it unassigned, accepts it by replying. Raises Refused (not-found, closed,
    not-owner with `owner`, opted-out, blocked, unanswerable, account-disabled, invalid for attachments, what `accept`
    refuses) or idempotency.Replayed.
    """
    accepted = False
    for _ in range(CONFLICT_RETRIES):
        meta, head = _read_as_member(interaction_id, agent_id, once, now)
        compose.require_enabled(meta["account_id"], now)
        _require_answerable(meta)
        if _must_accept(meta, agent_id) and not accepted:
            accept(interaction_id, agent_id, now)
            accepted = True
            continue
        _require_owner(meta, agent_id)
        _require_room(meta, media_urls, now)
        line = _write(meta, head, _Text(text, tuple(media_urls)), now, present, once)
        if line:
            return line
    raise contended()


def retry(
    interaction_id: str, message_id: str, agent_id: str, once: Once | None, now: int, *, present: Present
) -> Item:
    """Queue the text of a message that did not arrive as a new one; answers the new line.

    The old message keeps its state. Raises as `reply`, and Refused not-retryable.
    """
    where = db.get(table.message(message_id))
    if where is None or where["interaction_id"] != interaction_id:
        raise Refused("not-found", "There is no such message.")
    for _ in range(CONFLICT_RETRIES):
        meta, head = _read_as_member(interaction_id, agent_id, once, now)
        compose.require_enabled(meta["account_id"], now)
        _require_answerable(meta)
        _require_owner(meta, agent_id)
        old = db.get(table.line(interaction_id, where["n"]))
        if old is None or old.get("status") not in RETRYABLE:
            raise Refused("not-retryable", "Only a text that failed, or whose outcome is unknown, can be sent again.")
        media = tuple(one["url"] for one in old["media"])
        line = _write(meta, head, _Text(old["text"], media, retry_of=message_id), now, present, once)
        if line:
            return line
    raise contended()


def note(
    interaction_id: str,
    author: str | None,
    text: str,
    once: Once | None,
    now: int,
    *,
    present: Present,
    members_only: bool = True,
) -> Item:
    """Add an internal note, which is never sent; answers its line.

    With `members_only` the author must be an agent of the account; supervisors write anywhere. Raises as `reply`.
    """
    for _ in range(CONFLICT_RETRIES):
        look = _read_as_member if members_only else _read
        meta, _ = look(interaction_id, author, once, now)
        _require_open(meta)
        change = Change(meta, now).touch(meta.get("owner"))
        line: Item = {
            "id": new_id("msg"),
            "kind": "note",
            "text": text,
            "media": [],
            "author": author,
            "automatic": False,
        }
        written = {**line, "n": change.line(line), "created_at": now}
        if commit(change, written, now, present, once):
            return written
    raise contended()


def _read(interaction_id: str, agent_id: str | None, once: Once | None, now: int) -> tuple[Item, Item | None]:
    """META and the agent's HEAD in one read, which also finds the answer of a repeated request."""
    keys = [table.meta(interaction_id), table.agent(agent_id or "-")]
    found = db.get_many([*keys, once.item_key] if once else keys)
    stored = idempotency.replay(found[2], once, now) if once else None
    if stored:
        raise Replayed(stored)
    if found[0] is None:
        raise _not_found()
    return found[0], found[1]


def _read_as_member(interaction_id: str, agent_id: str | None, once: Once | None, now: int) -> tuple[Item, Item]:
    """The same for an agent of the account; for others the interaction does not exist."""
    meta, head = _read(interaction_id, agent_id, once, now)
    if head is None or meta["account_id"] not in head.get("accounts", ()):
        raise _not_found()
    return meta, head


def _must_accept(meta: Item, agent_id: str) -> bool:
    """Whether the reply is an answer to an offer: nobody owns it yet, or its owner is being asked to come back."""
    if meta["status"] != "open":
        return False
    owner = meta.get("owner")
    return owner is None or (owner == agent_id and meta["stage"] != "none" and "transfer" not in meta)


def _require_owner(meta: Item, agent_id: str) -> None:
    _require_open(meta)
    owner = meta.get("owner")
    if owner == agent_id:
        return
    head = db.get(table.agent(owner)) if owner else None
    name = head["name"] if head else None
    detail = f"It belongs to {name}." if name else "It belongs to nobody yet; accept it first."
    raise Refused("not-owner", detail, owner=name)


def _require_open(meta: Item) -> None:
    if meta["status"] != "open":
        raise Refused("closed", "The interaction is closed.")


def _require_answerable(meta: Item) -> None:
    if not is_answerable(meta["address"]):
        raise Refused("unanswerable", "This sender is a name, not a number; nothing can be sent to it.")


def _require_room(meta: Item, media_urls: Sequence[str], now: int) -> None:
    """Attachments that the provider does not take are refused before they are queued."""
    account = accounts.get_cached(meta["account_id"], now) if media_urls else None
    if account is None:
        return
    spec = providers.get(account["type"]).spec
    most = spec.media_per_message
    if len(media_urls) > most:
        detail = f"{spec.label} takes at most {most} attachments." if most else f"{spec.label} takes no attachments."
        raise invalid("/media_urls", detail)


def _write(meta: Item, head: Item, text: _Text, now: int, present: Present, once: Once | None) -> Item | None:
    """One try in one transaction, then the poke; answers None if somebody else was first."""
    account_id, address = meta["account_id"], meta["address"]
    change = Change(meta, now)
    line = compose.add_message(change, text.text, author=head["agent_id"], media=text.media, retry_of=text.retry_of)
    change.nudge(table.agent(head["agent_id"]), EXISTS & Attr("accounts").contains(account_id))
    change.tx.check(table.opt_out(account_id, address), may_get_texts())
    if not commit(change, line, now, present, once):
        return None
    compose.poke(account_id, address, line["id"])
    return line


def commit(change: Change, line: Item, now: int, present: Present, once: Once | None) -> bool:
    """Write the change with the answer that a repetition gets; False if it must be decided anew."""
    if once:
        idempotency.action(change.tx, once.answered(once.status, present(line)), now)
    try:
        change.commit()
    except Lost as lost:
        idempotency.raise_if_replayed(lost, once, now)
        ledger = table.opt_out(change.base["account_id"], change.base["address"])
        if ledger in lost:
            raise refusal(lost.item(ledger)) from None
        return False
    return True


def _not_found() -> Refused:
    return Refused("not-found", "There is no such interaction.")


def contended() -> Refused:
    return Refused("contended", "Others are changing this conversation right now. Try again.")
