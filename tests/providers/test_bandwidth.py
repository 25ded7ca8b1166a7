"""Bandwidth's own: its published examples, lists of events, the tag, callback credentials and its error codes."""

import base64
import dataclasses
from datetime import UTC, datetime
from typing import Any

import pytest

from chalicelib import providers
from chalicelib.providers.contract import (
    DeliveryReport,
    Ignored,
    InboundMessage,
    OutboundMessage,
    SendError,
    SignatureError,
    Status,
    Verification,
)
from tests.providers.fakes import ScriptedHttp
from tests.providers.table import NOW, Reply, Report, Text
from tests.providers.tables.bandwidth import (
    APPLICATION,
    CREDENTIALS,
    SCHEMA,
    TABLE,
    accepted,
    event,
    inbound,
    outbound,
    post,
    sign,
    validate_call,
    write_text,
)
from tests.providers.tables.examples import assert_messages, assert_reports, examples, reply_of, request_of

BANDWIDTH = providers.get("bandwidth")
ACCOUNT = TABLE.account
MESSAGE_ID = "msg_01ARZ3NDEKTSV4RRFFQ69G5FAV"
MESSAGE = OutboundMessage(MESSAGE_ID, "+14155550100", "Hello")


@examples("bandwidth", "inbound")
def test_inbound_examples_are_read(example: dict[str, Any]) -> None:
    assert_messages(BANDWIDTH, ACCOUNT, example)
    [message] = BANDWIDTH.parse(request_of(example), ACCOUNT)
    assert isinstance(message, InboundMessage)
    assert message.received_at == datetime.fromisoformat(example["expect"]["messages"][0]["received_at"])


@examples("bandwidth", "delivery")
def test_delivery_examples_are_read(example: dict[str, Any]) -> None:
    assert_reports(BANDWIDTH, ACCOUNT, example)


@examples("bandwidth", "signature")
def test_signature_examples_are_judged(example: dict[str, Any]) -> None:
    context = example["context"]
    webhook = {"webhook_username": context["callback_user"], "webhook_password": context["callback_password"]}
    account = dataclasses.replace(ACCOUNT, credentials={**CREDENTIALS, **webhook})
    if example["expect"]["valid"]:
        assert BANDWIDTH.verify(request_of(example), account, NOW) is Verification.verified
    else:
        with pytest.raises(SignatureError):
            BANDWIDTH.verify(request_of(example), account, NOW)


@examples("bandwidth", "send_ok")
def test_accepted_examples_are_read(example: dict[str, Any]) -> None:
    given, expected = example["request"]["json"], example["expect"]
    credentials = {**CREDENTIALS, "account_id": "ACCOUNT", "application_id": given["applicationId"]}
    credentials |= {"username": "username", "password": "password"}
    account = dataclasses.replace(ACCOUNT, phone=given["from"], credentials=credentials)
    http = ScriptedHttp([reply_of(example)])
    found = BANDWIDTH.send(OutboundMessage(given["tag"], given["to"][0], given["text"]), account, http)
    assert (found.provider_message_id, found.status, found.segments) == tuple(
        expected[name] for name in ("provider_message_id", "status", "segments")
    )
    assert (http.calls[0].url, http.calls[0].json()) == (example["request"]["url"], given)
    assert http.calls[0].headers["Authorization"] == example["request"]["headers"]["Authorization"]


@examples("bandwidth", "send_error")
def test_error_examples_are_told(example: dict[str, Any]) -> None:
    with pytest.raises(SendError) as raised:
        BANDWIDTH.send(MESSAGE, ACCOUNT, ScriptedHttp([reply_of(example)]))
    assert (raised.value.kind, raised.value.code) == (example["expect"]["kind"], example["expect"]["code"])
    assert not raised.value.retryable


@pytest.mark.parametrize("name", sorted(SCHEMA["components"]["examples"]))
def test_the_events_of_the_official_description_are_read_bare_or_in_a_list(name: str) -> None:
    given = SCHEMA["components"]["examples"][name]["value"]
    [bare] = BANDWIDTH.parse(post(given), ACCOUNT)
    assert [bare] == BANDWIDTH.parse(post([given]), ACCOUNT)
    assert isinstance(bare, InboundMessage if given["type"] == "message-received" else DeliveryReport)
    assert bare.provider_message_id == given["message"]["id"]
    if isinstance(bare, DeliveryReport):
        assert bare.status is not Status.unknown


def test_several_events_of_one_call_are_all_read() -> None:
    events = [inbound(Text("a")), outbound(Report("b", "sent")), {"type": "requested-location-response"}]
    kinds = [type(found) for found in BANDWIDTH.parse(post(events), ACCOUNT)]
    assert kinds == [InboundMessage, DeliveryReport, Ignored]


def test_an_unreadable_event_costs_none_of_the_others() -> None:
    found = BANDWIDTH.parse(post([5, inbound(Text("a")), event("message-received", {})]), ACCOUNT)
    assert [type(one) for one in found] == [Ignored, InboundMessage, Ignored]


def test_the_owner_is_our_number_whatever_the_event_is_addressed_to() -> None:
    group = inbound(Text("a", recipient="+14155550199")) | {"to": "14155550111"}
    group["message"]["to"] = ["+14155550111", "+14155550199"]
    [message] = BANDWIDTH.parse(post([group]), ACCOUNT)
    assert isinstance(message, InboundMessage)
    assert message.recipient == "+14155550199"


def test_layout_parts_of_an_mms_are_left_out() -> None:
    given = inbound(Text("a"))
    given["message"]["media"] = ["https://m/0.smil", "https://m/1.png", None, ""]
    [message] = BANDWIDTH.parse(post([given]), ACCOUNT)
    assert isinstance(message, InboundMessage)
    assert [media.url for media in message.media] == ["https://m/1.png"]


@pytest.mark.parametrize("tag", ["v2 lab", "msg_", f"{MESSAGE_ID}/x", 7, None])
def test_a_tag_that_is_none_of_ours_names_no_message(tag: object) -> None:
    given = outbound(Report("b", "sent"))
    given["message"]["tag"] = tag
    [report] = BANDWIDTH.parse(post([given]), ACCOUNT)
    assert isinstance(report, DeliveryReport)
    assert report.message_id is None


@pytest.mark.parametrize(
    ("code", "status", "words"),
    [
        ("4720", Status.failed, "The number cannot get texts."),
        ("4770", Status.failed, "The text was filtered as spam."),
        ("9902", Status.unknown, "Bandwidth cannot say what became of the text."),
        ("9999", Status.unknown, "Bandwidth cannot say what became of the text."),
        ("4360", Status.expired, "The text expired before it was sent."),
        ("4999", Status.failed, "as it is"),
    ],
)
def test_the_code_of_a_failure_says_what_became_of_the_text(code: str, status: Status, words: str) -> None:
    [report] = BANDWIDTH.parse(post([outbound(Report("b", "failed", code=code))]), ACCOUNT)
    assert isinstance(report, DeliveryReport)
    assert (report.status, report.code, report.detail) == (status, code, words)


def test_a_failure_without_a_code_tells_bandwidths_own_words() -> None:
    given = outbound(Report("b", "failed")) | {"description": "rejected +14155550100 by carrier"}
    assert "errorCode" not in given
    [report] = BANDWIDTH.parse(post([given]), ACCOUNT)
    [delivered] = BANDWIDTH.parse(post([outbound(Report("b", "delivered")) | {"description": "ok"}]), ACCOUNT)
    assert isinstance(report, DeliveryReport)
    assert isinstance(delivered, DeliveryReport)
    assert (report.status, report.code, report.detail) == (Status.failed, None, "rejected … by carrier")
    assert delivered.detail is None


def test_a_status_without_a_word_of_ours_is_told_in_bandwidths() -> None:
    given = outbound(Report("b", "delivered")) | {"type": "message-teleported"}
    [report] = BANDWIDTH.parse(post([given]), ACCOUNT)
    assert isinstance(report, DeliveryReport)
    assert (report.status, report.detail) == (Status.unknown, "message-teleported")


def test_credentials_leave_in_utf8() -> None:
    account = dataclasses.replace(ACCOUNT, credentials={**CREDENTIALS, "username": "żółw", "password": "pä:ss"})
    http = ScriptedHttp([accepted()])
    BANDWIDTH.send(MESSAGE, account, http)
    assert http.calls[0].basic() == ("żółw", "pä:ss")


def test_the_time_of_the_event_itself_counts_where_it_is_named() -> None:
    given = outbound(Report("b", "delivered"))
    [report] = BANDWIDTH.parse(post([given]), ACCOUNT)
    [later] = BANDWIDTH.parse(post([given | {"eventTime": "2024-12-02 20:15:58.278000+00:00"}]), ACCOUNT)
    assert isinstance(report, DeliveryReport)
    assert isinstance(later, DeliveryReport)
    assert report.occurred_at == datetime(2026, 1, 1, 0, 0, 1, 502180, tzinfo=UTC)
    assert later.occurred_at == datetime(2024, 12, 2, 20, 15, 58, 278000, tzinfo=UTC)


@pytest.mark.parametrize("header", ["Bearer {}", "{}", "Basic", "Basic {}=", "Basic  x{}"])
def test_anything_but_the_exact_credentials_is_refused(header: str) -> None:
    signed = sign(write_text("POST", Text("id-1")), ACCOUNT, NOW)
    given = header.format(signed.headers["Authorization"].removeprefix("Basic "))
    with pytest.raises(SignatureError):
        BANDWIDTH.verify(dataclasses.replace(signed, headers={"Authorization": given}), ACCOUNT, NOW)


def test_the_api_credentials_do_not_pass_as_callback_credentials() -> None:
    api = base64.b64encode(f"{CREDENTIALS['username']}:{CREDENTIALS['password']}".encode()).decode()
    request = dataclasses.replace(write_text("POST", Text("id-1")), headers={"Authorization": f"Basic {api}"})
    with pytest.raises(SignatureError):
        BANDWIDTH.verify(request, ACCOUNT, NOW)


def test_the_message_is_tagged_with_its_id_and_pictures_go_along() -> None:
    http = ScriptedHttp([accepted(segmentCount=4)])
    found = BANDWIDTH.send(dataclasses.replace(MESSAGE, text="", media_urls=("https://m/1",)), ACCOUNT, http)
    sent = {"applicationId": APPLICATION, "to": ["+14155550100"], "from": "+14155550199", "tag": MESSAGE_ID}
    assert http.calls[0].json() == {**sent, "media": ["https://m/1"]}
    validate_call(http.calls[0])
    assert found.segments == 4


def test_a_refusal_by_bandwidth_itself_may_be_tried_again_and_any_other_5xx_may_not() -> None:
    body = {"type": "server-error", "description": "Try again"}
    for reply, retryable in ((Reply(500, body, {"Retry-After": "2"}), True), (Reply(502, "<html>", {}), False)):
        with pytest.raises(SendError) as raised:
            BANDWIDTH.send(MESSAGE, ACCOUNT, ScriptedHttp([reply]))
        assert raised.value.retryable is retryable


@pytest.mark.parametrize(
    ("reply", "state", "words"),
    [
        (Reply(200, "[]", {}), "ok", "first text"),
        (Reply(200, '[{"mediaName": "a.png", "contentLength": 1}]', {}), "ok", "first text"),
        (Reply(403, {"type": "forbidden", "description": "Access Denied"}, {}), "problem", "refuses"),
        (Reply(200, "{}", {}), "problem", "no list"),
    ],
)
def test_the_check_lists_the_accounts_media(reply: Reply, state: str, words: str) -> None:
    http = ScriptedHttp([reply])
    found = BANDWIDTH.check(ACCOUNT, http)
    assert found.state == state
    assert words in str(found.detail)
    url = "https://messaging.bandwidth.com/api/v2/users/9900902/media"
    assert (http.calls[0].method, http.calls[0].url) == ("GET", url)
    assert http.calls[0].basic() == ("api-user", CREDENTIALS["password"])
