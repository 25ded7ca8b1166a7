"""Telnyx's own: its published examples, its signature and clock, its loosely typed events and its error codes."""

import dataclasses
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chalicelib import providers
from chalicelib.providers.contract import (
    DeliveryReport,
    Ignored,
    InboundMessage,
    Media,
    OutboundMessage,
    SendError,
    SignatureError,
    Status,
    Verification,
)
from tests.providers.fakes import ScriptedHttp
from tests.providers.table import NOW, Reply, Text
from tests.providers.tables.examples import assert_messages, assert_reports, examples, reply_of, request_of
from tests.providers.tables.telnyx import (
    KEY,
    PARTIES,
    SIGNATURE,
    TABLE,
    TIMESTAMP,
    error,
    event,
    queued,
    sign,
    validate_call,
    write_text,
)

TELNYX = providers.get("telnyx")
ACCOUNT = TABLE.account
MESSAGE = OutboundMessage("msg_1", "+14155550100", "Hello")


@examples("telnyx", "inbound")
def test_inbound_examples_are_read(example: dict[str, Any]) -> None:
    assert_messages(TELNYX, ACCOUNT, example)


@examples("telnyx", "delivery")
def test_delivery_examples_are_read(example: dict[str, Any]) -> None:
    assert_reports(TELNYX, ACCOUNT, example)


@examples("telnyx", "signature")
def test_signature_examples_are_verified_for_five_minutes_in_both_directions(example: dict[str, Any]) -> None:
    context = example["context"]
    account = dataclasses.replace(ACCOUNT, credentials={"api_key": KEY, "public_key": context["public_key_b64"]})
    stamp = datetime.fromtimestamp(context["now"], UTC)
    for seconds in (0, context["tolerance_s"], -context["tolerance_s"]):
        verified = TELNYX.verify(request_of(example), account, stamp + timedelta(seconds=seconds))
        assert verified is Verification.verified
    for seconds in (context["tolerance_s"] + 1, -context["tolerance_s"] - 1):
        with pytest.raises(SignatureError):
            TELNYX.verify(request_of(example), account, stamp + timedelta(seconds=seconds))


@examples("telnyx", "send_ok")
def test_accepted_examples_are_read(example: dict[str, Any]) -> None:
    given, expected = example["request"]["json"], example["expect"]
    http = ScriptedHttp([reply_of(example)])
    message = OutboundMessage("msg_1", given["to"], given["text"])
    accepted = TELNYX.send(message, dataclasses.replace(ACCOUNT, phone=given["from"]), http)
    assert (accepted.provider_message_id, accepted.status, accepted.segments) == tuple(
        expected[name] for name in ("provider_message_id", "status", "segments")
    )
    assert (http.calls[0].url, http.calls[0].json()) == (example["request"]["url"], given)


@examples("telnyx", "send_error")
def test_error_examples_are_told(example: dict[str, Any]) -> None:
    with pytest.raises(SendError) as raised:
        TELNYX.send(MESSAGE, ACCOUNT, ScriptedHttp([reply_of(example)]))
    assert (raised.value.kind, raised.value.code) == (example["expect"]["kind"], example["expect"]["code"])
    assert not raised.value.retryable


@pytest.mark.parametrize("stamp", ["", "x", "1e9", "-1", "1767225600.0", "9" * 13, "٣" * 10])
def test_a_timestamp_that_is_no_number_of_seconds_is_refused(stamp: str) -> None:
    signed = sign(write_text("POST", Text("id-1")), ACCOUNT, NOW)
    with pytest.raises(SignatureError):
        TELNYX.verify(dataclasses.replace(signed, headers={**signed.headers, TIMESTAMP: stamp}), ACCOUNT, NOW)


def test_the_timestamp_is_signed() -> None:
    signed = sign(write_text("POST", Text("id-1")), ACCOUNT, NOW)
    moved = {**signed.headers, TIMESTAMP: str(int(NOW.timestamp()) + 1)}
    with pytest.raises(SignatureError):
        TELNYX.verify(dataclasses.replace(signed, headers=moved), ACCOUNT, NOW)


def test_the_raw_bytes_are_signed_not_their_meaning() -> None:
    signed = sign(write_text("POST", Text("id-1")), ACCOUNT, NOW)
    respelled = signed.body.replace(b'": ', b'":')
    assert respelled != signed.body
    with pytest.raises(SignatureError):
        TELNYX.verify(dataclasses.replace(signed, body=respelled), ACCOUNT, NOW)


@pytest.mark.parametrize("key", ["x", "AAAA", "ü" * 44, "A" * 43 + "="])
def test_a_public_key_that_is_none_verifies_nothing(key: str) -> None:
    account = dataclasses.replace(ACCOUNT, credentials={"api_key": KEY, "public_key": key})
    with pytest.raises(SignatureError):
        TELNYX.verify(sign(write_text("POST", Text("id-1")), ACCOUNT, NOW), account, NOW)


def test_the_names_of_the_headers_are_those_of_telnyx() -> None:
    assert {SIGNATURE, TIMESTAMP} <= set(sign(write_text("POST", Text("id-1")), ACCOUNT, NOW).headers)


def read(**payload: Any) -> InboundMessage:
    [message] = TELNYX.parse(event("message.received", {"id": "1", **PARTIES, **payload}), ACCOUNT)
    assert isinstance(message, InboundMessage)
    return message


def test_pictures_are_kept_with_type_and_size() -> None:
    media = [
        {"url": "https://m/1", "content_type": "image/png", "size": 9, "hash_sha256": "x"},
        {"url": "https://m/2", "size": "many"},
        {"url": None},
        "https://m/3",
    ]
    message = read(type="MMS", text=None, media=media)
    assert (message.text, message.media) == ("", (Media("https://m/1", "image/png", 9), Media("https://m/2")))


def test_parties_may_be_bare_numbers_and_a_group_names_several() -> None:
    message = read(**{"from": "+14155550100", "to": ["+14155550111", {"phone_number": "+14155550199"}]})
    assert (message.sender, message.recipient) == ("+14155550100", "+14155550199")
    assert read(to=["+14155550111"]).recipient == "+14155550111"


def test_a_time_without_a_zone_or_out_of_range_is_no_time() -> None:
    assert read(received_at="2024-01-15T20:16:07.503+00:00").received_at == datetime(
        2024, 1, 15, 20, 16, 7, 503000, tzinfo=UTC
    )
    for other in ("2024-01-15T20:16:07", "0001-01-01T00:00:00+23:00", "soon", 5, None):
        assert read(received_at=other).received_at is None


@pytest.mark.parametrize("kind", ["WHATSAPP", "RCS"])
def test_messages_of_other_channels_are_ignored(kind: str) -> None:
    [found] = TELNYX.parse(event("message.received", {"id": "1", **PARTIES, "type": kind}), ACCOUNT)
    assert isinstance(found, Ignored)


def report(kind: str = "message.finalized", **payload: Any) -> DeliveryReport:
    [found] = TELNYX.parse(event(kind, {"id": "1", **payload}), ACCOUNT)
    assert isinstance(found, DeliveryReport)
    return found


def test_a_failed_report_tells_code_words_and_time() -> None:
    to = [{"phone_number": "+14155550100", "status": "delivery_failed"}]
    found = report(to=to, errors=[{"code": "40001", "title": "Not routable"}])
    assert (found.status, found.code, found.detail) == (Status.failed, "40001", "The number cannot get texts.")
    assert found.occurred_at == datetime(2026, 1, 1, 0, 0, 0, 148000, tzinfo=UTC)
    unknown = report(to=to, errors=[{"code": "49999", "title": "Odd", "detail": "about +14155550100"}])
    assert (unknown.code, unknown.detail) == ("49999", "Odd about …")


def test_40300_is_an_opt_out_only_where_its_words_say_so() -> None:
    to = [{"phone_number": "+14155550100", "status": "sending_failed"}]
    assert report(to=to, errors=[{"code": "40300", "title": "Blocked due to STOP message"}]).opt == "stop"
    other = report(to=to, errors=[{"code": "40300", "detail": "The number has no messaging profile."}])
    assert (other.opt, other.detail) == (None, "The number has no messaging profile.")


@pytest.mark.parametrize("word", ["delivery_unconfirmed", "teleported"])
def test_a_status_without_a_word_of_ours_is_told_in_telnyxs(word: str) -> None:
    found = report(to=[{"phone_number": "+14155550100", "status": word}])
    assert (found.status, found.detail) == (Status.unknown, word)


def test_a_report_without_a_recipient_is_an_unknown_status() -> None:
    assert [report(to=to).status for to in (None, [], "x", [5])] == [Status.unknown] * 4


def test_pictures_and_the_report_url_go_with_the_message() -> None:
    http = ScriptedHttp([queued()])
    url = "https://desk.example.com/delivery/token/msg_1"
    TELNYX.send(dataclasses.replace(MESSAGE, text="", media_urls=("https://m/1",), delivery_url=url), ACCOUNT, http)
    sent = {"from": "+14155550199", "to": "+14155550100", "media_urls": ["https://m/1"], "webhook_url": url}
    assert http.calls[0].json() == sent
    validate_call(http.calls[0])


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [({"X-RateLimit-Reset": "8"}, 8), ({"x-ratelimit-reset": "8", "Retry-After": "3"}, 3), ({}, None)],
)
def test_a_throttled_message_waits_for_the_rate_to_reset(headers: dict[str, str], seconds: float | None) -> None:
    reply = dataclasses.replace(error(429, "10011"), headers=headers)
    with pytest.raises(SendError) as raised:
        TELNYX.send(MESSAGE, ACCOUNT, ScriptedHttp([reply]))
    assert (raised.value.kind, raised.value.retry_after) == ("throttled", seconds)


def test_an_accepted_message_is_never_of_unknown_status() -> None:
    to = [{"phone_number": "+14155550100", "status": "delivery_unconfirmed"}]
    accepted = TELNYX.send(MESSAGE, ACCOUNT, ScriptedHttp([queued(to=to, parts="3")]))
    assert (accepted.status, accepted.segments) == (Status.queued, 3)


@pytest.mark.parametrize(
    ("data", "state", "words"),
    [
        ({"available_credit": "400.00", "currency": "USD"}, "ok", "None"),
        ({"available_credit": "0.00"}, "problem", "no funds"),
        ({"available_credit": "-2.50"}, "problem", "no funds"),
        ({}, "problem", "no balance"),
    ],
)
def test_the_check_reads_the_balance(data: dict[str, str], state: str, words: str) -> None:
    http = ScriptedHttp([Reply(200, {"data": data}, {})])
    found = TELNYX.check(ACCOUNT, http)
    assert found.state == state
    assert words in str(found.detail)
    assert (http.calls[0].method, http.calls[0].url) == ("GET", "https://api.telnyx.com/v2/balance")
    assert http.calls[0].headers["Authorization"] == f"Bearer {KEY}"
