"""Infobip for the conformance suite: its calls written by code that shares nothing with the product."""

import base64
import json
from dataclasses import replace
from datetime import datetime
from typing import Any

from jsonschema import Draft202012Validator

from chalicelib.providers.contract import ProviderAccount, Status, WebhookRequest, WebhookResponse
from tests.providers.fakes import Call
from tests.providers.table import Reply, Report, Table, Text

USERNAME, PASSWORD = "desk", "Pa55-w0rd-of-the-desk-2026"
BASE = "https://k3x9e2.api.infobip.com"
URL = "https://desk.example.com/api/sms/accounts/acc_1/{}/token"
JSON = {"Content-Type": "application/json"}
MESSAGE_ID = "2250be2d4219-3af1-78856-aabe-1362af1edfd2"

# Infobip's specification 3.210.0, POST /sms/3/messages, as far as the desk uses it.
SCHEMA = {
    "type": "object",
    "required": ["messages"],
    "additionalProperties": False,
    "properties": {
        "messages": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "required": ["destinations", "content"],
                "additionalProperties": False,
                "properties": {
                    "sender": {"type": "string", "pattern": "^[0-9]{3,15}$"},
                    "destinations": {
                        "type": "array",
                        "minItems": 1,
                        "items": {
                            "type": "object",
                            "required": ["to"],
                            "additionalProperties": False,
                            "properties": {
                                "to": {"type": "string", "pattern": "^[0-9]{3,15}$", "maxLength": 64},
                                "messageId": {"type": "string", "maxLength": 200},
                            },
                        },
                    },
                    "content": {
                        "type": "object",
                        "required": ["text"],
                        "additionalProperties": False,
                        "properties": {"text": {"type": "string", "minLength": 1}},
                    },
                    "webhooks": {
                        "type": "object",
                        "additionalProperties": False,
                        "properties": {
                            "contentType": {"enum": ["application/json", "application/xml"]},
                            "delivery": {
                                "type": "object",
                                "additionalProperties": False,
                                "properties": {
                                    "url": {"type": "string", "pattern": "^https?://"},
                                    "intermediateReport": {"type": "boolean"},
                                    "notify": {"type": "boolean"},
                                },
                            },
                        },
                    },
                },
            },
        }
    },
}

# Name: group and id; the page "Response status and error codes".
STATUSES = {
    "PENDING_WAITING_DELIVERY": ("PENDING", 1, 3, Status.sent),
    "PENDING_ENROUTE": ("PENDING", 1, 7, Status.sent),
    "PENDING_ACCEPTED": ("PENDING", 1, 26, Status.queued),
    "UNDELIVERABLE_REJECTED_OPERATOR": ("UNDELIVERABLE", 2, 4, Status.failed),
    "UNDELIVERABLE_NOT_DELIVERED": ("UNDELIVERABLE", 2, 9, Status.failed),
    "DELIVERED_TO_OPERATOR": ("DELIVERED", 3, 2, Status.delivered),
    "DELIVERED_TO_HANDSET": ("DELIVERED", 3, 5, Status.delivered),
    "EXPIRED_EXPIRED": ("EXPIRED", 4, 15, Status.expired),
    "EXPIRED_DLR_UNKNOWN": ("EXPIRED", 4, 29, Status.expired),
    "SIGNALS_BLOCKED": ("EXPIRED", 4, 87, Status.expired),
    "REJECTED_NETWORK": ("REJECTED", 5, 6, Status.rejected),
    "REJECTED_SOURCE": ("REJECTED", 5, 11, Status.rejected),
    "REJECTED_NOT_ENOUGH_CREDITS": ("REJECTED", 5, 12, Status.rejected),
    "REJECTED_DESTINATION_BLOCKLISTED": ("REJECTED", 5, 14, Status.rejected),
    "REJECTED_FLOODING_FILTER": ("REJECTED", 5, 20, Status.rejected),
    "REJECTED_SYSTEM_ERROR": ("REJECTED", 5, 21, Status.rejected),
    "REJECTED_DUPLICATE_MESSAGE_ID": ("REJECTED", 5, 23, Status.rejected),
    "REJECTED_MESSAGE_TOO_LONG": ("REJECTED", 5, 25, Status.rejected),
    "REJECTED_DESTINATION": ("REJECTED", 5, 52, Status.rejected),
}


def status(name: str) -> dict[str, Any]:
    group, group_id, number, _ = STATUSES.get(name, ("BEAMING", 77, 770, None))
    return {"groupId": group_id, "groupName": group, "id": number, "name": name, "description": "Of +14155550100"}


def results(*items: dict[str, Any], url: str = URL.format("receive")) -> WebhookRequest:
    """A batch as Infobip posts it."""
    body = {"results": list(items), "messageCount": len(items), "pendingMessageCount": 0}
    return WebhookRequest("POST", url, JSON, json.dumps(body).encode())


def text_item(text: Text) -> dict[str, Any]:
    item = {"messageId": text.id, "from": text.sender.removeprefix("+"), "to": text.recipient.removeprefix("+")}
    item |= {"text": text.text, "cleanText": "cut", "keyword": "K", "receivedAt": "2016-10-06T09:28:39.220+0000"}
    return item | {"smsCount": 1, "price": {"pricePerMessage": 0, "currency": "EUR"}, "callbackData": "c"}


def report_item(report: Report) -> dict[str, Any]:
    error = {"groupId": 0, "groupName": "OK", "id": 0, "name": "NO_ERROR", "description": "No Error"}
    item = {"bulkId": "BULK-1", "messageId": report.id, "to": "14155550100", "sender": "14155550199"}
    item |= {"sentAt": "2019-11-09T16:00:00.000+0100", "doneAt": "2019-11-09T16:00:05.000+0100", "messageCount": 1}
    return item | {"status": status(report.status), "error": {**error, "permanent": False}}


def write_text(method: str, text: Text) -> WebhookRequest:
    return results(text_item(text))


def write_report(method: str, report: Report) -> WebhookRequest:
    url = URL.format("delivery") + (f"/{report.message_id}" if report.message_id else "")
    return results(report_item(report), url=url)


def sign(request: WebhookRequest, account: ProviderAccount, now: datetime) -> WebhookRequest:
    """Basic credentials, as a Subscriptions profile of that type sends them."""
    pair = f"{account.credentials['username']}:{account.credentials['password']}"
    headers = {**request.headers, "Authorization": "Basic " + base64.b64encode(pair.encode()).decode()}
    return WebhookRequest(request.method, request.url, headers, request.body)


def unsign(request: WebhookRequest) -> WebhookRequest:
    headers = {name: value for name, value in request.headers.items() if name != "Authorization"}
    return WebhookRequest(request.method, request.url, headers, request.body)


def validate_call(sent: Call) -> None:
    assert (sent.method, sent.url) == ("POST", f"{BASE}/sms/3/messages")
    assert sent.basic() == (USERNAME, PASSWORD)
    assert (sent.headers["Content-Type"], sent.headers["Accept"]) == ("application/json", "application/json")
    Draft202012Validator(SCHEMA).validate(json.loads(sent.body))


def answered(state: dict[str, Any], **changes: object) -> Reply:
    entry = {"messageId": MESSAGE_ID, "status": state, "destination": "14155550100", "details": {"messageCount": 1}}
    return Reply(200, {"bulkId": "2034072219640523072", "messages": [{**entry, **changes}]}, {})


def refused(name: str) -> Reply:
    return answered(status(name))


def error(http: int, code: str) -> Reply:
    body = {"errorCode": code, "description": "No 14155550100 please.", "action": "Check.", "violations": []}
    return Reply(http, body, {})


def older(http: int, code: str) -> Reply:
    return Reply(http, {"requestError": {"serviceException": {"messageId": code, "text": "Refused"}}}, {})


def raw(body: bytes) -> WebhookRequest:
    return WebhookRequest("POST", URL.format("receive"), JSON, body)


TEXT = text_item(Text("1"))

TABLE = Table(
    name="infobip",
    account=ProviderAccount(
        "infobip",
        "+14155550199",
        {"username": USERNAME, "password": PASSWORD},
        base_url=BASE,
        options={"callback_auth": "basic"},
    ),
    other_secret={"password": "another-Pa55-w0rd-of-the-desk"},
    signed=True,
    covers_body=False,
    replay_seconds=None,
    methods=("POST",),
    write_text=write_text,
    write_report=write_report,
    unknown_event=results({"messageId": "1", "to": "14155550100", "seenAt": "2019-11-09T16:00:00.000+0000"}),
    malformed={
        "empty": raw(b""),
        "a list": raw(b"[]"),
        "no results": raw(b'{"messageCount": 0}'),
        "results that are none": raw(b'{"results": {}}'),
        "an empty entry": results({}),
        "an entry that is none": raw(b'{"results": ["x"]}'),
        "no sender": results({**TEXT, "from": None}),
        "blank sender": results({**TEXT, "from": " "}),
        "endless sender": results({**TEXT, "from": "1" * 65}),
        "endless id": results({**TEXT, "messageId": "1" * 201}),
        "endless text": results({**TEXT, "text": "x" * 20_001}),
        "a GET": WebhookRequest("GET", URL.format("receive") + "?text=hi", {}, b""),
    },
    content_types=("application/json",),
    sign=sign,
    unsign=unsign,
    opts=(),
    statuses={name: expected for name, (*_, expected) in STATUSES.items()},
    opt_out_report=Report("1", "REJECTED_DESTINATION_BLOCKLISTED"),
    accepted=answered(status("PENDING_ACCEPTED")),
    accepted_id=MESSAGE_ID,
    error_inside=(refused("REJECTED_NOT_ENOUGH_CREDITS"), "funds", "REJECTED_NOT_ENOUGH_CREDITS"),
    without_id=answered(status("PENDING_ACCEPTED"), messageId=None),
    errors=(
        (refused("REJECTED_DESTINATION"), "recipient", "REJECTED_DESTINATION"),
        (refused("REJECTED_FLOODING_FILTER"), "recipient", "REJECTED_FLOODING_FILTER"),
        (refused("REJECTED_DESTINATION_BLOCKLISTED"), "opted_out", "REJECTED_DESTINATION_BLOCKLISTED"),
        (refused("REJECTED_SOURCE"), "sender", "REJECTED_SOURCE"),
        (refused("REJECTED_MESSAGE_TOO_LONG"), "content", "REJECTED_MESSAGE_TOO_LONG"),
        (refused("REJECTED_SYSTEM_ERROR"), "unavailable", "REJECTED_SYSTEM_ERROR"),
        (refused("REJECTED_DUPLICATE_MESSAGE_ID"), "unknown_outcome", "REJECTED_DUPLICATE_MESSAGE_ID"),
        (refused("UNDELIVERABLE_REJECTED_OPERATOR"), "recipient", "UNDELIVERABLE_REJECTED_OPERATOR"),
        (refused("EXPIRED_EXPIRED"), "configuration", "EXPIRED_EXPIRED"),
        (answered({"groupId": 5}), "configuration", "http_200"),
        (answered({"groupName": "REJECTED"}), "configuration", "REJECTED"),
        (error(400, "E400"), "configuration", "E400"),
        (error(401, "E401"), "credentials", "E401"),
        (error(403, "E403"), "credentials", "E403"),
        (error(429, "E429"), "throttled", "E429"),
        (error(500, "E500"), "unknown_outcome", "E500"),
        (error(200, "E401"), "credentials", "E401"),
        (older(400, "BAD_REQUEST"), "configuration", "BAD_REQUEST"),
        (older(401, "UNAUTHORIZED"), "credentials", "UNAUTHORIZED"),
        (older(429, "TOO_MANY_REQUESTS"), "throttled", "TOO_MANY_REQUESTS"),
        (older(500, "GENERAL_ERROR"), "unknown_outcome", "GENERAL_ERROR"),
        (older(200, "UNAUTHORIZED"), "credentials", "UNAUTHORIZED"),
        (Reply(200, "<html>", {}), "unknown_outcome", "unreadable"),
        (Reply(200, {"messages": []}, {}), "unknown_outcome", "no_id"),
        (Reply(408, "", {}), "unknown_outcome", "http_408"),
    ),
    server_error_kind="unknown_outcome",
    acknowledgement=WebhookResponse.empty(),
    validate_call=validate_call,
    checked=Reply(200, {"balance": 47.79134, "currency": "EUR"}, {}),
    names_report_url=False,  # a Subscriptions profile posts them
)

# Without a Subscriptions profile nothing carries credentials, and each message names the URL of its reports.
PLAIN = replace(
    TABLE,
    account=replace(TABLE.account, options={}),
    signed=False,
    sign=lambda request, *_: request,
    unsign=lambda request: request,
    names_report_url=True,
)
