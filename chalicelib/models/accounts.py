"""SMS accounts and provider types as they cross the API."""

from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from chalicelib.config import MAX_AGE, WAIT_FOR_ASSIGNED, WAIT_MAX, WAIT_MIN
from chalicelib.models.common import Description, Identifier, Input, Name, Output, Time, patch_of

Wait = Annotated[int, Field(ge=WAIT_MIN, le=WAIT_MAX)]
_PROTECTED = "https://"


def _public_base(text: str) -> str:
    """An https URL without query, fragment or user; without the slash at its end."""
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host = None
    if not host or not text.startswith(_PROTECTED) or "@" in text or "?" in text or "#" in text or not text.isascii():
        raise ValueError("An https URL with a host and perhaps a path, without user, query and fragment.")
    if any(character.isspace() for character in text):
        raise ValueError("A URL has no spaces.")
    return text.rstrip("/")


Base = Annotated[str, Field(max_length=300), AfterValidator(_public_base)]
Fields = dict[str, Annotated[str, Field(min_length=1, max_length=2000)]]


class AccountIn(Input):
    """A new account. Times in seconds; `max_age` is how long a text is tried."""

    name: Name
    key: str = Field(pattern=r"^[A-Za-z0-9]{1,5}$")
    type: str = Field(max_length=40, description="A `name` of GET /sms/providers.")
    phone: str = Field(min_length=1, max_length=20)
    description: Description = ""
    domain: Base | None = None
    list_id: Identifier | None = None
    credentials: Fields = Field(default_factory=dict)
    base_url: Base | None = None
    sender: str | None = Field(default=None, min_length=1, max_length=30)
    delivery_reports: bool = False
    options: Fields = Field(default_factory=dict)
    wait_for_assigned_agent: Wait = WAIT_FOR_ASSIGNED
    wait_for_assigned_queue: Wait = WAIT_FOR_ASSIGNED
    segments_per_second: int | None = Field(default=None, ge=1, le=1000)
    max_age: int = Field(default=MAX_AGE, ge=60, le=7 * 24 * 3600)
    opt_out_reply: Literal["provider", "desk", "none"] | None = None


AccountPatch = patch_of(AccountIn, "type")


class Account(Output):
    """An account; `receive_url` and `delivery_url` are for admins, None for others and where nothing is to be pasted.

    A credential is its value, or `{"set": true}` where it is secret or the caller is no admin.
    """

    id: str
    name: str
    key: str
    type: str
    phone: str
    description: str
    domain: str | None
    list_id: str
    credentials: dict[str, Any]
    base_url: str | None
    sender: str | None
    delivery_reports: bool
    options: dict[str, str]
    wait_for_assigned_agent: int
    wait_for_assigned_queue: int
    segments_per_second: int
    max_age: int
    opt_out_reply: Literal["provider", "desk", "none"]
    receive_url: str | None
    delivery_url: str | None
    created_at: Time
    version: int


class ProviderField(Output):
    """A credential or an option of the account form."""

    name: str
    label: str
    help: str
    secret: bool
    required: bool
    pattern: str | None
    choices: list[str]


class SenderField(Output):
    """Which sender strings a provider takes; `methods` limits it to accounts with one of these `method`s."""

    pattern: str
    help: str
    methods: list[str]


class ProviderType(Output):
    """A type of account: what its form asks for, and what the provider can."""

    name: str
    label: str
    credentials: list[ProviderField]
    options: list[ProviderField]
    sender: SenderField | None
    delivery_reports: str
    setup: list[str]
    segments_per_second: float | None
    media_per_message: int
    max_characters: int
    base_url_required: bool
