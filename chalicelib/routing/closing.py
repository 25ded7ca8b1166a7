"""Closing an interaction: by its owner or a supervisor, once everything in it is read."""

from chalicelib.models.errors import Refused
from chalicelib.routing import rounds, wake
from chalicelib.routing.answers import require_own, retried
from chalicelib.routing.match import match_agent
from chalicelib.store import accounts, conversations
from chalicelib.store.conversations import Change
from chalicelib.store.db import Item


def requires_disposition(account: Item | None) -> bool:
    """Whether nothing of an account is closed without a disposition, whoever or whatever closes it."""
    return bool(account and account.get("mandatory_disposition", {}).get("enabled"))


@retried
def close(
    interaction: str, agent: str | None, now: int, *, supervisor: bool = False, disposition: Item | None = None
) -> Item:
    """Close it: the owner, or a supervisor; `disposition` {id, path} says how it ended.

    Refused: not-owner; disposition-required where the account has no closing without one; new-message while a text
    is unread. Twice is once.
    """
    meta = conversations.get(interaction)
    if meta is None:
        raise Refused("not-found", "There is no such interaction.")
    heads = rounds.heads_of(meta, *([agent] if agent else []))
    if meta["status"] == "closed":
        return meta
    if not supervisor or meta.get("owner") == agent:
        require_own(meta, agent or "", heads)
    if disposition is None and requires_disposition(accounts.get_cached(meta["account_id"], now)):
        errors = [{"pointer": "/disposition", "detail": "The id of a disposition."}]
        raise Refused("disposition-required", "This account closes nothing without a disposition.", errors=errors)
    if meta.get("last_in_n", 0) > meta["read_n"]:
        raise Refused("new-message", "A text has come that nobody has read yet. Read it, then close.")
    change = Change(meta, now)
    owner = meta.get("owner")
    rounds.leave(change, heads)
    rounds.disown(change, heads)
    change.set(owner=None, status="closed", closed_at=now, waiting_since=None, rejected=None, transfer=None).decide()
    change.set(disposition=disposition)
    how = f" as {' / '.join(disposition['path'])}" if disposition else ""
    change.event(f"Closed by {rounds.name(heads, agent) if agent else 'a supervisor'}{how}", author=agent)
    result = change.commit()
    if rounds.is_waited_for(meta):
        wake.tell(interaction, taken=True)
    for name in {owner, meta.get("ring_agent")} - {None}:
        match_agent(heads.get(name), now)  # type: ignore[arg-type]
    return result
