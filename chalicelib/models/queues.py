"""Queues as they cross the API."""

from typing import Literal

from pydantic import Field

from chalicelib.config import QUEUE_AGENT_TIMEOUT, WAIT_MAX, WAIT_MIN
from chalicelib.models.common import Description, Input, Name, Output, patch_of


class QueueIn(Input):
    """A new queue; `agent_timeout` in seconds, `not_responding` for agents who let a full one pass (rrmemory)."""

    name: Name
    strategy: Literal["beepall", "rrmemory"] = "beepall"
    agent_timeout: int = Field(default=QUEUE_AGENT_TIMEOUT, ge=WAIT_MIN, le=WAIT_MAX)
    description: Description = ""
    not_responding: bool = True


QueuePatch = patch_of(QueueIn)


class Queue(Output):
    id: str
    name: str
    strategy: Literal["beepall", "rrmemory"]
    agent_timeout: int
    description: str
    not_responding: bool
    version: int
