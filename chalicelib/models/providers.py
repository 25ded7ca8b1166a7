"""The types of account as they cross the API."""

from chalicelib.models.common import Output


class ProviderField(Output):
    """A credential or an option of the account form; `pattern` must match the whole value.

    What is `secret` or `rotated` may be a list of values while it changes. `together`: the field needed beside it.
    """

    name: str
    label: str
    help: str
    secret: bool
    required: bool
    pattern: str | None
    choices: list[str]
    rotated: bool
    together: str | None


class SenderField(Output):
    """Which sender strings a provider takes; `methods` limits it to accounts with one of these `method`s."""

    pattern: str
    help: str
    methods: list[str]


class ReportField(Output):
    """How delivery reports come, and with which `method`s; `url_suffix` follows the pasted URL as it stands."""

    how: str
    methods: list[str]
    url_suffix: str
    per_message_too: bool


class AnswerField(Output):
    """How fast the provider wants an answer (seconds, null where unknown), and what it does without one."""

    within_seconds: float | None
    retries: str


class ProviderType(Output):
    """A type of account: what its form asks for, what the provider can, and how it is set up.

    `setup` are the steps in order. `phone_pattern` matches forms of the phone beside E.164; where it is null, short
    codes are taken. `segments_per_second` is the documented rate. `assumed` is what the provider does not publish.
    """

    name: str
    label: str
    credentials: list[ProviderField]
    options: list[ProviderField]
    sender: SenderField | None
    delivery_reports: str
    reports: ReportField
    setup: list[str]
    authentication: str
    answer: AnswerField
    segments_per_second: float | None
    media_per_message: int
    max_characters: int
    base_url_required: bool
    number_form: str
    phone_pattern: str | None
    phone_help: str | None
    opt_out_reply: str
    assumed: list[str]
