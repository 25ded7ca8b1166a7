"""ClickSend's own: its published examples, its three kinds of callbacks, and the state inside a 200."""

import dataclasses
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from chalicelib import providers
from chalicelib.providers.contract import (
    DeliveryReport,
    InboundMessage,
    OutboundMessage,
    SendError,
    Status,
    Verification,
    WebhookRequest,
)
from tests.providers.fakes import ScriptedHttp
from tests.providers.table import NOW, Reply
from tests.providers.tables.clicksend import TABLE, URL, call, envelope, state, validate_call
from tests.providers.tables.examples import examples, reply_of, request_of

CLICKSEND = providers.get("clicksend")
ACCOUNT = TABLE.account
MESSAGE = OutboundMessage("msg_1", "+14155550100", "Hello")


def read(fields: dict[str, str], where: str = "receive", method: str = "POST") -> InboundMessage | DeliveryReport:
    [event] = CLICKSEND.parse(call(method, URL.format(where), fields), ACCOUNT)
    assert isinstance(event, InboundMessage | DeliveryReport)
    return event


@examples("clicksend", "inbound")
def test_inbound_examples_are_read(example: dict[str, Any]) -> None:
    [message] = CLICKSEND.parse(request_of(example), ACCOUNT)
    [expected] = example["expect"]["messages"]
    assert isinstance(message, InboundMessage)
    assert (message.provider_message_id, message.sender, message.recipient, message.text) == tuple(
        expected[name] for name in ("provider_message_id", "from", "to", "text")
    )
    assert message.received_at == datetime.fromisoformat(expected["received_at"])


@examples("clicksend", "delivery")
def test_delivery_examples_are_read(example: dict[str, Any]) -> None:
    [report] = CLICKSEND.parse(request_of(example), ACCOUNT)
    [expected] = example["expect"]["updates"]
    assert isinstance(report, DeliveryReport)
    assert (report.provider_message_id, report.status, report.code) == tuple(
        expected[name] for name in ("provider_message_id", "status", "raw_status")
    )


@examples("clicksend", "signature")
def test_calls_count_as_unsigned(example: dict[str, Any]) -> None:
    assert example["expect"] == {"signature_supported": False}
    request = request_of(example)
    assert CLICKSEND.verify(request, ACCOUNT, NOW) is Verification.unsigned
    [message] = CLICKSEND.parse(request, ACCOUNT)
    assert isinstance(message, InboundMessage)
    assert (message.provider_message_id, message.sender, message.text) == (None, "+639171234567", "hello world")


@examples("clicksend", "send_ok")
def test_accepted_examples_are_read(example: dict[str, Any]) -> None:
    [wanted] = example["request"]["body_subset"]["messages"]
    account = dataclasses.replace(ACCOUNT, phone=wanted["from"])
    http = ScriptedHttp([reply_of(example)])
    accepted = CLICKSEND.send(OutboundMessage("msg_1", wanted["to"], wanted["body"]), account, http)
    assert (accepted.provider_message_id, accepted.status, accepted.segments) == tuple(
        example["expect"][name] for name in ("provider_message_id", "status", "segments")
    )
    assert http.calls[0].url == example["request"]["url"]
    [sent] = http.calls[0].json()["messages"]
    assert wanted.items() <= sent.items()
    validate_call(http.calls[0])


@examples("clicksend", "send_error")
def test_error_examples_are_told(example: dict[str, Any]) -> None:
    with pytest.raises(SendError) as raised:
        CLICKSEND.send(MESSAGE, ACCOUNT, ScriptedHttp([reply_of(example)]))
    assert (raised.value.code, raised.value.retryable) == (
        example["expect"]["error_code"],
        example["expect"]["retryable"],
    )


def test_a_json_callback_may_hold_numbers_and_nulls() -> None:
    body = {"from": 14155550100, "to": None, "originalsenderid": "+14155550199", "body": None, "message_id": 7}
    request = WebhookRequest(
        "POST", URL.format("receive"), {"Content-Type": "application/json; charset=utf-8"}, json.dumps(body).encode()
    )
    [message] = CLICKSEND.parse(request, ACCOUNT)
    assert isinstance(message, InboundMessage)
    assert (message.sender, message.recipient, message.text, message.provider_message_id) == (
        "+14155550100",
        "+14155550199",
        "",
        "7",
    )


def test_the_field_sms_is_never_taken_for_the_customer_or_for_us() -> None:
    message = read({"from": "+14155550100", "sms": "+14155550111", "body": "hi", "message_id": "1"})
    assert isinstance(message, InboundMessage)
    assert (message.sender, message.recipient) == ("+14155550100", None)


def test_the_older_name_of_the_text_counts_where_the_newer_is_missing() -> None:
    message = read({"from": "+14155550100", "message": "hi"})
    assert isinstance(message, InboundMessage)
    assert (message.text, message.provider_message_id, message.received_at) == ("hi", None, None)


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"status": "Sent", "status_code": "201"}, Status.delivered),
        ({"status": "Sent", "status_code": "200", "error_code": "4"}, Status.sent),
        ({"status_code": "301", "error_text": "Message delivery receipt expired"}, Status.expired),
        ({"status_code": "301", "error_text": "Rejected by the recipient network."}, Status.rejected),
        ({"status_code": "301", "status_text": "Anti-spam rejection by recipient network"}, Status.rejected),
        ({"status_code": "301", "error_text": "Rejection due to recipient network error"}, Status.failed),
        ({"status_code": "300", "error_text": "Temporary network error - will be retried"}, Status.sent),
        ({"status_code": "302", "status": "Sent"}, Status.unknown),
    ],
)
def test_a_report_is_read_by_its_code_and_never_by_its_row_number(fields: dict[str, str], status: Status) -> None:
    report = read({"message_id": "1", **fields}, "delivery")
    assert isinstance(report, DeliveryReport)
    assert report.status is status


def test_a_report_names_our_message_by_the_echo_and_tells_the_reason() -> None:
    fields = {"messageid": "1", "status_code": "301", "customstring": "msg_01ARZ3", "timestamp": "1722565411"}
    report = read({**fields, "error_text": "Unknown subscriber +14155550100"}, "delivery", "GET")
    assert isinstance(report, DeliveryReport)
    assert (report.provider_message_id, report.message_id, report.code) == ("1", "msg_01ARZ3", "301")
    assert report.detail == "Unknown subscriber …"
    assert report.occurred_at == datetime(2024, 8, 2, 2, 23, 31, tzinfo=UTC)


@pytest.mark.parametrize("echo", ["", "Test message 001", "msg_", "msg_a-b"])
def test_an_echo_that_is_none_of_ours_names_no_message(echo: str) -> None:
    report = read({"message_id": "1", "status_code": "201", "custom_string": echo}, "delivery")
    assert isinstance(report, DeliveryReport)
    assert report.message_id is None


def test_the_sender_string_takes_the_place_of_the_number_and_the_id_is_echoed() -> None:
    http = ScriptedHttp([envelope()])
    CLICKSEND.send(MESSAGE, dataclasses.replace(ACCOUNT, sender="Acme"), http)
    assert http.calls[0].json() == {
        "messages": [
            {"source": "smsdesk", "from": "Acme", "to": "+14155550100", "body": "Hello", "custom_string": "msg_1"}
        ]
    }


@pytest.mark.parametrize("text", ["a" * 918, "ä" * 918, "€" * 456, "ç" * 402, "😀" * 198, "€" + "a" * 911])
def test_a_text_of_six_parts_is_sent(text: str) -> None:
    assert CLICKSEND.send(dataclasses.replace(MESSAGE, text=text), ACCOUNT, ScriptedHttp([envelope()]))


@pytest.mark.parametrize("text", ["a" * 919, "€" * 457, "ç" * 403, "😀" * 199, "a" * 402 + "ç"])
def test_a_text_that_clicksend_would_cut_off_is_not_sent(text: str) -> None:
    with pytest.raises(SendError) as raised:
        CLICKSEND.send(dataclasses.replace(MESSAGE, text=text), ACCOUNT, ScriptedHttp([]))
    assert (raised.value.kind, raised.value.code) == ("content", "too_long")


def test_a_blocked_message_is_refused_whatever_its_state_says() -> None:
    reply = envelope()
    assert isinstance(reply.body, dict)
    reply.body["data"]["blocked_count"] = 1
    with pytest.raises(SendError) as raised:
        CLICKSEND.send(MESSAGE, ACCOUNT, ScriptedHttp([reply]))
    assert (raised.value.kind, raised.value.code) == ("recipient", "BLOCKED")


def test_a_refusal_nobody_knows_does_not_quote_the_envelopes_success() -> None:
    with pytest.raises(SendError) as raised:
        CLICKSEND.send(MESSAGE, ACCOUNT, ScriptedHttp([state("BEAMED_AWAY")]))
    assert raised.value.detail == "ClickSend has refused the text."


@pytest.mark.parametrize(("parts", "segments"), [("3", 3), (0, None), (None, None), ("many", None), (1.0, None)])
def test_segments_are_told_where_they_are_a_number(parts: object, segments: int | None) -> None:
    accepted = CLICKSEND.send(MESSAGE, ACCOUNT, ScriptedHttp([envelope(message_parts=parts)]))
    assert accepted.segments == segments


def account_answer(balance: object) -> Reply:
    return Reply(200, {"http_code": 200, "response_code": "SUCCESS", "data": {"user_id": 1, "balance": balance}}, {})


def test_an_account_with_credit_is_ok() -> None:
    http = ScriptedHttp([account_answer("2.005718")])
    assert CLICKSEND.check(ACCOUNT, http).state == "ok"
    [made] = http.calls
    assert (made.method, made.url) == ("GET", "https://rest.clicksend.com/v3/account")
    assert made.basic() == tuple(ACCOUNT.credentials.values())


def test_no_credit_and_wrong_credentials_are_problems_of_their_own() -> None:
    spent = CLICKSEND.check(ACCOUNT, ScriptedHttp([account_answer("0.000000")]))
    refused = CLICKSEND.check(ACCOUNT, ScriptedHttp([Reply(401, {"response_code": "UNAUTHORIZED"}, {})]))
    other = CLICKSEND.check(ACCOUNT, ScriptedHttp([Reply(200, {"response_code": "UNAUTHORIZED"}, {})]))
    assert (spent.state, refused.state, other.state) == ("problem", "problem", "problem")
    assert "credit" in str(spent.detail)
    assert "credentials" in str(refused.detail)
    assert "names no account" in str(other.detail)
