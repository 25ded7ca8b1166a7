"""Skebby's own on the way in: the published callbacks of both generations, and the corners of their forms."""

import dataclasses
import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import pytest

from chalicelib import providers
from chalicelib.providers.contract import (
    DeliveryReport,
    InboundMessage,
    ProviderAccount,
    WebhookRequest,
)
from chalicelib.providers.skebby_callbacks import GATEWAY_STATUSES
from tests.providers.table import Report
from tests.providers.tables.examples import examples
from tests.providers.tables.skebby import (
    FORM,
    GATEWAY,
    TABLE,
    URL,
    call,
    write_report,
)

SKEBBY = providers.get("skebby")


@examples("skebby", "delivery_report")
def test_the_report_of_the_gateway_is_read(example: dict[str, Any]) -> None:
    request, expected = example["request"], example["expect"]
    [report] = SKEBBY.parse(call("POST", URL.format("delivery"), request["form"]), GATEWAY.account)
    assert isinstance(report, DeliveryReport)
    assert (report.provider_message_id, str(report.status), report.code, report.recipient) == (
        expected["provider_message_id"],
        expected["status"],
        expected["error_code"],
        expected["recipient"],
    )
    assert report.occurred_at == datetime.fromisoformat(expected["occurred_at"])
    assert report.raw["user_reference"] == expected["user_reference"]


@examples("skebby", "status_map")
def test_the_statuses_of_the_gateway_are_those_of_its_receivers(example: dict[str, Any]) -> None:
    assert {raw: str(status) for raw, status in GATEWAY_STATUSES.items()} == example["expect"]


@examples("skebby", "inbound")
@pytest.mark.parametrize("how", ["form", "multipart", "query"])
def test_the_forwarded_text_is_read(example: dict[str, Any], how: str) -> None:
    form, expected = example["request"]["form"], example["expect"]
    request = call("GET" if how == "query" else "POST", URL.format("receive"), form)
    request = multipart(form) if how == "multipart" else request
    [message] = SKEBBY.parse(request, TABLE.account)
    assert isinstance(message, InboundMessage)
    assert (message.provider_message_id, message.sender, message.recipient, message.text) == (
        None,
        expected["from"],
        expected["to"],
        expected["text"],
    )
    assert message.received_at == datetime.fromisoformat(expected["received_at"])


@examples("skebby", "inbound")
def test_the_keyword_of_a_shared_number_is_taken_off(example: dict[str, Any]) -> None:
    expected = example["expect"]["text_with_keyword_stripped"]
    request = call("POST", URL.format("receive"), example["request"]["form"])
    for keyword, text in ((expected["keyword"].lower(), expected["text"]), ("TEST", example["expect"]["text"])):
        shared = dataclasses.replace(TABLE.account, options={"keyword": keyword})
        [message] = SKEBBY.parse(request, shared)
        assert isinstance(message, InboundMessage)
        assert message.text == text


def multipart(fields: dict[str, str], charset: str = "utf-8") -> WebhookRequest:
    parts = "".join(
        f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n' for name, value in fields.items()
    )
    kind = {"Content-Type": "multipart/form-data; boundary=x"}
    return WebhookRequest("POST", URL.format("receive"), kind, f"{parts}--x--\r\n".encode(charset))


def read(request: WebhookRequest, account: ProviderAccount = TABLE.account) -> InboundMessage:
    [message] = SKEBBY.parse(request, account)
    assert isinstance(message, InboundMessage)
    return message


def test_a_form_in_the_charset_that_it_names_is_read() -> None:
    fields = {"sender": "393471234567", "receiver": "39339", "text": "Perché no? È così", "encoding": "ISO-8859-1"}
    body = urlencode(fields, encoding="latin-1").encode()
    for kind in (FORM, f"{FORM}; charset=UTF-8", ""):
        request = WebhookRequest("POST", URL.format("receive"), {"Content-Type": kind}, body)
        assert read(request).text == fields["text"]
    assert read(multipart(fields, "latin-1")).text == fields["text"]
    assert read(multipart(fields | {"encoding": "UTF-8"})).text == fields["text"]


@pytest.mark.parametrize(
    "fields",
    [
        {"originator": "393471234567", "destination": "393399941525", "content": "Ciao", "uuid": "u-1"},
        {"mobile": "393471234567", "shortcode": "393399941525", "msg": "Ciao", "sms_id": "u-1"},
    ],
)
def test_a_text_is_read_by_the_names_that_are_usual_as_a_form_and_as_json(fields: dict[str, str]) -> None:
    kind = {"Content-Type": "application/json"}
    as_json = WebhookRequest("POST", URL.format("receive"), kind, json.dumps(fields).encode())
    for request in (call("POST", URL.format("receive"), fields), as_json):
        message = read(request)
        assert (message.sender, message.recipient, message.text, message.provider_message_id) == (
            "+393471234567",
            "+393399941525",
            "Ciao",
            "u-1",
        )


def test_a_report_is_read_as_json_too() -> None:
    body = json.dumps({"order_id": 7, "status": "DLVRD", "recipient": "+393471234567", "campaign": None}).encode()
    request = WebhookRequest("POST", URL.format("delivery"), {"Content-Type": "application/json"}, body)
    [report] = SKEBBY.parse(request, TABLE.account)
    assert isinstance(report, DeliveryReport)
    assert (report.provider_message_id, report.status, report.recipient) == ("7", "delivered", "+393471234567")


@pytest.mark.parametrize("text", ["SHOP", "shopping list"])
def test_a_keyword_that_nothing_follows_stays(text: str) -> None:
    shared = dataclasses.replace(TABLE.account, options={"keyword": "shop"})
    fields = {"sender": "393471234567", "text": text}
    assert read(call("POST", URL.format("receive"), fields), shared).text == text


def test_reasons_are_told_in_words() -> None:
    [late] = SKEBBY.parse(write_report("POST", Report("o-1", "TIMEOUT")), TABLE.account)
    [full] = SKEBBY.parse(GATEWAY.write_report("POST", Report("1", "UNDELIVERABLE", code="502")), GATEWAY.account)
    assert isinstance(late, DeliveryReport)
    assert isinstance(full, DeliveryReport)
    assert (late.code, late.detail) == ("TIMEOUT", "The operator gave no news within 48 hours.")
    assert (full.code, full.detail) == ("502", "The phone's memory is full.")
    [demo] = SKEBBY.parse(write_report("POST", Report("o-1", "DEMO")), TABLE.account)
    assert isinstance(demo, DeliveryReport)
    assert (demo.status, demo.code) == ("sent", "DEMO")
    assert "test" in str(demo.detail)


def test_a_time_out_of_a_calendar_is_left_out() -> None:
    fields = {"sender": "393471234567", "text": "x", "timestamp": "99999999999999"}
    [message] = SKEBBY.parse(call("POST", URL.format("receive"), fields), TABLE.account)
    assert isinstance(message, InboundMessage)
    assert message.received_at is None
    fields["timestamp"] = "1390647748"
    [message] = SKEBBY.parse(call("POST", URL.format("receive"), fields), TABLE.account)
    assert isinstance(message, InboundMessage)
    assert message.received_at == datetime(2014, 1, 25, 11, 2, 28, tzinfo=UTC)
