"""The simulated Infobip over HTTP: what it refuses, what it answers, and its callbacks."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
import requests

from tests.dev.conftest import CUSTOMER, PHONE, Received, Receiver, Simulator

CREDENTIALS = {"username": "desk", "password": "Pa55-w0rd"}
AUTH = (CREDENTIALS["username"], CREDENTIALS["password"])


@pytest.fixture
def infobip(simulator: Simulator) -> Simulator:
    """The simulator with an Infobip account."""
    simulator.put_account(provider="infobip", credentials=CREDENTIALS).raise_for_status()
    return simulator


def send(
    infobip: Simulator, auth: tuple[str, str] | None = AUTH, to: str | None = CUSTOMER[1:], **changes: object
) -> requests.Response:
    """One message; a change to None leaves the field out."""
    url = f"{infobip.receiver.url}/sms/accounts/acc_1/delivery/tok/msg_1"
    message = {
        "sender": PHONE[1:],
        "destinations": [{"to": to, "messageId": "msg_1"}],
        "content": {"text": "Hello"},
        "webhooks": {"delivery": {"url": url, "intermediateReport": True}, "contentType": "application/json"},
    }
    document = {"messages": [{name: value for name, value in (message | changes).items() if value is not None}]}
    return requests.post(f"{infobip.url}/infobip/sms/3/messages", json=document, auth=auth, timeout=10)


def result(got: Received) -> dict[str, Any]:
    [entry] = json.loads(got.body)["results"]
    assert got.headers["content-type"] == "application/json"
    return entry


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"to": None}, "messages[0].destinations[0].to"),
        ({"destinations": []}, "messages[0].destinations[0].to"),
        ({"content": None}, "messages[0].content.text"),
        ({"content": {"text": ""}}, "messages[0].content.text"),
        ({"webhooks": {"delivery": {"url": "desk"}}}, "messages[0].webhooks.delivery.url"),
    ],
)
def test_a_send_that_lacks_something_is_refused_by_the_path_of_the_field(
    infobip: Simulator, changes: dict, path: str
) -> None:
    answer = send(infobip, **changes)
    assert (answer.status_code, answer.json()["errorCode"]) == (400, "E400")
    assert [one["property"] for one in answer.json()["violations"]] == [path]
    assert infobip.inbox() == []


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"to": CUSTOMER}, "REJECTED_DESTINATION"),
        ({"to": "Anna"}, "REJECTED_DESTINATION"),
        ({"sender": None}, "REJECTED_SOURCE"),
        ({"sender": PHONE}, "REJECTED_SOURCE"),
        ({"sender": "15005550099"}, "REJECTED_SOURCE"),
        ({"sender": None, "from": PHONE[1:]}, "REJECTED_SOURCE"),
        ({"content": {"text": "a" * 3826}}, "REJECTED_MESSAGE_TOO_LONG"),
    ],
)
def test_a_rejection_stands_inside_a_200(infobip: Simulator, changes: dict, name: str) -> None:
    answer = send(infobip, **changes)
    [message] = answer.json()["messages"]
    assert (answer.status_code, message["status"]["groupId"], message["status"]["name"]) == (200, 5, name)
    assert infobip.inbox() == []


def test_wrong_credentials_and_other_calls_are_refused(infobip: Simulator) -> None:
    url = f"{infobip.url}/infobip/sms/3/messages"
    for auth in (None, (AUTH[0], "wrong"), ("someone", AUTH[1])):
        assert (send(infobip, auth).status_code, send(infobip, auth).json()["errorCode"]) == (401, "E401")
    assert requests.post(url, data={"messages": "x"}, auth=AUTH, timeout=10).json()["errorCode"] == "E400"
    assert requests.get(url, auth=AUTH, timeout=10).json()["errorCode"] == "E405"
    assert requests.post(f"{infobip.url}/infobip/sms/2/text", auth=AUTH, timeout=10).json()["errorCode"] == "E404"
    assert infobip.inbox() == []


def test_an_accepted_message_keeps_the_callers_id_and_reaches_the_customer(infobip: Simulator) -> None:
    answer = send(infobip, content={"text": "a" * 161})
    [message] = answer.json()["messages"]
    assert (answer.status_code, message["status"]["name"]) == (200, "PENDING_ACCEPTED")
    assert (message["messageId"], message["destination"]) == ("msg_1", CUSTOMER[1:])
    assert message["details"] == {"messageCount": 2}
    [text] = infobip.inbox()
    assert (text["text"], text["sender"], text["provider_message_id"]) == ("a" * 161, PHONE, "msg_1")


def test_without_an_id_of_the_callers_infobip_makes_one(infobip: Simulator) -> None:
    [message] = send(infobip, destinations=[{"to": CUSTOMER[1:]}]).json()["messages"]
    assert message["messageId"].isdigit()
    assert len(message["messageId"]) == 18


def test_the_balance_can_be_read_with_the_accounts_credentials_only(infobip: Simulator) -> None:
    url = f"{infobip.url}/infobip/account/1/balance"
    assert requests.get(url, auth=AUTH, timeout=10).json() == {"balance": 47.79134, "currency": "EUR"}
    assert requests.get(url, timeout=10).status_code == 401


def test_reports_go_to_the_url_of_the_message(infobip: Simulator, receiver: Receiver) -> None:
    send(infobip)
    entries = [result(got) for got in receiver.wait(2)]
    assert [(one["status"]["groupId"], one["status"]["name"]) for one in entries] == [
        (1, "PENDING_ENROUTE"),
        (3, "DELIVERED_TO_HANDSET"),
    ]
    assert {(one["messageId"], one["to"], one["sender"]) for one in entries} == {("msg_1", CUSTOMER[1:], PHONE[1:])}
    assert {got.url for got in receiver.received} == {f"{receiver.url}/sms/accounts/acc_1/delivery/tok/msg_1"}


@pytest.mark.parametrize("webhooks", [None, {"delivery": {"url": "http://127.0.0.1:9/x", "notify": False}}])
def test_without_a_url_or_with_notify_off_there_are_no_reports(
    infobip: Simulator, receiver: Receiver, webhooks: dict | None
) -> None:
    assert send(infobip, webhooks=webhooks).status_code == 200
    assert receiver.wait(1, 0.3) == []
    assert infobip.list("mismatches") == []


@pytest.mark.parametrize(
    ("code", "group", "name"), [(None, 2, "UNDELIVERABLE_NOT_DELIVERED"), (15, 4, "EXPIRED_EXPIRED")]
)
def test_a_failure_is_reported_with_the_status_asked_for(
    infobip: Simulator, receiver: Receiver, code: int | None, group: int, name: str
) -> None:
    infobip.behave("undelivered", provider="infobip", code=code)
    send(infobip)
    entry = result(receiver.wait(2)[-1])
    assert (entry["status"]["groupId"], entry["status"]["name"]) == (group, name)
    assert entry["error"]["name"] == "EC_ABSENT_SUBSCRIBER"


def test_a_customers_text_is_forwarded_with_its_keyword_cut_from_the_clean_text_only(
    infobip: Simulator, receiver: Receiver
) -> None:
    answer = infobip.text("Quiz où est-ce? 😀")
    [got] = receiver.wait(1)
    entry = result(got)
    assert got.url == f"{receiver.url}/sms/accounts/acc_1/receive/tok"
    assert (entry["from"], entry["to"], entry["text"]) == (CUSTOMER[1:], PHONE[1:], "Quiz où est-ce? 😀")
    assert (entry["keyword"], entry["cleanText"]) == ("QUIZ", "où est-ce? 😀")
    assert entry["messageId"] == answer.json()["provider_message_id"]
    age = datetime.now(UTC) - datetime.strptime(entry["receivedAt"], "%Y-%m-%dT%H:%M:%S.%f%z")
    assert -1 < age.total_seconds() < 60


def test_a_stranger_does_not_know_the_url(infobip: Simulator, receiver: Receiver) -> None:
    infobip.text(signature="bad")
    assert not receiver.wait(1)[0].url.endswith("/tok")


def test_throttling_comes_in_the_older_error_body_with_a_time_to_wait(infobip: Simulator) -> None:
    infobip.behave("throttled", provider="infobip", seconds=7)
    answer = send(infobip)
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "7")
    assert answer.json()["requestError"]["serviceException"]["messageId"] == "TOO_MANY_REQUESTS"
    infobip.behave("unavailable_503", provider="infobip")
    assert (send(infobip).status_code, send(infobip).json()["errorCode"]) == (503, "E503")


@pytest.mark.parametrize(("code", "name"), [(None, "REJECTED_DESTINATION"), (12, "REJECTED_NOT_ENOUGH_CREDITS")])
def test_a_rejection_asked_for_is_answered_inside_a_200(infobip: Simulator, code: int | None, name: str) -> None:
    infobip.behave("reject", provider="infobip", code=code)
    assert send(infobip).json()["messages"][0]["status"]["name"] == name


def test_an_answer_other_than_2xx_is_noted(infobip: Simulator, receiver: Receiver) -> None:
    receiver.answer = lambda _: (500, "text/plain", b"")
    infobip.text()
    assert len(receiver.wait(2, 0.3)) == 1
    assert [one["problem"] for one in infobip.list("mismatches")] == ["status 500 instead of 2xx"]
