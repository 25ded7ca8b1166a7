"""Checks of an account, samples of provider calls, the exchange log and the account's health, as they cross the API."""

from typing import Annotated, Any, Literal

from pydantic import Field

from chalicelib.models.common import Input, Output, Time
from chalicelib.models.interactions import Line, Text

_Header = Annotated[str, Field(max_length=10_000)]


class AccountCheck(Output):
    """Whether the provider takes the credentials; unproven: the provider has no harmless call to find out."""

    state: Literal["ok", "problem", "unproven"]
    detail: str | None
    checked_at: Time


class SampleIn(Input):
    """A call as the provider makes it, pasted: the query without its question mark, the body as it was sent.

    `url` says which of the account's URLs it comes to.
    """

    method: Literal["GET", "POST"] = "POST"
    url: Literal["receive", "delivery"] = "receive"
    query: str = Field(default="", max_length=10_000)
    headers: dict[str, _Header] = Field(default_factory=dict, max_length=100)
    body: str = Field(default="", max_length=60_000)


class Sample(Output):
    """What was understood: the events with their `kind` (message, report, ignored), or why the call cannot be read."""

    events: list[dict[str, Any]]
    malformed: str | None


class TestTextIn(Input):
    """To whom: a number with its country such as +15005550006; and what."""

    to: str = Field(min_length=1, max_length=30)
    text: Text = "This is a test text."


class TestText(Line):
    """The line of the text, whose delivery the thread of `interaction_id` tells."""

    interaction_id: str


class Exchange(Output):
    """One call of the provider (in) or of the desk (out); neither texts nor numbers nor URLs are kept."""

    id: str
    at: Time
    direction: Literal["in", "out"]
    method: str | None
    status: int | None
    duration_ms: int
    outcome: str
    signature: Literal["verified", "unsigned", "failed"] | None
    event: Literal["message", "report", "ignored"] | None
    provider_message_id: str | None
    fields: list[str]
    error_code: str | None
    detail: str | None


class SignatureResult(Output):
    """How the last call of the provider proved itself."""

    at: Time
    result: Literal["verified", "unsigned", "failed"]


class LastError(Output):
    """The last thing that went wrong between the desk and the provider, or what is wrong all the time (`lasting`)."""

    at: Time
    kind: str
    code: str | None
    detail: str | None
    lasting: bool


class AccountHealth(Output):
    """What the exchange log tells of an account since `since`; null: none in that time."""

    since: Time
    last_inbound: Time | None
    last_report: Time | None
    last_accepted: Time | None
    last_signature: SignatureResult | None
    last_error: LastError | None
