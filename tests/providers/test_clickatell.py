"""Clickatell's own: its published examples, its two shapes of callbacks with a status table each, and charsets."""

import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, quote_from_bytes

import pytest

from chalicelib import providers
from chalicelib.providers.contract import (
    DeliveryReport,
    Event,
    Ignored,
    InboundMessage,
    OutboundMessage,
    SendError,
    Status,
    Verification,
    WebhookRequest,
)
from tests.providers.fakes import ScriptedHttp
from tests.providers.table import NOW, Reply
from tests.providers.tables.clickatell import JSON, KEY, TABLE, TEXT, URL, answered, event, flat, validate_call
from tests.providers.tables.examples import examples, reply_of, request_of

CLICKATELL = providers.get("clickatell")
ACCOUNT = TABLE.account
MESSAGE = OutboundMessage("msg_1", "+2799900001", "Here is my message")


def only(request: WebhookRequest) -> Event:
    [found] = CLICKATELL.parse(request, ACCOUNT)
    return found


@examples("clickatell", "inbound")
def test_inbound_examples_of_other_channels_are_ignored(example: dict[str, Any]) -> None:
    assert example["expect"]["ignored"]
    assert isinstance(only(request_of(example)), Ignored)
    assert CLICKATELL.acknowledge([]).status == example["expect"]["http_status"]


@examples("clickatell", "delivery")
def test_delivery_examples_are_read(example: dict[str, Any]) -> None:
    report = only(request_of(example))
    [expected] = example["expect"]["updates"]
    assert isinstance(report, DeliveryReport)
    assert (report.provider_message_id, report.status) == (expected["provider_message_id"], expected["status"])
    assert report.raw["status"] == expected["raw_status"]
    assert (report.recipient, report.message_id) == ("+2799900001", None)


@examples("clickatell", "signature")
def test_calls_count_as_unsigned(example: dict[str, Any]) -> None:
    assert example["expect"] == {"signature_supported": False}
    request = request_of(example)
    assert CLICKATELL.verify(request, ACCOUNT, NOW) is Verification.unsigned
    message = only(request)
    assert isinstance(message, InboundMessage)
    assert (message.provider_message_id, message.sender, message.recipient, message.text) == (
        "3a89680503414383af44dcd0e4e5f184",
        "+2799900001",
        "+2799900002",
        "Text Content of the reply message",
    )
    assert message.received_at == datetime(2017, 9, 28, 14, 8, 18, tzinfo=UTC)


@examples("clickatell", "send_ok")
def test_accepted_examples_are_read(example: dict[str, Any]) -> None:
    http = ScriptedHttp([reply_of(example)])
    accepted = CLICKATELL.send(MESSAGE, ACCOUNT, http)
    assert (accepted.provider_message_id, accepted.status) == (
        example["expect"]["provider_message_id"],
        example["expect"]["status"],
    )
    assert http.calls[0].url == example["request"]["url"]
    [wanted] = example["request"]["body_subset"]["messages"]
    [sent] = http.calls[0].json()["messages"]
    assert wanted.items() <= sent.items()
    assert (sent["from"], sent["clientMessageId"]) == ("14155550199", "msg_1")
    validate_call(http.calls[0])


@examples("clickatell", "send_error")
def test_error_examples_are_told(example: dict[str, Any]) -> None:
    with pytest.raises(SendError) as raised:
        CLICKATELL.send(MESSAGE, ACCOUNT, ScriptedHttp([reply_of(example)]))
    expected = example["expect"]
    assert (raised.value.code, raised.value.retryable) == (expected["error_code"], not expected["permanent"])
    assert (raised.value.kind == "credentials") == expected.get("credentials", False)
    assert raised.value.detail == expected.get("error_text", "Clickatell refuses the API key.")


@pytest.mark.parametrize(
    ("code", "one_api", "of_flat"),
    [
        ("1", Status.unknown, Status.unknown),
        ("2", Status.queued, Status.queued),
        ("3", Status.queued, Status.sent),
        ("4", Status.sent, Status.delivered),
        ("5", Status.delivered, Status.failed),
        ("6", Status.delivered, Status.failed),
        ("7", Status.unknown, Status.failed),
        ("8", Status.unknown, Status.queued),
        ("10", Status.unknown, Status.expired),
        ("12", Status.unknown, Status.rejected),
        ("14", Status.unknown, Status.rejected),
        ("20", Status.expired, Status.unknown),
        ("24", Status.sent, Status.unknown),
        ("25", Status.rejected, Status.unknown),
        ("100", Status.failed, Status.unknown),
    ],
)
def test_the_same_number_means_another_status_in_the_other_shape(code: str, one_api: Status, of_flat: Status) -> None:
    in_event = only(event("messageStatusUpdate", {"channel": "sms", "messageId": "1", "statusCode": int(code)}))
    in_query = only(flat("GET", {"messageId": "1", "statusCode": code.zfill(3)}))
    in_body = only(flat("POST", {"messageId": "1", "statusCode": int(code)}))
    assert isinstance(in_event, DeliveryReport)
    assert isinstance(in_query, DeliveryReport)
    assert isinstance(in_body, DeliveryReport)
    assert (in_event.status, in_query.status, in_body.status) == (one_api, of_flat, of_flat)


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_the_key_that_older_callbacks_bring_is_not_kept(method: str) -> None:
    report = only(flat(method, {"apiKey": KEY, "messageId": "1", "statusCode": "77", "status": "beamed"}))
    text = only(flat(method, {"apiKey": KEY, "messageId": "1", "fromNumber": "14155550100", "text": "hi"}))
    assert isinstance(report, DeliveryReport)
    assert isinstance(text, InboundMessage)
    assert report.raw == {"messageId": "1", "statusCode": "77", "status": "beamed"}
    assert KEY not in str(text.raw)


def test_the_name_of_a_status_goes_before_its_number() -> None:
    report = only(flat("POST", {"messageId": "1", "statusCode": 5, "status": "RECEIVED_BY_RECIPIENT"}))
    assert isinstance(report, DeliveryReport)
    assert (report.status, report.code) == (Status.delivered, "5")


def test_names_of_status_fields_are_read_in_any_case() -> None:
    item = {"Channel": "sms", "MessageId": "1", "StatusCode": 23, "ClientMessageId": "msg_1", "Status": "X"}
    body = {"Event": {"MessageStatusUpdate": [item]}}
    report = only(WebhookRequest("POST", URL.format("delivery"), JSON, json.dumps(body).encode()))
    assert isinstance(report, DeliveryReport)
    assert (report.provider_message_id, report.message_id, report.status) == ("1", "msg_1", Status.failed)


def test_a_batch_is_read_entry_by_entry_and_one_bad_entry_costs_no_other() -> None:
    named = {
        "moText": [{**TEXT, "messageId": "1"}, {**TEXT, "from": ""}, {**TEXT, "messageId": "2"}],
        "messageStatusUpdate": [{"channel": "sms", "messageId": "3", "status": "READ"}],
        "moMedia": [{"channel": "whatsapp ", "messageId": "4"}],
    }
    body = json.dumps({"integrationId": "i", "event": named}).encode()
    found = CLICKATELL.parse(WebhookRequest("POST", URL.format("receive"), JSON, body), ACCOUNT)
    assert [type(one) for one in found] == [InboundMessage, Ignored, InboundMessage, DeliveryReport, Ignored]


@pytest.mark.parametrize("channel", [{"channel": one} for one in ("sms", "SMS ", "whatsapp/sms ", "", None)] + [{}])
def test_a_text_of_the_sms_channel_is_read_however_the_channel_is_written(channel: dict[str, Any]) -> None:
    item = {name: value for name, value in TEXT.items() if name != "channel"} | channel
    assert isinstance(only(event("moText", item)), InboundMessage)


@pytest.mark.parametrize("posted", [{"event": {}}, {"event": []}, {"event": {"x": "y"}}, {"integrationName": "Desk"}])
def test_a_new_kind_of_event_is_ignored(posted: dict[str, Any]) -> None:
    request = WebhookRequest("POST", URL.format("receive"), JSON, json.dumps(posted).encode())
    assert isinstance(only(request), Ignored)


@pytest.mark.parametrize(
    ("charset", "written", "text"),
    [
        ("UTF-16BE", "%00m%00e", "me"),
        ("UTF-16BE", quote_from_bytes("tenía 日本 👍".encode("utf-16-be")), "tenía 日本 👍"),
        ("utf-16be", "%00a%00+%00b", "a b"),
        ("UTF-16BE", "%00m%00", "m\ufffd"),
        ("UTF-16BE", "%D8%3D%00a", "\ufffda"),
        ("ISO-8859-1", "hello%21+you", "hello! you"),
        ("ISO-8859-1", "ten%EDa", "tenía"),
        ("ISO-8859-1", "tenía 100%", "tenía 100%"),
        ("UTF-8", "a+b%21", "a+b%21"),
        ("", "a+b%21", "a+b%21"),
        ("X-ROT13", "a+b%21", "a+b%21"),
    ],
)
def test_a_flat_text_is_decoded_by_its_charset(charset: str, written: str, text: str) -> None:
    fields = {"messageId": "1", "fromNumber": "14155550100", "text": written, "charset": charset}
    message = only(flat("POST", fields))
    assert isinstance(message, InboundMessage)
    assert message.text == text
    assert message.raw["text"] == written


@pytest.mark.parametrize(
    ("charset", "written", "text"),
    [
        ("UTF-16BE", quote_from_bytes("tenía 日本".encode("utf-16-be")), "tenía 日本"),
        ("ISO-8859-1", "hello%21+ten%EDa", "hello! tenía"),
        ("UTF-8", quote("tenía %21"), "tenía %21"),
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_text_in_a_query_or_a_form_is_encoded_once(method: str, charset: str, written: str, text: str) -> None:
    fields = f"messageId=1&fromNumber=14155550100&text={written}&charset={charset}"
    url = URL.format("receive")
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    request = (
        WebhookRequest("GET", f"{url}?{fields}", {}, b"")
        if method == "GET"
        else WebhookRequest("POST", url, form, fields.encode())
    )
    message = only(request)
    assert isinstance(message, InboundMessage)
    assert message.text == text


def test_the_id_of_a_reply_is_its_own_and_not_that_of_the_text_it_answers() -> None:
    fields = {"fromNumber": "14155550100", "text": "hi", "messageId": "ours", "replyMessageId": "theirs"}
    message = only(flat("POST", fields))
    older = only(flat("POST", {**fields, "replyMessageId": ""}))
    assert isinstance(message, InboundMessage)
    assert isinstance(older, InboundMessage)
    assert (message.provider_message_id, older.provider_message_id) == ("theirs", "ours")


def test_an_accepted_message_is_accepted_whatever_else_the_answer_says() -> None:
    reply = answered(207)
    assert isinstance(reply.body, dict)
    reply.body["error"] = {"code": 43, "description": "Rate limit"}
    assert CLICKATELL.send(MESSAGE, ACCOUNT, ScriptedHttp([reply])).provider_message_id


def test_an_error_that_is_a_sentence_is_told() -> None:
    reply = Reply(400, {"messages": [], "error": "Invalid or missing parameter", "errorCode": 23}, {})
    with pytest.raises(SendError) as raised:
        CLICKATELL.send(MESSAGE, ACCOUNT, ScriptedHttp([reply]))
    assert (raised.value.code, raised.value.detail) == ("23", "Invalid or missing parameter")


def test_an_account_with_a_balance_is_ok() -> None:
    http = ScriptedHttp([Reply(200, {"balance": 1267.92865, "currency": "ZAR"}, {})])
    assert CLICKATELL.check(ACCOUNT, http).state == "ok"
    [made] = http.calls
    assert (made.method, made.url) == ("GET", "https://platform.clickatell.com/public-client/balance")
    assert made.headers["Authorization"] == KEY


@pytest.mark.parametrize(
    ("reply", "word"),
    [
        (Reply(200, {"balance": 0, "currency": "ZAR"}, {}), "credit"),
        (Reply(401, {"error": {"code": 1}}, {}), "credentials"),
        (Reply(200, {"currency": "ZAR"}, {}), "no balance"),
    ],
)
def test_each_problem_of_the_account_is_told_in_its_own_words(reply: Reply, word: str) -> None:
    result = CLICKATELL.check(ACCOUNT, ScriptedHttp([reply]))
    assert result.state == "problem"
    assert word in str(result.detail)
