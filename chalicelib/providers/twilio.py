"""Twilio Programmable Messaging (REST API 2010-04-01)."""

import base64
import hashlib
import hmac
import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

from chalicelib.providers import attachments, calls, wire
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
from chalicelib.providers.spec import AccountField, AnswerRule, ProviderSpec, ReportRule

API = "https://api.twilio.com/2010-04-01/Accounts"

# https://www.twilio.com/docs/messaging/api/message-resource#message-status-values
STATUSES = {
    "accepted": Status.queued,
    "scheduled": Status.queued,
    "queued": Status.queued,
    "sending": Status.queued,
    "sent": Status.sent,
    "delivered": Status.delivered,
    "read": Status.delivered,
    "partially_delivered": Status.delivered,
    "undelivered": Status.failed,
    "failed": Status.failed,
    "canceled": Status.rejected,
}
_INBOUND_STATUSES = frozenset({"receiving", "received"})
_NOT_SENT = frozenset({"failed", "undelivered", "canceled"})

# https://www.twilio.com/docs/api/errors; 30001 and above come from the carrier after acceptance, mostly in a report.
# 429: "requests that receive 429 aren't processed and are safe to retry" (…/errors/20429).
ERRORS = calls.error_table(
    ("recipient", "The number cannot get texts.", "21211 21214 21217 21401 21421 21604 21614 21612"),
    ("recipient", "The number is unknown, switched off or a landline.", "30003 30005 30006"),
    ("recipient", "The account may not send to this country or number.", "21408 21608 21219 21215"),
    ("opted_out", "The customer has opted out at Twilio (STOP).", "21610"),
    ("sender", "The account's number may not send this.", "21212 21603 21606 21607 21618 21659 21660"),
    ("sender", "The Messaging Service cannot be used.", "21701 21702 21703 21704 21705 21709 21712"),
    ("sender", "The account's number is not registered for this traffic.", "30018 30032 30034 30036"),
    ("content", "Twilio refuses this text or attachment.", "21602 21617 21620 21623 30019"),
    ("content", "The carrier filtered the text.", "30007"),
    ("credentials", "Twilio refuses the account's credentials.", "20003 20006 20403"),
    ("credentials", "The Twilio account is suspended or not active.", "20005 30002"),
    ("throttled", "Twilio asks to send more slowly.", "20429 14107 63018 21611"),
    ("unknown_outcome", "Twilio cannot say what became of the text.", "20500 20503 30001 30008 30017 30022"),
)

_OPTS: dict[str, Opt] = {"STOP": "stop", "START": "start", "HELP": "help"}
_MEDIA = re.compile(r"MediaUrl([0-9]{1,2})")
_BASE64 = re.compile(r"[A-Za-z0-9+/]{60,}={0,2}")
_TWIML = b'<?xml version="1.0" encoding="UTF-8"?><Response/>'

SPEC = ProviderSpec(
    label="Twilio",
    credentials=(
        AccountField(
            "account_sid",
            "Account SID",
            "AC and 32 hexadecimal digits, on the first page of the Twilio console.",
            pattern="AC[0-9a-fA-F]{32}",
        ),
        AccountField(
            "auth_token",
            "Auth token",
            "The primary auth token, below the Account SID; it also signs what Twilio posts. API keys do not.",
            secret=True,
        ),
    ),
    options=(
        AccountField(
            "messaging_service_sid",
            "Messaging Service SID",
            "MG and 32 hexadecimal digits; texts then leave from the service's sender pool.",
            required=False,
            pattern="MG[0-9a-fA-F]{32}",
        ),
    ),
    sender=None,
    reports=ReportRule("per_message"),
    setup=(
        "In the Twilio console open Phone Numbers, Manage, Active numbers, and choose the number.",
        "Under Messaging, A message comes in, choose Webhook and HTTP POST and paste {receive_url}",
        "If the number belongs to a Messaging Service, paste the URL there instead: Integration, Send a webhook.",
        "Save. Delivery reports need no setting: each message names its own URL.",
    ),
    authentication="signature",
    # https://www.twilio.com/docs/usage/webhooks/webhooks-connection-overrides
    answer=AnswerRule(15, "one more try, after a failed connection only; an HTTP error is not tried again"),
    segments_per_second=None,
    # https://www.twilio.com/docs/messaging/api/message-resource#create-a-message-resource
    media_per_message=10,
    max_characters=1600,
    base_url_required=False,
    number_form="e164",
    opt_out_reply="provider",
)


class Twilio(Provider):
    name = "twilio"
    spec = SPEC

    def verify(self, request: WebhookRequest, account: ProviderAccount, now: datetime) -> Verification:
        """`X-Twilio-Signature`, https://www.twilio.com/docs/usage/security; there is no timestamp in it."""
        token = account.credentials.get("auth_token", "")
        given = (request.header("X-Twilio-Signature") or "").encode("utf-8", "replace")
        if not token or not given:
            raise SignatureError("no signature" if token else "no auth token")
        suffix = _signed_fields(request)
        for url in wire.url_forms(request.url):
            digest = hmac.new(token.encode(), url.encode("utf-8", "replace") + suffix, hashlib.sha1).digest()
            if hmac.compare_digest(base64.b64encode(digest), given):
                return Verification.verified
        raise SignatureError("signature does not match")

    def parse(self, request: WebhookRequest, account: ProviderAccount) -> list[Event]:
        """One message or status callback per call; other products' events are ignored."""
        if request.method.upper() == "POST" and wire.content_type(request)[0] == wire.JSON:
            wire.json_value(request.body)
            return [Ignored("a JSON event, none of Programmable Messaging")]
        named = wire.fields(request)
        status = named.get("MessageStatus", "").strip().lower()
        if status and status not in _INBOUND_STATUSES:
            return [_report(named, status, request.url, account)]
        if "Body" in named or "MediaUrl0" in named:
            return [_inbound(named)]
        status = status or named.get("SmsStatus", "").strip().lower()
        if status and status not in _INBOUND_STATUSES:
            return [_report(named, status, request.url, account)]
        if status:
            return [_inbound(named)]
        if "AccountSid" not in named:
            raise MalformedRequest("neither a message nor a status")
        return [Ignored("neither a message nor a status")]

    def acknowledge(self, events: Sequence[Event]) -> WebhookResponse:
        """Empty TwiML; text/plain would be sent to the customer as an answer."""
        return WebhookResponse(200, {"Content-Type": "text/xml"}, _TWIML)

    def send(self, message: OutboundMessage, account: ProviderAccount, http: HttpClient) -> Accepted:
        """CreateMessage, https://www.twilio.com/docs/messaging/api/message-resource; it has no idempotency key."""
        calls.within_limits(message, SPEC)
        form = _form(message, account)
        url = f"{_account_url(account)}/Messages.json"
        answer = calls.call(http, "POST", url, data=form, auth=_auth(account), headers={"Accept": "application/json"})
        if not 200 <= answer.status_code < 300:
            raise _refusal(answer, calls.json_object(answer) or {}, account, message)
        body = calls.accepted_json(answer)
        status = str(body.get("status")).lower()
        if body.get("error_code") or body.get("code") or status in _NOT_SENT:
            raise _refusal(answer, body, account, message)
        sid = body.get("sid")
        if not isinstance(sid, str) or not sid:
            raise SendError("unknown_outcome", "no_id", "Twilio's answer names no message.")
        counted = str(body.get("num_segments"))  # "0" until a Messaging Service has chosen the sender
        segments = int(counted) if re.fullmatch("[1-9][0-9]?", counted) else None
        return Accepted(sid, STATUSES.get(status, Status.queued), segments)

    def check(self, account: ProviderAccount, http: HttpClient) -> AccountCheck:
        """Reads the account resource, https://www.twilio.com/docs/iam/api/account"""
        try:
            answer = calls.call(http, "GET", f"{_account_url(account)}.json", auth=_auth(account))
        except SendError as error:
            return calls.unchecked(error)
        if answer.status_code in (401, 403, 404):
            return AccountCheck("problem", "Twilio refuses the Account SID or the auth token.")
        body = calls.json_object(answer) or {}
        if answer.status_code != 200 or "status" not in body:
            return AccountCheck("problem", f"Twilio answered with HTTP {answer.status_code} and no account.")
        if body["status"] != "active":
            return AccountCheck("problem", "The Twilio account is suspended or closed.")
        return AccountCheck("ok")


PROVIDER = Twilio()


def _signed_fields(request: WebhookRequest) -> bytes:
    """What is signed after the URL: the form's pairs, sorted, each once; any other body by its hash in the URL."""
    if request.method.upper() == "GET":
        return b""
    if wire.content_type(request)[0] in (wire.FORM, ""):
        try:
            return b"".join(name + value for name, value in sorted(set(wire.raw_pairs(request.body))))
        except MalformedRequest:
            raise SignatureError("unreadable form") from None
    named = parse_qs(urlsplit(request.url).query).get("bodySHA256", [""])[0].lower()
    if not hmac.compare_digest(hashlib.sha256(request.body).hexdigest().encode(), named.encode("utf-8", "replace")):
        raise SignatureError("body hash is missing or does not match")
    return b""


def _provider_id(named: dict[str, str]) -> str | None:
    found = next((named[name] for name in ("MessageSid", "SmsSid", "SmsMessageSid") if named.get(name)), None)
    return wire.identifier(found)


def _inbound(named: dict[str, str]) -> InboundMessage:
    sender = wire.address(named.get("From"))
    if sender is None:
        raise MalformedRequest("a message without a sender")
    numbers = sorted((found.group(1) for found in map(_MEDIA.fullmatch, named) if found), key=int)
    return InboundMessage(
        provider_message_id=_provider_id(named),
        sender=sender,
        recipient=wire.address(named.get("To")),
        text=wire.text(_plain(named.get("Body", ""))),
        media=attachments.of_links((named[f"MediaUrl{n}"], named.get(f"MediaContentType{n}")) for n in numbers),
        opt=_OPTS.get(named.get("OptOutType", "").strip().upper()),
        raw=dict(named),
    )


def _plain(body: str) -> str:
    """Long texts that a carrier delivered as MMS arrive now and then in base64; anything else stays as it is."""
    packed = re.sub(r"[\r\n]", "", body)
    if len(packed) % 4 or not _BASE64.fullmatch(packed):
        return body
    try:
        decoded = base64.b64decode(packed, validate=True).decode("utf-8")
    except ValueError:
        return body
    return decoded if all(character.isprintable() or character.isspace() for character in decoded) else body


def _report(named: dict[str, str], status: str, url: str, account: ProviderAccount) -> DeliveryReport:
    code = wire.identifier(named.get("ErrorCode"))
    kind, words = ERRORS.get(code or "", (None, None))
    done = named.get("RawDlrDoneDate", "")
    return DeliveryReport(
        provider_message_id=_provider_id(named),
        message_id=wire.message_id(url),
        status=STATUSES.get(status, Status.unknown),
        code=code,
        detail=words or calls.scrubbed(named.get("ErrorMessage"), account),
        recipient=wire.address(named.get("To")),
        # YYMMDDhhmm without a zone; taken as UTC.
        occurred_at=wire.timestamp(f"{done} +0000", "%y%m%d%H%M %z") if re.fullmatch("[0-9]{10}", done) else None,
        opt="stop" if kind == "opted_out" else None,
        raw=dict(named),
    )


def _account_url(account: ProviderAccount) -> str:
    return f"{API}/{quote(account.credentials.get('account_sid', ''), safe='')}"


def _auth(account: ProviderAccount) -> tuple[str, str]:
    return account.credentials.get("account_sid", ""), account.credentials.get("auth_token", "")


def _form(message: OutboundMessage, account: ProviderAccount) -> dict[str, Any]:
    service = account.options.get("messaging_service_sid")
    form: dict[str, Any] = {"To": message.recipient}
    form |= {"MessagingServiceSid": service} if service else {"From": account.phone}
    optional = {"Body": message.text, "MediaUrl": list(message.media_urls), "StatusCallback": message.delivery_url}
    return form | {name: value for name, value in optional.items() if value}


def _refusal(answer: HttpAnswer, body: dict[str, Any], account: ProviderAccount, message: OutboundMessage) -> SendError:
    """Twilio's error in both of its body forms: `code`, `message` and (RFC 9457) `code`, `title`, `detail`."""
    code = body.get("error_code") or body.get("code")
    said = body.get("error_message") or body.get("message") or body.get("detail") or body.get("title")
    error = calls.refusal(answer, code, said, ERRORS, account, message)
    if body.get("sid") and error.retryable:
        return SendError("unknown_outcome", error.code, error.detail)  # it was taken, so it must not go out again
    return error
