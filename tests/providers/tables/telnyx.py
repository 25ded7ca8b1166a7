"""Telnyx for the conformance suite: its calls written and signed by code that shares nothing with the product."""

import base64
import json
from datetime import datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jsonschema import Draft202012Validator

from chalicelib.providers.contract import ProviderAccount, Status, WebhookRequest, WebhookResponse
from tests.providers.fakes import Call
from tests.providers.table import Reply, Report, Table, Text

KEY = "KEY0123456789ABCDEF_abcdefghijklmnopqrstuv"
URL = "https://desk.example.com/api/sms/accounts/acc_1/{}/token"
SIGNATURE, TIMESTAMP = "telnyx-signature-ed25519", "telnyx-timestamp"
MESSAGE_ID = "b0c7e8cb-6227-4c74-9f32-c7f80c30934b"

# https://developers.telnyx.com/api-reference/messages/send-a-message, as far as the desk uses it.
SCHEMA = {
    "type": "object",
    "required": ["from", "to"],
    "anyOf": [{"required": ["text"]}, {"required": ["media_urls"]}],
    "additionalProperties": False,
    "properties": {
        "from": {"type": "string", "pattern": r"^(\+[1-9][0-9]{6,14}|[0-9]{3,8})$"},
        "to": {"type": "string", "pattern": r"^(\+[1-9][0-9]{6,14}|[0-9]{3,8})$"},
        "text": {"type": "string", "minLength": 1},
        "media_urls": {"type": "array", "minItems": 1, "maxItems": 10, "items": {"type": "string"}},
        "webhook_url": {"type": "string", "pattern": "^https?://"},
    },
}


def private_key(seed: int) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32)


def public_key(seed: int) -> str:
    raw = private_key(seed).public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    return base64.b64encode(raw).decode()


SEEDS = {public_key(seed): seed for seed in (1, 2)}


def event(kind: str, payload: dict[str, Any], url: str = URL.format("receive")) -> WebhookRequest:
    """One event as Telnyx posts it."""
    data = {"record_type": "event", "event_type": kind, "id": "ev-1", "occurred_at": "2026-01-01T00:00:00.148+00:00"}
    body = {"data": {**data, "payload": payload}, "meta": {"attempt": 1, "delivered_to": "https://desk.example.com"}}
    return WebhookRequest("POST", url, {"Content-Type": "application/json"}, json.dumps(body).encode())


def write_text(method: str, text: Text) -> WebhookRequest:
    payload: dict[str, Any] = {"id": text.id, "record_type": "message", "direction": "inbound", "type": "SMS"}
    payload |= {"from": {"phone_number": text.sender, "carrier": "T-Mobile", "line_type": "Wireless"}, "cc": []}
    payload |= {"to": [{"phone_number": text.recipient, "status": "webhook_delivered"}], "media": [], "errors": []}
    payload |= {"text": text.text, "received_at": "2026-01-01T00:00:00.503+00:00", "parts": 1}
    if text.opt:
        payload["autoresponse_type"] = text.opt.upper()
    return event("message.received", payload)


def write_report(method: str, report: Report) -> WebhookRequest:
    payload: dict[str, Any] = {"id": report.id, "direction": "outbound", "text": "Hello", "type": "SMS"}
    payload |= {"to": [{"phone_number": "+14155550100", "status": report.status}], "errors": []}
    if report.code:
        payload["errors"] = [{"code": report.code, "title": "Blocked due to STOP message"}]
    url = URL.format("delivery") + (f"/{report.message_id}" if report.message_id else "")
    return event("message.finalized", payload, url)


def sign(request: WebhookRequest, account: ProviderAccount, now: datetime) -> WebhookRequest:
    stamp = str(int(now.timestamp()))
    key = private_key(SEEDS[account.credentials["public_key"]])
    signature = base64.b64encode(key.sign(f"{stamp}|".encode() + request.body)).decode()
    headers = {**request.headers, SIGNATURE: signature, TIMESTAMP: stamp}
    return WebhookRequest(request.method, request.url, headers, request.body)


def unsign(request: WebhookRequest) -> WebhookRequest:
    kept = {name: value for name, value in request.headers.items() if name not in (SIGNATURE, TIMESTAMP)}
    return WebhookRequest(request.method, request.url, kept, request.body)


def validate_call(sent: Call) -> None:
    assert (sent.method, sent.url) == ("POST", "https://api.telnyx.com/v2/messages")
    assert sent.headers["Authorization"] == f"Bearer {KEY}"
    Draft202012Validator(SCHEMA).validate(sent.json())


def queued(**changes: object) -> Reply:
    data = {"id": MESSAGE_ID, "record_type": "message", "parts": 1, "encoding": "GSM-7", "errors": []}
    data |= {"to": [{"phone_number": "+14155550100", "status": "queued"}], "cost": {"amount": "0.0051"}}
    return Reply(200, {"data": {**data, **changes}}, {})


def error(status: int, code: str, title: str = "Refused", detail: str = "for +14155550100") -> Reply:
    return Reply(status, {"errors": [{"code": code, "title": title, "detail": detail, "meta": {}}]}, {})


def raw(body: bytes) -> WebhookRequest:
    return WebhookRequest("POST", URL.format("receive"), {"Content-Type": "application/json"}, body)


PARTIES = {"from": {"phone_number": "+14155550100"}, "to": [{"phone_number": "+14155550199"}]}
FAILED = {"to": [{"phone_number": "+14155550100", "status": "delivery_failed"}]}

TABLE = Table(
    name="telnyx",
    account=ProviderAccount("telnyx", "+14155550199", {"api_key": KEY, "public_key": public_key(1)}),
    other_secret={"api_key": "KEYfedcba9876543210_abcdefghijklmnopqrstuv"},
    other_key={"public_key": public_key(2)},
    unsigned_without=("public_key",),
    signed=True,
    replay_seconds=300,
    methods=("POST",),
    write_text=write_text,
    write_report=write_report,
    unknown_event=event("call.initiated", {"call_control_id": "v3:1"}),
    malformed={
        "empty": raw(b""),
        "a list": raw(b"[]"),
        "no event": raw(b'{"data": {}}'),
        "webhooks of version 1": raw(b'{"sms_id": "1", "direction": "inbound", "from": "+14155550100", "body": "hi"}'),
        "no sender": event("message.received", {"id": "1", "text": "hi", "to": PARTIES["to"]}),
        "endless sender": event("message.received", {"id": "1", "from": "1" * 65}),
        "endless id": event("message.received", {**PARTIES, "id": "1" * 201}),
        "endless text": event("message.received", {**PARTIES, "id": "1", "text": "x" * 20_001}),
        "a GET": WebhookRequest("GET", URL.format("receive"), {}, b'{"data": {"event_type": "message.sent"}}'),
    },
    content_types=("application/json",),
    sign=sign,
    unsign=unsign,
    opts=("stop", "start", "help"),
    statuses={
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
    },
    opt_out_report=Report("id-1", "delivery_failed", code="40300"),
    accepted=queued(),
    accepted_id=MESSAGE_ID,
    error_inside=(queued(errors=[{"code": "40310", "title": "Invalid 'to' address"}]), "recipient", "40310"),
    without_id=queued(id=None),
    errors=(
        (error(422, "40310"), "recipient", "40310"),
        (error(422, "40305"), "sender", "40305"),
        (error(422, "40302"), "content", "40302"),
        (error(403, "40300", "Blocked due to STOP message"), "opted_out", "40300"),
        (error(403, "40300", "Forbidden", "due to an existing block rule."), "opted_out", "40300"),
        (error(403, "40300", "Forbidden", "The from number is not assigned to a profile."), "sender", "40300"),
        (error(401, "10009"), "credentials", "10009"),
        (error(403, "10010"), "credentials", "10010"),
        (error(403, "20012"), "funds", "20012"),
        (error(403, "20100"), "funds", "20100"),
        (error(403, "20013"), "credentials", "20013"),
        (error(400, "10015"), "configuration", "10015"),
        (error(404, "10005"), "configuration", "10005"),
        (error(429, "10011"), "throttled", "10011"),
        (error(429, "40310"), "throttled", "40310"),
        (error(400, "40318"), "throttled", "40318"),
        (error(500, "10007"), "unknown_outcome", "10007"),
        (error(503, "99999"), "unknown_outcome", "99999"),
        (Reply(408, "", {}), "unknown_outcome", "http_408"),
        (Reply(302, "", {"Location": "https://elsewhere.example"}), "configuration", "http_302"),
        (error(200, "40310"), "recipient", "40310"),
        (queued(**FAILED), "configuration", "http_200"),
        (queued(errors=[{"code": "40318"}]), "unknown_outcome", "40318"),
    ),
    server_error_kind="unknown_outcome",
    acknowledgement=WebhookResponse(200, {"Content-Type": "text/plain; charset=utf-8"}, b""),
    validate_call=validate_call,
    checked=Reply(200, {"data": {"available_credit": "400.00", "currency": "USD"}}, {}),
)
