"""Clickatell for the conformance suite: its calls written by code that shares nothing with the product."""

import json
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from jsonschema import Draft202012Validator

from chalicelib.providers.contract import ProviderAccount, Status, WebhookRequest, WebhookResponse
from tests.providers.fakes import Call
from tests.providers.table import Reply, Report, Table, Text

KEY = "f7nrX2YkTzK-5d3vQ0hJ1A=="
URL = "https://desk.example.com/api/sms/accounts/acc_1/{}/token"
JSON = {"Content-Type": "application/json"}
MESSAGE_ID = "77fb29998253415fa5d66971d519d362"

# guides.clickatell.com, One API, send messages: written after its table of fields, since no schema is published.
SCHEMA = {
    "type": "object",
    "required": ["messages"],
    "additionalProperties": False,
    "properties": {
        "messages": {
            "type": "array",
            "minItems": 1,
            "maxItems": 100,
            "items": {
                "type": "object",
                "required": ["to", "content"],
                "additionalProperties": False,
                "properties": {
                    "channel": {"enum": ["sms"]},
                    "to": {"type": "string", "pattern": "^[1-9][0-9]{6,14}$"},
                    "from": {"type": "string", "pattern": "^[1-9][0-9]{2,14}$"},
                    "content": {"type": "string", "minLength": 1},
                    "clientMessageId": {"type": "string", "pattern": "^[^ ]{1,64}$"},
                },
            },
        }
    },
}


def event(kind: str, item: dict[str, Any], url: str = URL.format("receive")) -> WebhookRequest:
    """A One API callback as Clickatell posts it."""
    named = {"integrationId": "fa8090815f05d5ed015f0b5b56080cd2", "integrationName": "Desk", "event": {kind: [item]}}
    return WebhookRequest("POST", url, JSON, json.dumps(named).encode())


def flat(method: str, fields: dict[str, Any], url: str = URL.format("receive")) -> WebhookRequest:
    """A callback of the SMS API."""
    if method == "GET":
        return WebhookRequest("GET", f"{url}?{urlencode(fields)}", {}, b"")
    return WebhookRequest("POST", url, JSON, json.dumps(fields).encode())


def udh(text: Text) -> str:
    """The user data header of a concatenated short message with a reference of 8 bits (3GPP TS 23.040, 9.2.3.24.1)."""
    if text.part is None:
        return ""
    reference, number, total = text.part
    return f"050003{reference:02X}{total:02X}{number:02X}"


def write_text(method: str, text: Text) -> WebhookRequest:
    sender, recipient = text.sender.removeprefix("+"), text.recipient.removeprefix("+")
    if method == "GET" or text.part:
        fields = {"integrationName": "Desk", "messageId": "an-earlier-text", "replyMessageId": text.id}
        fields |= {"fromNumber": sender, "toNumber": recipient, "timestamp": "1506607698000", "text": text.text}
        return flat(method, fields | {"charset": "UTF-8", "keyword": "", "udh": udh(text)})
    item = {"channel": "sms", "messageId": text.id, "relatedMessageId": "an-earlier-text", "from": sender}
    item |= {"to": recipient, "timestamp": 1506607698000, "content": text.text, "charset": "UTF-8"}
    return event("moText", item | {"sms": {"network": "65501"}})


def write_report(method: str, report: Report) -> WebhookRequest:
    item: dict[str, Any] = {"messageId": report.id, "status": report.status, "timestamp": 1506607698000}
    if report.message_id:
        item["clientMessageId"] = report.message_id
    if method == "GET":
        return flat("GET", {"integrationName": "Desk", "requestId": "r-1", **item}, URL.format("delivery"))
    return event("messageStatusUpdate", {"channel": "sms", **item}, URL.format("delivery"))


def unchanged(request: WebhookRequest, *_: ProviderAccount | datetime) -> WebhookRequest:
    """Clickatell signs nothing."""
    return request


def validate_call(sent: Call) -> None:
    assert (sent.method, sent.url) == ("POST", "https://platform.clickatell.com/v1/message")
    assert sent.headers["Authorization"] == KEY
    assert sent.headers["Content-Type"] == "application/json"
    Draft202012Validator(SCHEMA).validate(json.loads(sent.body))


def answered(status: int = 202, **changes: object) -> Reply:
    entry = {"apiMessageId": MESSAGE_ID, "accepted": True, "to": "14155550100", "error": None, **changes}
    return Reply(status, {"messages": [entry], "error": None}, {})


def refused(status: int, code: int) -> Reply:
    reason = {"code": code, "description": "Refused for 14155550100"}
    return answered(status, apiMessageId=None, accepted=False, error=reason)


def error(status: int, code: int) -> Reply:
    """One that concerns the whole call."""
    return Reply(status, {"error": {"code": code, "description": "Refused"}}, {})


def sentence(status: int, words: str) -> Reply:
    """An answer of the older shape, whose error is a sentence."""
    return answered(status, apiMessageId=None, accepted=False, error=words, errorCode="26")


def raw(body: bytes, content_type: str = "application/json") -> WebhookRequest:
    return WebhookRequest("POST", URL.format("receive"), {"Content-Type": content_type}, body)


TEXT = {"channel": "sms", "messageId": "1", "from": "14155550100", "content": "hi"}

TABLE = Table(
    name="clickatell",
    account=ProviderAccount("clickatell", "+14155550199", {"api_key": KEY}),
    other_secret={"api_key": "A1Jh0Qv3d5-KzTkY2Xrn7f=="},
    signed=False,
    replay_seconds=None,
    methods=("POST", "GET"),
    write_text=write_text,
    write_report=write_report,
    unknown_event=event("moHologram", {"channel": "sms", "messageId": "1"}),
    malformed={
        "empty": raw(b""),
        "a list": raw(b"[]"),
        "no Clickatell field": raw(b'{"hello": "world"}'),
        "an empty form": raw(b"", "application/x-www-form-urlencoded"),
        "a form of something else": raw(b"hello=world", "application/x-www-form-urlencoded"),
        "no sender": event("moText", {**TEXT, "from": None}),
        "blank sender": event("moText", {**TEXT, "from": " "}),
        "no sender, flat": flat("POST", {"messageId": "1", "text": "hi"}),
        "endless sender": event("moText", {**TEXT, "from": "1" * 65}),
        "endless id": event("moText", {**TEXT, "messageId": "1" * 201}),
        "endless text": event("moText", {**TEXT, "content": "x" * 20_001}),
        "broken charset": WebhookRequest("GET", URL.format("receive") + "?fromNumber=1415&text=%ff%fe", {}, b""),
    },
    content_types=("application/json",),
    sign=unchanged,
    unsign=unchanged,
    opts=(),
    statuses={
        "QUEUED": Status.queued,
        "SCHEDULED": Status.queued,
        "SENT_TO_SUPPLIER": Status.sent,
        "DELIVERED_TO_GATEWAY": Status.sent,
        "EMULATED": Status.sent,
        "DEVICE_ACK": Status.delivered,
        "READ": Status.delivered,
        "RECEIVED_BY_RECIPIENT": Status.delivered,
        "EXPIRED": Status.expired,
        "STOPPED_BY_USER": Status.failed,
        "STOPPED_BY_ADMIN": Status.failed,
        "DELIVERY_FAILURE": Status.failed,
        "RECIPIENT_DOES_NOT_EXIST": Status.failed,
        "ROUTING_ERROR": Status.failed,
        "INSUFFICIENT_ACCOUNT_BALANCE": Status.rejected,
        "VOLUME_LIMIT": Status.rejected,
        "VOLUME_LIMIT_DAILY": Status.rejected,
        "VOLUME_LIMIT_MONTHLY": Status.rejected,
        "UNKNOWN": Status.unknown,
    },
    opt_out_report=None,
    accepted=answered(),
    accepted_id=MESSAGE_ID,
    error_inside=(refused(202, 26), "opted_out", "26"),
    without_id=answered(apiMessageId=None),
    errors=(
        (refused(400, 25), "recipient", "25"),
        (refused(400, 23), "configuration", "23"),
        (refused(207, 23), "configuration", "23"),
        (refused(400, 45), "sender", "45"),
        (refused(400, 100), "content", "100"),
        (refused(402, 20), "funds", "20"),
        (refused(400, 43), "throttled", "43"),
        (refused(207, 18), "unavailable", "18"),
        (refused(503, 19), "unavailable", "19"),
        (sentence(202, "Recipient opted out"), "opted_out", "26"),
        (answered(accepted=False), "configuration", "http_202"),
        (error(401, 1), "credentials", "1"),
        (error(401, 7), "credentials", "7"),
        (error(400, 3), "credentials", "3"),
        (error(400, 43), "throttled", "43"),
        (error(429, 43), "throttled", "43"),
        (error(500, 18), "unknown_outcome", "18"),
        (error(503, 19), "unavailable", "19"),
        (error(200, 1), "credentials", "1"),
        (Reply(402, "", {}), "funds", "http_402"),
        (Reply(404, "", {}), "configuration", "http_404"),
        (Reply(408, "", {}), "unknown_outcome", "http_408"),
        (Reply(202, {"messages": [], "error": None}, {}), "unknown_outcome", "no_id"),
    ),
    server_error_kind="unknown_outcome",
    acknowledgement=WebhookResponse.empty(),
    validate_call=validate_call,
    checked=Reply(200, {"balance": 1267.92865, "currency": "ZAR"}, {}),
    parts=True,
)
