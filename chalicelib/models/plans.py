"""The action plan of an account: an ordered list of applications."""

from typing import Annotated, Literal

from pydantic import Field

from chalicelib.config import PLAN_STEP_TIMEOUT, TEXT_CHARACTERS, WAIT_MAX, WAIT_MIN
from chalicelib.models.common import Identifier, Input, Output

_MOST = 48  # all of them changed at once still fit into one transaction of 100 items
Timeout = Annotated[int, Field(ge=WAIT_MIN, le=WAIT_MAX)]


class _Action(Input):
    """`id` is unique in its plan and made up when it is missing."""

    id: str | None = Field(default=None, pattern=r"^[A-Za-z0-9_-]{1,40}$")
    enabled: bool = True


class AgentAction(_Action):
    """Offer to one agent for some seconds."""

    app: Literal["agent"]
    agent_id: Identifier
    timeout: Timeout = PLAN_STEP_TIMEOUT


class QueueAction(_Action):
    """Offer to the members of a queue for some seconds."""

    app: Literal["queue"]
    queue_id: Identifier
    timeout: Timeout = PLAN_STEP_TIMEOUT


class AutoReplyAction(_Action):
    """Answer by itself: once per interaction, whenever the plan passes, or in the run of its first message only."""

    app: Literal["auto_reply"]
    text: str = Field(min_length=1, max_length=TEXT_CHARACTERS)
    times: Literal["once", "always", "first_message"] = "once"


class CloseAction(_Action):
    """Close the interaction."""

    app: Literal["close"]


Action = Annotated[AgentAction | QueueAction | AutoReplyAction | CloseAction, Field(discriminator="app")]


class PlanIn(Input):
    actions: list[Action] = Field(max_length=_MOST)


class Plan(Output):
    version: int
    actions: list[Action]
