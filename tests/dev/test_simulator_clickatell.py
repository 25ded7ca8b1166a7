"""The simulated Clickatell over HTTP: what it refuses, what it answers, and its callbacks and their retries."""

import json
from typing import Any

import pytest
import requests

from tests.dev.conftest import CUSTOMER, PHONE, Received, Receiver, Simulator

KEY = "f7nrX2YkTzK-5d3vQ0hJ1A=="


@pytest.fixture
def clickatell(simulator: Simulator, receiver: Receiver) -> Simulator:
    """The simulator with a Clickatell account whose two callbacks are set up."""
    url = f"{receiver.url}/sms/accounts/acc_1/delivery/tok"
    credentials = {"api_key": KEY}
    simulator.put_account(provider="clickatell", credentials=credentials, delivery_url=url).raise_for_status()
    return simulator


def post(clickatell: Simulator, document: object, key: str | None = KEY) -> requests.Response:
    headers = {"Authorization": key} if key else {}
    return requests.post(f"{clickatell.url}/clickatell/v1/message", json=document, headers=headers, timeout=10)


def send(clickatell: Simulator, key: str | None = KEY, **changes: object) -> requests.Response:
    """One message; a change to None leaves the field out."""
    message = {"channel": "sms", "to": CUSTOMER[1:], "from": PHONE[1:], "content": "Hello", "clientMessageId": "msg_1"}
    given = {name: value for name, value in (message | changes).items() if value is not None}
    return post(clickatell, {"messages": [given]}, key)


def event(got: Received) -> dict[str, Any]:
    posted = json.loads(got.body)
    assert posted.keys() == {"integrationId", "integrationName", "event"}
    assert got.headers["content-type"] == "application/json"
    return posted["event"]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"to": None}, 23),
        ({"to": CUSTOMER}, 25),
        ({"to": f"00{CUSTOMER[1:]}"}, 25),
        ({"to": "Anna"}, 25),
        ({"content": None}, 23),
        ({"content": ""}, 23),
        ({"from": "15005550099"}, 45),
        ({"from": PHONE}, 45),
        ({"channel": "whatsapp"}, 38),
        ({"clientMessageId": "msg 1"}, 23),
    ],
)
def test_a_send_that_clickatell_refuses_is_refused(clickatell: Simulator, changes: dict, code: int) -> None:
    answer = send(clickatell, **changes)
    body = answer.json()
    assert (answer.status_code, body["error"]) == (400, None)
    assert [(entry["accepted"], entry["error"]["code"]) for entry in body["messages"]] == [(False, code)]
    assert clickatell.inbox() == []


def test_a_call_that_is_refused_as_a_whole_names_its_error_globally(clickatell: Simulator) -> None:
    message = {"to": CUSTOMER[1:], "content": "Hello"}
    refused = [
        (send(clickatell, None), 401, 1),
        (send(clickatell, "wrong"), 401, 1),
        (send(clickatell, f"Bearer {KEY}"), 401, 1),
        (post(clickatell, {"messages": []}), 400, 21),
        (post(clickatell, message), 400, 21),
        (post(clickatell, {"messages": [message, message]}), 400, 22),
        (requests.get(f"{clickatell.url}/clickatell/messages/http/send", timeout=10), 404, 41),
        (requests.get(f"{clickatell.url}/clickatell/v1/message", headers={"Authorization": KEY}, timeout=10), 400, 42),
    ]
    assert [(answer.status_code, answer.json()["error"]["code"]) for answer, _, _ in refused] == [
        (status, code) for _, status, code in refused
    ]
    assert clickatell.inbox() == []


@pytest.mark.parametrize("sender", [PHONE[1:], None])
def test_an_accepted_message_is_answered_as_documented_and_reaches_the_customer(
    clickatell: Simulator, sender: str | None
) -> None:
    answer = send(clickatell, **{"from": sender})
    [entry] = answer.json()["messages"]
    assert (answer.status_code, entry["accepted"], entry["error"], entry["to"]) == (202, True, None, CUSTOMER[1:])
    assert len(bytes.fromhex(entry["apiMessageId"])) == 16
    [text] = clickatell.inbox()
    assert (text["text"], text["sender"], text["provider_message_id"]) == ("Hello", PHONE, entry["apiMessageId"])


def test_the_balance_can_be_read_with_the_key_only(clickatell: Simulator) -> None:
    url = f"{clickatell.url}/clickatell/public-client/balance"
    assert requests.get(url, headers={"Authorization": KEY}, timeout=10).json()["balance"] == 1267.92865
    assert requests.get(url, timeout=10).status_code == 401


def test_status_callbacks_carry_the_callers_own_id(clickatell: Simulator, receiver: Receiver) -> None:
    [entry] = send(clickatell).json()["messages"]
    updates = [event(got)["messageStatusUpdate"][0] for got in receiver.wait(2)]
    assert [(one["statusCode"], one["status"]) for one in updates] == [(4, "SENT_TO_SUPPLIER"), (5, "DEVICE_ACK")]
    assert {(one["messageId"], one["clientMessageId"]) for one in updates} == {(entry["apiMessageId"], "msg_1")}
    assert {got.url for got in receiver.received} == {f"{receiver.url}/sms/accounts/acc_1/delivery/tok"}


@pytest.mark.parametrize(
    ("code", "number", "name"), [(None, 23, "DELIVERY_FAILURE"), (20, 20, "EXPIRED"), (26, 26, "VOLUME_LIMIT")]
)
def test_a_failure_is_reported_with_the_code_asked_for(
    clickatell: Simulator, receiver: Receiver, code: int | None, number: int, name: str
) -> None:
    clickatell.behave("undelivered", provider="clickatell", code=code)
    send(clickatell)
    [update] = event(receiver.wait(2)[-1])["messageStatusUpdate"]
    assert (update["statusCode"], update["status"]) == (number, name)
    assert clickatell.inbox() == []


def test_a_customers_text_is_posted_as_a_reply_callback(clickatell: Simulator, receiver: Receiver) -> None:
    answer = clickatell.text("Où est-ce? 😀")
    [got] = receiver.wait(1)
    [text] = event(got)["moText"]
    assert got.url == f"{receiver.url}/sms/accounts/acc_1/receive/tok"
    assert (text["channel"], text["from"], text["to"], text["content"]) == (
        "sms",
        CUSTOMER[1:],
        PHONE[1:],
        "Où est-ce? 😀",
    )
    assert text["messageId"] == answer.json()["provider_message_id"]
    assert 1_700_000_000_000 < text["timestamp"] < 10_000_000_000_000


def test_a_stranger_does_not_know_the_url(clickatell: Simulator, receiver: Receiver) -> None:
    clickatell.text(signature="bad")
    assert not receiver.wait(1)[0].url.endswith("/tok")


def test_a_rate_limit_is_a_400_without_a_time_to_wait(clickatell: Simulator) -> None:
    clickatell.behave("throttled", provider="clickatell", seconds=7)
    answer = send(clickatell)
    assert (answer.status_code, answer.json()["error"]["code"], "Retry-After" in answer.headers) == (400, 43, False)
    clickatell.behave("unavailable_503", provider="clickatell")
    answer = send(clickatell)
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, 19)


def test_a_refusal_asked_for_stands_with_the_message_or_with_the_call(clickatell: Simulator) -> None:
    clickatell.behave("reject", provider="clickatell", code=26)
    assert send(clickatell).json()["messages"][0]["error"]["code"] == 26
    clickatell.behave("reject", provider="clickatell", code=18)
    assert (send(clickatell).status_code, send(clickatell).json()["error"]["code"]) == (500, 18)
    clickatell.behave("reject", provider="clickatell")
    assert send(clickatell).json()["messages"][0]["error"]["code"] == 25


@pytest.mark.parametrize(("status", "tries"), [(200, 1), (204, 1), (302, 1), (404, 3), (500, 3)])
def test_everything_but_a_2xx_or_a_redirect_is_tried_again(
    clickatell: Simulator, receiver: Receiver, status: int, tries: int
) -> None:
    receiver.answer = lambda _: (status, "text/plain", b"")
    clickatell.text()
    assert len(receiver.wait(4, 0.3)) == tries
    assert bool(clickatell.list("mismatches")) == (status >= 300)
