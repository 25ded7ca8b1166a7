"""The simulator's control calls, by which a demo, a test or a person plays customers and providers."""

import re
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Literal, TypeVar
from urllib.parse import parse_qs, unquote, urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from dev.simulator import segments
from dev.simulator.accounts import Accounts
from dev.simulator.behaviour import Behaviour, Mode
from dev.simulator.contract import LEAVE_APART, Account, CustomerText, Piece
from dev.simulator.exchange import Exchange

CUSTOMER = re.compile(r"\+[1-9]\d{6,14}|\d{3,8}|\d{1,3}-[A-Za-z0-9]{1,11}|[A-Za-z0-9 ]{1,11}")
Answered = tuple[int, Mapping[str, object]]


class ControlError(Exception):
    """A control call that cannot be obeyed: HTTP status, the field at fault, and what is wrong in words."""

    def __init__(self, field: str, problem: str, status: int = 400) -> None:
        super().__init__(problem)
        self.status = status
        self.document = {"error": problem, "field": field}


def _customer(value: str) -> str:
    if not CUSTOMER.fullmatch(value):
        raise ValueError("must be E.164 (+15550001111), a short code or an alphanumeric sender")
    return value


def _url(value: str) -> str:
    if urlsplit(value).scheme not in ("http", "https") or not urlsplit(value).hostname:
        raise ValueError("must be an http or https URL")
    return value


Number = Annotated[str, AfterValidator(_customer)]
Url = Annotated[str, AfterValidator(_url)]


class _Input(BaseModel):
    model_config = ConfigDict(extra="forbid")


class AccountInput(_Input):
    """An account as it stands in the provider's console."""

    provider: str
    phone: Number
    credentials: dict[str, str]
    receive_url: Url
    delivery_url: Url | None = None


class TextInput(_Input):
    """A customer's text; `times` posts it that often with one id, one after the other.

    `pieces` leaves a long text in its segments, each a message of its own, and posts them so.
    """

    account_id: str
    text: str
    media: list[Url] = []
    message_sid: str | None = Field(default=None, min_length=1, max_length=100)
    times: int = Field(default=1, ge=1, le=100)
    signature: Literal["good", "bad"] = "good"
    pieces: Literal["joined", "in_order", "reversed"] = "joined"


class BehaviourInput(_Input):
    """How a provider behaves from now on; see `dev.simulator.behaviour`."""

    provider: str
    mode: Mode
    to: Number | None = None
    times: int | None = Field(default=None, ge=1)
    seconds: float | None = Field(default=None, ge=0, le=120)
    code: int | None = None
    bare_url: bool = False


Model = TypeVar("Model", bound=_Input)


def _parse(model: type[Model], body: bytes) -> Model:
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        raise ControlError(".".join(map(str, first["loc"])) or "body", first["msg"]) from None


@dataclass(frozen=True)
class Call:
    """A control call: `subject` is the account id or number in its path, empty where there is none."""

    subject: str
    query: str
    body: bytes


class Control:
    """Serves the control calls; a call that is not one is a ControlError with status 404."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._routes: dict[str, Callable[[Call], Answered]] = {
            r"GET /health": lambda _: self._health(),
            r"PUT /accounts/([^/]+)": lambda call: self._put_account(call.subject, call.body),
            r"POST /customers/([^/]+)/messages": lambda call: self._post_text(call.subject, call.body),
            r"GET /customers/([^/]+)/messages": lambda call: self._inbox(call.subject),
            r"PUT /behaviour": lambda call: self._put_behaviour(call.body),
            r"GET /requests": lambda call: self._requests(call.query),
            r"DELETE /requests": lambda _: self._forget_requests(),
            r"GET /mismatches": lambda _: self._mismatches(),
            r"DELETE /mismatches": lambda _: self._forget_mismatches(),
        }

    def serve(self, method: str, path: str, query: str, body: bytes) -> Answered:
        """HTTP status and JSON document of a control call; raises ControlError."""
        for route, action in self._routes.items():
            match = re.fullmatch(route, f"{method} {path}")
            if match:
                return action(Call("".join(map(unquote, match.groups())), query, body))
        raise ControlError("path", "no such call", status=404)

    def _health(self) -> Answered:
        return 200, {"status": "ok", "providers": sorted(self._exchange.providers), "accounts": self._accounts.ids()}

    def _put_account(self, account_id: str, body: bytes) -> Answered:
        given = _parse(AccountInput, body)
        self._check_provider(given.provider)
        patterns = self._exchange.providers[given.provider].credential_patterns
        for name, pattern in patterns.items():
            if not re.fullmatch(pattern, given.credentials.get(name, "")):
                raise ControlError(f"credentials.{name}", "missing or not of the provider's form")
        self._accounts.put(Account(id=account_id, **given.model_dump()))
        return 200, {"account_id": account_id}

    def _post_text(self, number: str, body: bytes) -> Answered:
        given = _parse(TextInput, body)
        sender = self._check_number(number)
        account = self._accounts.find(given.account_id)
        if account is None:
            raise ControlError("account_id", "no such account; register it with PUT /accounts/{account_id}")
        message_id = given.message_sid or self._exchange.providers[account.provider].new_message_id(given.media)
        text = CustomerText(message_id, sender, given.text, tuple(given.media))
        forged = given.signature == "bad"
        posted = self._pieces(account, text, given.pieces) * given.times
        statuses = [self._exchange.customer_text(account, one, forged=forged).status for one in posted]
        return 202, {"status": statuses[-1], "statuses": statuses, "provider_message_id": message_id}

    def _pieces(self, account: Account, text: CustomerText, order: str) -> list[CustomerText]:
        """What is posted of a text, in its order."""
        if order == "joined":
            return [text]
        if account.provider not in LEAVE_APART:
            raise ControlError("pieces", f"{account.provider} joins a long text by itself")
        words = segments.split(text.text)
        reference = zlib.crc32(text.provider_message_id.encode()) % 256
        pieces = [
            replace(
                text,
                provider_message_id=f"{text.provider_message_id}-{number}",
                text=word,
                piece=Piece(reference, number, len(words)) if len(words) > 1 else None,
            )
            for number, word in enumerate(words, 1)
        ]
        return pieces if order == "in_order" else pieces[::-1]

    def _inbox(self, number: str) -> Answered:
        return 200, {"data": self._exchange.journal.inbox(self._check_number(number))}

    def _put_behaviour(self, body: bytes) -> Answered:
        given = _parse(BehaviourInput, body)
        self._check_provider(given.provider)
        behaviour = given.model_dump(exclude={"provider"})
        self._exchange.behaviours.put(given.provider, Behaviour(**behaviour))
        return 200, given.model_dump(exclude_none=True)

    def _requests(self, query: str) -> Answered:
        provider = parse_qs(query).get("provider", [None])[0]
        if provider is not None:
            self._check_provider(provider)
        return 200, {"data": self._exchange.journal.requests(provider)}

    def _forget_requests(self) -> Answered:
        self._exchange.journal.forget_requests()
        return 200, {"data": []}

    def _mismatches(self) -> Answered:
        return 200, {"data": self._exchange.journal.mismatches()}

    def _forget_mismatches(self) -> Answered:
        self._exchange.journal.forget_mismatches()
        return 200, {"data": []}

    @property
    def _accounts(self) -> Accounts:
        return self._exchange.accounts

    def _check_provider(self, name: str) -> None:
        if name not in self._exchange.providers:
            raise ControlError("provider", f"must be one of {', '.join(sorted(self._exchange.providers))}")

    @staticmethod
    def _check_number(number: str) -> str:
        try:
            return _customer(number)
        except ValueError as error:
            raise ControlError("number", str(error)) from None
