"""Infobip's own: its published examples, batches, credentials on callbacks, its base URL and both error bodies."""

import dataclasses
import json
from base64 import b64encode
from datetime import UTC, datetime
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
from tests.providers.table import NOW, Reply, Report, Text
from tests.providers.tables.examples import examples, reply_of, request_of
from tests.providers.tables.infobip import (
    BASE,
    MESSAGE_ID,
    PASSWORD,
    TABLE,
    URL,
    USERNAME,
    answered,
    raw,
    report_item,
    results,
    sign,
    status,
    text_item,
    validate_call,
    write_text,
)

INFOBIP = providers.get("infobip")
ACCOUNT = TABLE.account
PLAIN = dataclasses.replace(ACCOUNT, options={})
MESSAGE = OutboundMessage("msg_1", "+41793026727", "This is a sample message")
WITH_URL = dataclasses.replace(MESSAGE, delivery_url="https://desk.example.com/d/msg_1")


@examples("infobip", "inbound")
def test_inbound_examples_are_read(example: dict[str, Any]) -> None:
    [message] = INFOBIP.parse(request_of(example), ACCOUNT)
    [expected] = example["expect"]["messages"]
    assert isinstance(message, InboundMessage)
    assert (message.provider_message_id, message.sender, message.recipient, message.text) == tuple(
        expected[name] for name in ("provider_message_id", "from", "to", "text")
    )
    assert message.received_at == datetime.fromisoformat(expected["received_at"])


@examples("infobip", "delivery")
def test_delivery_examples_are_read(example: dict[str, Any]) -> None:
    reports = INFOBIP.parse(request_of(example), ACCOUNT)
    for report, expected in zip(reports, example["expect"]["updates"], strict=True):
        assert isinstance(report, DeliveryReport)
        assert (report.provider_message_id, report.status, report.code) == tuple(
            expected[name] for name in ("provider_message_id", "status", "raw_status")
        )
        assert report.occurred_at


@examples("infobip", "signature")
@pytest.mark.parametrize("options", [{}, {"callback_auth": "basic"}])
def test_signature_examples_are_judged(options: dict[str, str], example: dict[str, Any]) -> None:
    credentials = {"username": "user1", "password": "password1"}
    account = dataclasses.replace(ACCOUNT, credentials=credentials, options=options)
    if example["expect"]["valid"]:
        assert INFOBIP.verify(request_of(example), account, NOW) is Verification.verified
    else:
        with pytest.raises(SignatureError):
            INFOBIP.verify(request_of(example), account, NOW)


@examples("infobip", "send_ok")
def test_accepted_examples_are_read(example: dict[str, Any]) -> None:
    http = ScriptedHttp([reply_of(example)])
    accepted = INFOBIP.send(MESSAGE, ACCOUNT, http)
    assert (accepted.provider_message_id, accepted.status, accepted.segments) == tuple(
        example["expect"][name] for name in ("provider_message_id", "status", "segments")
    )
    assert http.calls[0].url == example["request"]["url"].format(base_url=BASE.removeprefix("https://"))
    [wanted] = example["request"]["body_subset"]["messages"]
    [sent] = http.calls[0].json()["messages"]
    assert sent["destinations"] == [{**wanted["destinations"][0], "messageId": "msg_1"}]
    assert sent["content"] == wanted["content"]
    validate_call(http.calls[0])


@examples("infobip", "send_error")
def test_error_examples_are_told(example: dict[str, Any]) -> None:
    with pytest.raises(SendError) as raised:
        INFOBIP.send(MESSAGE, ACCOUNT, ScriptedHttp([reply_of(example)]))
    expected = example["expect"]
    assert raised.value.retryable == expected["retryable"]
    assert raised.value.retry_after == expected.get("retry_after_s")
    assert raised.value.code == expected.get("error_code", "TOO_MANY_REQUESTS")
    assert raised.value.detail == expected.get("error_text", "Too many requests")


def test_a_plain_forward_is_unsigned_unless_the_account_expects_credentials() -> None:
    request = write_text("POST", Text("1"))
    assert INFOBIP.verify(request, PLAIN, NOW) is Verification.unsigned
    with pytest.raises(SignatureError):
        INFOBIP.verify(request, ACCOUNT, NOW)


def test_credentials_that_come_unasked_must_be_right() -> None:
    request = write_text("POST", Text("1"))
    assert INFOBIP.verify(sign(request, PLAIN, NOW), PLAIN, NOW) is Verification.verified
    with pytest.raises(SignatureError):
        INFOBIP.verify(sign(request, TABLE.rotated, NOW), PLAIN, NOW)


@pytest.mark.parametrize("header", [f"Bearer {'x' * 20}", "Basic", "", "App key"])
def test_another_scheme_proves_nothing(header: str) -> None:
    request = write_text("POST", Text("1"))
    request = dataclasses.replace(request, headers={**request.headers, "Authorization": header})
    with pytest.raises(SignatureError):
        INFOBIP.verify(request, ACCOUNT, NOW)


def test_an_account_without_a_password_verifies_nothing() -> None:
    account = dataclasses.replace(ACCOUNT, credentials={"username": USERNAME, "password": ""})
    with pytest.raises(SignatureError):
        INFOBIP.verify(sign(write_text("POST", Text("1")), account, NOW), account, NOW)


def test_the_scheme_is_read_in_any_case() -> None:
    pair = b64encode(f"{USERNAME}:{PASSWORD}".encode()).decode()
    request = write_text("POST", Text("1"))
    request = dataclasses.replace(request, headers={**request.headers, "authorization": f"basic {pair}"})
    assert INFOBIP.verify(request, ACCOUNT, NOW) is Verification.verified


def test_every_entry_of_a_batch_is_read_and_one_bad_entry_costs_no_other() -> None:
    items = [text_item(Text("1")), {**text_item(Text("2")), "from": ""}, report_item(Report("3", "PENDING_ENROUTE"))]
    found = INFOBIP.parse(results(*items, text_item(Text("4"))), ACCOUNT)
    assert [type(one) for one in found] == [InboundMessage, Ignored, DeliveryReport, InboundMessage]


@pytest.mark.parametrize("body", [b'{"results": []}', b'{"results": [], "messageCount": 0}'])
def test_an_empty_batch_holds_nothing(body: bytes) -> None:
    assert INFOBIP.parse(raw(body), ACCOUNT) == []


def test_only_a_call_with_one_report_belongs_to_the_message_of_its_url() -> None:
    url = URL.format("delivery") + "/msg_9"
    one, two = report_item(Report("1", "PENDING_ENROUTE")), report_item(Report("msg_2", "PENDING_ENROUTE"))
    assert [report.message_id for report in INFOBIP.parse(results(one, url=url), ACCOUNT)] == ["msg_9"]  # type: ignore[union-attr]
    assert [report.message_id for report in INFOBIP.parse(results(one, two, url=url), ACCOUNT)] == [None, "msg_2"]  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        ("2016-10-06T09:28:39.220+0000", datetime(2016, 10, 6, 9, 28, 39, 220000, tzinfo=UTC)),
        ("2019-11-09T16:00:00.0000000+00:00", datetime(2019, 11, 9, 16, tzinfo=UTC)),
        ("2019-11-09T16:00:00.000+0100", datetime(2019, 11, 9, 15, tzinfo=UTC)),
        ("2019-11-09T16:00:00", None),
        ("yesterday", None),
        (None, None),
    ],
)
def test_both_forms_of_a_time_are_read(written: str | None, moment: datetime | None) -> None:
    [message] = INFOBIP.parse(results({**text_item(Text("1")), "receivedAt": written}), ACCOUNT)
    assert isinstance(message, InboundMessage)
    assert message.received_at == moment


def test_an_mms_is_a_list_of_parts() -> None:
    parts = [
        {"contentType": "text/plain", "value": "look"},
        {"contentType": "image/jpeg", "url": "https://a.example/1"},
        {"contentType": "text/plain", "value": "there"},
    ]
    [message] = INFOBIP.parse(results({"messageId": "1", "from": "385916242493", "message": parts}), ACCOUNT)
    assert isinstance(message, InboundMessage)
    assert (message.text, message.media) == ("look\nthere", (Media("https://a.example/1", "image/jpeg"),))


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ({"groupName": "DELIVERED"}, Status.delivered),
        ({"groupName": "Pending"}, Status.queued),
        ({"groupName": "ACCEPTED"}, Status.queued),
        ({"groupId": "5"}, Status.rejected),
        ({"groupId": 5, "id": 87}, Status.rejected),
        ({"groupId": 4, "id": 87}, Status.expired),
        ({"groupId": 2, "id": 3}, Status.failed),
        ({}, Status.unknown),
    ],
)
def test_the_group_decides_over_the_id(state: dict[str, Any], expected: Status) -> None:
    [report] = INFOBIP.parse(results({"messageId": "1", "status": state}), ACCOUNT)
    assert isinstance(report, DeliveryReport)
    assert report.status is expected


def test_a_failure_is_told_by_the_error_behind_the_status() -> None:
    error = {"groupId": 1, "id": 1, "name": "EC_UNKNOWN_SUBSCRIBER", "description": "No such 41793026727"}
    item = {**report_item(Report("1", "UNDELIVERABLE_NOT_DELIVERED")), "error": {**error, "permanent": "true"}}
    [report] = INFOBIP.parse(results(item), ACCOUNT)
    assert isinstance(report, DeliveryReport)
    assert (report.code, report.detail) == ("EC_UNKNOWN_SUBSCRIBER", "No such …")
    [other] = INFOBIP.parse(results({**item, "status": {"groupId": 2}}), ACCOUNT)
    assert isinstance(other, DeliveryReport)
    assert other.detail == "No such …"
    [mute] = INFOBIP.parse(results({**item, "error": {**error, "description": ""}}), ACCOUNT)
    assert isinstance(mute, DeliveryReport)
    assert (mute.code, mute.detail) == ("EC_UNKNOWN_SUBSCRIBER", "The number is wrong or could not be reached.")
    [fine] = INFOBIP.parse(
        results({**item, "error": {"id": 0, "name": "NO_ERROR", "description": "No Error"}}), ACCOUNT
    )
    assert isinstance(fine, DeliveryReport)
    assert (fine.code, fine.detail) == ("UNDELIVERABLE_NOT_DELIVERED", "The number is wrong or could not be reached.")


def test_a_text_is_sent_under_our_own_id_with_its_own_url_for_reports() -> None:
    http = ScriptedHttp([answered(status("PENDING_ACCEPTED"))])
    INFOBIP.send(WITH_URL, PLAIN, http)
    validate_call(http.calls[0])
    assert http.calls[0].json() == {
        "messages": [
            {
                "sender": "14155550199",
                "destinations": [{"to": "41793026727", "messageId": "msg_1"}],
                "content": {"text": "This is a sample message"},
                "webhooks": {
                    "delivery": {"url": "https://desk.example.com/d/msg_1", "intermediateReport": True},
                    "contentType": "application/json",
                },
            }
        ]
    }


def test_where_a_profile_posts_everything_a_text_names_no_url_that_would_be_called_without_credentials() -> None:
    http = ScriptedHttp([answered(status("PENDING_ACCEPTED"))])
    INFOBIP.send(WITH_URL, ACCOUNT, http)
    assert "webhooks" not in http.calls[0].json()["messages"][0]


@pytest.mark.parametrize("base", [BASE, f"{BASE}/", "k3x9e2.api.infobip.com", " k3x9e2.api.infobip.com/ "])
def test_the_base_url_may_be_pasted_in_any_form(base: str) -> None:
    http = ScriptedHttp([answered(status("PENDING_ACCEPTED"))])
    INFOBIP.send(MESSAGE, dataclasses.replace(ACCOUNT, base_url=base), http)
    validate_call(http.calls[0])


@pytest.mark.parametrize(
    ("reply", "state", "segments"),
    [
        (answered({"groupId": 1}), Status.queued, 1),
        (answered({"groupName": "ACCEPTED"}, details={}), Status.queued, None),
        (answered({}, details=None, smsCount=2), Status.queued, 2),
        (answered(status("PENDING_ENROUTE"), details={"messageCount": True}), Status.sent, None),
        (answered(status("DELIVERED_TO_HANDSET")), Status.delivered, 1),
        (answered(status("teleported")), Status.queued, 1),
    ],
)
def test_an_answer_with_an_id_and_no_refusal_is_an_acceptance(reply: Reply, state: Status, segments: int) -> None:
    accepted = INFOBIP.send(MESSAGE, ACCOUNT, ScriptedHttp([reply]))
    assert (accepted.provider_message_id, accepted.status, accepted.segments) == (MESSAGE_ID, state, segments)


def test_an_account_with_a_balance_is_ok() -> None:
    http = ScriptedHttp([Reply(200, {"balance": 47.79134, "currency": "EUR"}, {})])
    assert INFOBIP.check(ACCOUNT, http).state == "ok"
    [made] = http.calls
    assert (made.method, made.url, made.headers["Accept"]) == ("GET", f"{BASE}/account/1/balance", "application/json")
    assert made.basic() == (USERNAME, PASSWORD)


@pytest.mark.parametrize(
    ("reply", "word"),
    [
        (Reply(200, {"balance": -0.5, "currency": "EUR"}, {}), "credit"),
        (Reply(401, {"requestError": {}}, {}), "credentials"),
        (Reply(200, json.dumps({"currency": "EUR"}), {}), "no balance"),
    ],
)
def test_each_problem_of_the_account_is_told_in_its_own_words(reply: Reply, word: str) -> None:
    result = INFOBIP.check(ACCOUNT, ScriptedHttp([reply]))
    assert result.state == "problem"
    assert word in str(result.detail)
