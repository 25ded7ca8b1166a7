"""API tokens over HTTP."""

from typing import Any

from chalicelib import clock
from chalicelib.api import pages
from chalicelib.api.request import Request, Response
from chalicelib.api.routes import AGENT
from chalicelib.models.errors import invalid
from chalicelib.models.tokens import NewToken, Token
from chalicelib.store import tokens
from chalicelib.store.db import Item


def index(request: Request) -> dict[str, Any]:
    return pages.of_partition(request, "tokens", tokens.PARTITION, lambda item: Token.model_validate(_shown(item)))


def create(request: Request) -> NewToken:
    given = request.body
    if given.role == AGENT and given.agent_id is None:
        raise invalid("/agent_id", "A token with the role agent needs the agent.")
    expires_at = int(given.expires_at.timestamp() * 1000) if given.expires_at else None
    if expires_at is not None and expires_at <= request.now:
        raise invalid("/expires_at", "A time to come.")
    token, secret = tokens.new(given.role, given.agent_id, given.name, expires_at, request.now)
    shown = NewToken.model_validate({**_shown(token), "secret": None})
    once = request.once and request.once.answered(201, shown.model_dump(mode="json"))
    tokens.save(token, once, request.now)
    return shown.model_copy(update={"secret": secret})


def delete(_request: Request, token_id: str) -> Response:
    tokens.revoke(token_id)
    return Response(204)


def _shown(token: Item) -> dict[str, Any]:
    return {
        "agent_id": None,
        **token,
        **{name: clock.rfc3339(token.get(name)) for name in ("expires_at", "last_used", "created_at")},
    }
