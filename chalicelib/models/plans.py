"""The action plan of an account: an ordered list of applications."""

import base64
import binascii
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from chalicelib.config import PLAN_STEP_TIMEOUT, TEXT_CHARACTERS, WAIT_MAX, WAIT_MIN
from chalicelib.models.common import Identifier, Input, Name, Output, url_parts
from chalicelib.models.intervals import InlineInterval

_MOST = 48
_RENOTIFY_EVERY = 10
_SECRET_PREFIX = "whsec_"  # noqa: S105 the prefix that every signing secret of Standard Webhooks has
Seconds = Annotated[int, Field(ge=WAIT_MIN, le=WAIT_MAX)]
StepId = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,40}$")]
Tag = Annotated[Name, Field(max_length=50)]


def _hook_url(text: str) -> str:
    if url_parts(text) is None:
        raise ValueError("An https URL without user, fragment and spaces.")
    return text


def _signing_secret(text: str) -> str:
    """https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md (symmetric)"""
    try:
        size = len(base64.b64decode(text.removeprefix(_SECRET_PREFIX), validate=True))
    except (binascii.Error, ValueError):
        size = 0
    if not text.startswith(_SECRET_PREFIX) or not 24 <= size <= 64:
        raise ValueError("whsec_ and the base64 of 24 to 64 bytes.")
    return text


def _shown_means_kept(value: Any) -> Any:
    """A plan that was read may be sent back: there the secret is an object that does not tell it."""
    return None if isinstance(value, dict) and value.get("set") is True else value


Secret = Annotated[str, AfterValidator(_signing_secret)]


class _Action(Input):
    """`id` is unique in its plan and made up when it is missing.

    A step may be bound to a named interval or to one of its own, to run only `inside` it (by default) or `outside`.
    """

    id: StepId | None = None
    enabled: bool = True
    interval_id: Identifier | None = None
    interval: InlineInterval | None = None
    when: Literal["inside", "outside"] | None = None


class AgentAction(_Action):
    """Offer to one agent for some seconds, who is notified again every few."""

    app: Literal["agent"]
    agent_id: Identifier
    timeout: Seconds = PLAN_STEP_TIMEOUT
    renotify_every: Seconds = _RENOTIFY_EVERY


class QueueAction(_Action):
    """Offer to the members of a queue for some seconds."""

    app: Literal["queue"]
    queue_id: Identifier
    timeout: Seconds = PLAN_STEP_TIMEOUT


class AutoReplyAction(_Action):
    """Answer by itself: once per interaction, whenever the plan passes, or in the run of its first message only."""

    app: Literal["auto_reply"]
    text: str = Field(min_length=1, max_length=TEXT_CHARACTERS)
    times: Literal["once", "always", "first_message"] = "once"


class CloseAction(_Action):
    """Close the interaction with a disposition, a global one or the account's, or with none."""

    app: Literal["close"]
    disposition: Identifier | None = None


class TagAction(_Action):
    """Add a tag to the interaction."""

    app: Literal["tag"]
    tag: Tag


class GotoAction(_Action):
    """Go on with another step."""

    app: Literal["goto"]
    to: StepId


class Condition(Input):
    """A field, an operator that its type takes, and a value: text, whole number, a list of them, or none."""

    field: str = Field(max_length=50)
    op: str = Field(max_length=20)
    value: Any = None
    enabled: bool = True


class Conditions(Input):
    """All conditions, or any of them; those switched off do not count."""

    match: Literal["all", "any"] = "all"
    conditions: list[Condition] = Field(min_length=1, max_length=20)


class GotoIfAction(_Action):
    """Go on with one step if conditions hold, else with another, or with the next where none is named."""

    app: Literal["goto_if"]
    test: Conditions = Field(alias="if")
    then: StepId
    otherwise: StepId | None = Field(default=None, alias="else")


class WebhookAction(_Action):
    """Call an https URL, signed; where that fails, go on with `on_error`, or the next step where none is named.

    Without `secret` the step keeps the one it has (by its id), or gets a new one, which the answer shows once.
    """

    app: Literal["webhook"]
    url: Annotated[str, Field(max_length=2000), AfterValidator(_hook_url)]
    secret: Annotated[Secret | None, BeforeValidator(_shown_means_kept)] = None
    on_error: StepId | None = None


class NoopAction(_Action):
    """Write a line into the thread."""

    app: Literal["noop"]
    text: str = Field(min_length=1, max_length=500)


class SecretShown(Output):
    """That there is a signing secret; its value only in the answer to the request that had it made."""

    set: Literal[True] = True
    value: str | None = None


class WebhookShown(_Action):
    """A web hook step as it is read."""

    app: Literal["webhook"]
    url: str
    secret: SecretShown
    on_error: StepId | None = None


_Others = AgentAction | QueueAction | AutoReplyAction | CloseAction | TagAction | GotoAction | GotoIfAction | NoopAction
Action = Annotated[_Others | WebhookAction, Field(discriminator="app")]
ActionShown = Annotated[_Others | WebhookShown, Field(discriminator="app")]


class PlanIn(Input):
    actions: list[Action] = Field(max_length=_MOST)


class Remark(Output):
    """Something about a plan that may not be meant so: where (a JSON pointer), and what."""

    pointer: str
    detail: str


class Plan(Output):
    version: int
    actions: list[ActionShown]
    warnings: list[Remark]
