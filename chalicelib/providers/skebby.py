"""Skebby: REST API v1.0, and its older gateway where the account says so."""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from chalicelib.providers import basic, calls, skebby_callbacks, skebby_gateway, wire
from chalicelib.providers.alphabet import is_gsm
from chalicelib.providers.contract import (
    Accepted,
    AccountCheck,
    Event,
    HttpAnswer,
    HttpClient,
    OutboundMessage,
    Provider,
    ProviderAccount,
    SendError,
    Verification,
    WebhookRequest,
    WebhookResponse,
)
from chalicelib.providers.sessions import Sessions, login, no_session
from chalicelib.providers.spec import AccountField, AnswerRule, ProviderSpec, ReportRule, SenderRule

API = "https://api.skebby.it/API/v1.0/REST"

# The three products as `message_type` of the REST API.
TYPES = {"basic": "SI", "classic": "TI", "classic_plus": "GP"}
_GSM_SEPTETS, _UCS2_UNITS = 1000, 450

# No codes are published for the REST API; a 404 says that it does not know the user key.
ERRORS = calls.error_table(("credentials", "Skebby does not know the account's user key.", "http_404"))

_KEYS = re.compile(r"[!-:<-~]{1,200};[!-:<-~]{1,200}")

SPEC = ProviderSpec(
    label="Skebby",
    credentials=(
        AccountField(
            "method",
            "Method",
            "The product: Basic (fixed sender, no reports), Classic (own sender), Classic+ (own sender and reports).",
            choices=("basic", "classic", "classic_plus"),
        ),
        AccountField("username", "Username", "The username of the Skebby account, not its e-mail address or phone."),
        AccountField("password", "Password", "The password of the Skebby account.", secret=True),
    ),
    options=(
        AccountField(
            "api",
            "API",
            "rest (the present API) or gateway (the older one).",
            False,
            False,
            choices=("rest", "gateway"),
        ),
        AccountField(
            "keyword",
            "Keyword",
            "On a shared number: the word that customers begin with; it is taken off the text.",
            required=False,
            pattern=r"\S{1,30}",
        ),
    ),
    sender=SenderRule(
        r"[A-Za-z0-9 ._&-]{1,11}|\+?[0-9]{5,16}",
        "Up to 11 letters and digits that are registered with Skebby as an alias, or a number.",
        ("classic", "classic_plus"),
    ),
    reports=ReportRule("pasted", ("classic_plus",)),
    setup=(
        "Sign in to Skebby and open the settings of the service that receives texts.",
        "Choose forwarding to a URL with POST and paste {receive_url}",
        "With Classic+ and the delivery report option: paste {delivery_url} as the URL of delivery reports.",
    ),
    authentication="none",
    answer=AnswerRule(None, "not published"),
    segments_per_second=None,
    media_per_message=0,
    max_characters=skebby_gateway.GSM_SEPTETS,
    base_url_required=False,
    number_form="digits",
    opt_out_reply="desk",
    assumed=(
        "How the present panel posts texts and reports is not published: the names of the older gateway, of Skebby's "
        "sister platform and those usual among providers are read, as a form, a query or JSON.",
        "How long Skebby waits for an answer, and whether it posts again, is not published.",
    ),
)


class Skebby(Provider):
    name = "skebby"
    spec = SPEC

    def __init__(self) -> None:
        self._sessions = Sessions()

    def verify(self, request: WebhookRequest, account: ProviderAccount, now: datetime) -> Verification:
        """Skebby signs nothing and sends no secret: the token in the URL is all there is."""
        return Verification.unsigned

    def parse(self, request: WebhookRequest, account: ProviderAccount) -> list[Event]:
        """One text or one report of either generation."""
        return skebby_callbacks.read(request, account.options.get("keyword"))

    def acknowledge(self, events: Sequence[Event]) -> WebhookResponse:
        """What Skebby wants to read is not published: an empty 200."""
        return WebhookResponse.empty()

    def send(self, message: OutboundMessage, account: ProviderAccount, http: HttpClient) -> Accepted:
        """`POST sms`; our own id is the order id, so that reports name it and a repeated one can be seen."""
        calls.within_limits(message, SPEC)
        if account.options.get("api") == "gateway":
            return skebby_gateway.send(message, account, http)
        answer = self._call(http, account, "POST", "sms", json=_order(message, account))
        if not 200 <= answer.status_code < 300:
            raise _refusal(answer, calls.json_object(answer) or {}, account, message)
        body = calls.accepted_json(answer)
        if body.get("result", "OK") != "OK":
            raise _refusal(answer, body, account, message)
        if wire.string(body.get("total_sent")) == "0":
            raise SendError("recipient", "none_sent", "Skebby accepted none of the recipients.")
        order_id = wire.string(body.get("order_id"))
        if not order_id or "result" not in body:
            raise SendError("unknown_outcome", "no_id", "Skebby's answer names no message.")
        return Accepted(order_id, skebby_gateway.accepted_status(account))

    def check(self, account: ProviderAccount, http: HttpClient) -> AccountCheck:
        """A login, which proves the credentials, and `GET status`, which tells the credit."""
        try:
            if account.options.get("api") == "gateway":
                return skebby_gateway.check(account, http)
            headers = _headers(self._login(account, http))
            params = {"getMoney": "true", "typeAliases": "true"}
            return calls.account_check(
                http, f"{_base(account)}/status", SPEC.label, _problem, params=params, headers=headers
            )
        except SendError as error:
            return calls.unchecked(error)

    def _call(self, http: HttpClient, account: ProviderAccount, method: str, path: str, **kw: Any) -> HttpAnswer:
        """A call with the account's session. After a 401 (it has ended, nothing was done) once more with a new one."""
        url = f"{_base(account)}/{path}"
        session = self._sessions.get(account) or self._login(account, http)
        answer = calls.call(http, method, url, headers=_headers(session), **kw)
        if answer.status_code != 401:
            return answer
        answer = calls.call(http, method, url, headers=_headers(self._login(account, http)), **kw)
        if answer.status_code == 401:
            self._sessions.forget(account)
        return answer

    def _login(self, account: ProviderAccount, http: HttpClient) -> str:
        """`GET login` answers `USER_KEY;SESSION_KEY`; 404: wrong credentials. The password stays out of the URL."""
        self._sessions.forget(account)
        answer = login(http, "GET", f"{_base(account)}/login", wrong=(401, 403, 404), auth=basic.of_account(account))
        if not _KEYS.fullmatch(answer.text.strip()):
            raise no_session()
        return self._sessions.keep(account, answer.text.strip())


PROVIDER = Skebby()


def _base(account: ProviderAccount) -> str:
    return (account.base_url or API).rstrip("/")


def _headers(session: str) -> dict[str, str]:
    user_key, _, session_key = session.partition(";")
    return {"user_key": user_key, "Session_key": session_key, "Accept": "application/json"}


def _order(message: OutboundMessage, account: ProviderAccount) -> dict[str, Any]:
    method, gsm = account.credentials.get("method", ""), is_gsm(message.text)
    if not skebby_gateway.fits(message.text, gsm, _GSM_SEPTETS, _UCS2_UNITS):
        raise SendError("content", "too_long", "The text is longer than Skebby takes.")
    order = {
        "message_type": TYPES.get(method, "GP"),
        "message": message.text,
        "recipient": [message.recipient],
        "order_id": message.id,
        "encoding": "gsm" if gsm else "ucs2",
        "truncate": False,
    }
    return order if method == "basic" else order | {"sender": account.sender or account.phone}


def _refusal(answer: HttpAnswer, body: dict[str, Any], account: ProviderAccount, message: OutboundMessage) -> SendError:
    result = body.get("result")
    code = body.get("code") or (None if result == "OK" else result)
    said = body.get("error_message") or body.get("message")
    return calls.refusal(answer, code, said, ERRORS, account, message)


def _problem(body: dict[str, Any]) -> str | None:
    """An account with neither money nor texts left; None where the answer does not tell."""
    quantities = [wire.record(kind).get("quantity") for kind in wire.items(body.get("sms"))]
    amounts = [amount for amount in (body.get("money"), *quantities) if amount is not None]
    return skebby_gateway.NO_CREDIT if amounts and all(map(calls.is_spent, amounts)) else None
