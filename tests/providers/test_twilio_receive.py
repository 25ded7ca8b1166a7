"""Twilio's own on the way in: its published examples, and the corners of its signature and its forms."""

import dataclasses
import hashlib
from base64 import b64encode
from datetime import UTC, datetime
from hmac import digest as hmac_digest
from typing import Any
from urllib.parse import urlencode

import pytest

from chalicelib import providers
from chalicelib.providers.contract import (
    DeliveryReport,
    Ignored,
    InboundMessage,
    Media,
    SignatureError,
    Status,
    Verification,
    WebhookRequest,
)
from tests.providers.table import NOW, Report
from tests.providers.tables.examples import examples
from tests.providers.tables.twilio import (
    FORM,
    SID,
    TABLE,
    TOKEN,
    URL,
    call,
    signature,
    write_report,
)

TWILIO = providers.get("twilio")
ACCOUNT = TABLE.account
RECEIVE = URL.format("receive")


def request_of(example: dict[str, Any]) -> WebhookRequest:
    given = example["request"]
    body = given["body"] if "body" in given else urlencode([tuple(pair) for pair in given["form"]])
    url = given.get("url") or "https://desk.example.com" + given["path"]
    return WebhookRequest(given["method"], url, given["headers"], body.encode())


@examples("twilio", "inbound")
def test_inbound_examples_are_read(example: dict[str, Any]) -> None:
    [message] = TWILIO.parse(request_of(example), ACCOUNT)
    [expected] = example["expect"]["messages"]
    assert isinstance(message, InboundMessage)
    assert (message.provider_message_id, message.sender, message.recipient, message.text, message.opt) == tuple(
        expected[name] for name in ("provider_message_id", "from", "to", "text", "opt")
    )
    assert [(media.url, media.content_type) for media in message.media] == list(
        zip(expected["media"], expected["media_types"], strict=True)
    )


@examples("twilio", "delivery")
def test_delivery_examples_are_read(example: dict[str, Any]) -> None:
    [report] = TWILIO.parse(request_of(example), ACCOUNT)
    [expected] = example["expect"]["reports"]
    assert isinstance(report, DeliveryReport)
    assert (report.provider_message_id, report.status, report.code, report.recipient) == tuple(
        expected[name] for name in ("provider_message_id", "status", "error_code", "to")
    )


@examples("twilio", "signature")
def test_signature_examples_are_verified(example: dict[str, Any]) -> None:
    account = dataclasses.replace(ACCOUNT, credentials={"account_sid": SID, **example["context"]})
    assert TWILIO.verify(request_of(example), account, NOW) is Verification.verified


def signed(url: str, body: bytes, signed_url: str | None = None, kind: str = FORM) -> WebhookRequest:
    covered = body if kind == FORM else b""
    header = {"X-Twilio-Signature": signature(signed_url or url, covered, TOKEN), "Content-Type": kind}
    return WebhookRequest("POST", url, header, body)


@pytest.mark.parametrize(
    "body",
    [
        b"ToCity=&Body=hi&ToZip=",
        b"Digits=5678&Digits=1234&Digits=1234&Digits=",
        b"b=2&a=1&B=3&%C3%A4=4&ab=5",
        b"Body=a+b%20c%2Bd%26e%3Df",
        b"Body=%F0%9F%91%8D&Body2=%00",
        b"Body=%FF%FE",
        b"",
        b"a&b=&&c",
    ],
)
def test_blank_repeated_and_odd_fields_are_covered(body: bytes) -> None:
    assert TWILIO.verify(signed(RECEIVE, body), ACCOUNT, NOW) is Verification.verified


def test_field_names_are_sorted_as_bytes_and_repeated_pairs_count_once() -> None:
    covered = RECEIVE + "B3" + "a1" + "a2" + "b0"
    header = b64encode(hmac_digest(TOKEN.encode(), covered.encode(), "sha1")).decode()
    request = WebhookRequest(
        "POST", RECEIVE, {"x-twilio-signature": header, "content-type": FORM}, b"b=0&a=2&a=1&a=2&B=3"
    )
    assert TWILIO.verify(request, ACCOUNT, NOW) is Verification.verified


@pytest.mark.parametrize(
    ("seen", "by_twilio"),
    [
        ("https://a.example/x?b=1+2&a=", "https://a.example/x?b=1%202&a="),
        ("https://a.example/x?b=1%202&a=", "https://a.example/x?b=1+2&a="),
        ("https://a.example/x", "https://a.example:443/x"),
        ("https://a.example:443/x", "https://a.example/x"),
        ("http://a.example/x?y=%27", "http://a.example:80/x?y=%27"),
        ("https://a.example/x?b=1+2", "https://a.example:443/x?b=1%202"),
    ],
)
def test_the_urls_other_spellings_are_tried(seen: str, by_twilio: str) -> None:
    assert TWILIO.verify(signed(seen, b"a=1", by_twilio), ACCOUNT, NOW) is Verification.verified


@pytest.mark.parametrize("seen", ["https://a.example/x?a=2", "https://b.example/x?a=1", "https://a.example/y?a=1"])
def test_another_url_is_refused(seen: str) -> None:
    with pytest.raises(SignatureError):
        TWILIO.verify(signed(seen, b"a=1", "https://a.example/x?a=1"), ACCOUNT, NOW)


def test_a_json_body_is_covered_by_its_hash_in_the_url() -> None:
    body = b'{"a": "\xc3\xa4"}'
    url = f"{RECEIVE}?bodySHA256={hashlib.sha256(body).hexdigest()}"
    assert TWILIO.verify(signed(url, body, kind="application/json"), ACCOUNT, NOW) is Verification.verified
    for other in (signed(url, body + b" ", kind="application/json"), signed(RECEIVE, body, kind="application/json")):
        with pytest.raises(SignatureError):
            TWILIO.verify(other, ACCOUNT, NOW)


def test_a_body_of_another_type_does_not_pass_as_a_signed_url() -> None:
    body = b"MessageSid=SM1&From=%2B14155550100&Body=forged"
    for kind in ("multipart/form-data; boundary=x", "text/plain", "application/xml"):
        with pytest.raises(SignatureError):
            TWILIO.verify(signed(RECEIVE, body, kind=kind), ACCOUNT, NOW)


def test_an_account_without_a_token_verifies_nothing() -> None:
    account = dataclasses.replace(ACCOUNT, credentials={"account_sid": SID, "auth_token": ""})
    request = WebhookRequest("POST", RECEIVE, {"X-Twilio-Signature": signature(RECEIVE, b"", "")}, b"")
    with pytest.raises(SignatureError):
        TWILIO.verify(request, account, NOW)


def read(**fields: str) -> InboundMessage:
    [message] = TWILIO.parse(call("POST", RECEIVE, {"MessageSid": "MM1", "From": "+14155550100", **fields}), ACCOUNT)
    assert isinstance(message, InboundMessage)
    return message


def test_media_keep_their_order_and_type() -> None:
    media = {f"MediaUrl{n}": f"https://api.twilio.com/m/{n}" for n in (10, 2, 0)}
    message = read(Body="", NumMedia="3", MediaContentType0="image/png", MediaContentType2="", **media)
    assert message.media == (
        Media("https://api.twilio.com/m/0", "image/png"),
        Media("https://api.twilio.com/m/2"),
        Media("https://api.twilio.com/m/10"),
    )


def test_a_picture_without_a_body_is_a_message() -> None:
    assert read(NumMedia="1", MediaUrl0="https://api.twilio.com/m/0").text == ""


@pytest.mark.parametrize("name", ["SmsSid", "SmsMessageSid"])
def test_older_names_of_the_id_count_where_the_newer_is_missing(name: str) -> None:
    request = call("POST", RECEIVE, {name: "SM9", "From": "+14155550100", "Body": "x", "MessageSid": ""})
    [message] = TWILIO.parse(request, ACCOUNT)
    assert isinstance(message, InboundMessage)
    assert message.provider_message_id == "SM9"


def test_an_unescaped_plus_is_still_a_number() -> None:
    request = WebhookRequest("POST", RECEIVE, {"Content-Type": FORM}, b"MessageSid=S&Body=x&From=+14155550100&To=2020")
    [message] = TWILIO.parse(request, ACCOUNT)
    assert isinstance(message, InboundMessage)
    assert (message.sender, message.recipient) == ("+14155550100", "2020")


LONG = "Long texts delivered as MMS arrive in base64; ümlauts and 👍 included, and line ends\ntoo."


def test_a_text_packed_in_base64_is_unpacked() -> None:
    assert read(Body=b64encode(LONG.encode()).decode()).text == LONG


@pytest.mark.parametrize("body", ["aGVsbG8=", "A" * 64, "W" * 61, b64encode(bytes(range(256))).decode(), LONG])
def test_what_only_looks_like_base64_stays_as_it_is(body: str) -> None:
    assert read(Body=body).text == body


def test_a_report_carries_code_reason_and_time() -> None:
    fields = {"MessageSid": "SM1", "MessageStatus": "failed", "ErrorCode": "30005", "RawDlrDoneDate": "2303222338"}
    [report] = TWILIO.parse(call("POST", URL.format("delivery"), fields), ACCOUNT)
    assert isinstance(report, DeliveryReport)
    assert report.occurred_at == datetime(2023, 3, 22, 23, 38, tzinfo=UTC)
    assert (report.code, report.detail) == ("30005", "The number is unknown, switched off or a landline.")


def test_an_unknown_code_is_told_in_twilios_words_without_secrets() -> None:
    fields = {"MessageSid": "SM1", "MessageStatus": "failed", "ErrorCode": "99999", "RawDlrDoneDate": "2399999999"}
    words = f"Refused for +14155550100 by {TOKEN}"
    [report] = TWILIO.parse(call("POST", URL.format("delivery"), {**fields, "ErrorMessage": words}), ACCOUNT)
    assert isinstance(report, DeliveryReport)
    assert (report.code, report.detail, report.occurred_at) == ("99999", "Refused for … by …", None)


def test_a_report_with_the_older_status_name_only_is_read() -> None:
    [report] = TWILIO.parse(call("POST", RECEIVE, {"SmsSid": "SM1", "SmsStatus": "Sent"}), ACCOUNT)
    assert isinstance(report, DeliveryReport)
    assert report.status is Status.sent


@pytest.mark.parametrize("tail", ["", "/msg_", "/msg_a-b", "/other", "/msg_1/more"])
def test_only_a_message_id_at_the_urls_end_is_taken(tail: str) -> None:
    request = dataclasses.replace(write_report("POST", Report("SM1", "sent")), url=URL.format("delivery") + tail)
    [report] = TWILIO.parse(request, ACCOUNT)
    assert isinstance(report, DeliveryReport)
    assert report.message_id is None


def test_a_json_event_is_ignored() -> None:
    request = WebhookRequest("POST", RECEIVE, {"Content-Type": "application/json"}, b'[{"type": "com.twilio.x"}]')
    [event] = TWILIO.parse(request, ACCOUNT)
    assert isinstance(event, Ignored)
