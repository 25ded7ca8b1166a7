"""Plivo for the conformance suite: its calls written and signed by code that shares nothing with the product."""

import hashlib
import hmac
from base64 import encodebytes
from datetime import datetime
from urllib.parse import parse_qs, urlencode, urlsplit

from jsonschema import Draft202012Validator

from chalicelib.providers.contract import ProviderAccount, Status, WebhookRequest, WebhookResponse
from tests.providers.fakes import Call
from tests.providers.table import Reply, Report, Table, Text

AUTH_ID, TOKEN = "MA0123456789ABCDEFGH", "NjVhODZkYzYtMGE4Ny00ZGJhLTlkZDktMjA0ODA0"
URL = "https://desk.example.com/api/sms/accounts/acc_1/{}/token"
FORM = "application/x-www-form-urlencoded"
UUID = "5b40a428-bfc7-4daf-9d06-726c558bf3b8"

# https://docs.plivo.com/docs/messaging/api/message/send-a-message; Plivo publishes no OpenAPI description.
SCHEMA = {
    "type": "object",
    "required": ["src", "dst"],
    "anyOf": [{"required": ["text"]}, {"required": ["media_urls"]}],
    "additionalProperties": False,
    "properties": {
        "src": {"type": "string", "pattern": "^([0-9]{3,14}|(?=.*[A-Za-z])[A-Za-z0-9]{1,11})$"},
        "dst": {"type": "string", "pattern": "^[0-9]{3,14}$"},
        "text": {"type": "string", "minLength": 1, "maxLength": 1600},
        "type": {"enum": ["sms", "mms"]},
        "url": {"type": "string", "pattern": "^https://"},
        "method": {"enum": ["GET", "POST"]},
        "media_urls": {"type": "array", "minItems": 1, "items": {"type": "string", "pattern": "^https?://"}},
    },
}


def call(method: str, url: str, fields: dict[str, str]) -> WebhookRequest:
    """A form as Plivo posts it, or its query."""
    encoded = urlencode(fields)
    if method == "GET":
        return WebhookRequest("GET", f"{url}?{encoded}", {}, b"")
    return WebhookRequest("POST", url, {"Content-Type": FORM}, encoded.encode())


def write_text(method: str, text: Text) -> WebhookRequest:
    intent = {"stop": "optout", "start": "optin", "help": "help", None: ""}[text.opt]
    fields = {"From": text.sender.removeprefix("+"), "To": text.recipient.removeprefix("+"), "Text": text.text}
    fields |= {"MessageUUID": text.id, "MessageIntent": intent, "PowerpackUUID": "", "Type": "sms"}
    return call(method, URL.format("receive"), {**fields, "TotalAmount": "0", "TotalRate": "0", "Units": "1"})


def write_report(method: str, report: Report) -> WebhookRequest:
    url = URL.format("delivery") + (f"/{report.message_id}" if report.message_id else "")
    fields = {"MessageUUID": report.id, "Status": report.status, "ErrorCode": report.code or "", "Type": "sms"}
    return call(method, url, {**fields, "From": "14155550199", "To": "14155550100", "Sequence": "2", "MCC": "310"})


def signature_v3(request: WebhookRequest, token: str, nonce: str) -> str:
    """The scheme as plivo-python words it: sorted names, each with its sorted values."""
    parts = urlsplit(request.url)
    query = parse_qs(parts.query, keep_blank_values=True)
    form = parse_qs(request.body.decode("utf-8", "surrogateescape"), keep_blank_values=True)
    covered = f"{parts.scheme}://{parts.netloc}{parts.path}"
    if query or form:
        covered += "?"
    covered += "&".join(f"{name}={value}" for name in sorted(query) for value in sorted(query[name]))
    if query and form:
        covered += "."
    covered += "".join(f"{name}{value}" for name in sorted(form) for value in sorted(form[name]))
    return keyed(f"{covered}.{nonce}", token)


def signature_v2(url: str, token: str, nonce: str) -> str:
    return keyed(url.partition("?")[0] + nonce, token)


def keyed(covered: str, token: str) -> str:
    return encodebytes(hmac.new(token.encode(), covered.encode(), hashlib.sha256).digest()).decode().strip()


def headers(version: str, signature: str, nonce: str = "12345") -> dict[str, str]:
    return {f"X-Plivo-Signature-{version}": signature, f"X-Plivo-Signature-{version[-2:]}-Nonce": nonce}


def sign(request: WebhookRequest, account: ProviderAccount, now: datetime) -> WebhookRequest:
    proof = headers("V3", signature_v3(request, account.credentials["auth_token"], "12345"))
    return WebhookRequest(request.method, request.url, {**request.headers, **proof}, request.body)


def unsign(request: WebhookRequest) -> WebhookRequest:
    kept = {name: value for name, value in request.headers.items() if not name.startswith("X-Plivo")}
    return WebhookRequest(request.method, request.url, kept, request.body)


def validate_call(sent: Call) -> None:
    """Against the fields that Plivo's page lists, and the address with its last slash."""
    assert (sent.method, sent.url) == ("POST", f"https://api.plivo.com/v1/Account/{AUTH_ID}/Message/")
    assert sent.basic() == (AUTH_ID, TOKEN)
    Draft202012Validator(SCHEMA).validate(sent.json())


def queued(**changes: object) -> Reply:
    body = {"api_id": "948b53a2-3f08-11e7-b6f4-061564b78b75", "message": "message(s) queued", "message_uuid": [UUID]}
    return Reply(202, {**body, **changes}, {})


def error(status: int, words: str) -> Reply:
    return Reply(status, {"api_id": "97ceeb52-58b6-11e1-86da-77300b68f8bb", "error": words}, {})


MALFORMED = {
    "empty": b"",
    "no Plivo field": b"hello=world",
    "no sender": b"MessageUUID=1&Text=hi&To=14155550199",
    "endless sender": b"MessageUUID=1&Text=hi&From=" + b"1" * 65,
    "endless id": b"Text=hi&From=14155550100&MessageUUID=" + b"1" * 201,
    "endless text": b"MessageUUID=1&From=14155550100&Text=" + b"x" * 20_001,
    "too many fields": b"MessageUUID=1&From=14155550100&Text=hi" + b"&a=1" * 1001,
    "broken charset": b"MessageUUID=1&From=14155550100&Text=%ff%fe",
}

TABLE = Table(
    name="plivo",
    account=ProviderAccount("plivo", "+14155550199", {"auth_id": AUTH_ID, "auth_token": TOKEN}),
    other_secret={"auth_token": "ODA0MjA0ODA0LTlkZDktNGRiYS0wYTg3LTY1YTg2"},
    signed=True,
    replay_seconds=None,
    methods=("POST", "GET"),
    write_text=write_text,
    write_report=write_report,
    unknown_event=call("POST", URL.format("receive"), {"CallUUID": "1", "Event": "StartApp", "CallStatus": "ringing"}),
    malformed={
        name: WebhookRequest("POST", URL.format("receive"), {"Content-Type": FORM}, body)
        for name, body in MALFORMED.items()
    },
    content_types=(FORM, "application/json"),
    sign=sign,
    unsign=unsign,
    opts=("stop", "start", "help"),
    statuses={
        "queued": Status.queued,
        "sent": Status.sent,
        "delivered": Status.delivered,
        "read": Status.delivered,
        "undelivered": Status.failed,
        "failed": Status.failed,
        "rejected": Status.rejected,
    },
    opt_out_report=Report("id-1", "failed", code="200"),
    accepted=queued(),
    accepted_id=UUID,
    error_inside=(queued(message_uuid=[], invalid_number=["14155550100"]), "recipient", "invalid_number"),
    without_id=queued(message_uuid=[]),
    errors=(
        (error(400, "dst is not a valid number"), "recipient", "http_400"),
        (error(400, "'src' parameter not present"), "sender", "http_400"),
        (error(400, "text is too long"), "content", "http_400"),
        (error(400, "Insufficient Credit"), "funds", "http_400"),
        (error(400, "something about 14155550100"), "configuration", "http_400"),
        (error(401, "dst is not allowed"), "credentials", "http_401"),
        (error(402, "Insufficient Credit"), "funds", "http_402"),
        (error(403, "Insufficient Credit"), "funds", "http_403"),
        (error(403, "Message failed: insufficient credit."), "funds", "http_403"),
        (error(403, "dst is disabled"), "recipient", "http_403"),
        (error(403, "Sending SMS to this region is disabled for your account"), "recipient", "http_403"),
        (error(404, "not found"), "configuration", "http_404"),
        (error(405, "method not allowed"), "configuration", "http_405"),
        (error(429, "dst throttled"), "throttled", "http_429"),
        (error(500, "dst exploded"), "unknown_outcome", "http_500"),
        (error(503, "Insufficient Credit"), "unknown_outcome", "http_503"),
        (Reply(408, "", {}), "unknown_outcome", "http_408"),
        (Reply(302, "", {"Location": "https://elsewhere.example"}), "configuration", "http_302"),
        (error(202, "dst is not a valid number"), "recipient", "http_202"),
    ),
    server_error_kind="unknown_outcome",
    acknowledgement=WebhookResponse(
        200, {"Content-Type": "application/xml"}, b'<?xml version="1.0" encoding="UTF-8"?><Response/>'
    ),
    validate_call=validate_call,
    checked=Reply(200, {"auth_id": AUTH_ID, "billing_mode": "prepaid", "cash_credits": "1.5"}, {}),
)
