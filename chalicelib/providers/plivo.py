"""Plivo Messaging (API v1)."""

import base64
import hmac
import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlsplit

from chalicelib.providers import attachments, calls, wire
from chalicelib.providers.contract import (
    Accepted,
    AccountCheck,
    DeliveryReport,
    ErrorKind,
    Event,
    HttpAnswer,
    HttpClient,
    Ignored,
    InboundMessage,
    MalformedRequest,
    Opt,
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
from chalicelib.providers.spec import AccountField, AnswerRule, ProviderSpec, ReportRule, SenderRule

API = "https://api.plivo.com/v1/Account"
UCS2_UNITS = 737  # eleven segments; an MMS has none

# https://docs.plivo.com/docs/messaging/api/message/message-status-callbacks; `rejected` is of older accounts.
STATUSES = {
    "queued": Status.queued,
    "sent": Status.sent,
    "delivered": Status.delivered,
    "read": Status.delivered,
    "undelivered": Status.failed,
    "failed": Status.failed,
    "rejected": Status.rejected,
}

# plivo/plivo-java ErrorCode.java and https://support.plivo.com; they come in reports only.
ERRORS = calls.error_table(
    ("recipient", "The number cannot get texts.", "50 70"),
    ("recipient", "The number is out of reach for now.", "80"),
    ("recipient", "There is no route to the number.", "60 90"),
    ("opted_out", "The customer has opted out at Plivo (STOP).", "200"),
    ("sender", "The account's number or sender may not send this.", "40"),
    ("content", "Plivo refuses this text or attachment.", "10 110 120"),
    ("content", "The carrier filtered the text.", "30 100"),
    ("funds", "The Plivo account has no credit left.", "900"),
    ("unknown_outcome", "A network on the way failed.", "20"),
    ("unknown_outcome", "Plivo cannot say what became of the text.", "1000"),
)
# Refusals carry no code. What can be told apart is the parameter that the sentence begins with, and missing credit.
# https://docs.plivo.com/docs/messaging/api/response, https://support.plivo.com/hc/en-us/articles/17000088423
REFUSALS: tuple[tuple[re.Pattern[str], ErrorKind, str], ...] = (
    (re.compile(r".*\binsufficient credit", re.I), "funds", "The Plivo account has no credit left."),
    (re.compile(r"\W*dst\b", re.I), "recipient", "Plivo does not take the customer's number."),
    (re.compile(r"\W*(src|powerpack_uuid)\b", re.I), "sender", "Plivo does not take the account's number or sender."),
    (re.compile(r"\W*(text|media_urls?)\b", re.I), "content", "Plivo refuses this text or attachment."),
)

_OPTS: dict[str, Opt] = {"optout": "stop", "optin": "start", "help": "help"}
_CHANNELS = frozenset({"", "sms", "mms"})
_MEDIA = re.compile(r"Media[0-9]{1,2}")
_ANSWER = b'<?xml version="1.0" encoding="UTF-8"?><Response/>'

SPEC = ProviderSpec(
    label="Plivo",
    credentials=(
        AccountField(
            "auth_id",
            "Auth ID",
            "MA (or SA for a subaccount) and 18 more characters, on the first page of the Plivo console.",
            pattern="(MA|SA)[0-9A-Za-z]{18}",
        ),
        AccountField(
            "auth_token",
            "Auth token",
            "Beside the Auth ID; it also signs what Plivo posts.",
            secret=True,
        ),
    ),
    options=(),
    sender=SenderRule(
        "(?=.*[A-Za-z])[A-Za-z0-9]{1,11}",
        "1 to 11 letters and digits, at least one letter; Plivo must have enabled it for the account.",
    ),
    reports=ReportRule("per_message"),
    setup=(
        "In the Plivo console open Messaging, Applications (XML) and add an application.",
        "As Message URL paste {receive_url} and choose the method POST.",
        "Open Phone Numbers, choose the number, set Application Type to XML and choose the application. Update.",
        "Delivery reports need no setting: each message names its own URL.",
    ),
    authentication="signature",
    # https://support.plivo.com/hc/en-us/articles/360041344652
    answer=AnswerRule(8, "three more tries after 60, 120 and 240 s, unless the answer was 2xx"),
    segments_per_second=None,
    media_per_message=10,
    # https://docs.plivo.com/docs/messaging/api/message/send-a-message
    max_characters=1600,
    base_url_required=False,
    number_form="digits",
    opt_out_reply="desk",
    assumed=(
        "V2 signatures are documented for messages and cover no field; V3 is seen in use and wins where it is there.",
        "Ten attachments per message; Plivo publishes only their total size of 5 MB.",
        "Times in reports carry no zone and are taken as UTC.",
        "Refusals carry no code; the parameter that the sentence begins with decides whose mistake it was.",
    ),
)


class Plivo(Provider):
    name = "plivo"
    spec = SPEC

    def verify(self, request: WebhookRequest, account: ProviderAccount, now: datetime) -> Verification:
        """`X-Plivo-Signature-V3` over URL, fields and nonce, or V2 over URL and nonce where no V3 header came at all.

        https://www.plivo.com/docs/messaging/concepts/signature-validation
        """
        token = account.credentials.get("auth_token", "")
        if not token:
            raise SignatureError("no auth token")
        version = "V3" if _signatures(request, "V3") or _nonce(request, "V3") is not None else "V2"
        given = [signature for header in _signatures(request, version) for signature in header.split(",")]
        nonce = (_nonce(request, version) or "").encode("utf-8", "replace")
        if not any(given) or not nonce:
            raise SignatureError("no signature")
        for signed in _signed_v3(request, nonce) if version == "V3" else _signed_v2(request, nonce):
            digest = base64.b64encode(hmac.digest(token.encode(), signed, "sha256"))
            if any(hmac.compare_digest(digest, one.strip().encode("utf-8", "replace")) for one in given):
                return Verification.verified
        raise SignatureError("signature does not match")

    def parse(self, request: WebhookRequest, account: ProviderAccount) -> list[Event]:
        """One message or status callback per call; WhatsApp and voice are ignored."""
        named = wire.fields(request)
        if "MessageUUID" not in named:
            if "CallUUID" in named:
                return [Ignored("a call, not a message")]
            raise MalformedRequest("no MessageUUID")
        if named.get("Type", "").strip().lower() not in _CHANNELS:
            return [Ignored("a message of another channel")]
        if named.get("Status", "").strip():
            return [_report(named, request.url, account)]
        if "Text" in named or "Body" in named or any(map(_MEDIA.fullmatch, named)):
            return [_inbound(named)]
        return [Ignored("neither a message nor a status")]

    def acknowledge(self, events: Sequence[Event]) -> WebhookResponse:
        """An empty response document, which sends nothing."""
        return WebhookResponse(200, {"Content-Type": "application/xml"}, _ANSWER)

    def send(self, message: OutboundMessage, account: ProviderAccount, http: HttpClient) -> Accepted:
        """https://docs.plivo.com/docs/messaging/api/message/send-a-message; it has no idempotency key."""
        calls.within_limits(message, SPEC, None if message.media_urls else UCS2_UNITS)
        url = f"{_account_url(account)}Message/"
        answer = calls.call(http, "POST", url, json=_document(message, account), auth=_auth(account))
        if not 200 <= answer.status_code < 300:
            raise _refusal(answer, calls.json_object(answer) or {}, account, message)
        body = calls.accepted_json(answer)
        uuids = body.get("message_uuid")
        uuid = next(iter(uuids), None) if isinstance(uuids, list) else uuids
        if isinstance(uuid, str) and uuid:
            return Accepted(uuid, Status.queued)
        if body.get("invalid_number"):
            raise SendError("recipient", "invalid_number", "Plivo does not take the customer's number.")
        if body.get("error"):
            raise _refusal(answer, body, account, message)
        raise SendError("unknown_outcome", "no_id", "Plivo's answer names no message.")

    def check(self, account: ProviderAccount, http: HttpClient) -> AccountCheck:
        """Reads the account, https://docs.plivo.com/docs/account/api/account"""
        return calls.account_check(http, _account_url(account), SPEC.label, _problem, auth=_auth(account))


PROVIDER = Plivo()


def _problem(found: dict[str, Any]) -> str | None:
    if "auth_id" not in found:
        return "Plivo's answer names no account."
    spent = found.get("billing_mode") == "prepaid" and calls.is_spent(found.get("cash_credits"))
    return "The Plivo account has no credit left." if spent else None


def _signatures(request: WebhookRequest, version: str) -> list[str]:
    """The signature by the account's own token and the one by its main account's."""
    names = f"X-Plivo-Signature-{version}", f"X-Plivo-Signature-Ma-{version}"
    return [value for value in map(request.header, names) if value is not None]


def _nonce(request: WebhookRequest, version: str) -> str | None:
    return request.header(f"X-Plivo-Signature-{version}-Nonce")


def _signed_v2(request: WebhookRequest, nonce: bytes) -> Iterator[bytes]:
    for url in wire.url_forms(request.url):
        yield _base(url) + nonce


def _signed_v3(request: WebhookRequest, nonce: bytes) -> Iterator[bytes]:
    """The URL without its query, `?`, the sorted query, `.`, the sorted fields of a POST, `.` and the nonce."""
    try:
        query = sorted(wire.raw_pairs(urlsplit(request.url).query.encode("utf-8", "replace")))
        posted = sorted(wire.raw_pairs(request.body)) if request.method.upper() != "GET" else []
    except MalformedRequest:
        raise SignatureError("unreadable form") from None
    if request.body and wire.content_type(request)[0] not in (wire.FORM, ""):
        raise SignatureError("not a form, so the signature does not cover it")
    tail = b"&".join(name + b"=" + value for name, value in query)
    tail += (b"." if query and posted else b"") + b"".join(name + value for name, value in posted)
    for url in wire.url_forms(request.url):
        yield _base(url) + (b"?" if query or posted else b"") + tail + b"." + nonce


def _base(url: str) -> bytes:
    return urlsplit(url)._replace(query="", fragment="").geturl().encode("utf-8", "replace")


def _inbound(named: dict[str, str]) -> InboundMessage:
    sender = wire.address(named.get("From"))
    if sender is None:
        raise MalformedRequest("a message without a sender")
    links = [named[name] for name in sorted(filter(_MEDIA.fullmatch, named), key=lambda name: int(name[5:]))]
    return InboundMessage(
        provider_message_id=wire.identifier(named["MessageUUID"]),
        sender=sender,
        recipient=wire.address(named.get("To")),
        text=wire.text(named.get("Text") or named.get("Body", "")),
        media=attachments.of_links((link, None) for link in links),
        opt=_OPTS.get(named.get("MessageIntent", "").strip().lower()),
        raw=dict(named),
    )


def _report(named: dict[str, str], url: str, account: ProviderAccount) -> DeliveryReport:
    code = wire.identifier(named.get("ErrorCode"))
    code = None if code and not code.strip("0") else code  # "000" is no error
    kind, words = ERRORS.get(code or "", (None, None))
    times = (named.get(name, "").strip() for name in ("DeliveryReportTime", "SentTime", "MessageTime"))
    return DeliveryReport(
        provider_message_id=wire.identifier(named["MessageUUID"]),
        message_id=wire.message_id(url),
        status=STATUSES.get(named["Status"].strip().lower(), Status.unknown),
        code=code,
        detail=words or calls.scrubbed(named.get("ErrorMessage"), account),
        recipient=wire.address(named.get("To")),
        occurred_at=wire.timestamp(f"{next(filter(None, times), '')} +0000", "%Y-%m-%d %H:%M:%S.%f %z"),
        opt="stop" if kind == "opted_out" else None,
        raw=dict(named),
    )


def _account_url(account: ProviderAccount) -> str:
    return f"{API}/{quote(account.credentials.get('auth_id', ''), safe='')}/"


def _auth(account: ProviderAccount) -> tuple[str, str]:
    return account.credentials.get("auth_id", ""), account.credentials.get("auth_token", "")


def _document(message: OutboundMessage, account: ProviderAccount) -> dict[str, Any]:
    """Numbers are written without a plus; the type decides between SMS and MMS."""
    sender = account.sender or account.phone.removeprefix("+")
    document: dict[str, Any] = {"src": sender, "dst": message.recipient.removeprefix("+")}
    if message.text:
        document["text"] = message.text
    if message.media_urls:
        document |= {"type": "mms", "media_urls": list(message.media_urls)}
    if message.delivery_url:
        document |= {"url": message.delivery_url, "method": "POST"}
    return document


def _refusal(answer: HttpAnswer, body: dict[str, Any], account: ProviderAccount, message: OutboundMessage) -> SendError:
    said = wire.string(body.get("error"))
    error = calls.refusal(answer, None, said, {}, account, message)
    if answer.status_code >= 500 or answer.status_code in (401, 408, 429):
        return error
    known = next((row for row in REFUSALS if row[0].match(said)), None)
    if answer.status_code == 403 and said and (known is None or known[1] != "funds"):
        # Of all else that Plivo refuses on this path it answers 403 to one thing (plivo-python: GeoPermissionError).
        return SendError("recipient", error.code, "The account may not send to this country or number.")
    return SendError(known[1], error.code, known[2]) if known else error
