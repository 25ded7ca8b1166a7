"""API tokens as they cross the API."""

from typing import Annotated, Literal

from pydantic import AwareDatetime, Field

from chalicelib.models.common import Identifier, Input, Name, Output, Time


class TokenIn(Input):
    """A new token; one with the role agent needs the agent."""

    role: Literal["agent", "supervisor", "admin"]
    agent_id: Identifier | None = None
    name: Name
    expires_at: Annotated[AwareDatetime, Field(strict=False)] | None = None


class Token(Output):
    id: str
    role: Literal["agent", "supervisor", "admin"]
    agent_id: str | None
    name: str
    expires_at: Time | None
    last_used: Time | None
    created_at: Time


class NewToken(Token):
    """A token with its secret, which is never shown again; None where the request is a repetition."""

    secret: str | None
