"""What an owner has read of an interaction, and what is flagged to come back to."""

from chalicelib.routing.answers import look, require_own, retried
from chalicelib.store import conversations
from chalicelib.store.conversations import Change
from chalicelib.store.db import Item


@retried
def read(interaction: str, agent: str, n: int | None, now: int) -> Item:
    """Mark lines up to `n` (default: all there are) as read by the owner; never back."""
    meta, heads = look(interaction, agent)
    require_own(meta, agent, heads)
    upto = min(n if n is not None else meta["n"], meta["n"])
    if upto <= meta["read_n"] and "unread" not in meta:
        return meta
    upto = max(upto, meta["read_n"])
    left = 0
    if upto < meta.get("last_in_n", 0):
        left = conversations.inbound_after(interaction, upto)
    change = Change(meta, now).touch(agent)
    return change.set(read_n=upto, unread_count=left, unread=None).commit()


@retried
def unread(interaction: str, agent: str, now: int) -> Item:
    """Flag it as unread, for the owner to come back to; it changes nothing else."""
    meta, heads = look(interaction, agent)
    require_own(meta, agent, heads)
    return Change(meta, now).touch(agent).set(unread=True).commit()
