"""Bearer tokens: only their SHA-256 is known here, and what it gives access to is remembered for a short while."""

from chalicelib.api.request import Caller
from chalicelib.config import CONFIG_CACHE
from chalicelib.models.errors import Refused
from chalicelib.store import tokens
from chalicelib.store.db import Item
from chalicelib.store.memory import Memory

_KNOWN: Memory[Item] = Memory(CONFIG_CACHE)


def authenticate(header: str | None, now: int) -> Caller:
    """Who calls with this Authorization header; `now` in milliseconds. Raises Refused `unauthenticated`."""
    scheme, _, secret = (header or "").partition(" ")
    if scheme.lower() != "bearer" or not secret.strip():
        raise Refused("unauthenticated", "A bearer token is needed.")
    hashed = tokens.digest(secret.strip())
    item = _KNOWN.get(hashed, now, lambda: _used(hashed, now))
    if item is None or _expired(item, now):
        raise Refused("unauthenticated", "This token is unknown, revoked or expired.")
    return Caller(item["id"], item["role"], item.get("agent_id"))


def _used(hashed: str, now: int) -> Item | None:
    item = tokens.find(hashed)
    if item is not None and not _expired(item, now):
        tokens.note_use(item, now)
    return item


def _expired(item: Item, now: int) -> bool:
    return "expires_at" in item and item["expires_at"] <= now
