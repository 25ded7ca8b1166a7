"""What a simulated provider is: the values that cross between the server and a module of dev/simulator/providers."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

Refusal = Literal["throttled", "unavailable_503", "reject"]
ReportStatus = Literal["sent", "delivered", "undelivered"]


LEAVE_APART = frozenset({"clickatell", "csctelecom"})
"""Providers whose callbacks may bring a long text piece by piece."""


@dataclass(frozen=True)
class Account:
    """One account that a company has at a provider, with the URLs it pasted into the provider's console."""

    id: str
    provider: str
    phone: str
    credentials: Mapping[str, str] = field(repr=False)
    receive_url: str = field(repr=False)
    delivery_url: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class ApiRequest:
    """A call of the provider's API: `path` begins below the provider's prefix, header names are lower case.

    `query` is what follows the path, still encoded.
    """

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    query: str = field(default="", repr=False)


@dataclass(frozen=True)
class Answer:
    """What the provider's API answers."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @classmethod
    def of_json(cls, status: int, document: Mapping[str, object], headers: Mapping[str, str] | None = None) -> "Answer":
        """An answer with a JSON body and, if given, more headers."""
        return cls(status, {"Content-Type": "application/json", **(headers or {})}, json.dumps(document).encode())


@dataclass(frozen=True)
class SendAttempt:
    """What a send request names before anything is checked; None where the field is missing."""

    recipient: str | None
    text: str | None


@dataclass(frozen=True)
class Sent:
    """A text that the provider accepted.

    `report_url` is where its reports go: the request or the console says. `reference` is the caller's own name of the
    text, which comes back in its reports.
    """

    account: Account
    provider_message_id: str
    sender: str
    recipient: str
    text: str
    media: tuple[str, ...]
    report_url: str | None
    answer: Answer
    reference: str | None = None


@dataclass(frozen=True)
class Piece:
    """Which part of a long text a customer's message is; `reference` is a number of eight bits."""

    reference: int
    number: int
    total: int


@dataclass(frozen=True)
class CustomerText:
    """A text that a customer sends to an account, or a piece of one."""

    provider_message_id: str
    sender: str
    text: str
    media: tuple[str, ...] = ()
    piece: Piece | None = None


@dataclass(frozen=True)
class Webhook:
    """A call of the app."""

    url: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    method: Literal["POST", "GET"] = "POST"


@dataclass(frozen=True)
class Acknowledgement:
    """The app's answer to a webhook; `status` is None when there was none, `failure` then says why."""

    status: int | None
    content_type: str = ""
    body: bytes = b""
    failure: Literal["connection", "timeout"] | None = None


class SimulatedProvider(Protocol):
    """One provider, as its own documents describe it. A module offers one as PROVIDER."""

    name: str
    credential_patterns: Mapping[str, str]  # each required credential and the form it must have in full
    webhook_timeouts: tuple[float, float]  # seconds to connect and to wait for the answer
    webhook_attempts: int  # the first try included

    def send_attempt(self, request: ApiRequest) -> SendAttempt | None:
        """What a send request names; None for any other call."""

    def answer(self, request: ApiRequest, accounts: Sequence[Account]) -> Answer | Sent:
        """Serve an API call: the accepted text, or the answer of a refusal or of another call."""

    def refusal(self, kind: Refusal, code: int | None, seconds: float) -> Answer:
        """The documented error answer; `code` replaces the usual one of `reject`, `seconds` is the time to wait."""

    def new_message_id(self, media: Sequence[str]) -> str:
        """A fresh id of a text from a customer."""

    def inbound(self, text: CustomerText, account: Account) -> Webhook:
        """The signed webhook of a text from a customer."""

    def report(self, sent: Sent, status: ReportStatus, url: str, code: int | None) -> Webhook | None:
        """The signed delivery report, None where the provider tells no such state; `code` replaces the usual error."""

    def forged(self, account: Account) -> Account:
        """The account with another signing secret, as somebody has it who does not know the real one."""

    def retries(self, acknowledgement: Acknowledgement) -> bool:
        """Whether the provider posts a webhook again after this answer."""

    def acknowledgement_problem(self, acknowledgement: Acknowledgement) -> str | None:
        """In words, what the provider would not like about the app's answer; None when it is as documented."""
