"""The declared types for the conformance suite: `custom` with a mapping of its own, and the presets as they are."""

import json
from dataclasses import replace
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from chalicelib.providers.contract import ProviderAccount, Status, WebhookRequest, WebhookResponse
from tests.providers.fakes import Call
from tests.providers.table import Reply, Report, Table, Text

URL = "https://desk.example.com/api/sms/accounts/acc_1/{}/token"
FORM, JSON = "application/x-www-form-urlencoded", "application/json"
BASE = "https://sms.example.net/v2"
KEY, SECRET = "the-key-of-the-gateway", "the-secret-of-the-webhooks"

SEND = {
    "method": "POST",
    "path": "/messages?trace={reference}",
    "headers": {"X-API-Key": "{api_key}"},
    "fields": {"to.0.number": "{to_digits}", "from": "{from}", "body": "{text}", "unicode": True, "ref": "{reference}"},
    "success_path": "result",
    "success_values": ["ok"],
    "id": "data.id",
    "error_code": "reason",
    "error_text": "explanation",
    "errors": {"BLOCKED": "opted_out", "WAIT": "throttled", "http_402": "funds"},
}
RECEIVE = {
    "id": "uid",
    "sender": "who",
    "recipient": "whom",
    "text": ["words", "text"],
    "status": "news.state",
    "code": "news.code",
    "statuses": {"on_the_phone": "delivered", "gone": "expired"},
    "part_reference": "piece.of",
    "part_number": "piece.n",
    "part_total": "piece.all",
    "secret_header": "X-Desk-Secret",
}


def post(url: str, document: Any) -> WebhookRequest:
    return WebhookRequest("POST", url, {"Content-Type": JSON}, json.dumps(document).encode())


def report_url(report: Report) -> str:
    return URL.format("delivery") + (f"/{report.message_id}" if report.message_id else "")


def write_text(method: str, text: Text) -> WebhookRequest:
    fields: dict[str, Any] = {"uid": text.id, "who": text.sender, "whom": text.recipient, "words": text.text}
    if text.part:
        fields["piece"] = dict(zip(("of", "n", "all"), text.part, strict=True))
    if method == "GET":
        return WebhookRequest("GET", f"{URL.format('receive')}?{urlencode(fields)}", {}, b"")
    return post(URL.format("receive"), fields)


def write_report(_: str, report: Report) -> WebhookRequest:
    return post(report_url(report), {"uid": report.id, "news": {"state": report.status, "code": report.code}})


def sign(request: WebhookRequest, account: ProviderAccount, now: datetime) -> WebhookRequest:
    return replace(request, headers={**request.headers, "X-Desk-Secret": account.credentials["webhook_secret"]})


def unsign(request: WebhookRequest) -> WebhookRequest:
    return replace(request, headers={name: value for name, value in request.headers.items() if name != "X-Desk-Secret"})


def validate_call(sent: Call) -> None:
    document = json.loads(sent.body)
    reference = document.pop("ref")
    assert (sent.method, sent.url) == ("POST", f"{BASE}/messages?trace={reference}")
    assert (sent.headers["X-API-Key"], sent.headers["Content-Type"]) == (KEY, JSON)
    assert document.pop("body")
    assert document == {"to": [{"number": "14155550100"}], "from": "+14155550199", "unicode": True}


def answered(**changes: Any) -> Reply:
    return Reply(200, {"result": "ok", "data": {"id": "g-1"}, **changes}, {})


MALFORMED: dict[str, bytes] = {
    "empty": b"",
    "an empty object": b"{}",
    "an empty list": b"[]",
    "text": b'"uid"',
    "nothing declared": b'{"hello": "world"}',
    "no sender": b'{"words": "hi"}',
    "blank sender": b'{"words": "hi", "who": " "}',
    "a sender that is an object": b'{"words": "hi", "who": {"number": "+14155550100"}}',
    "endless sender": json.dumps({"words": "hi", "who": "1" * 65}).encode(),
    "endless id": json.dumps({"words": "hi", "who": "+14155550100", "uid": "S" * 201}).encode(),
    "endless text": json.dumps({"words": "x" * 20_001, "who": "+14155550100"}).encode(),
}

TABLE = Table(
    name="custom",
    account=ProviderAccount(
        "custom",
        "+14155550199",
        {"api_key": KEY, "webhook_secret": SECRET},
        base_url=BASE,
        delivery_reports=True,
        options={"send": json.dumps(SEND), "receive": json.dumps(RECEIVE)},
    ),
    other_secret={"webhook_secret": "another-secret"},
    signed=True,
    replay_seconds=None,
    methods=("POST",),
    write_text=write_text,
    write_report=write_report,
    unknown_event=post(URL.format("receive"), {"uid": "g-1", "opened": True}),
    malformed={
        name: WebhookRequest("POST", URL.format("receive"), {"Content-Type": JSON}, body)
        for name, body in MALFORMED.items()
    },
    content_types=(JSON, FORM),
    sign=sign,
    unsign=unsign,
    opts=(),
    statuses={"on_the_phone": Status.delivered, "GONE": Status.expired},
    opt_out_report=None,
    accepted=answered(),
    accepted_id="g-1",
    error_inside=(answered(result="refused", reason="BLOCKED", data=None), "opted_out", "BLOCKED"),
    without_id=answered(data={}),
    errors=(
        (Reply(400, {"reason": "E7", "explanation": "no such number +14155550100"}, {}), "configuration", "E7"),
        (Reply(402, "", {}), "funds", "http_402"),
        (Reply(400, {"reason": "wait"}, {}), "throttled", "wait"),
        (answered(result="refused", reason="WAIT"), "unknown_outcome", "WAIT"),
        (answered(result=None), "unknown_outcome", "no_id"),
        (Reply(200, {"error": "bad key", "result": None}, {}), "configuration", "http_200"),
        (Reply(429, {"reason": "BLOCKED"}, {}), "throttled", "BLOCKED"),
        (Reply(302, "", {"Location": "https://elsewhere.example"}), "configuration", "http_302"),
    ),
    server_error_kind="unknown_outcome",
    acknowledgement=WebhookResponse(200, {"Content-Type": "text/plain; charset=utf-8"}, b""),
    parts=True,
    validate_call=validate_call,
    covers_body=False,
    unsigned_without=("webhook_secret",),
)
