"""IntelePeer SMS (Atmosphere REST API v4)."""

import hmac
import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from chalicelib.providers import calls, wire
from chalicelib.providers.contract import (
    Accepted,
    AccountCheck,
    DeliveryReport,
    Event,
    HttpAnswer,
    HttpClient,
    Ignored,
    InboundMessage,
    MalformedRequest,
    OutboundMessage,
    Provider,
    ProviderAccount,
    SendError,
    SignatureError,
    Status,
    Verification,
    WebhookRequest,
    WebhookResponse,
)
from chalicelib.providers.sessions import Sessions, login, no_session
from chalicelib.providers.spec import AccountField, AnswerRule, ProviderSpec, ReportRule

HOSTS = {"us": "https://api.intelepeer.com", "eu": "https://eu.api.intelepeer.com"}
SEND = "/_rest/v4/app/sms/send"
LOGIN = "https://customer.intelepeer.com/_rest/v4/authenticate"

# `RCC_en` of https://www.intelepeer.com/docs/checking-message-status/ without its prefix "DLR:", the states of the
# older API, and the words of SMPP 3.4, table B-2, which the pages on delivery receipts refer to.
STATUSES = calls.status_table(
    (Status.queued, "CREATED ENQUEUED QUEUED PROCESSING"),
    (Status.sent, "SENT ACCEPTED ACCEPTD"),
    (Status.delivered, "DELIVERED DELIVRD"),
    (Status.failed, "FAILED UNDELIVERABLE UNDELIV DELETED"),
    (Status.expired, "EXPIRED"),
    (Status.rejected, "REJECTED REJECTD"),
)
# `RCC` of the same page, for a call that has only the number.
_NUMBERS = {"0": "QUEUED", "2031": "PROCESSING", "3000": "ACCEPTED", "10000": "SENT", "210000": "DELIVERED"}
_NUMBERS |= {"6009": "FAILED"}
_STATUS_FIELDS = ("RCC_en", "status", "state", "stat", "RCC")
_FIELDS = frozenset({"refid", "guid", "from", "to", "message", *_STATUS_FIELDS})
_NOT_SENT = frozenset({Status.failed, Status.rejected, Status.expired})

# Sending-SMS-Messages on docs.intelepeer.com tells errors by HTTP status only.
ERRORS = calls.error_table(
    ("credentials", "IntelePeer refuses the key, the number is not the account's, or its SMS API is off.", "http_401"),
    ("recipient", "The account may not send to this country.", "http_403"),
    ("sender", "IntelePeer does not know the account's number.", "http_404"),
)

SPEC = ProviderSpec(
    label="IntelePeer",
    credentials=(
        AccountField(
            "api_key",
            "API key",
            "The key from the Customer Portal. It is not sent while username and password are set.",
            secret=True,
            pattern="[!-~]{1,500}",
        ),
        AccountField(
            "username",
            "Username",
            "A user with API access, with its password: the desk then fetches the 24-hour token by itself.",
            required=False,
            together="password",
        ),
        AccountField(
            "password", "Password", "The password of that user.", secret=True, required=False, together="username"
        ),
        AccountField(
            "webhook_secret",
            "Webhook secret",
            "The code set in the Customer Portal; every call then has to carry it in `signature`.",
            secret=True,
            required=False,
        ),
    ),
    options=(
        AccountField("region", "Region", "us (also without this option) or eu.", required=False, choices=("us", "eu")),
    ),
    sender=None,
    reports=ReportRule("receive_url"),
    setup=(
        "In IntelePeer's Customer Portal open the list of numbers.",
        "Choose the webhook icon of the number and paste {receive_url}",
        "Set a secret code there and store the same one in the account as its webhook secret.",
        "The portal itself shows no texts of that number any more. Delivery reports come to the same URL.",
    ),
    authentication="shared_secret",
    answer=AnswerRule(None, "anything but 200 is posted again, five times in all; after how long is not published"),
    segments_per_second=None,
    media_per_message=0,
    max_characters=1600,
    base_url_required=False,
    number_form="e164",
    opt_out_reply="desk",
    phone_pattern=r"[1-9][0-9]{0,2}-([0-9]{3,8}|(?=[0-9]*[A-Za-z])[A-Za-z0-9]{1,11})",
    phone_help="a short code or a name with its country, such as 1-12345 or 34-Hello8",
    assumed=(
        "What a delivery report looks like is not published; a call that names a text and a state is taken for one.",
        "The longest text is not published: 1,600 characters are taken.",
        "Whether tokens go out with or without Bearer differs between IntelePeer's pages; both are tried.",
    ),
)


class IntelePeer(Provider):
    name = "intelepeer"
    spec = SPEC

    def __init__(self) -> None:
        self._tokens = Sessions()
        self._schemes = Sessions()

    def verify(self, request: WebhookRequest, account: ProviderAccount, now: datetime) -> Verification:
        """The code in the body's `signature`, https://www.intelepeer.com/products/documentation/sms/api/receive-messages-v1/"""
        secret = account.credentials.get("webhook_secret")
        if not secret:
            return Verification.unsigned
        try:
            given = wire.string(_named(request).get("signature"))
        except MalformedRequest:
            raise SignatureError("the call cannot be read") from None
        if not hmac.compare_digest(given.encode("utf-8", "replace"), secret.encode()):
            raise SignatureError("the code is missing or does not match")
        return Verification.verified

    def parse(self, request: WebhookRequest, account: ProviderAccount) -> list[Event]:
        """One text or one report. A text has `message`; numbers are taken as they come, `1-12345` included."""
        named = _named(request)
        raw = {name: value for name, value in named.items() if name != "signature"}
        if "message" in named:
            return [_inbound(named, raw)]
        if not raw:
            raise MalformedRequest("no field at all")
        status = next((wire.string(named[name]) for name in _STATUS_FIELDS if wire.string(named.get(name))), None)
        message_id = wire.message_id(request.url) or wire.own_id(named.get("guid"))
        if status is not None and (message_id or wire.identifier(wire.string(named.get("refid")))):
            return [_report(named, status, message_id, raw, account)]
        # The shape of a report is not published, and whatever is not answered by 200 is posted again.
        return [Ignored("neither a text nor the state of a message")]

    def acknowledge(self, events: Sequence[Event]) -> WebhookResponse:
        """Exactly 200; anything else is posted again."""
        return WebhookResponse.empty()

    def send(self, message: OutboundMessage, account: ProviderAccount, http: HttpClient) -> Accepted:
        """`POST …/sms/send`, docs.intelepeer.com: Sending SMS Messages; our own id goes along as `guid`."""
        calls.within_limits(message, SPEC)
        document = {"from": account.phone, "to": message.recipient, "text": message.text}
        answer = self._call(http, account, document | {"guid": message.id, "dlr": True})
        if not 200 <= answer.status_code < 300:
            raise _refusal(answer, calls.json_object(answer) or {}, account, message)
        body = calls.accepted_json(answer)
        status = _status(wire.string(body.get("state")))
        if status in _NOT_SENT:
            raise _refusal(answer, body, account, message)
        if not wire.string(body.get("refid")):
            raise SendError("unknown_outcome", "no_id", "IntelePeer's answer names no message.")
        return Accepted(wire.string(body["refid"]), Status.sent if status is Status.sent else Status.queued)

    def check(self, account: ProviderAccount, http: HttpClient) -> AccountCheck:
        """A login where the account has one; for a key alone no harmless call is documented."""
        if not _signs_in(account):
            return AccountCheck("unproven", "Nothing proves a key but a text: send one.")
        try:
            self._login(account, http)
        except SendError as error:
            return calls.unchecked(error)
        return AccountCheck("ok")

    def _call(self, http: HttpClient, account: ProviderAccount, document: dict[str, Any]) -> HttpAnswer:
        """The text, posted until a try is not answered by 401: such a try was certainly not taken.

        A token may have ended, so that a new one is fetched once; then the other form of the header is tried once.
        """
        scheme = self._schemes.get(account) or ""
        token = account.credentials.get("api_key", "")
        if _signs_in(account):
            token = self._tokens.get(account) or self._login(account, http)
        answer = _post(http, account, scheme + token, document)
        if answer.status_code == 401 and _signs_in(account):
            token = self._login(account, http)
            answer = _post(http, account, scheme + token, document)
        if answer.status_code == 401:
            scheme = "" if scheme else "Bearer "
            answer = _post(http, account, scheme + token, document)
            if answer.status_code != 401:
                self._schemes.keep(account, scheme)
        return answer

    def _login(self, account: ProviderAccount, http: HttpClient) -> str:
        """A token for 24 hours, https://docs.intelepeer.com/Atmosphere/Content/Atmosphere-APIs/Authentication.htm"""
        self._tokens.forget(account)
        pair = {name: account.credentials.get(name, "") for name in ("username", "password")}
        answer = login(http, "POST", LOGIN, json=pair, headers={"Accept": "application/json"})
        token = wire.string((calls.json_object(answer) or {}).get("token"))
        if not re.fullmatch(r"[!-~]{1,4000}", token):
            raise no_session()
        return self._tokens.keep(account, token)


PROVIDER = IntelePeer()


def _signs_in(account: ProviderAccount) -> bool:
    return bool(account.credentials.get("username") and account.credentials.get("password"))


def _post(http: HttpClient, account: ProviderAccount, authorization: str, document: dict[str, Any]) -> HttpAnswer:
    url = HOSTS.get(account.options.get("region", "us"), HOSTS["us"]) + SEND
    headers = {"Authorization": authorization, "Accept": "application/json"}
    return calls.call(http, "POST", url, json=document, headers=headers)


def _named(request: WebhookRequest) -> dict[str, Any]:
    """The fields of the JSON object that IntelePeer posts, or of a form, since no page names the type."""
    if wire.content_type(request)[0] in (wire.FORM, wire.MULTIPART) or request.method.upper() == "GET":
        form = wire.fields(request)
        if not form.keys() & _FIELDS:  # anything at all can be read as a form
            raise MalformedRequest("no field of IntelePeer's")
        return dict(form)
    body = wire.posted_json(request)
    if not isinstance(body, dict):
        raise MalformedRequest("not an object")
    return body


def _inbound(named: dict[str, Any], raw: dict[str, Any]) -> InboundMessage:
    sender = wire.address(wire.string(named.get("from")))
    if sender is None:
        raise MalformedRequest("a text without a sender")
    return InboundMessage(
        provider_message_id=wire.identifier(wire.string(named.get("refid"))),
        sender=sender,
        recipient=wire.address(wire.string(named.get("to"))),
        text=wire.text(wire.string(named["message"])),
        raw=raw,
    )


def _status(word: str) -> Status:
    name = word.strip().upper().removeprefix("DLR:").strip()
    return STATUSES.get(_NUMBERS.get(name, name), Status.unknown)


def _report(
    named: dict[str, Any], word: str, message_id: str | None, raw: dict[str, Any], account: ProviderAccount
) -> DeliveryReport:
    status, said = _status(word), calls.scrubbed(_NUMBERS.get(word, word), account)
    return DeliveryReport(
        provider_message_id=wire.identifier(wire.string(named.get("refid"))),
        message_id=message_id,
        status=status,
        code=wire.identifier(wire.string(named.get("RCC"))),
        detail=f"IntelePeer says: {said}" if status in _NOT_SENT else calls.unmapped(status, word, account),
        recipient=wire.address(wire.string(named.get("to"))),
        raw=raw,
    )


def _refusal(answer: HttpAnswer, body: dict[str, Any], account: ProviderAccount, message: OutboundMessage) -> SendError:
    code = wire.string(body.get("RCC")) or wire.string(body.get("state"))
    said = next((body[name] for name in ("error", "detail", "message", "RCC_en") if body.get(name)), None)
    return calls.refusal(answer, code or None, said, ERRORS, account, message)
