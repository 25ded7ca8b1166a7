"""Bandwidth for the conformance suite: its calls written by code that shares nothing with the product."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

from jsonschema import Draft4Validator
from requests import Request
from requests.auth import HTTPBasicAuth

from chalicelib.providers.contract import ProviderAccount, Status, WebhookRequest, WebhookResponse
from tests.providers.fakes import Call
from tests.providers.table import Reply, Report, Table, Text

URL = "https://desk.example.com/api/sms/accounts/acc_1/receive/token"
JSON = "application/json; charset=utf-8"
SCHEMA = json.loads((Path(__file__).parents[1] / "examples" / "bandwidth.openapi.json").read_text())
ID = "14762070468292kw2fuqty55yp2b2"
APPLICATION = "93de2206-9669-4e07-948d-329f4b722ee2"
CREDENTIALS = {
    "username": "api-user",
    "password": "api-password-0123456789",
    "account_id": "9900902",
    "application_id": APPLICATION,
    "webhook_username": "15jPWZmXdm",
    "webhook_password": "xxv3jPsPR2xxv3jPsPR2",
}


def post(events: Any) -> WebhookRequest:
    return WebhookRequest("POST", URL, {"Content-Type": JSON}, json.dumps(events).encode())


def event(kind: str, message: dict[str, Any], **more: object) -> dict[str, Any]:
    """One event as Bandwidth writes it into its list."""
    named = {"type": kind, "time": "2026-01-01T00:00:01.502180Z", "description": "as it is", "to": "+14155550199"}
    base = {"applicationId": APPLICATION, "time": "2026-01-01T00:00:00Z", "segmentCount": 1}
    return {**named, **more, "message": {**base, **message}}


def inbound(text: Text) -> dict[str, Any]:
    message = {"id": text.id, "owner": text.recipient, "direction": "in", "to": [text.recipient], "from": text.sender}
    return event("message-received", {**message, "text": text.text})


def write_text(method: str, text: Text) -> WebhookRequest:
    return post([inbound(text)])


def outbound(report: Report) -> dict[str, Any]:
    message: dict[str, Any] = {"id": report.id, "owner": "+14155550199", "direction": "out", "text": ""}
    message |= {"to": ["+14155550100"], "from": "+14155550199"}
    message |= {"tag": report.message_id} if report.message_id else {}
    more = {"errorCode": int(report.code)} if report.code else {}
    return event(f"message-{report.status}", message, to="+14155550100", **more)


def write_report(method: str, report: Report) -> WebhookRequest:
    return post([outbound(report)])


def sign(request: WebhookRequest, account: ProviderAccount, now: datetime) -> WebhookRequest:
    auth = HTTPBasicAuth(account.credentials["webhook_username"], account.credentials["webhook_password"])
    authorization = Request("POST", request.url, auth=auth).prepare().headers["Authorization"]
    headers = {**request.headers, "Authorization": authorization}
    return WebhookRequest(request.method, request.url, headers, request.body)


def unsign(request: WebhookRequest) -> WebhookRequest:
    kept = {name: value for name, value in request.headers.items() if name != "Authorization"}
    return WebhookRequest(request.method, request.url, kept, request.body)


def validate_call(sent: Call) -> None:
    """Against Bandwidth's own description of createMessage, and the tag that it does not require but the desk does."""
    path, _ = next(iter(SCHEMA["paths"].items()))
    assert (sent.method, sent.url) == ("POST", SCHEMA["servers"][0]["url"] + path.replace("{accountId}", "9900902"))
    assert sent.basic() == ("api-user", CREDENTIALS["password"])
    content = SCHEMA["components"]["requestBodies"]["createMessageRequest"]["content"]["application/json"]
    message = SCHEMA["components"]["schemas"]["messageRequest"]
    Draft4Validator({**content["schema"], "components": SCHEMA["components"]}).validate(sent.json())
    assert set(sent.json()) <= set(message["properties"])
    assert sent.json()["tag"].startswith("msg_")


def accepted(**changes: object) -> Reply:
    body = {"id": ID, "owner": "+14155550199", "applicationId": APPLICATION, "segmentCount": 1, "direction": "out"}
    return Reply(202, {**body, "to": ["+14155550100"], "priority": "default", **changes}, {})


def error(status: int, kind: str, field: str | None = None) -> Reply:
    body: dict[str, Any] = {"type": kind, "description": "Refused for +14155550100"}
    if field:
        body["fieldErrors"] = [{"fieldName": field, "description": "'14155550100' must be replaced"}]
    return Reply(status, body, {})


def raw(body: bytes) -> WebhookRequest:
    return WebhookRequest("POST", URL, {"Content-Type": JSON}, body)


SPRING = {"timestamp": "2019-09-09T19:02:19.253+0000", "status": 404, "error": "Not Found", "message": "Not Found"}

TABLE = Table(
    name="bandwidth",
    account=ProviderAccount("bandwidth", "+14155550199", CREDENTIALS),
    other_secret={"password": "another-password-9876543210", "webhook_password": "yyv3jPsPR2yyv3jPsPR2"},
    unsigned_without=("webhook_username", "webhook_password"),
    signed=True,
    covers_body=False,
    replay_seconds=None,
    methods=("POST",),
    write_text=write_text,
    write_report=write_report,
    unknown_event=post([event("suggestion-response", {"id": "1", "from": "+14155550100"})]),
    malformed={
        "empty": raw(b""),
        "an empty list": raw(b"[]"),
        "a list of numbers": raw(b"[1, 2]"),
        "no type": post([{"message": {"id": "1", "from": "+14155550100"}}]),
        "no sender": post([event("message-received", {"id": "1", "text": "hi"})]),
        "no message": post({"type": "message-received"}),
        "endless sender": post([inbound(Text("1", sender="1" * 65))]),
        "endless id": post([inbound(Text("1" * 201))]),
        "endless text": post([inbound(Text("1", text="x" * 20_001))]),
        "a GET": WebhookRequest("GET", URL, {}, b""),
    },
    content_types=("application/json",),
    sign=sign,
    unsign=unsign,
    opts=(),
    statuses={
        "sending": Status.queued,
        "sent": Status.sent,
        "delivered": Status.delivered,
        "read": Status.delivered,
        "failed": Status.failed,
    },
    opt_out_report=Report("id-1", "failed", code="4775"),
    accepted=accepted(),
    accepted_id=ID,
    error_inside=(
        Reply(202, {"type": "request-validation", "description": "No"}, {}),
        "configuration",
        "request-validation",
    ),
    without_id=accepted(id=None),
    errors=(
        (error(400, "request-validation"), "configuration", "request-validation"),
        (error(400, "request-validation", "to"), "recipient", "request-validation"),
        (error(400, "request-validation", "from"), "sender", "request-validation"),
        (error(400, "request-validation", "text"), "content", "request-validation"),
        (error(400, "request-validation", "media"), "content", "request-validation"),
        (error(400, "request-validation", "applicationId"), "configuration", "request-validation"),
        (error(401, "unauthorized"), "credentials", "unauthorized"),
        (error(403, "forbidden"), "credentials", "forbidden"),
        (Reply(404, SPRING, {}), "configuration", "http_404"),
        (error(415, "unsupported-content-type"), "configuration", "unsupported-content-type"),
        (error(429, "max-message-queue-size-exceeded"), "throttled", "max-message-queue-size-exceeded"),
        (error(500, "server-error"), "unavailable", "server-error"),
        (Reply(500, SPRING, {}), "unknown_outcome", "http_500"),
        (Reply(408, "", {}), "unknown_outcome", "http_408"),
        (Reply(302, "", {"Location": "https://elsewhere.example"}), "configuration", "http_302"),
    ),
    server_error_kind="unknown_outcome",
    acknowledgement=WebhookResponse(200, {"Content-Type": "text/plain; charset=utf-8"}, b""),
    validate_call=validate_call,
    checked=Reply(200, "[]", {}),
)
