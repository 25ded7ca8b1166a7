"""IntelePeer for the conformance suite: its calls written and marked by code that shares nothing with the product."""

import json
from datetime import datetime
from typing import Any

from jsonschema import Draft202012Validator

from chalicelib.providers.contract import ProviderAccount, Status, WebhookRequest, WebhookResponse
from tests.providers.fakes import Call
from tests.providers.table import Reply, Report, Table, Text

URL = "https://desk.example.com/api/sms/accounts/acc_1/{}/token"
KEY, SECRET = "fFkq-the-key-of-the-portal", "SECRET CODE"
REFID = "SM5AC09A610001006568100005C32E9D"
JSON = "application/json"

# Written down from Sending-SMS-Messages on docs.intelepeer.com, which publishes no schema.
SCHEMA = {
    "type": "object",
    "required": ["from", "to", "text"],
    "additionalProperties": False,
    "properties": {
        "from": {"pattern": r"^(\+[1-9][0-9]{6,14}|[1-9][0-9]{0,2}-[A-Za-z0-9]{1,11})$"},
        "to": {"pattern": r"^\+[1-9][0-9]{6,14}$"},
        "text": {"type": "string", "minLength": 1},
        "guid": {"type": "string"},
        "dlr": {"const": True},
    },
}


def post(url: str, document: dict[str, Any]) -> WebhookRequest:
    return WebhookRequest("POST", url, {"Content-Type": JSON}, json.dumps(document).encode())


def write_text(_: str, text: Text) -> WebhookRequest:
    document = {"refid": text.id, "from": text.sender, "to": text.recipient, "message": text.text}
    return post(URL.format("receive"), document)


def write_report(_: str, report: Report) -> WebhookRequest:
    url = URL.format("delivery") + f"/{report.message_id}" if report.message_id else URL.format("receive")
    code = {"RCC": int(report.code)} if report.code else {}
    return post(url, {"refid": report.id, "RCC_en": report.status, **code})


def sign(request: WebhookRequest, account: ProviderAccount, now: datetime) -> WebhookRequest:
    return spoil(request, account.credentials["webhook_secret"])


def spoil(request: WebhookRequest, code: str) -> WebhookRequest:
    return post(request.url, json.loads(request.body) | {"signature": code})


def validate_call(sent: Call) -> None:
    assert (sent.method, sent.url) == ("POST", "https://api.intelepeer.com/_rest/v4/app/sms/send")
    assert (sent.headers["Authorization"], sent.headers["Content-Type"]) == (KEY, JSON)
    Draft202012Validator(SCHEMA).validate(json.loads(sent.body))


def created(**changes: Any) -> Reply:
    return Reply(202, {"state": "CREATED", "refid": REFID, **changes}, {})


MALFORMED: dict[str, bytes] = {
    "empty": b"",
    "an empty object": b"{}",
    "no object": b'["refid"]',
    "no sender": b'{"refid": "1", "message": "hi"}',
    "blank sender": b'{"refid": "1", "message": "hi", "from": " "}',
    "a sender that is a list": b'{"refid": "1", "message": "hi", "from": ["+14155550100"]}',
    "endless sender": json.dumps({"message": "hi", "from": "1" * 65}).encode(),
    "endless id": json.dumps({"message": "hi", "from": "+14155550100", "refid": "S" * 201}).encode(),
    "endless text": json.dumps({"message": "x" * 20_001, "from": "+14155550100"}).encode(),
}

TABLE = Table(
    name="intelepeer",
    account=ProviderAccount("intelepeer", "+14155550199", {"api_key": KEY, "webhook_secret": SECRET}),
    other_secret={"webhook_secret": "ANOTHER CODE"},
    signed=True,
    replay_seconds=None,
    methods=("POST",),
    write_text=write_text,
    write_report=write_report,
    unknown_event=post(URL.format("receive"), {"refid": REFID, "carrier": "T"}),
    malformed={
        name: WebhookRequest("POST", URL.format("receive"), {"Content-Type": JSON}, body)
        for name, body in MALFORMED.items()
    },
    content_types=(JSON, "application/x-www-form-urlencoded"),
    sign=sign,
    unsign=lambda request: request,
    opts=(),
    statuses={
        "Queued": Status.queued,
        "Processing": Status.queued,
        "Sent": Status.sent,
        "DLR:Accepted": Status.sent,
        "DLR:Delivered": Status.delivered,
        "Failed": Status.failed,
        "DLR:Undeliverable": Status.failed,
        "DLR:Deleted": Status.failed,
        "DLR:Expired": Status.expired,
        "DLR:Rejected": Status.rejected,
        "DLR:Unknown": Status.unknown,
        "ENQUEUED": Status.queued,
        "DELIVRD": Status.delivered,
        "UNDELIV": Status.failed,
        "REJECTD": Status.rejected,
        "ACCEPTD": Status.sent,
        "210000": Status.delivered,
        "6009": Status.failed,
    },
    opt_out_report=None,
    accepted=created(),
    accepted_id=REFID,
    error_inside=(created(state="FAILED"), "configuration", "FAILED"),
    without_id=created(refid=None),
    errors=(
        (Reply(400, {"error": "bad number +14155550100"}, {}), "configuration", "http_400"),
        (Reply(401, {"error": "token has expired"}, {}), "credentials", "http_401"),
        (Reply(401, {"detail": "unauthorized"}, {}), "credentials", "http_401"),
        (Reply(403, "", {}), "recipient", "http_403"),
        (Reply(404, "", {}), "sender", "http_404"),
        (Reply(429, "", {}), "throttled", "http_429"),
        (created(state="FAILED", RCC=6009), "configuration", "6009"),
        (created(refid=""), "unknown_outcome", "no_id"),
    ),
    server_error_kind="unknown_outcome",
    acknowledgement=WebhookResponse(200, {"Content-Type": "text/plain; charset=utf-8"}, b""),
    validate_call=validate_call,
    covers_body=False,
    unsigned_without=("webhook_secret",),
    spoil=spoil,
    # A 401 may be about the form of the header: the text goes once more with the other form.
    tries=lambda step: 2 if isinstance(step, Reply) and step.status == 401 else 1,
    status_kinds={403: "recipient"},
)
