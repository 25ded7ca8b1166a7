"""What a provider's table must supply so that the conformance suite can run against it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from chalicelib import providers
from chalicelib.providers.contract import ErrorKind, Opt, ProviderAccount, Status, WebhookRequest, WebhookResponse

NOW = datetime.fromisoformat("2026-01-01T00:00:00+00:00")


@dataclass(frozen=True)
class Text:
    """An inbound text in neutral words; the table writes it as the provider would."""

    id: str
    sender: str = "+14155550100"
    recipient: str = "+14155550199"
    text: str = "hello"
    opt: Opt | None = None
    part: tuple[int, int, int] | None = None
    """Reference, number, total."""


@dataclass(frozen=True)
class Report:
    """A delivery report in neutral words; `status` is the provider's own."""

    id: str
    status: str
    code: str | None = None
    message_id: str | None = None


@dataclass(frozen=True)
class Reply:
    """What the provider answers to a send call."""

    status: int
    body: bytes | str | dict[str, Any]
    headers: Mapping[str, str]


@dataclass(frozen=True)
class Table:
    """One provider, described for the suite.

    The `write_*` functions give an unsigned call as the provider makes it; `sign` adds the proof, by code that shares
    nothing with the product. `signed` False: the provider has no scheme. `replay_seconds`: the age at which a signed
    call is refused, None where the scheme has no time. `other_key`: further credentials, not secret, that change with
    `other_secret`. `covers_body` False: the proof says nothing about what was posted. `unsigned_without`: optional
    credentials without which nothing can be verified. `spoil` puts a wrong proof into a signed call where it is not in
    a header. `text_ids` False: inbound texts have no id. `parts`: long texts come in parts, and `write_text` writes
    them. `aside` answers the calls that carry no text, such as a login; `tries` is how often a text is handed over
    when each try ends so; `status_kinds` are HTTP statuses that mean something of their own. `checked` is what the
    provider answers to a check of right credentials, None where the account has nothing that could be asked without
    sending. `names_report_url` False: the account is set up so that no message names the URL of its reports, although
    the provider takes one per message.
    """

    name: str
    account: ProviderAccount
    other_secret: Mapping[str, str]
    signed: bool
    replay_seconds: int | None
    methods: tuple[str, ...]
    write_text: Callable[[str, Text], WebhookRequest]
    write_report: Callable[[str, Report], WebhookRequest]
    unknown_event: WebhookRequest
    malformed: Mapping[str, WebhookRequest]
    content_types: tuple[str, ...]
    sign: Callable[[WebhookRequest, ProviderAccount, datetime], WebhookRequest]
    unsign: Callable[[WebhookRequest], WebhookRequest]
    opts: tuple[Opt, ...]
    statuses: Mapping[str, Status]
    opt_out_report: Report | None
    accepted: Reply
    accepted_id: str
    error_inside: tuple[Reply, ErrorKind, str]
    without_id: Reply
    errors: tuple[tuple[Reply, ErrorKind, str], ...]
    server_error_kind: ErrorKind
    acknowledgement: WebhookResponse
    validate_call: Callable[["Any"], None]
    other_key: Mapping[str, str] = field(default_factory=dict)
    covers_body: bool = True
    unsigned_without: tuple[str, ...] = ()
    spoil: Callable[[WebhookRequest, str], WebhookRequest] | None = None
    text_ids: bool = True
    parts: bool = False
    aside: Callable[[Any], Reply | None] = lambda _: None
    tries: Callable[[Reply | Exception], int] = lambda _: 1
    status_kinds: Mapping[int, ErrorKind] = field(default_factory=dict)
    checked: Reply | None = None
    names_report_url: bool = True

    @property
    def rotated(self) -> ProviderAccount:
        """The same account once its secret has been changed."""
        return replace(self.account, credentials={**self.account.credentials, **self.other_secret, **self.other_key})

    @property
    def secrets(self) -> tuple[str, ...]:
        """Values that may appear nowhere: of every field that the specification calls secret."""
        named = {field.name for field in providers.get(self.name).spec.credentials if field.secret}
        return tuple(value for name, value in self.account.credentials.items() if name in named)
