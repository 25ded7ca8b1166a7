"""Interactions and the lines of their threads as they cross the API."""

from typing import Annotated, Any, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from chalicelib.config import TEXT_CHARACTERS
from chalicelib.models.common import Identifier, Input, Output, Problem, Time

Text = Annotated[
    str, StringConstraints(min_length=1, max_length=TEXT_CHARACTERS, strip_whitespace=False, pattern=r"\S")
]
Stage = Literal["none", "starting", "assigned_agent", "assigned_queue", "plan_agent", "plan_queue", "transfer"]


class MessageIn(Input):
    """A reply to the customer; its text is sent exactly as it is."""

    text: Text
    media_urls: list[Annotated[str, Field(pattern=r"^https://\S+$", max_length=2000)]] = Field(
        default_factory=list, max_length=10
    )


class NoteIn(Input):
    """An internal note, never sent to the customer."""

    text: Text


class ReadIn(Input):
    """The number of the last line that was read."""

    n: int = Field(ge=1, le=99_999_999)


class CloseIn(Input):
    """`disposition`: the id of one of the account's, its lists', its queues' or the global ones."""

    disposition: str | None = None


class ReassignIn(Input):
    """To whom: an agent or a queue."""

    agent_id: Identifier | None = None
    queue_id: Identifier | None = None

    @model_validator(mode="after")
    def _one_target(self) -> Self:
        if (self.agent_id is None) == (self.queue_id is None):
            raise ValueError("Give agent_id or queue_id.")
        return self


class TransferIn(ReassignIn):
    """To whom: one of the two; `note` is shown with the offer."""

    note: str | None = Field(default=None, max_length=500)


class ReassignManyIn(ReassignIn):
    """Which interactions, and to whom."""

    interactions: list[Identifier] = Field(min_length=1, max_length=100)


class Disposition(Output):
    id: str
    path: list[str]


class LastMessage(Output):
    direction: Literal["in", "out"]
    preview: str


class Interaction(Output):
    """A conversation of one address with one account, from its first text until it is closed."""

    id: str
    account_id: str
    account_key: str
    address: str
    contact_id: str | None
    status: Literal["open", "closed"]
    owner: str | None
    last_owner: str | None
    read: bool
    unread_count: int
    stage: Stage
    queue_id: str | None
    waiting_since: Time | None
    deadline_at: Time | None
    tags: list[str]
    disposition: Disposition | None
    started_at: Time
    last_message_at: Time | None
    last_message: LastMessage | None
    closed_at: Time | None
    version: int


class ReassignedOne(Output):
    """What became of one of them: the interaction, or the problem that a request for it alone would have got."""

    id: str
    interaction: Interaction | None
    problem: Problem | None


class Reassigned(Output):
    """One entry for each interaction, in the order of the request."""

    data: list[ReassignedOne]


class Line(Output):
    """A line of a thread, number `n` of its interaction. Messages alone have a status; events have no author."""

    id: str
    n: int
    kind: Literal["message", "note", "event"]
    direction: Literal["in", "out"] | None
    text: str | None
    media: list[dict[str, Any]]
    status: str | None
    status_code: str | None
    status_detail: str | None
    encoding: Literal["GSM-7", "UCS-2"] | None
    segments: int | None
    author: str | None
    automatic: bool
    retry_of: str | None
    created_at: Time
