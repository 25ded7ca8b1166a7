"""Skebby for the conformance suite, in both generations; written by code that shares nothing with the product."""

import json
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, urlencode

from chalicelib.providers.contract import ProviderAccount, Status, WebhookRequest, WebhookResponse
from tests.providers.fakes import Call
from tests.providers.table import Reply, Report, Table, Text

URL = "https://desk.example.com/api/sms/accounts/acc_1/{}/token"
FORM = "application/x-www-form-urlencoded"
REST = "https://api.skebby.it/API/v1.0/REST"
GATEWAY_URL = "https://gateway.skebby.it/api/send/smseasy/advanced/http.php"
USER, PASSWORD = "desk-user", "pass;word-of-the-desk"
CREDENTIALS = {"method": "classic_plus", "username": USER, "password": PASSWORD}
SESSION = {"user_key": "USER-KEY", "Session_key": "SESSION-KEY"}


def call(method: str, url: str, fields: dict[str, str]) -> WebhookRequest:
    """A form as Skebby posts it, or its query."""
    encoded = urlencode(fields)
    if method == "GET":
        return WebhookRequest("GET", f"{url}?{encoded}", {}, b"")
    return WebhookRequest("POST", url, {"Content-Type": FORM}, encoded.encode())


def digits(number: str) -> str:
    """Numbers carry no plus."""
    return number.removeprefix("+")


def write_text(method: str, text: Text) -> WebhookRequest:
    """The forwarded text of the gateway, the only one whose names are published; it has no id."""
    fields = {"sender": digits(text.sender), "receiver": digits(text.recipient), "text": text.text}
    fields |= {"encoding": "UTF-8", "date": "2014-01-25", "time": "12:02:28", "timestamp": "1390647748"}
    return call(method, URL.format("receive"), fields | {"smsType": "standard"})


def report_url(report: Report) -> str:
    return URL.format("delivery") + (f"/{report.message_id}" if report.message_id else "")


def write_report(method: str, report: Report) -> WebhookRequest:
    fields = {"order_id": report.id, "status": report.status, "recipient": "14155550100"}
    return call(method, report_url(report), fields | {"delivery_date": "20260101120000"})


def write_gateway_report(method: str, report: Report) -> WebhookRequest:
    fields = {"method": "notify", "skebby_dispatch_id": report.id, "skebby_message_id": "777"}
    fields |= {"recipient": "14155550100", "status": report.status, "error_code": report.code or "1"}
    return call(method, report_url(report), fields)


def login(sent: Call) -> Reply | None:
    """What Skebby answers to a login; the username and password come as Basic credentials, never in the URL."""
    if sent.url != f"{REST}/login":
        return None
    right = sent.method == "GET" and sent.basic() == (USER, PASSWORD)
    return Reply(200, ";".join(SESSION.values()), {}) if right else Reply(404, "", {})


def validate_call(sent: Call) -> None:
    """The fields of `POST sms` as the platform's documents and clients have them; no others."""
    assert (sent.method, sent.url) == ("POST", f"{REST}/sms")
    assert {name: sent.headers[name] for name in SESSION} == SESSION
    assert sent.headers["Content-Type"] == "application/json"
    order = json.loads(sent.body)
    assert set(order) == {"message_type", "message", "recipient", "order_id", "encoding", "truncate", "sender"}
    assert (order["message_type"], order["recipient"], order["sender"]) == ("GP", ["+14155550100"], "+14155550199")
    assert order["encoding"] == ("ucs2" if "👍" in order["message"] else "gsm")
    assert len(order["order_id"]) <= 32
    assert PASSWORD not in sent.url + sent.body.decode()


def validate_gateway_call(sent: Call) -> None:
    """The fields of http.php as Skebby's samples have them; no others."""
    assert (sent.method, sent.url) == ("POST", GATEWAY_URL)
    form = dict(parse_qsl(sent.body.decode(), strict_parsing=True))
    scheme = {"encoding_scheme": "UCS2"} if "👍" in form["text"] else {}
    assert form == {
        **{"method": "send_sms_classic_report", "username": USER, "password": PASSWORD, "charset": "UTF-8"},
        **{"recipients[]": "14155550100", "sender_number": "14155550199", "text": form["text"], **scheme},
    }


def created(**changes: Any) -> Reply:
    return Reply(201, {"result": "OK", "order_id": "msg_1", "total_sent": 1, **changes}, {})


def failed(code: int | str, status: int = 200) -> Reply:
    said = "Number +14155550100 refused"
    return Reply(status, urlencode({"status": "failed", "code": code, "message": said}), {"Content-Type": "text/html"})


MALFORMED = {
    "empty": b"",
    "no field of Skebby's": b"hello=world",
    "no sender": b"receiver2=1&text=hi",
    "blank sender": b"sender=+&text=hi",
    "endless sender": b"text=hi&sender=" + b"1" * 65,
    "endless id": b"status=SENT&order_id=" + b"S" * 201,
    "endless text": b"sender=393471234567&text=" + b"x" * 20_001,
    "too many fields": b"sender=393471234567&text=hi" + b"&a=1" * 1001,
    "broken charset": b"sender=393471234567&text=%ff%fe",
}

TABLE = Table(
    name="skebby",
    account=ProviderAccount("skebby", "+14155550199", CREDENTIALS),
    other_secret={"password": "another-password"},
    signed=False,
    replay_seconds=None,
    methods=("POST", "GET"),
    write_text=write_text,
    write_report=write_report,
    unknown_event=call("POST", URL.format("delivery"), {"order_id": "o-1", "campaign": "closed"}),
    malformed={
        name: WebhookRequest("POST", URL.format("receive"), {"Content-Type": FORM}, body)
        for name, body in MALFORMED.items()
    },
    content_types=(FORM, "application/json"),
    sign=lambda request, *_: request,
    unsign=lambda request: request,
    opts=(),
    statuses={
        "WAITING": Status.queued,
        "SCHEDULED": Status.queued,
        "SENT": Status.sent,
        "WAIT4DLVR": Status.sent,
        "DEMO": Status.sent,
        "DLVRD": Status.delivered,
        "TIMEOUT": Status.expired,
        "KO": Status.rejected,
        "BLACKLISTED": Status.rejected,
        "INVALIDCONTENTS": Status.rejected,
        "TOOM4USER": Status.rejected,
        "TOOM4NUM": Status.rejected,
        "ERROR": Status.failed,
        "UNKNRCPT": Status.undelivered,
        "UNKNPFX": Status.undelivered,
        "INVALIDDST": Status.undelivered,
    },
    opt_out_report=Report("o-1", "BLACKLISTED"),
    accepted=created(),
    accepted_id="msg_1",
    error_inside=(created(result="KO", error_message="Not for +14155550100"), "configuration", "KO"),
    without_id=created(order_id=None),
    errors=(
        (Reply(400, {"result": "KO", "code": "E400", "error_message": "no"}, {}), "configuration", "E400"),
        (Reply(401, "", {}), "credentials", "http_401"),
        (Reply(404, "", {}), "credentials", "http_404"),
        (created(total_sent=0), "recipient", "none_sent"),
        (Reply(201, {"order_id": "msg_1"}, {}), "unknown_outcome", "no_id"),
        (Reply(429, "", {}), "throttled", "http_429"),
        (Reply(408, "", {}), "unknown_outcome", "http_408"),
        (Reply(302, "", {"Location": "https://elsewhere.example"}), "configuration", "http_302"),
    ),
    server_error_kind="unknown_outcome",
    acknowledgement=WebhookResponse(200, {"Content-Type": "text/plain; charset=utf-8"}, b""),
    validate_call=validate_call,
    checked=Reply(200, {"money": "12.5", "sms": []}, {}),
    text_ids=False,
    aside=login,
    # A session that has ended is answered by 401: one login, and the text once more.
    tries=lambda step: 2 if isinstance(step, Reply) and step.status == 401 else 1,
)

GATEWAY = replace(
    TABLE,
    account=replace(TABLE.account, options={"api": "gateway"}),
    write_report=write_gateway_report,
    unknown_event=call("POST", URL.format("delivery"), {"method": "notify", "skebby_message_id": "777"}),
    statuses={
        "DELIVERED": Status.delivered,
        "EXPIRED": Status.expired,
        "DELETED": Status.undelivered,
        "UNDELIVERABLE": Status.undelivered,
        "UNKNOWN": Status.failed,
        "REJECTD": Status.rejected,
    },
    opt_out_report=None,
    accepted=Reply(200, "status=success&remaining_sms=150&id=64608933", {"Content-Type": "text/html"}),
    accepted_id="64608933",
    error_inside=(failed(25), "recipient", "25"),
    without_id=Reply(200, "status=success&remaining_sms=150", {}),
    errors=(
        (failed(10), "configuration", "10"),
        (failed(12), "configuration", "12"),
        (failed(21), "credentials", "21"),
        (failed(23), "sender", "23"),
        (failed(24), "content", "24"),
        (failed(29), "credentials", "29"),
        (failed(30), "funds", "30"),
        (failed(37), "content", "37"),
        (failed(40), "sender", "40"),
        (failed("new"), "configuration", "new"),
        (Reply(504, "", {}), "unknown_outcome", "http_504"),
    ),
    validate_call=validate_gateway_call,
    checked=Reply(200, "status=success&credit_left=9.49&classic_sms=148&basic_sms=206", {"Content-Type": "text/html"}),
    aside=lambda _: None,
    tries=lambda _: 1,
)
