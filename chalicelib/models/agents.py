"""Agents and their presence as they cross the API."""

from typing import Literal

from pydantic import Field

from chalicelib.config import AGENT_CAPACITY
from chalicelib.models.common import Input, Name, Output, Time, patch_of


class AgentIn(Input):
    """A new agent; `capacity` is how many own conversations may be open in tabs, 0 for any number."""

    name: Name
    alias: Name | None = None
    capacity: int = Field(default=AGENT_CAPACITY, ge=0, le=1000)


AgentPatch = patch_of(AgentIn)


class PresenceIn(Input):
    """The state an agent goes to; `pause` says why, and only with `paused`."""

    state: Literal["online", "offline", "paused"]
    pause: Name | None = None


class Presence(Output):
    """An agent's state since when, and how many conversations are open of how many (0: any number).

    `disposing` are the interactions that the agent is about to close.
    """

    state: Literal["online", "offline", "paused", "not_responding"]
    pause: str | None
    since: Time
    capacity: int
    open: int
    disposing: list[str]


class Agent(Output):
    id: str
    name: str
    alias: str | None
    capacity: int
    presence: Presence
    version: int
