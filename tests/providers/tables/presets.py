"""Connectel and CSC Telecom for the conformance suite: what the desk assumes of them, written independently."""

import json
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from chalicelib.providers.contract import ProviderAccount, Status, WebhookRequest
from tests.providers.fakes import Call
from tests.providers.table import Reply, Report, Text
from tests.providers.tables import custom
from tests.providers.tables.custom import FORM, JSON, URL, post, report_url

TOKEN, KEY = "the-token-of-connectel", "the-key-of-csc"
BASE = "https://sms.example.org/send"


def write_text(method: str, text: Text) -> WebhookRequest:
    fields = {"id": text.id, "from": text.sender, "to": text.recipient, "text": text.text, "udh": wide_udh(text)}
    if method == "GET":
        return WebhookRequest("GET", f"{URL.format('receive')}?{urlencode(fields)}", {}, b"")
    return post(URL.format("receive"), fields)


def wide_udh(text: Text) -> str:
    """As an SMPP gateway shows it: ports first, then a reference of 16 bits (3GPP TS 23.040, 9.2.3.24.4 and .8)."""
    if text.part is None:
        return ""
    reference, number, total = text.part
    return f"0c:05:04:15:8a:00:00:08:04:00:{reference:02x}:{total:02x}:{number:02x}"


def write_form_text(method: str, text: Text) -> WebhookRequest:
    if text.part and method == "POST":
        reference, number, total = text.part
        segment = {"message": text.text, "msgRefNum": reference, "sequenceSize": total, "sequenceNumber": number}
        document = {"originatingAddress": text.sender, "destinationAddress": text.recipient}
        return post(URL.format("receive"), document | {"segmentedMessage": segment})
    fields = {"message-id": text.id, "originatingAddress": text.sender, "destinationAddress": text.recipient}
    encoded = urlencode(fields | {"message": text.text, "udh": wide_udh(text)})
    if method == "GET":
        return WebhookRequest("GET", f"{URL.format('receive')}?{encoded}", {}, b"")
    return WebhookRequest("POST", URL.format("receive"), {"Content-Type": FORM}, encoded.encode())


def write_report(method: str, report: Report) -> WebhookRequest:
    fields = {"id": report.id, "status": report.status, "to": "+14155550100", "message": "Absent subscriber"}
    if method == "GET":
        return WebhookRequest("GET", f"{report_url(report)}?{urlencode(fields)}", {}, b"")
    return post(report_url(report), fields)


def write_url_report(method: str, report: Report) -> WebhookRequest:
    """A call of the pasted URL, `…?message-id=<Message-Id>&state=<State>`, by either method and without a body."""
    url = f"{report_url(report)}?{urlencode({'message-id': report.id, 'state': report.status})}"
    return WebhookRequest(method, url, {}, b"")


def validate(secret: str) -> Any:
    def validate_call(sent: Call) -> None:
        assert (sent.method, sent.url) == ("POST", BASE)
        assert (sent.headers["Authorization"], sent.headers["Content-Type"]) == (f"Bearer {secret}", JSON)
        document = json.loads(sent.body)
        assert document.pop("text")
        assert document == {"from": "+14155550199", "to": "+14155550100"}

    return validate_call


WORDS = {
    "SCHEDULED": Status.queued,
    "enroute": Status.sent,
    "ACCEPTD": Status.sent,
    "delivered": Status.delivered,
    "DELIVRD": Status.delivered,
    "Expired": Status.expired,
    "DELETED": Status.undelivered,
    "UNDELIV": Status.undelivered,
    "REJECTED": Status.rejected,
    "SKIPPED": Status.failed,
}
NUMBERS = {
    "0": Status.queued,
    "1": Status.sent,
    "2": Status.delivered,
    "3": Status.expired,
    "4": Status.undelivered,
    "5": Status.undelivered,
    "6": Status.sent,
    "7": Status.unknown,
    "8": Status.rejected,
    "9": Status.failed,
}
MALFORMED: dict[str, bytes] = {
    "empty": b"",
    "an empty list": b"[]",
    "nothing known": b'{"hello": "world"}',
    "no sender": b'{"text": "hi"}',
    "endless id": json.dumps({"text": "hi", "from": "+14155550100", "id": "S" * 201}).encode(),
    "endless text": json.dumps({"text": "x" * 20_001, "from": "+14155550100"}).encode(),
}

CONNECTEL = replace(
    custom.TABLE,
    name="connectel",
    account=ProviderAccount("connectel", "+14155550199", {"auth_token": TOKEN}, base_url=BASE, delivery_reports=True),
    other_secret={"auth_token": "another-token"},
    signed=False,
    methods=("POST", "GET"),
    write_text=write_text,
    write_report=write_report,
    unknown_event=post(URL.format("receive"), {"id": "c-1", "opened": True}),
    malformed={
        name: WebhookRequest("POST", URL.format("receive"), {"Content-Type": JSON}, body)
        for name, body in MALFORMED.items()
    },
    sign=lambda request, *_: request,
    unsign=lambda request: request,
    statuses=WORDS,
    accepted=Reply(200, {"id": "c-1"}, {}),
    accepted_id="c-1",
    error_inside=(Reply(200, {"error": {"code": "E5", "message": "refused"}}, {}), "configuration", "E5"),
    without_id=Reply(200, {"status": "ok", "code": 200}, {}),
    errors=(
        (Reply(400, {"code": "E1", "message": "bad number +14155550100"}, {}), "configuration", "E1"),
        (Reply(401, {"error": "bad token"}, {}), "credentials", "http_401"),
        (Reply(503, {"code": "E9"}, {}), "unknown_outcome", "E9"),
        (Reply(408, "", {}), "unknown_outcome", "http_408"),
    ),
    validate_call=validate(TOKEN),
    unsigned_without=(),
    parts=True,
)

CSCTELECOM = replace(
    CONNECTEL,
    name="csctelecom",
    account=ProviderAccount("csctelecom", "+14155550199", {"api_key": KEY}, base_url=BASE),
    other_secret={"api_key": "another-key"},
    write_text=write_form_text,
    write_report=write_url_report,
    statuses=NUMBERS | WORDS,
    accepted=Reply(200, {"messages": [{"id": 4711}]}, {}),
    accepted_id="4711",
    malformed={
        **CONNECTEL.malformed,
        "placeholders": write_url_report("GET", Report("<Message-Id>", "<State>")),
        "placeholders escaped twice": write_url_report("POST", Report("%3CMessage-Id%3E", "%3CState%3E")),
        "one placeholder": write_url_report("GET", Report("4711", "<State>")),
    },
    validate_call=validate(KEY),
)
