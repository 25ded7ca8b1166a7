"""API tokens: known by the SHA-256 of their secret; the secret itself is never stored."""

import hashlib
import secrets

from boto3.dynamodb.conditions import Attr

from chalicelib.models.errors import Refused, invalid
from chalicelib.models.ids import new_id
from chalicelib.store import configured, db, idempotency, table
from chalicelib.store.db import Item
from chalicelib.store.idempotency import Once
from chalicelib.store.transaction import EXISTS, Lost, Transaction

_KIND = "token"
_HOUR = 3_600_000
PARTITION = table.configuration(_KIND, "")["pk"]


def digest(secret: str) -> str:
    """The form in which a secret is stored and looked for."""
    return hashlib.sha256(secret.encode()).hexdigest()


def new(role: str, agent_id: str | None, name: str, expires_at: int | None, now: int) -> tuple[Item, str]:
    """A token that is not stored yet, and its secret; times in milliseconds."""
    secret = f"smsdesk_{secrets.token_urlsafe(32)}"
    return _item(secret, role, agent_id, name, expires_at, now), secret


def _item(secret: str, role: str, agent_id: str | None, name: str, expires_at: int | None, now: int) -> Item:
    return {
        "id": new_id("tok"),
        "digest": digest(secret),
        "role": role,
        "agent_id": agent_id,
        "name": name,
        "expires_at": expires_at,
        "created_at": now,
    }


def save(token: Item, once: Once | None, now: int) -> None:
    """Store a new token. Raises Refused for an agent that does not exist."""
    tx = Transaction().create(table.token(token["digest"]), token)
    tx.create(table.configuration(_KIND, token["id"]), token)
    agent = table.configuration("agent", token["agent_id"]) if token["agent_id"] else None
    if agent:
        tx.check(agent, EXISTS)
    idempotency.action(tx, once, now)
    try:
        tx.commit()
    except Lost as lost:
        idempotency.raise_if_replayed(lost, once, now)
        if agent and agent in lost:
            raise invalid("/agent_id", "There is no such agent.") from None
        raise


def bootstrap(secret: str, now: int) -> None:
    """Make a given secret the first admin token; doing it again changes nothing."""
    if find(digest(secret)) is None:
        try:
            save(_item(secret, "admin", None, "first admin token", None, now), None, now)
        except Lost as lost:
            if table.token(digest(secret)) not in lost:
                raise


def find(hashed: str) -> Item | None:
    """The token with this digest."""
    return db.get(table.token(hashed))


def note_use(token: Item, now: int) -> None:
    """Remember that a token was used, at most once an hour."""
    if now - token.get("last_used", 0) < _HOUR:
        return
    unused = EXISTS & (Attr("last_used").not_exists() | Attr("last_used").lt(now - _HOUR + 1))
    tx = Transaction().update(table.token(token["digest"]), unused, put={"last_used": now})
    tx.update(table.configuration(_KIND, token["id"]), EXISTS, put={"last_used": now})
    try:
        tx.commit()
    except Lost:
        return  # noted by another process, or revoked: then the next look finds nothing


def revoke(token_id: str) -> None:
    """Delete a token; raises Refused `not-found`."""
    token = configured.get(_KIND, token_id)
    if token is None:
        raise Refused("not-found", "There is no such token.")
    tx = Transaction().delete(table.token(token["digest"]))
    tx.delete(table.configuration(_KIND, token_id)).commit()


def revoke_of(agent_id: str) -> None:
    """Revoke every token of an agent."""
    for token in list(db.query_all(PARTITION)):
        if token.get("agent_id") == agent_id:
            revoke(token["id"])
