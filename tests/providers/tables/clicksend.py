"""ClickSend for the conformance suite: its calls written by code that shares nothing with the product."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from jsonschema import Draft4Validator

from chalicelib.providers.contract import ProviderAccount, Status, WebhookRequest, WebhookResponse
from tests.providers.fakes import Call
from tests.providers.table import Reply, Report, Table, Text

USERNAME, KEY = "desk@example.com", "D83DED51-9E35-4D42-9BB9-0E34B7CA85AE"
URL = "https://desk.example.com/api/sms/accounts/acc_1/{}/token"
FORM = "application/x-www-form-urlencoded"
DOCUMENT = json.loads((Path(__file__).parents[1] / "examples" / "clicksend.openapi.json").read_text())
MESSAGE_ID = "1ABC3200-C38C-6308-BE4B-C7C51D01DCF0"


def call(method: str, url: str, fields: dict[str, str]) -> WebhookRequest:
    """A form as ClickSend posts it, or its query."""
    encoded = urlencode(fields)
    if method == "GET":
        return WebhookRequest("GET", f"{url}?{encoded}", {}, b"")
    return WebhookRequest("POST", url, {"Content-Type": FORM}, encoded.encode())


def write_text(method: str, text: Text) -> WebhookRequest:
    """As the help page lists the fields: no `to`, and `sms` with the customer's number, as real calls have it."""
    fields = {"originalsenderid": text.recipient, "body": text.text, "message": text.text, "sms": text.sender}
    fields |= {"from": text.sender, "message_id": text.id, "timestamp": "1775012927", "custom_string": ""}
    return call(method, URL.format("receive"), fields | {"user_id": "304497", "subaccount_id": "745158"})


def write_report(method: str, report: Report) -> WebhookRequest:
    """`Report.status` is the code and, after a blank, the word."""
    code, _, word = report.status.partition(" ")
    fields = {"message_id": report.id, "messageid": report.id, "status_code": code, "status": word}
    fields |= {"custom_string": report.message_id or "", "customstring": report.message_id or ""}
    fields |= {"status_text": "", "error_code": "", "error_text": "", "message_type": "sms"}
    return call(method, URL.format("delivery"), fields | {"timestamp": "1722565411", "timestamp_send": "1722565400"})


def unchanged(request: WebhookRequest, *_: ProviderAccount | datetime) -> WebhookRequest:
    """ClickSend signs nothing."""
    return request


def message_schema() -> dict[str, Any]:
    """Of the one operation; its known mistake, `body` required beside `messages`, is put right."""
    operation = DOCUMENT["paths"]["/v3/sms/send"]["post"]
    schema = operation["requestBody"]["content"]["application/json"]["schema"]
    assert schema["required"] == ["body"]
    message = {**schema["properties"]["messages"]["items"], "additionalProperties": False}
    several = {"type": "array", "items": message, "minItems": 1, "maxItems": 1000}
    return {**schema, "required": ["messages"], "properties": {"messages": several}, "additionalProperties": False}


def validate_call(sent: Call) -> None:
    """Against ClickSend's own description of the operation, and the form of the number that it wants."""
    assert (sent.method, sent.url) == ("POST", DOCUMENT["servers"][0]["url"] + "/v3/sms/send")
    assert sent.basic() == (USERNAME, KEY)
    assert sent.headers["Content-Type"] == "application/json"
    document = json.loads(sent.body)
    Draft4Validator(message_schema()).validate(document)
    assert document["messages"][0]["to"].startswith("+")


def envelope(queued: int = 1, **changes: object) -> Reply:
    """A 200, whose one message is changed."""
    entry = {"direction": "out", "to": "+14155550100", "body": "Hello", "from": "+14155550199", "status": "SUCCESS"}
    entry |= {"message_id": MESSAGE_ID, "message_parts": 1, "message_price": "0.0792", "custom_string": "", **changes}
    data = {"total_price": 0.0792, "total_count": 1, "queued_count": queued, "messages": [entry], "blocked_count": 0}
    return Reply(200, {"http_code": 200, "response_code": "SUCCESS", "response_msg": "Queued.", "data": data}, {})


def state(word: str, queued: int = 0) -> Reply:
    return envelope(queued, status=word)


def error(status: int, code: str) -> Reply:
    body = {"http_code": status, "response_code": code, "response_msg": "No +14155550100 please.", "data": None}
    return Reply(status, body, {})


MALFORMED = {
    "empty": b"",
    "no ClickSend field": b"hello=world",
    "no sender": b"message_id=1&body=hi",
    "blank sender": b"message_id=1&body=hi&from=+",
    "endless sender": b"message_id=1&body=hi&from=" + b"1" * 65,
    "endless id": b"body=hi&from=%2B14155550100&message_id=" + b"S" * 201,
    "endless text": b"message_id=1&from=%2B14155550100&body=" + b"x" * 20_001,
    "too many fields": b"message_id=1&from=%2B14155550100&body=hi" + b"&a=1" * 1001,
}

TABLE = Table(
    name="clicksend",
    account=ProviderAccount("clicksend", "+14155550199", {"username": USERNAME, "password": KEY}),
    other_secret={"password": "0E34B7CA-85AE-4D42-9BB9-D83DED519E35"},
    signed=False,
    replay_seconds=None,
    methods=("POST", "GET"),
    write_text=write_text,
    write_report=write_report,
    unknown_event=call(
        "POST", URL.format("delivery"), {"message_id": "1", "message_type": "fax", "status_code": "201"}
    ),
    malformed={
        **{
            name: WebhookRequest("POST", URL.format("receive"), {"Content-Type": FORM}, body)
            for name, body in MALFORMED.items()
        },
        "a list": WebhookRequest("POST", URL.format("receive"), {"Content-Type": "application/json"}, b'[{"a": 1}]'),
    },
    content_types=(FORM, "application/json"),
    sign=unchanged,
    unsign=unchanged,
    opts=(),
    statuses={
        "200 Queued": Status.queued,
        "200 Scheduled": Status.queued,
        "200 WaitApproval": Status.queued,
        "200 Sent": Status.sent,
        "201 Sent": Status.delivered,
        "201": Status.delivered,
        "200": Status.sent,
        "300 Failed": Status.sent,
        "301 Failed": Status.failed,
        "301 Cancelled": Status.failed,
        " CancelledAfterReview": Status.failed,
        " Sent": Status.sent,
    },
    opt_out_report=None,
    accepted=envelope(),
    accepted_id=MESSAGE_ID,
    error_inside=(state("INSUFFICIENT_CREDIT"), "funds", "INSUFFICIENT_CREDIT"),
    without_id=envelope(message_id=None),
    errors=(
        (state("INVALID_RECIPIENT"), "recipient", "INVALID_RECIPIENT"),
        (state("COUNTRY_NOT_ENABLED"), "recipient", "COUNTRY_NOT_ENABLED"),
        (state("INVALID_SENDER_ID"), "sender", "INVALID_SENDER_ID"),
        (state("REGISTRATION_NEEDED"), "sender", "REGISTRATION_NEEDED"),
        (state("EMPTY_MESSAGE"), "content", "EMPTY_MESSAGE"),
        (state("THROTTLED"), "content", "THROTTLED"),
        (state("INVALID_CREDENTIALS"), "credentials", "INVALID_CREDENTIALS"),
        (state("ACCOUNT_NOT_ACTIVATED"), "credentials", "ACCOUNT_NOT_ACTIVATED"),
        (state("NOT_ENOUGH_PERMISSION_TO_LIST_ID"), "configuration", "NOT_ENOUGH_PERMISSION_TO_LIST_ID"),
        (state("BEAMED_AWAY"), "configuration", "BEAMED_AWAY"),
        (state("INTERNAL_ERROR"), "unavailable", "INTERNAL_ERROR"),
        (state("INTERNAL_ERROR", queued=1), "unknown_outcome", "INTERNAL_ERROR"),
        (state("SOMETHING_IS_WRONG"), "unavailable", "SOMETHING_IS_WRONG"),
        (error(200, "UNAUTHORIZED"), "credentials", "UNAUTHORIZED"),
        (error(400, "BAD_REQUEST"), "configuration", "BAD_REQUEST"),
        (error(401, "UNAUTHORIZED"), "credentials", "UNAUTHORIZED"),
        (error(403, "FORBIDDEN"), "credentials", "FORBIDDEN"),
        (error(404, "NOT_FOUND"), "configuration", "NOT_FOUND"),
        (error(429, "TOO_MANY_REQUESTS"), "throttled", "TOO_MANY_REQUESTS"),
        (error(500, "INTERNAL_SERVER_ERROR"), "unknown_outcome", "INTERNAL_SERVER_ERROR"),
        (Reply(400, '[{"Response": "101"}]', {}), "configuration", "http_400"),
        (Reply(408, "", {}), "unknown_outcome", "http_408"),
        (Reply(302, "", {"Location": "https://elsewhere.example"}), "configuration", "http_302"),
        (Reply(200, "{}", {}), "unknown_outcome", "no_id"),
        (Reply(200, {"response_code": "SUCCESS", "data": {"messages": []}}, {}), "unknown_outcome", "no_id"),
    ),
    server_error_kind="unknown_outcome",
    acknowledgement=WebhookResponse.empty(),
    validate_call=validate_call,
    checked=Reply(
        200, {"http_code": 200, "response_code": "SUCCESS", "data": {"user_id": 1, "balance": "2.005718"}}, {}
    ),
)
