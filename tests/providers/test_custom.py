"""The declared types' own: how calls are built and answers read, the placeholders of CSC Telecom, mistakes told."""

import dataclasses
import json
from base64 import b64encode
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

import pytest

from chalicelib import providers
from chalicelib.providers.contract import (
    DeliveryReport,
    Ignored,
    InboundMessage,
    MalformedRequest,
    OutboundMessage,
    ProviderAccount,
    SendError,
    SignatureError,
    Status,
    Verification,
    WebhookRequest,
)
from tests.providers.fakes import Call, ScriptedHttp
from tests.providers.table import NOW, Reply, Text
from tests.providers.tables import presets
from tests.providers.tables.custom import BASE, FORM, RECEIVE, SECRET, SEND, TABLE, URL, answered, post, write_text
from tests.providers.tables.examples import examples

CUSTOM, CONNECTEL, CSC = (providers.get(name) for name in ("custom", "connectel", "csctelecom"))
MESSAGE_ID = "msg_01ARZ3NDEKTSV4RRFFQ69G5FAV"
MESSAGE = OutboundMessage(
    MESSAGE_ID, "+393290000000", "a+b & ž", delivery_url="https://desk.example.com/d/" + MESSAGE_ID
)
CREDENTIALS = {"api_key": "the key", "username": "ünal", "password": "p:w"}


def account(receive: Any = None, **send: Any) -> ProviderAccount:
    """An account that declares just this."""
    options = {"send": json.dumps(send)} | ({"receive": json.dumps(receive)} if receive else {})
    return ProviderAccount("custom", "+14155550199", CREDENTIALS, base_url=f"{BASE}/", options=options)


def sent(**send: Any) -> Call:
    http = ScriptedHttp([Reply(200, {"id": "1"}, {})])
    CUSTOM.send(MESSAGE, account(**send), http)
    return http.calls[0]


def test_a_form_a_query_and_json_carry_the_same_fields() -> None:
    fields = {"to[]": "{to}", "text": "{text}", "key": "{api_key}", "flash": False}
    expected = {"to[]": "+393290000000", "text": "a+b & ž", "key": "the key", "flash": "false"}
    form, query = sent(body="form", fields=fields), sent(method="GET", body="query", path="/send", fields=fields)
    assert dict(parse_qsl(form.body.decode())) == expected
    assert (query.method, query.body, urlsplit(query.url).path) == ("GET", b"", "/v2/send")
    assert dict(parse_qsl(urlsplit(query.url).query)) == expected
    assert json.loads(sent(fields=fields).body) == expected | {"flash": False}


@pytest.mark.parametrize(("form", "number"), [("e164", "+39329"), ("digits", "39329"), ("00", "0039329")])
def test_numbers_are_written_as_declared_and_names_stay(form: str, number: str) -> None:
    fields = {"to": "{to}", "digits": "{to_digits}", "from": "{from}"}
    http = ScriptedHttp([Reply(200, {"id": "1"}, {})])
    known = dataclasses.replace(account(number_format=form, fields=fields), sender="Pizzeria")
    CUSTOM.send(OutboundMessage("msg_1", "+39329", "x"), known, http)
    assert json.loads(http.calls[0].body) == {"to": number, "digits": "39329", "from": "Pizzeria"}


def test_the_encoding_our_id_and_the_report_url_are_variables() -> None:
    fields = {"encoding": "{encoding}", "ref": "{reference}", "callback": "{delivery_url}"}
    assert json.loads(sent(fields=fields).body) == {
        "encoding": "UCS-2",
        "ref": MESSAGE_ID,
        "callback": MESSAGE.delivery_url,
    }


def test_a_field_without_a_value_is_left_out_and_one_declared_blank_is_sent() -> None:
    http = ScriptedHttp([Reply(200, {"id": "1"}, {})])
    fields = {"callback": "{delivery_url}", "blank": "", "text": "{text}"}
    CUSTOM.send(OutboundMessage("msg_1", "+39329", "x"), account(fields=fields), http)
    assert json.loads(http.calls[0].body) == {"blank": "", "text": "x"}


def test_what_a_customer_or_agent_writes_is_never_a_template_or_a_path() -> None:
    http = ScriptedHttp([Reply(200, {"id": "1"}, {})])
    CUSTOM.send(
        OutboundMessage("msg_1", "+39329", "{api_key}/../?a=b"), account(path="/x/{text}", fields={"t": "{text}"}), http
    )
    assert http.calls[0].url == f"{BASE}/x/%7Bapi_key%7D%2F..%2F%3Fa%3Db"
    assert json.loads(http.calls[0].body) == {"t": "{api_key}/../?a=b"}


def test_basic_credentials_are_sent_in_utf8() -> None:
    expected = b64encode("ünal:p:w".encode()).decode()
    assert sent(auth="basic", fields={"t": "{text}"}).headers["Authorization"] == f"Basic {expected}"


def test_an_id_may_be_the_whole_body() -> None:
    declared = account(id_from_body=True, fields={"t": "{text}"})
    assert CUSTOM.send(MESSAGE, declared, ScriptedHttp([Reply(200, " 4711\n", {})])).provider_message_id == "4711"
    for body in ("", "two words", "ü"):
        with pytest.raises(SendError) as error:
            CUSTOM.send(MESSAGE, declared, ScriptedHttp([Reply(200, body, {})]))
        assert error.value.kind == "unknown_outcome"


@pytest.mark.parametrize(
    ("body", "kind", "code"),
    [
        ({"id": "1", "status": "Rejected", "message": "no credit"}, "configuration", "Rejected"),
        ({"data": {"id": "1", "state": "failed"}}, "configuration", "http_200"),
        ({"messages": [{"id": "1", "status": "UNDELIV"}]}, "configuration", "http_200"),
        ({"id": "1", "error": {"code": "E7", "message": "bad number"}}, "unknown_outcome", "E7"),
        ({"id": "1", "errors": ["bad number"]}, "unknown_outcome", "http_200"),
    ],
)
def test_the_state_inside_an_acceptance_counts(body: dict[str, Any], kind: str, code: str) -> None:
    with pytest.raises(SendError) as error:
        CONNECTEL.send(MESSAGE, presets.CONNECTEL.account, ScriptedHttp([Reply(200, body, {})]))
    assert (error.value.kind, error.value.code) == (kind, code)
    declares = {"success_path": "id", "success_values": ["1"]}
    known = dataclasses.replace(presets.CONNECTEL.account, options={"send": json.dumps(declares)})
    if "id" in body:  # whoever declares what success is has the last word
        assert CONNECTEL.send(MESSAGE, known, ScriptedHttp([Reply(200, body, {})])).provider_message_id == "1"


@pytest.mark.parametrize("more", [{"status": "queued"}, {"status": 8}, {"status": "ok"}, {"error": None, "errors": []}])
def test_an_acceptance_that_tells_of_no_failure_is_one(more: dict[str, Any]) -> None:
    reply = Reply(200, {"id": "1", **more}, {})
    assert CONNECTEL.send(MESSAGE, presets.CONNECTEL.account, ScriptedHttp([reply])).provider_message_id == "1"


def test_only_with_reports_on_their_way_is_an_accepted_text_not_yet_sent() -> None:
    reply = Reply(200, {"id": "1"}, {})
    statuses = [
        CUSTOM.send(MESSAGE, account(fields={"t": "{text}"}), ScriptedHttp([reply])).status,
        CUSTOM.send(MESSAGE, TABLE.account, ScriptedHttp([answered()])).status,
        CONNECTEL.send(MESSAGE, presets.CONNECTEL.account, ScriptedHttp([reply])).status,
        CSC.send(MESSAGE, presets.CSCTELECOM.account, ScriptedHttp([reply])).status,
    ]
    assert statuses == [Status.sent, Status.queued, Status.queued, Status.queued]


def test_mistakes_are_told_before_anything_is_sent() -> None:
    wrong = dataclasses.replace(TABLE.account, options={"send": '{"method": "EXEC"}', "receive": "no"})
    assert set(CUSTOM.mistakes(wrong)) == {"send", "receive"}
    assert CUSTOM.check(wrong, ScriptedHttp([])).state == "problem"
    with pytest.raises(SendError) as error:
        CUSTOM.send(MESSAGE, wrong, ScriptedHttp([]))
    assert (error.value.kind, error.value.code) == ("configuration", "mapping")
    with pytest.raises(MalformedRequest):
        CUSTOM.parse(write_text("POST", Text("id-1")), wrong)
    with pytest.raises(SignatureError):
        CUSTOM.verify(write_text("POST", Text("id-1")), wrong, NOW)


def test_a_declaration_without_fields_is_a_mistake_and_the_presets_have_none() -> None:
    bare = ProviderAccount("custom", "+14155550199", {}, base_url=BASE)
    assert "send" in CUSTOM.mistakes(bare)
    assert [CUSTOM.mistakes(TABLE.account), CONNECTEL.mistakes(bare), CSC.mistakes(bare)] == [{}, {}, {}]
    assert CONNECTEL.check(bare, ScriptedHttp([])).state == "unproven"


def test_a_preset_is_adjusted_by_the_accounts_mapping() -> None:
    options = {"send": '{"headers": {"X-Auth-Token": "{api_key}"}}', "receive": '{"text": "besked"}'}
    known = dataclasses.replace(presets.CONNECTEL.account, options=options)
    http = ScriptedHttp([Reply(200, {"id": "1"}, {})])
    CONNECTEL.send(MESSAGE, known, http)
    assert http.calls[0].headers["X-Auth-Token"] == presets.TOKEN
    assert "Authorization" not in http.calls[0].headers
    [message] = CONNECTEL.parse(post(URL.format("receive"), {"from": "+4670", "besked": "hej", "id": "1"}), known)
    assert isinstance(message, InboundMessage)
    assert message.text == "hej"


def test_several_events_in_a_call_are_read_and_a_bad_one_costs_none() -> None:
    receive = {**RECEIVE, "items": "data.events"}
    known = dataclasses.replace(TABLE.account, options={"send": json.dumps(SEND), "receive": json.dumps(receive)})
    events = [{"uid": "1", "who": "+39329", "words": "hi"}, {"uid": "2", "news": {"state": "gone"}}, {"nothing": 1}]
    read = CUSTOM.parse(post(URL.format("receive"), {"data": {"events": events}}), known)
    assert [type(event) for event in read] == [InboundMessage, DeliveryReport, Ignored]


def test_a_report_with_words_and_a_number_is_no_text_and_a_text_with_a_status_is_one() -> None:
    report = {"id": "1", "status": "failed", "message": "Absent subscriber", "msisdn": "+393290000000"}
    text = {"id": "1", "status": "received", "message": "Hi", "msisdn": "+393290000000"}
    odd = report | {"status": "teleported"}
    kinds = [
        type(CONNECTEL.parse(post(URL.format(where), document), presets.CONNECTEL.account)[0])
        for where, document in (("receive", report), ("receive", text), ("delivery", odd))
    ]
    assert kinds == [DeliveryReport, InboundMessage, DeliveryReport]


def test_a_status_without_a_word_of_ours_is_told_in_the_providers() -> None:
    details = []
    for status in ("7", "Lost near +14155550199", "delivered"):
        request = post(URL.format("delivery"), {"id": "1", "status": status})
        [report] = CONNECTEL.parse(request, presets.CONNECTEL.account)
        assert isinstance(report, DeliveryReport)
        details.append(report.detail)
    assert details == ["7", "Lost near …", None]


def test_a_report_finds_its_message_by_the_reference() -> None:
    document = {"reference": MESSAGE_ID, "status": "delivered", "error_code": 0}
    [report] = CONNECTEL.parse(post(URL.format("delivery"), document), presets.CONNECTEL.account)
    assert isinstance(report, DeliveryReport)
    assert (report.provider_message_id, report.message_id, report.code) == (None, MESSAGE_ID, "0")


@pytest.mark.parametrize(
    "stamp",
    [
        1767268800,
        1767268800000,
        "2026-01-01T12:00:00Z",
        "2026-01-01T13:00:00+01:00",
        "2026-01-01T12:00:00",
        "2026-01-01 12:00:00",
        "20260101120000",
        "Thu, 01 Jan 2026 12:00:00 +0000",
    ],
)
def test_the_usual_ways_to_write_a_time_are_read(stamp: str | int) -> None:
    document = {"id": "1", "from": "+39329", "text": "x", "timestamp": stamp}
    [message] = CONNECTEL.parse(post(URL.format("receive"), document), presets.CONNECTEL.account)
    assert isinstance(message, InboundMessage)
    assert message.received_at == datetime(2026, 1, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize("stamp", ["soon", "2026-13-01T00:00:00Z", "9" * 14, ""])
def test_a_time_that_is_none_is_left_out(stamp: str) -> None:
    document = {"id": "1", "from": "+39329", "text": "x", "timestamp": stamp}
    [message] = CONNECTEL.parse(post(URL.format("receive"), document), presets.CONNECTEL.account)
    assert isinstance(message, InboundMessage)
    assert message.received_at is None


def test_a_secret_in_the_body_is_checked_and_not_kept() -> None:
    receive = {"secret_field": "auth.code"}
    known = dataclasses.replace(TABLE.account, options={"receive": json.dumps(receive)})
    document = {"id": "1", "from": "+39329", "text": "x", "auth": {"code": SECRET}}
    request = post(URL.format("receive"), document)
    assert CUSTOM.verify(request, known, NOW) is Verification.verified
    [message] = CUSTOM.parse(request, known)
    assert isinstance(message, InboundMessage)
    assert SECRET not in json.dumps(message.raw)
    for other in ({**document, "auth": {"code": "x"}}, {**document, "auth": SECRET}):
        with pytest.raises(SignatureError):
            CUSTOM.verify(post(request.url, other), known, NOW)


def test_a_webhook_secret_without_a_place_for_it_is_unsigned() -> None:
    known = dataclasses.replace(TABLE.account, options={})
    assert CUSTOM.verify(write_text("POST", Text("id-1")), known, NOW) is Verification.unsigned


@examples("csctelecom", "generated_url")
def test_the_delivery_url_of_csc_telecom_ends_in_its_placeholders(example: dict[str, Any]) -> None:
    suffix = CSC.spec.reports.url_suffix
    assert suffix == "?message-id=<Message-Id>&state=<State>"
    assert all(word in suffix for word in example["expect"]["delivery_url_contains_literally"])
    assert {field.name for field in CSC.spec.credentials} | {"base_url"} == set(example["request"]["settings"])
    assert CSC.spec.base_url_required


@examples("connectel", "config_rules")
def test_connectel_asks_for_what_its_form_asks(example: dict[str, Any]) -> None:
    assert [field.name for field in CONNECTEL.spec.credentials] == example["request"]["settings"]
    assert CONNECTEL.spec.reports.how == "pasted"
    assert CONNECTEL.spec.sender is not None


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("body", [b"", b"message-id=other&state=3"])
def test_csc_telecom_reports_in_the_url(method: str, body: bytes) -> None:
    url = URL.format("delivery") + "?message-id=4711&state=2"
    [report] = CSC.parse(WebhookRequest(method, url, {"Content-Type": FORM}, body), presets.CSCTELECOM.account)
    assert isinstance(report, DeliveryReport)
    assert (report.provider_message_id, report.status, report.raw["state"]) == ("4711", Status.delivered, "2")


@pytest.mark.parametrize("kind", ["application/json", "text/plain", "application/xml", FORM, ""])
def test_csc_telecom_reports_in_the_url_whatever_type_an_empty_body_has(kind: str) -> None:
    url = URL.format("delivery") + "?message-id=4711&state=2"
    [report] = CSC.parse(WebhookRequest("POST", url, {"Content-Type": kind}, b" \n"), presets.CSCTELECOM.account)
    assert isinstance(report, DeliveryReport)
    assert (report.provider_message_id, report.status) == ("4711", Status.delivered)


@pytest.mark.parametrize("kind", [None, "", "text/plain", "text/json", FORM])
def test_json_is_json_whatever_type_it_is_posted_with(kind: str | None) -> None:
    headers = {} if kind is None else {"Content-Type": kind}
    for body in (
        b'\n {"id": "1", "from": "+39329", "text": "a=b&c"}',
        b'[{"id": "1", "from": "+39329", "text": "a=b&c"}]',
    ):
        request = WebhookRequest("POST", URL.format("receive"), headers, body)
        [message] = CONNECTEL.parse(request, presets.CONNECTEL.account)
        assert isinstance(message, InboundMessage)
        assert (message.provider_message_id, message.text) == ("1", "a=b&c")


def test_the_webhook_secret_may_stand_in_the_pasted_url() -> None:
    known = dataclasses.replace(TABLE.account, options={"receive": '{"secret_field": "code"}'})
    document = {"id": "1", "from": "+39329", "text": "x"}
    request = post(f"{URL.format('receive')}?code={quote(SECRET)}", document)
    assert CUSTOM.verify(request, known, NOW) is Verification.verified
    [message] = CUSTOM.parse(request, known)
    assert isinstance(message, InboundMessage)
    assert SECRET not in json.dumps(message.raw)
    for other in (post(f"{URL.format('receive')}?code=x", document), post(URL.format("receive"), document)):
        with pytest.raises(SignatureError):
            CUSTOM.verify(other, known, NOW)


def test_a_secret_that_is_posted_as_a_number_is_not_kept_either() -> None:
    known = dataclasses.replace(
        TABLE.account, credentials={"webhook_secret": "4711"}, options={"receive": '{"secret_field": "code"}'}
    )
    request = post(URL.format("receive"), {"id": "1", "from": "+39329", "text": "x", "code": 4711})
    assert CUSTOM.verify(request, known, NOW) is Verification.verified
    [message] = CUSTOM.parse(request, known)
    assert isinstance(message, InboundMessage)
    assert "4711" not in json.dumps(message.raw)


@pytest.mark.parametrize("query", ["message-id=%3CMessage-Id%3E&state=%3CState%3E", "message-id=<Message-Id>&state=2"])
def test_placeholders_that_were_not_substituted_are_told_as_such(query: str) -> None:
    request = WebhookRequest("GET", f"{URL.format('delivery')}?{query}", {}, b"")
    with pytest.raises(MalformedRequest, match="placeholders of the delivery URL were not substituted"):
        CSC.parse(request, presets.CSCTELECOM.account)


def test_a_text_in_angle_brackets_is_a_text() -> None:
    document = {"id": "1", "from": "+39329", "text": "<Message-Id>"}
    [message] = CSC.parse(post(URL.format("receive"), document), presets.CSCTELECOM.account)
    assert isinstance(message, InboundMessage)
    assert message.text == "<Message-Id>"


def test_the_nested_text_of_a_segmented_message_is_read() -> None:
    document = {
        "originatingAddress": "11234567123",
        "destinationAddress": "381233452345",
        "segmentedMessage": {"message": "Labas", "msgRefNum": 34, "sequenceSize": 1, "sequenceNumber": 1},
    }
    [message] = CSC.parse(post(URL.format("receive"), document), presets.CSCTELECOM.account)
    assert isinstance(message, InboundMessage)
    assert (message.sender, message.recipient, message.text) == ("+11234567123", "+381233452345", "Labas")
