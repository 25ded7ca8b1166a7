"""The contract between the desk and an SMS provider: what goes in, what comes out, and what a provider says of itself.

Everything here is plain data without heavy imports, because the receive function loads it on every cold start. Fields
that hold secrets or what customers wrote are left out of every `repr`, so that a logged object tells nothing.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal, Protocol

from chalicelib.providers.spec import ProviderSpec

Opt = Literal["stop", "start", "help"]
ErrorKind = Literal[
    "credentials",
    "funds",
    "configuration",
    "sender",
    "recipient",
    "content",
    "opted_out",
    "throttled",
    "unavailable",
    "unknown_outcome",
]


class Status(StrEnum):
    """Where an outbound message is, in the words of the desk."""

    queued = "queued"
    sending = "sending"
    sent = "sent"
    delivered = "delivered"
    undelivered = "undelivered"
    failed = "failed"
    rejected = "rejected"
    expired = "expired"
    unknown = "unknown"


class Verification(StrEnum):
    """How sure one may be of a call: signed and checked, or nothing to check (no scheme, or none set up)."""

    verified = "verified"
    unsigned = "unsigned"


class SignatureError(Exception):
    """The call does not prove that it comes from the account's provider."""


class MalformedRequest(ValueError):
    """The call cannot be read; its text never quotes the call."""


class SendError(Exception):
    """A try to send that was not accepted, or whose outcome is unknown.

    `code` is the provider's own code (or a word of ours where it gave none), `detail` a sentence for the agent without
    secrets, texts or full numbers, `retry_after` seconds asked for by the provider.
    """

    def __init__(
        self, kind: ErrorKind, code: str | None = None, detail: str | None = None, retry_after: float | None = None
    ) -> None:
        super().__init__(f"{kind} ({code})" if code else kind)
        self.kind = kind
        self.code = code
        self.detail = detail
        self.retry_after = retry_after

    @property
    def retryable(self) -> bool:
        """Whether it is certain that nothing was accepted and that a later try may work."""
        return self.kind in ("throttled", "unavailable")


@dataclass(frozen=True)
class WebhookRequest:
    """One call of a provider; `url` is the public one that the provider knows, query included, `body` the raw bytes."""

    method: str
    url: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)

    def header(self, name: str) -> str | None:
        """The header's value whatever the case of its name; None when absent."""
        wanted = name.lower()
        return next((value for key, value in self.headers.items() if key.lower() == wanted), None)


@dataclass(frozen=True)
class WebhookResponse:
    """What the provider gets to read."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @classmethod
    def empty(cls) -> "WebhookResponse":
        """A 200 without a body, for providers that read nothing but the status."""
        return cls(200, {"Content-Type": "text/plain; charset=utf-8"}, b"")


@dataclass(frozen=True)
class ProviderAccount:
    """An SMS account as its provider must know it; credentials are decrypted."""

    provider: str
    phone: str
    credentials: Mapping[str, str] = field(repr=False)
    sender: str | None = None
    base_url: str | None = None
    delivery_reports: bool = False
    options: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class Media:
    """An attachment by link; `size` in bytes."""

    url: str = field(repr=False)
    content_type: str | None = None
    size: int | None = None


@dataclass(frozen=True)
class Part:
    """Which part of a long text a message is, where the provider leaves them apart: `number` is 1 to `total`."""

    reference: str
    number: int
    total: int


@dataclass(frozen=True)
class InboundMessage:
    """A text from a customer, or a part of one; `raw` is what the provider sent, decoded."""

    provider_message_id: str | None
    sender: str = field(repr=False)
    recipient: str | None
    text: str = field(repr=False)
    received_at: datetime | None = None
    media: tuple[Media, ...] = ()
    opt: Opt | None = None
    raw: dict[str, Any] = field(default_factory=dict, repr=False)
    part: Part | None = None


@dataclass(frozen=True)
class DeliveryReport:
    """News of an outbound message; `message_id` is ours, `opt`: the recipient opted out or in at the provider."""

    provider_message_id: str | None
    message_id: str | None
    status: Status
    code: str | None = None
    detail: str | None = None
    recipient: str | None = field(default=None, repr=False)
    occurred_at: datetime | None = None
    opt: Opt | None = None
    raw: dict[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class Ignored:
    """An event that is understood to be none of the desk's business, and why."""

    reason: str


Event = InboundMessage | DeliveryReport | Ignored


@dataclass(frozen=True)
class OutboundMessage:
    """A text to a customer; `id` is the desk's, `delivery_url` set when the provider takes one per message."""

    id: str
    recipient: str = field(repr=False)
    text: str = field(repr=False)
    media_urls: tuple[str, ...] = field(default=(), repr=False)
    delivery_url: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Accepted:
    """The provider has taken the message; `segments` as the provider counts them, None while it does not know."""

    provider_message_id: str | None
    status: Status
    segments: int | None = None


@dataclass(frozen=True)
class AccountCheck:
    """Result of trying the credentials: ok, a problem in words, or unproven (no harmless call is documented)."""

    state: Literal["ok", "problem", "unproven"]
    detail: str | None = None


class HttpAnswer(Protocol):
    """An HTTP answer, as `requests` has it."""

    @property
    def status_code(self) -> int: ...
    @property
    def headers(self) -> Mapping[str, str]: ...
    @property
    def text(self) -> str: ...
    @property
    def content(self) -> bytes: ...
    def json(self) -> Any: ...


class HttpClient(Protocol):
    """The injected client, the only way out; keyword arguments as in `requests` (params, data, json, headers, auth)."""

    def request(self, method: str, url: str, **kw: Any) -> HttpAnswer: ...
    def get(self, url: str, **kw: Any) -> HttpAnswer: ...
    def post(self, url: str, **kw: Any) -> HttpAnswer: ...


class Provider(ABC):
    """One SMS provider: pure translation, no store, no clock, no network but the client it is handed."""

    name: str
    spec: ProviderSpec

    @abstractmethod
    def verify(self, request: WebhookRequest, account: ProviderAccount, now: datetime) -> Verification:
        """Check where the call comes from; raises SignatureError. While a secret rotates, call once per secret."""

    @abstractmethod
    def parse(self, request: WebhookRequest, account: ProviderAccount) -> list[Event]:
        """Read the events of a call; raises MalformedRequest and nothing else. Unknown events are `Ignored`."""

    @abstractmethod
    def acknowledge(self, events: Sequence[Event]) -> WebhookResponse:
        """The answer that the provider wants to read once the events are stored."""

    @abstractmethod
    def send(self, message: OutboundMessage, account: ProviderAccount, http: HttpClient) -> Accepted:
        """Hand one message over; raises SendError and nothing else.

        No second call that could be accepted is ever made, unless the first was certainly refused (a session that has
        ended); a call that carries no text, such as a login, may come before.
        """

    def mistakes(self, account: ProviderAccount) -> Mapping[str, str]:
        """What is wrong with the options beyond what the spec can tell: option -> sentence for the administrator."""
        return {}

    @abstractmethod
    def check(self, account: ProviderAccount, http: HttpClient) -> AccountCheck:
        """Try the credentials by a call that changes nothing; raises nothing."""
