"""SMS accounts as they cross the API."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from chalicelib.config import MAX_AGE, PLAN_STEP_TIMEOUT, SILENCE_DAYS, WAIT_FOR_ASSIGNED, WAIT_MAX, WAIT_MIN
from chalicelib.models import templates
from chalicelib.models.common import Description, Identifier, Input, Name, Output, Time, patch_of, url_parts
from chalicelib.models.texts import storable

Wait = Annotated[int, Field(ge=WAIT_MIN, le=WAIT_MAX)]
SECRET_VALUES = 3  # of one secret, while it is being rotated
_CREDENTIAL_CHARACTERS = 2000
_SOUND = 50  # characters of a sound's name


def _public_base(text: str) -> str:
    """A URL to which paths are added, as people paste it: perhaps without its scheme, or with a slash at its end."""
    text = text.strip()
    text = text if "://" in text else f"https://{text}"
    parts = url_parts(text)
    if parts is None or "?" in text or "@" in text:
        raise ValueError("An https URL with a host and perhaps a path, without user, query, fragment and spaces.")
    return text.rstrip("/")


def _callable_base(text: str) -> str:
    """A base that every provider calls; Twilio does not call all: https://www.twilio.com/docs/api/errors/21609"""
    parts = url_parts(text)
    if parts and "_" in parts.netloc:
        raise ValueError("A host name without an underscore: Twilio, for one, does not call such a URL.")
    return text


Base = Annotated[str, Field(max_length=300), AfterValidator(_public_base)]
Domain = Annotated[Base, AfterValidator(_callable_base)]
Fields = dict[str, Annotated[str, Field(min_length=1, max_length=2000)]]


def _credential(value: Any) -> str | list[str] | None:
    """One value, or those of a secret that is being rotated, of which the first is sent with; None: there is none."""
    if value is None:
        return None
    values = value if isinstance(value, list) else [value]
    if not 1 <= len(values) <= SECRET_VALUES or not all(map(_is_text, values)):
        raise ValueError(
            f"A string of 1 to {_CREDENTIAL_CHARACTERS} characters; for a secret also a list of 1 to {SECRET_VALUES}."
        )
    stripped = [one.strip() for one in values]
    if len(set(stripped)) < len(stripped):
        raise ValueError("Each value once.")
    return stripped if isinstance(value, list) else stripped[0]


def _is_text(value: Any) -> bool:
    """Whether it is a text of the right length that can be written as UTF-8."""
    return isinstance(value, str) and 1 <= len(value.strip()) <= _CREDENTIAL_CHARACTERS and storable(value)


Credentials = dict[str, Annotated[str | list[str] | None, BeforeValidator(_credential)]]


class TransferRule(Input):
    """Whether agents may hand interactions over this way, and for how long the offer stands."""

    enabled: bool = False
    timeout: Wait = PLAN_STEP_TIMEOUT


class Transfer(Input):
    """Handing over to an agent, and to a queue; both are off unless switched on."""

    agent: TransferRule = Field(default_factory=TransferRule)
    queue: TransferRule = Field(default_factory=TransferRule)


class MandatoryDisposition(Input):
    """Whether nothing is closed without a disposition, and the pause that agents are in while they choose one."""

    enabled: bool = False
    pause_id: Identifier | None = None


def _alert_text(text: str) -> str:
    wrong = templates.mistake(text, templates.ALERT_VARIABLES)
    if wrong:
        raise ValueError(wrong)
    return text


def _sound(value: Any) -> bool | str:
    if isinstance(value, bool) or (isinstance(value, str) and 1 <= len(value) <= _SOUND and value.isprintable()):
        return value
    raise ValueError(f"true, false, or the name of a sound, of 1 to {_SOUND} characters.")


class Notification(Input):
    """How each offer calls for attention; variables of `title` and `body`, such as `{{queue.name|us}}`, are filled in.

    `sound` is a name that the clients know, or whether they play their own; `shake` whether the offer moves.
    """

    enabled: bool = False
    title: Annotated[str, Field(min_length=1, max_length=100), AfterValidator(_alert_text)] = "{{account.name}}"
    body: Annotated[str, Field(max_length=500), AfterValidator(_alert_text)] = (
        "{{contact.name|New customer}} ({{contact.phone}}): {{message.preview}}"
    )
    sound: Annotated[bool | str, BeforeValidator(_sound)] = False
    shake: bool = False


class CloseAfter(Input):
    """After how many days without a text a conversation is closed (0: never), and as what."""

    days: int = Field(default=0, ge=0, le=SILENCE_DAYS)
    disposition: Identifier | None = None


class AccountIn(Input):
    """A new account. Times in seconds; `max_age` is how long a text is tried.

    Not `enabled`: texts are stored and offered to nobody, and nothing is sent. `reopen_hours`: for how long after its
    close an interaction is opened again by a text; with 0 the text begins a new one.
    """

    name: Name
    key: str = Field(pattern=r"^[A-Za-z0-9]{1,5}$")
    type: str = Field(max_length=40, description="A `name` of GET /sms/providers.")
    phone: str = Field(min_length=1, max_length=20)
    description: Description = ""
    domain: Domain | None = None
    enabled: bool = True
    list_id: Identifier | None = None
    credentials: Credentials = Field(default_factory=dict)
    base_url: Base | None = None
    sender: str | None = Field(default=None, min_length=1, max_length=30)
    delivery_reports: bool = False
    options: Fields = Field(default_factory=dict)
    signature: Literal["enforce", "monitor"] = "enforce"
    wait_for_assigned_agent: Wait = WAIT_FOR_ASSIGNED
    wait_for_assigned_queue: Wait = WAIT_FOR_ASSIGNED
    transfer: Transfer = Field(default_factory=Transfer)
    mandatory_disposition: MandatoryDisposition = Field(default_factory=MandatoryDisposition)
    notification: Notification = Field(default_factory=Notification)
    reopen_hours: int = Field(default=0, ge=0, le=72)
    close_after: CloseAfter = Field(default_factory=CloseAfter)
    segments_per_second: int | None = Field(default=None, ge=1, le=1000)
    max_age: int = Field(default=MAX_AGE, ge=60, le=7 * 24 * 3600)
    opt_out_reply: Literal["provider", "desk", "none"] | None = None


AccountPatch = patch_of(AccountIn, "type")


class Account(Output):
    """An account; `receive_url` and `delivery_url` are for admins, None for others and where nothing is to be pasted.

    A credential is its value, or `{"set": true}` where it is secret or the caller is no admin, with the number of its
    `values` while it has several.
    """

    id: str
    name: str
    key: str
    type: str
    phone: str
    description: str
    domain: str | None
    enabled: bool
    list_id: str
    credentials: dict[str, Any]
    base_url: str | None
    sender: str | None
    delivery_reports: bool
    options: dict[str, str]
    signature: Literal["enforce", "monitor"]
    wait_for_assigned_agent: int
    wait_for_assigned_queue: int
    transfer: Transfer = Field(default_factory=Transfer)
    mandatory_disposition: MandatoryDisposition = Field(default_factory=MandatoryDisposition)
    notification: Notification = Field(default_factory=Notification)
    reopen_hours: int
    close_after: CloseAfter = Field(default_factory=CloseAfter)
    segments_per_second: int
    max_age: int
    opt_out_reply: Literal["provider", "desk", "none"]
    receive_url: str | None
    delivery_url: str | None
    created_at: Time
    version: int


class TokenRotationIn(Input):
    """A new token for the URLs that the provider calls; the present one works for so many hours."""

    overlap_hours: int = Field(default=24, ge=0, le=168)


class TokenRotation(Account):
    """The account with its new URLs, and until when the URLs before them work."""

    old_token_until: Time | None
