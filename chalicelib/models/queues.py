"""Queues and their members as they cross the API."""

from typing import Literal

from pydantic import Field

from chalicelib.config import QUEUE_AGENT_TIMEOUT, WAIT_MAX, WAIT_MIN
from chalicelib.models.common import (
    Description,
    Identifier,
    Input,
    Member,
    MembersChanged,
    MembersIn,
    Name,
    Output,
    patch_of,
)

Strategy = Literal["beepall", "rrmemory", "least_recent"]


class QueueIn(Input):
    """A new queue; `agent_timeout` in seconds.

    `not_responding`: agents who let a full timeout pass get no more offers (rrmemory, least_recent). Of the texts
    that wait for one agent, those of the queue with the greatest `weight` come first.
    """

    name: Name
    strategy: Strategy = "beepall"
    agent_timeout: int = Field(default=QUEUE_AGENT_TIMEOUT, ge=WAIT_MIN, le=WAIT_MAX)
    description: Description = ""
    not_responding: bool = True
    weight: int = Field(default=0, ge=0, le=10)


QueuePatch = patch_of(QueueIn)


class Queue(Output):
    id: str
    name: str
    strategy: Strategy
    agent_timeout: int
    description: str
    not_responding: bool
    weight: int = 0
    version: int


class QueueMembersIn(MembersIn):
    """Agents and teams to add, agents and teams to remove."""

    add_teams: list[Identifier] = Field(default_factory=list, max_length=20)
    remove_teams: list[Identifier] = Field(default_factory=list, max_length=20)


class QueueMembersChanged(MembersChanged):
    """Which agents were themselves added and removed, and which teams."""

    added_teams: list[str]
    removed_teams: list[str]


class QueueMember(Member):
    """An agent of a queue, since when, and why: added themselves (`direct`), by teams, or both."""

    direct: bool
    teams: list[str]
