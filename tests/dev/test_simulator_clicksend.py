"""The simulated ClickSend over HTTP: what it refuses, what it answers, and what its rules post."""

import uuid
from urllib.parse import parse_qsl

import pytest
import requests

from tests.dev.conftest import CUSTOMER, PHONE, Receiver, Simulator

CREDENTIALS = {"username": "desk@example.com", "password": "D83DED51-9E35-4D42-9BB9-0E34B7CA85AE"}
AUTH = (CREDENTIALS["username"], CREDENTIALS["password"])


@pytest.fixture
def clicksend(simulator: Simulator, receiver: Receiver) -> Simulator:
    """The simulator with a ClickSend account whose two rules are set up."""
    url = f"{receiver.url}/sms/accounts/acc_1/delivery/tok"
    simulator.put_account(provider="clicksend", credentials=CREDENTIALS, delivery_url=url).raise_for_status()
    return simulator


def send(clicksend: Simulator, auth: tuple[str, str] | None = AUTH, **changes: object) -> requests.Response:
    """One message; a change to None leaves the field out."""
    message = {"source": "test", "from": PHONE, "to": CUSTOMER, "body": "Hello", "custom_string": "msg_1"} | changes
    document = {"messages": [{name: value for name, value in message.items() if value is not None}]}
    return requests.post(f"{clicksend.url}/clicksend/v3/sms/send", json=document, auth=auth, timeout=10)


@pytest.mark.parametrize(
    ("changes", "state"),
    [
        ({"to": None}, "INVALID_RECIPIENT"),
        ({"to": CUSTOMER[1:]}, "INVALID_RECIPIENT"),
        ({"to": "Anna"}, "INVALID_RECIPIENT"),
        ({"body": ""}, "EMPTY_MESSAGE"),
        ({"from": "+15005550099"}, "INVALID_SENDER_ID"),
        ({"from": "My Company"}, "INVALID_SENDER_ID"),
        ({"from": "ACompanyTooLong"}, "INVALID_SENDER_ID"),
    ],
)
def test_a_refused_message_stands_inside_a_200_that_says_success(
    clicksend: Simulator, changes: dict, state: str
) -> None:
    answer = send(clicksend, **changes)
    body = answer.json()
    assert (answer.status_code, body["response_code"], body["data"]["queued_count"]) == (200, "SUCCESS", 0)
    assert [message["status"] for message in body["data"]["messages"]] == [state]
    assert clicksend.inbox() == []


def test_wrong_credentials_and_a_call_that_is_none_are_refused(clicksend: Simulator) -> None:
    url = f"{clicksend.url}/clicksend/v3/sms/send"
    for auth in (None, (AUTH[0], "wrong"), ("someone", AUTH[1])):
        assert (send(clicksend, auth).status_code, send(clicksend, auth).json()["response_code"]) == (
            401,
            "UNAUTHORIZED",
        )
    assert requests.post(url, data={"to": CUSTOMER, "body": "x"}, auth=AUTH, timeout=10).status_code == 400
    assert requests.post(url, json={"to": CUSTOMER, "body": "x"}, auth=AUTH, timeout=10).status_code == 400
    assert send(clicksend, body=None).status_code == 400
    assert requests.get(url, auth=AUTH, timeout=10).status_code == 405
    assert requests.get(f"{clicksend.url}/clicksend/v3/fax", auth=AUTH, timeout=10).json()["http_code"] == 404
    assert clicksend.inbox() == []


@pytest.mark.parametrize("sender", [PHONE, "Acme", None])
def test_an_accepted_message_is_answered_as_documented_and_reaches_the_customer(
    clicksend: Simulator, sender: str | None
) -> None:
    answer = send(clicksend, body="a" * 161, **{"from": sender})
    [message] = answer.json()["data"]["messages"]
    assert (answer.status_code, message["status"], message["message_parts"]) == (200, "SUCCESS", 2)
    assert str(uuid.UUID(message["message_id"])).upper() == message["message_id"]
    [text] = clicksend.inbox()
    assert (text["text"], text["sender"], text["provider_message_id"]) == (
        "a" * 161,
        sender or PHONE,
        message["message_id"],
    )


@pytest.mark.parametrize(
    ("text", "kept"), [("a" * 919, 918), ("ç" * 403, 402), ("😀" * 202, 198), ("€" * 460, 456), ("a" * 918, 918)]
)
def test_a_text_of_more_than_six_parts_is_cut_off_unasked(clicksend: Simulator, text: str, kept: int) -> None:
    assert send(clicksend, body=text).json()["data"]["messages"][0]["status"] == "SUCCESS"
    assert [len(got["text"]) for got in clicksend.inbox()] == [kept]


def test_the_account_can_be_read_with_its_own_credentials_only(clicksend: Simulator) -> None:
    url = f"{clicksend.url}/clicksend/v3/account"
    assert requests.get(url, auth=AUTH, timeout=10).json()["data"]["balance"] == "20.005718"
    assert requests.get(url, auth=(AUTH[0], "wrong"), timeout=10).status_code == 401


def test_reports_say_sent_for_both_and_differ_by_their_code(clicksend: Simulator, receiver: Receiver) -> None:
    [message] = send(clicksend).json()["data"]["messages"]
    reports = [dict(parse_qsl(got.body.decode(), keep_blank_values=True)) for got in receiver.wait(2)]
    assert [(report["status"], report["status_code"]) for report in reports] == [("Sent", "200"), ("Sent", "201")]
    assert {report["message_id"] for report in reports} == {message["message_id"]}
    assert {report["custom_string"] for report in reports} == {"msg_1"}
    assert {got.url for got in receiver.received} == {f"{receiver.url}/sms/accounts/acc_1/delivery/tok"}


def test_without_a_receipt_rule_there_are_no_reports(simulator: Simulator, receiver: Receiver) -> None:
    simulator.put_account(provider="clicksend", credentials=CREDENTIALS).raise_for_status()
    assert send(simulator).status_code == 200
    assert receiver.wait(1, 0.3) == []


def test_a_customers_text_is_posted_with_the_fields_of_a_rule(clicksend: Simulator, receiver: Receiver) -> None:
    answer = clicksend.text("Où est-ce? 😀 a+b&c=d")
    [got] = receiver.wait(1)
    fields = dict(parse_qsl(got.body.decode(), keep_blank_values=True))
    assert got.url == f"{receiver.url}/sms/accounts/acc_1/receive/tok"
    assert (fields["from"], fields["sms"], fields["originalsenderid"]) == (CUSTOMER, CUSTOMER, PHONE)
    assert (fields["body"], fields["message"]) == ("Où est-ce? 😀 a+b&c=d",) * 2
    assert fields["message_id"] == answer.json()["provider_message_id"]


def test_a_stranger_does_not_know_the_url(clicksend: Simulator, receiver: Receiver) -> None:
    clicksend.text(signature="bad")
    [got] = receiver.wait(1)
    assert got.url.startswith(f"{receiver.url}/sms/accounts/acc_1/receive/")
    assert not got.url.endswith("/tok")


def test_misbehaviour_is_answered_in_the_envelope(clicksend: Simulator) -> None:
    answers = {}
    for mode in ("throttled", "unavailable_503", "reject"):
        clicksend.behave(mode, provider="clicksend", seconds=7)
        answers[mode] = send(clicksend)
    assert answers["throttled"].headers["Retry-After"] == "7"
    codes = {mode: (answer.status_code, answer.json()["response_code"]) for mode, answer in answers.items()}
    assert codes["throttled"] == (429, "TOO_MANY_REQUESTS")
    assert codes["unavailable_503"] == (503, "SERVICE_UNAVAILABLE")
    assert codes["reject"] == (200, "SUCCESS")
    assert answers["reject"].json()["data"]["messages"][0]["status"] == "INVALID_RECIPIENT"
    clicksend.behave("reject", provider="clicksend", code=403)
    assert send(clicksend).json()["response_code"] == "FORBIDDEN"


def test_an_answer_other_than_2xx_is_noted_and_not_tried_again(clicksend: Simulator, receiver: Receiver) -> None:
    receiver.answer = lambda _: (500, "text/plain", b"")
    clicksend.text()
    assert len(receiver.wait(2, 0.3)) == 1
    assert [one["problem"] for one in clicksend.list("mismatches")] == ["status 500 instead of 2xx"]
