"""Twilio's own on the way out: its published examples, and the corners of its form and its answers."""

import dataclasses
from typing import Any

import pytest

from chalicelib import providers
from chalicelib.providers.contract import (
    OutboundMessage,
    SendError,
    Status,
)
from tests.providers.fakes import ScriptedHttp
from tests.providers.table import Reply
from tests.providers.tables.examples import examples
from tests.providers.tables.twilio import (
    SID,
    TABLE,
    TOKEN,
    created,
    error,
    validate_call,
)

TWILIO = providers.get("twilio")
ACCOUNT = TABLE.account
MESSAGE = OutboundMessage("msg_1", "+14155550100", "Hello")


@examples("twilio", "send_ok")
def test_accepted_examples_are_read(example: dict[str, Any]) -> None:
    form = example["request"]["form"]
    account = dataclasses.replace(ACCOUNT, phone=form["From"])
    message = OutboundMessage("msg_1", form["To"], form["Body"], tuple(form["MediaUrl"]), form["StatusCallback"])
    answer = example["response"]
    http = ScriptedHttp([Reply(answer["status"], answer["body"], answer["headers"])])
    accepted = TWILIO.send(message, account, http)
    assert (accepted.provider_message_id, accepted.status, accepted.segments) == tuple(
        example["expect"][name] for name in ("provider_message_id", "status", "segments")
    )
    assert http.calls[0].url == example["request"]["url"]
    sent = {name: values if name == "MediaUrl" else values[0] for name, values in http.calls[0].form().items()}
    assert sent == {name: form[name] for name in ("To", "From", "Body", "MediaUrl", "StatusCallback")}
    validate_call(http.calls[0])


@examples("twilio", "send_error")
def test_error_examples_are_told(example: dict[str, Any]) -> None:
    answer, expected = example["response"], example["expect"]
    with pytest.raises(SendError) as raised:
        TWILIO.send(MESSAGE, ACCOUNT, ScriptedHttp([Reply(answer["status"], answer["body"], answer["headers"])]))
    assert (raised.value.kind, raised.value.code) == (expected["kind"], expected["code"] or "http_400")


def test_a_messaging_service_takes_the_place_of_the_number() -> None:
    service = "MG" + "0" * 32
    http = ScriptedHttp([created(status="accepted", num_segments="0")])
    accepted = TWILIO.send(MESSAGE, dataclasses.replace(ACCOUNT, options={"messaging_service_sid": service}), http)
    assert http.calls[0].form() == {"To": ["+14155550100"], "MessagingServiceSid": [service], "Body": ["Hello"]}
    assert (accepted.status, accepted.segments) == (Status.queued, None)
    validate_call(http.calls[0])


def test_a_status_nobody_knows_is_still_an_acceptance() -> None:
    accepted = TWILIO.send(MESSAGE, ACCOUNT, ScriptedHttp([created(status="beaming", num_segments="many")]))
    assert (accepted.status, accepted.segments) == (Status.queued, None)


def test_pictures_are_sent_by_repeating_the_field_and_no_body_is_sent_for_none() -> None:
    http = ScriptedHttp([created()])
    urls = ("https://a.example/1", "https://a.example/2")
    TWILIO.send(dataclasses.replace(MESSAGE, text="", media_urls=urls), ACCOUNT, http)
    assert http.calls[0].form() == {"To": ["+14155550100"], "From": ["+14155550199"], "MediaUrl": list(urls)}


def test_the_newer_error_body_is_read() -> None:
    body = {"type": "about:blank", "title": "Bad", "status": 400, "code": 77777, "detail": "No such thing"}
    with pytest.raises(SendError) as raised:
        TWILIO.send(MESSAGE, ACCOUNT, ScriptedHttp([Reply(400, body, {})]))
    assert (raised.value.kind, raised.value.code, raised.value.detail) == ("configuration", "77777", "No such thing")


def test_an_active_account_is_ok() -> None:
    http = ScriptedHttp([Reply(200, {"sid": SID, "status": "active"}, {})])
    assert TWILIO.check(ACCOUNT, http).state == "ok"
    [made] = http.calls
    assert (made.method, made.url) == ("GET", f"https://api.twilio.com/2010-04-01/Accounts/{SID}.json")
    assert made.basic() == (SID, TOKEN)


def test_a_suspended_account_and_wrong_credentials_are_problems_of_their_own() -> None:
    suspended = TWILIO.check(ACCOUNT, ScriptedHttp([Reply(200, {"sid": SID, "status": "suspended"}, {})]))
    refused = TWILIO.check(ACCOUNT, ScriptedHttp([error(401, 20003)]))
    assert (suspended.state, refused.state) == ("problem", "problem")
    assert "suspended" in str(suspended.detail)
    assert "auth token" in str(refused.detail)
