"""Twilio for the conformance suite: its calls written and signed by code that shares nothing with the product."""

import base64
import hashlib
import json
from datetime import datetime
from hmac import digest
from pathlib import Path
from urllib.parse import parse_qs, urlencode

from jsonschema import Draft4Validator

from chalicelib.providers.contract import ProviderAccount, Status, WebhookRequest, WebhookResponse
from tests.providers.fakes import Call
from tests.providers.table import Reply, Report, Table, Text

SID, TOKEN = "ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "0123456789abcdef0123456789abcdef"
URL = "https://desk.example.com/api/sms/accounts/acc_1/{}/token"
SCHEMA = json.loads((Path(__file__).parents[1] / "examples" / "twilio.openapi.json").read_text())
FORM = "application/x-www-form-urlencoded"


def call(method: str, url: str, fields: dict[str, str]) -> WebhookRequest:
    """A form as Twilio posts it, or its query."""
    encoded = urlencode(fields)
    if method == "GET":
        return WebhookRequest("GET", f"{url}?{encoded}", {}, b"")
    return WebhookRequest("POST", url, {"Content-Type": f"{FORM}; charset=UTF-8"}, encoded.encode())


def write_text(method: str, text: Text) -> WebhookRequest:
    fields = {
        **dict.fromkeys(("MessageSid", "SmsSid", "SmsMessageSid"), text.id),
        **{"AccountSid": SID, "From": text.sender, "To": text.recipient, "Body": text.text, "NumMedia": "0"},
        **{"ToCity": "", "ToZip": "", "FromCity": "São Paulo", "SmsStatus": "received", "ApiVersion": "2010-04-01"},
    }
    if text.opt:
        fields["OptOutType"] = text.opt.upper()
    return call(method, URL.format("receive"), fields)


def write_report(method: str, report: Report) -> WebhookRequest:
    url = URL.format("delivery") + (f"/{report.message_id}" if report.message_id else "")
    fields = {"MessageSid": report.id, "MessageStatus": report.status, "SmsStatus": report.status}
    if report.code:
        fields["ErrorCode"] = report.code
    return call(method, url, {**fields, "To": "+14155550100", "From": "+14155550199", "AccountSid": SID})


def signature(url: str, body: bytes, token: str) -> str:
    """Base64 of HMAC-SHA1 over the URL and the sorted, distinct form values."""
    covered = url
    named = parse_qs(body.decode("utf-8", "surrogateescape"), keep_blank_values=True, errors="surrogateescape")
    for name in sorted(named):
        for value in sorted(set(named[name])):
            covered += name + value
    return base64.b64encode(digest(token.encode(), covered.encode("utf-8", "surrogateescape"), hashlib.sha1)).decode()


def sign(request: WebhookRequest, account: ProviderAccount, now: datetime) -> WebhookRequest:
    signed = signature(request.url, request.body, account.credentials["auth_token"])
    headers = {**request.headers, "X-Twilio-Signature": signed}
    return WebhookRequest(request.method, request.url, headers, request.body)


def unsign(request: WebhookRequest) -> WebhookRequest:
    headers = {name: value for name, value in request.headers.items() if name != "X-Twilio-Signature"}
    return WebhookRequest(request.method, request.url, headers, request.body)


def validate_call(sent: Call) -> None:
    """Against Twilio's own description of CreateMessage, and the conditions that it states outside the schema."""
    path, operation = next(iter(SCHEMA["paths"].items()))
    assert (sent.method, sent.url) == ("POST", SCHEMA["servers"][0]["url"] + path.replace("{AccountSid}", SID))
    assert sent.basic() == (SID, TOKEN)
    ((content_type, content),) = operation["post"]["requestBody"]["content"].items()
    assert sent.headers["Content-Type"] == content_type
    schema = {**content["schema"], "components": SCHEMA["components"], "additionalProperties": False}
    several = {name for name, kind in schema["properties"].items() if kind.get("type") == "array"}
    form = {name: values if name in several else values[0] for name, values in sent.form().items()}
    assert all(len(values) == 1 for name, values in sent.form().items() if name not in several)
    Draft4Validator(schema).validate(form)
    assert len({"From", "MessagingServiceSid"} & set(form)) == 1
    assert {"Body", "MediaUrl"} & set(form)


def created(**changes: object) -> Reply:
    body = {"sid": "SMaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "status": "queued", "num_segments": "1", "error_code": None}
    return Reply(201, {**body, "error_message": None, **changes}, {})


def error(status: int, code: int) -> Reply:
    return Reply(status, {"code": code, "message": "The 'To' number +14155550100 is wrong", "status": status}, {})


MALFORMED = {
    "empty": b"",
    "no Twilio field": b"hello=world",
    "no sender": b"MessageSid=SM1&Body=hi&AccountSid=AC1",
    "blank sender": b"MessageSid=SM1&Body=hi&From=+",
    "endless sender": b"MessageSid=SM1&Body=hi&From=" + b"1" * 65,
    "endless id": b"Body=hi&From=%2B14155550100&MessageSid=" + b"S" * 201,
    "endless text": b"MessageSid=SM1&From=%2B14155550100&Body=" + b"x" * 20_001,
    "too many fields": b"MessageSid=SM1&From=%2B14155550100&Body=hi" + b"&a=1" * 1001,
    "broken charset": b"MessageSid=SM1&From=%2B14155550100&Body=%ff%fe",
}

TABLE = Table(
    name="twilio",
    account=ProviderAccount("twilio", "+14155550199", {"account_sid": SID, "auth_token": TOKEN}),
    other_secret={"auth_token": "fedcba9876543210fedcba9876543210"},
    signed=True,
    replay_seconds=None,
    methods=("POST", "GET"),
    write_text=write_text,
    write_report=write_report,
    unknown_event=call("POST", URL.format("receive"), {"AccountSid": SID, "CallSid": "CA1", "CallStatus": "ringing"}),
    malformed={
        name: WebhookRequest("POST", URL.format("receive"), {"Content-Type": FORM}, body)
        for name, body in MALFORMED.items()
    },
    content_types=(FORM, "application/json"),
    sign=sign,
    unsign=unsign,
    opts=("stop", "start", "help"),
    statuses={
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
    },
    opt_out_report=Report("SM1", "failed", code="21610"),
    accepted=created(),
    accepted_id="SMaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    error_inside=(created(status="failed", error_code=30007), "content", "30007"),
    without_id=created(sid=None),
    errors=(
        (error(400, 21211), "recipient", "21211"),
        (error(400, 21610), "opted_out", "21610"),
        (error(400, 21606), "sender", "21606"),
        (error(400, 21703), "sender", "21703"),
        (error(400, 21617), "content", "21617"),
        (error(403, 21408), "recipient", "21408"),
        (error(401, 20003), "credentials", "20003"),
        (error(403, 30002), "credentials", "30002"),
        (error(400, 20001), "configuration", "20001"),
        (error(404, 20404), "configuration", "20404"),
        (error(400, 21611), "throttled", "21611"),
        (error(429, 20429), "throttled", "20429"),
        (error(429, 21211), "throttled", "21211"),
        (error(500, 20500), "unknown_outcome", "20500"),
        (error(503, 20503), "unknown_outcome", "20503"),
        (Reply(408, "", {}), "unknown_outcome", "http_408"),
        (Reply(302, "", {"Location": "https://elsewhere.example"}), "configuration", "http_302"),
        (error(200, 21610), "opted_out", "21610"),
        (created(status="undelivered"), "configuration", "http_201"),
        (created(status="Failed"), "configuration", "http_201"),
        (created(status="failed", error_code=20429), "unknown_outcome", "20429"),
    ),
    server_error_kind="unknown_outcome",
    acknowledgement=WebhookResponse(
        200, {"Content-Type": "text/xml"}, b'<?xml version="1.0" encoding="UTF-8"?><Response/>'
    ),
    validate_call=validate_call,
    checked=Reply(200, {"sid": SID, "status": "active"}, {}),
)
