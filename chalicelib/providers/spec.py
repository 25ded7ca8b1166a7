"""What a provider says of itself, as data: the fields of its accounts, its rules, its limits and its set-up steps."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class AccountField:
    """A credential or an option of the account form; `pattern` must match the whole value.

    `rotated`: calls are proven by it, so that it may have several values while it changes, although it is no secret.
    `together`: the field without which this one is of no use.
    """

    name: str
    label: str
    help: str
    secret: bool = False
    required: bool = True
    pattern: str | None = None
    choices: tuple[str, ...] = ()
    rotated: bool = False
    together: str | None = None


@dataclass(frozen=True)
class SenderRule:
    """Which sender strings are taken; `methods` limits it to accounts whose credential `method` is one of these."""

    pattern: str
    help: str
    methods: tuple[str, ...] = ()


@dataclass(frozen=True)
class ReportRule:
    """How delivery reports come.

    per_message: the URL goes with each message, nothing to paste · pasted: shown once the option is on ·
    always_shown · receive_url: they come to the receive URL. `url_suffix` is pasted as it stands, after the URL.
    `per_message_too`: the URL may be pasted or go with each message, as the account declares.
    """

    how: Literal["per_message", "pasted", "always_shown", "receive_url"]
    methods: tuple[str, ...] = ()
    url_suffix: str = ""
    per_message_too: bool = False


@dataclass(frozen=True)
class AnswerRule:
    """How fast the provider wants an answer (seconds) and what it does without one."""

    within_seconds: float | None
    retries: str


@dataclass(frozen=True)
class ProviderSpec:
    """What the account form, the pacing and the documentation must know of a provider.

    `sender` None: sender strings are refused. `setup`: numbered steps with `{receive_url}` and `{delivery_url}`.
    `segments_per_second`: the documented rate, None where none is published. `media_per_message`: 0 where it cannot.
    `phone_pattern`: forms of the account's phone that are taken as they stand, in the place of plain short codes;
    `phone_help` says so.
    `assumed`: what the provider does not publish and the desk takes for granted, in words for the administrator.
    """

    label: str
    credentials: tuple[AccountField, ...]
    options: tuple[AccountField, ...]
    sender: SenderRule | None
    reports: ReportRule
    setup: tuple[str, ...]
    authentication: Literal["signature", "shared_secret", "basic", "none"]
    answer: AnswerRule
    segments_per_second: float | None
    media_per_message: int
    max_characters: int
    base_url_required: bool
    number_form: Literal["e164", "digits"]
    opt_out_reply: Literal["provider", "desk", "none"]
    phone_pattern: str | None = None
    phone_help: str | None = None
    assumed: tuple[str, ...] = ()
