"""What a handler gets and gives back."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from chalicelib.models.errors import Refused
from chalicelib.store.idempotency import Once


@dataclass(frozen=True)
class Caller:
    """Who calls; `agent_id` is None for a token that belongs to no agent."""

    token_id: str
    role: str
    agent_id: str | None

    @property
    def scope(self) -> str:
        """Whose Idempotency-Keys these are."""
        return self.agent_id or self.token_id

    def agent(self) -> str:
        """The agent who calls; raises Refused `no-agent` for a token without one."""
        if self.agent_id is None:
            raise Refused("no-agent", "This token belongs to no agent.")
        return self.agent_id


@dataclass(frozen=True)
class Request:
    """One authenticated and validated call.

    `now` in milliseconds; `query` holds the declared parameters, None where one is absent; `query_items` the
    decoded query as it came; `headers` have lower-case names; `version` is what If-Match asked for; `once` is
    set when an Idempotency-Key came.
    """

    caller: Caller | None
    now: int
    method: str
    headers: Mapping[str, str] = field(repr=False)
    raw_body: bytes = field(repr=False)
    query_items: list[tuple[str, str]] = field(repr=False)
    query: Mapping[str, Any] = field(default_factory=dict, repr=False)
    body: Any = field(default=None, repr=False)
    once: Once | None = None
    version: int | None = None

    def who(self) -> Caller:
        """The caller of a route that is not public."""
        if self.caller is None:
            raise AssertionError("a public route has no caller")
        return self.caller


@dataclass(frozen=True)
class Response:
    """An answer: a model or plain JSON, or bytes or text with a content type of their own."""

    status: int = 200
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
