"""Telnyx Messaging (API v2)."""

import base64
import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

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

API = "https://api.telnyx.com/v2"
# telnyx-python, lib/webhook_verification.py: seconds, in both directions.
TOLERANCE = 300

# team-telnyx/openapi spec3.json, OutboundMessagePayload: the status of each recipient.
STATUSES = {
    "queued": Status.queued,
    "scheduled": Status.queued,
    "sending": Status.queued,
    "sent": Status.sent,
    "delivered": Status.delivered,
    "read": Status.delivered,
    "sending_failed": Status.failed,
    "delivery_failed": Status.failed,
    "expired": Status.expired,
    "delivery_unconfirmed": Status.unknown,
}
_NOT_SENT = frozenset({"sending_failed", "delivery_failed", "expired"})

# https://developers.telnyx.com/docs/messaging/messages/error-codes and …/development/api-fundamentals/api-errors
ERRORS = calls.error_table(
    ("recipient", "The number cannot get texts.", "10002 10016 40301 40310 40319 40331 40001 40008 40012"),
    ("recipient", "The number is out of reach for now.", "40006"),
    ("recipient", "The account may not send to this country or number.", "40309"),
    ("recipient", "The customer's carrier refuses the text.", "40004"),
    (
        "sender",
        "The account's number may not send this.",
        "40305 40306 40307 40308 40311 40312 40313 40315 40013 40100",
    ),
    ("sender", "The account's number is not registered for this traffic.", "40321 40325 40329 40330 40010"),
    ("content", "Telnyx refuses this text or attachment.", "40302 40304 40316 40317 40322 40328 40009"),
    ("content", "The text was filtered as spam.", "40002 40003 40015 40017"),
    ("credentials", "Telnyx refuses the API key.", "10009 10010 20001 20002 20003 20006 20008"),
    ("credentials", "The Telnyx account or its messaging is blocked.", "20013 40314"),
    ("funds", "The Telnyx account has no funds left or has reached its limit.", "20012 20100 40333"),
    ("throttled", "Telnyx asks to send more slowly.", "10011 40318"),
    ("unknown_outcome", "The carrier takes no more texts from this number for now.", "40011 40016 40018"),
    ("unknown_outcome", "Telnyx cannot say what became of the text.", "10007 10008 10037 40320"),
    ("unknown_outcome", "The text expired on its way.", "40005 40014"),
    ("sender", "", "40300"),  # in Telnyx's own words
)
# Telnyx's pages disagree about 40300: a block rule after STOP, or a number without a messaging profile.
_BLOCK_RULE = re.compile(r"\bSTOP\b|block rule", re.I)
_BLOCKED: calls.ErrorTable = {**ERRORS, "40300": ("opted_out", "The customer has opted out at Telnyx (STOP).")}

_OPTS: dict[str, Opt] = {"STOP": "stop", "START": "start", "HELP": "help"}
_CHANNELS = frozenset({"", "SMS", "MMS"})
_REPORTS = frozenset({"message.sent", "message.finalized"})

SPEC = ProviderSpec(
    label="Telnyx",
    credentials=(
        AccountField("api_key", "API key", "A v2 key (KEY…), Keys & Credentials.", secret=True, pattern="[!-~]{1,500}"),
        AccountField(
            "public_key",
            "Public key",
            "44 characters in base64, from Keys & Credentials, Public Key; without it no call can be verified.",
            required=False,
            pattern="[A-Za-z0-9+/]{43}=",
            rotated=True,
        ),
    ),
    options=(),
    sender=None,
    reports=ReportRule("per_message"),
    setup=(
        "In the Telnyx portal open Messaging, Programmable Messaging, and choose or add a messaging profile.",
        "Under Inbound, as webhook URL, paste {receive_url} and choose webhook API version 2. Save.",
        "Under Numbers, My Numbers, assign the number to this messaging profile.",
        "Open Account Settings, Keys & Credentials, Public Key, and store the key in this account.",
        "Delivery reports need no setting: each message names its own URL.",
    ),
    authentication="signature",
    # https://developers.telnyx.com/docs/messaging/messages/receiving-webhooks
    answer=AnswerRule(2, "up to three tries with growing pauses, unless the answer was 2xx"),
    segments_per_second=None,
    # https://developers.telnyx.com/api-reference/messages/send-a-message; ten parts of 153 characters.
    media_per_message=10,
    max_characters=1530,
    base_url_required=False,
    number_form="e164",
    opt_out_reply="desk",
    assumed=(
        "40300 is an opt-out only where its words name STOP or a block rule; Telnyx's pages disagree about it.",
        "Telnyx's own answers to STOP are off in the messaging profile, since the desk answers.",
        "Webhooks of API version 1 are not understood.",
    ),
)


class Telnyx(Provider):
    name = "telnyx"
    spec = SPEC

    def verify(self, request: WebhookRequest, account: ProviderAccount, now: datetime) -> Verification:
        """Ed25519 over timestamp, `|` and the raw body (telnyx-python, lib/webhook_verification.py)."""
        public_key = account.credentials.get("public_key")
        if not public_key:
            return Verification.unsigned
        given = request.header("telnyx-signature-ed25519")
        stamp = request.header("telnyx-timestamp") or ""
        if not given or not re.fullmatch("[0-9]{1,12}", stamp):
            raise SignatureError("no signature" if not given else "no timestamp")
        if abs(now.timestamp() - int(stamp)) > TOLERANCE:
            raise SignatureError("timestamp too far from now")
        _check_signature(public_key, given, stamp.encode() + b"|" + request.body)
        return Verification.verified

    def parse(self, request: WebhookRequest, account: ProviderAccount) -> list[Event]:
        """One event per call, told apart by its type; every kind may come to either URL."""
        data = wire.record(wire.record(wire.posted_json(request)).get("data"))
        kind = wire.string(data.get("event_type"))
        if not kind:
            raise MalformedRequest("no event of API v2")
        payload = wire.record(data.get("payload"))
        if kind == "message.received":
            return [_inbound(payload, data, account)]
        if kind in _REPORTS:
            return [_report(payload, data, request.url, account)]
        return [Ignored("an event of another kind")]

    def acknowledge(self, events: Sequence[Event]) -> WebhookResponse:
        """Any 2xx; the body is not read."""
        return WebhookResponse.empty()

    def send(self, message: OutboundMessage, account: ProviderAccount, http: HttpClient) -> Accepted:
        """SendMessage, https://developers.telnyx.com/api-reference/messages/send-a-message; it has no idempotency."""
        calls.within_limits(message, SPEC)
        document = _document(message, account)
        answer = calls.call(http, "POST", f"{API}/messages", json=document, headers=_headers(account))
        if not 200 <= answer.status_code < 300:
            raise _refusal(answer, calls.json_object(answer) or {}, account, message)
        body = calls.accepted_json(answer)
        data = wire.record(body.get("data"))
        status = _recipient(data)[1]
        if body.get("errors") or data.get("errors") or status in _NOT_SENT:
            raise _refusal(answer, body, account, message)
        message_id = data.get("id")
        if not isinstance(message_id, str) or not message_id:
            raise SendError("unknown_outcome", "no_id", "Telnyx's answer names no message.")
        known = STATUSES.get(status, Status.queued)
        return Accepted(
            message_id, Status.queued if known is Status.unknown else known, calls.segments(data.get("parts"))
        )

    def check(self, account: ProviderAccount, http: HttpClient) -> AccountCheck:
        """Reads the balance, https://developers.telnyx.com/docs/development/api-fundamentals/first-api-request"""
        return calls.account_check(http, f"{API}/balance", SPEC.label, _problem, headers=_headers(account))


PROVIDER = Telnyx()


def _problem(found: dict[str, Any]) -> str | None:
    credit = wire.record(found.get("data")).get("available_credit")
    if credit is None:
        return "Telnyx's answer tells no balance."
    return "The Telnyx account has no funds left." if calls.is_spent(credit) else None


def _check_signature(public_key: str, given: str, signed: bytes) -> None:
    # Only here, so that the other providers' cold starts do not pay for it.
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        key = Ed25519PublicKey.from_public_bytes(base64.b64decode(public_key, validate=True))
    except ValueError:
        raise SignatureError("the account's public key is none") from None
    try:
        key.verify(base64.b64decode(given, validate=True), signed)
    except (InvalidSignature, ValueError):
        raise SignatureError("signature does not match") from None


def _number(party: object) -> str | None:
    """Mostly an object with `phone_number`, now and then the bare number."""
    return wire.address(wire.string(wire.record(party).get("phone_number")) or wire.string(party))


def _recipient(payload: dict[str, Any]) -> tuple[object, str]:
    """The first recipient and its status; the desk sends to one at a time."""
    first = next(iter(wire.items(payload.get("to"))), None)
    return first, wire.string(wire.record(first).get("status")).lower()


def _inbound(payload: dict[str, Any], data: dict[str, Any], account: ProviderAccount) -> Event:
    if wire.string(payload.get("type")).upper() not in _CHANNELS:
        return Ignored("a message of another channel")
    sender = _number(payload.get("from"))
    if sender is None:
        raise MalformedRequest("a message without a sender")
    to = [_number(party) for party in wire.items(payload.get("to"))]
    return InboundMessage(
        provider_message_id=wire.identifier(wire.string(payload.get("id"))),
        sender=sender,
        # A group message names several; the one that is the account's counts.
        recipient=account.phone if account.phone in to else next(iter(to), None),
        text=wire.text(wire.string(payload.get("text"))),
        received_at=wire.iso_time(payload.get("received_at")),
        media=attachments.of_links(map(_media, map(wire.record, wire.items(payload.get("media"))))),
        opt=_OPTS.get(wire.string(payload.get("autoresponse_type")).upper()),
        raw=data,
    )


def _media(item: dict[str, Any]) -> tuple[str, str, int | None]:
    size = wire.string(item.get("size"))
    known = int(size) if re.fullmatch("[0-9]{1,12}", size) else None
    return wire.string(item.get("url")), wire.string(item.get("content_type")), known


def _report(payload: dict[str, Any], data: dict[str, Any], url: str, account: ProviderAccount) -> DeliveryReport:
    party, status = _recipient(payload)
    code, said = _error(payload)
    known, (kind, words) = STATUSES.get(status, Status.unknown), _errors(said).get(code, (None, None))
    return DeliveryReport(
        provider_message_id=wire.identifier(wire.string(payload.get("id"))),
        message_id=wire.message_id(url),
        status=known,
        code=wire.identifier(code),
        detail=words or calls.scrubbed(said, account) or calls.unmapped(known, status, account),
        recipient=_number(party),
        occurred_at=wire.iso_time(data.get("occurred_at")),
        opt="stop" if kind == "opted_out" else None,
        raw=data,
    )


def _error(body: dict[str, Any]) -> tuple[str, str]:
    """Code and words of the first error that a body names."""
    errors = wire.items(body.get("errors")) or wire.items(wire.record(body.get("data")).get("errors"))
    first = wire.record(next(iter(errors), None))
    said = f"{wire.string(first.get('title'))} {wire.string(first.get('detail'))}".strip()
    return wire.string(first.get("code")), said


def _errors(said: str) -> calls.ErrorTable:
    return _BLOCKED if _BLOCK_RULE.search(said) else ERRORS


def _headers(account: ProviderAccount) -> dict[str, str]:
    return {"Authorization": f"Bearer {account.credentials.get('api_key', '')}", "Accept": "application/json"}


def _document(message: OutboundMessage, account: ProviderAccount) -> dict[str, Any]:
    document: dict[str, Any] = {"from": account.phone, "to": message.recipient}
    optional = {"text": message.text, "media_urls": list(message.media_urls), "webhook_url": message.delivery_url}
    return document | {name: value for name, value in optional.items() if value}


def _refusal(answer: HttpAnswer, body: dict[str, Any], account: ProviderAccount, message: OutboundMessage) -> SendError:
    code, said = _error(body)
    error = calls.refusal(answer, code, said, _errors(said), account, message)
    if wire.record(body.get("data")).get("id") and error.retryable:
        return SendError("unknown_outcome", error.code, error.detail)  # it was taken, so it must not go out again
    if answer.status_code == 429 and error.retry_after is None:
        # Telnyx names the seconds in a header of its own: developers.telnyx.com, rate-limiting.
        reset = next((value for name, value in answer.headers.items() if name.lower() == "x-ratelimit-reset"), "")
        return SendError(error.kind, error.code, error.detail, calls.retry_after({"Retry-After": reset}))
    return error
