"""The simulated Skebby over HTTP: what it refuses, both generations of its calls, and the product on the other side."""

import dataclasses
from typing import Any
from urllib.parse import parse_qs, parse_qsl

import pytest
import requests

from chalicelib.providers.contract import ProviderAccount, SendError, Status
from tests.dev.conftest import CUSTOMER, PHONE, Receiver, Simulator
from tests.dev.desk import MESSAGE_ID, Desk

REST = "/skebby/API/v1.0/REST"
GATEWAY = "/skebby/api/send/smseasy/advanced/http.php"
CREDENTIALS = {"method": "classic_plus", "username": "desk", "password": "pass:word"}
ORDER = {"message_type": "GP", "message": "Hello", "recipient": [CUSTOMER], "sender": PHONE, "order_id": "o-1"}
FORM = {
    **{"method": "send_sms_classic_report", "username": "desk", "password": "pass:word", "charset": "UTF-8"},
    **{"recipients[]": CUSTOMER[1:], "sender_number": PHONE[1:], "text": "Hello"},
}


@pytest.fixture
def desk(simulator: Simulator, receiver: Receiver) -> Desk:
    account = ProviderAccount("skebby", PHONE, CREDENTIALS, delivery_reports=True)
    desk = Desk(simulator, account, ("api.skebby.it", "gateway.skebby.it"))
    desk.register(f"{receiver.url}/delivery/tok")
    return desk


def session(desk: Desk) -> dict[str, str]:
    answer = requests.get(f"{desk.simulator.url}{REST}/login", auth=("desk", "pass:word"), timeout=5)
    assert answer.status_code == 200
    user_key, session_key = answer.text.split(";")
    return {"user_key": user_key, "Session_key": session_key}


def order(desk: Desk, **changes: Any) -> requests.Response:
    document = {name: value for name, value in (ORDER | changes).items() if value is not None}
    return requests.post(f"{desk.simulator.url}{REST}/sms", json=document, headers=session(desk), timeout=5)


@pytest.mark.parametrize(
    "changes",
    [
        {"message_type": "XX"},
        {"recipient": CUSTOMER},
        {"recipient": []},
        {"recipient": [CUSTOMER[1:]]},
        {"message": ""},
        {"message": "x" * 1001},
        {"message": "ž"},
        {"message": "ž" * 451, "encoding": "ucs2"},
        {"sender": None},
        {"sender": "much too long a name"},
        {"message_type": "SI"},
        {"order_id": "x" * 33},
        {"order_id": "a/b"},
    ],
)
def test_an_order_that_skebby_refuses_is_refused(desk: Desk, changes: dict[str, Any]) -> None:
    answer = order(desk, **changes)
    assert (answer.status_code, answer.json()["result"]) == (400, "KO")
    assert desk.simulator.inbox() == []


def test_an_accepted_order_is_answered_as_documented(desk: Desk) -> None:
    answer = order(desk)
    assert (answer.status_code, answer.json()) == (201, {"result": "OK", "order_id": "o-1", "total_sent": 1})
    assert [text["text"] for text in desk.simulator.inbox()] == ["Hello"]


def test_without_a_session_there_is_a_401_and_with_wrong_credentials_a_404(desk: Desk) -> None:
    wrong = requests.get(f"{desk.simulator.url}{REST}/login", auth=("desk", "wrong"), timeout=5)
    bare = requests.post(f"{desk.simulator.url}{REST}/sms", json=ORDER, headers={"user_key": "x"}, timeout=5)
    assert (wrong.status_code, bare.status_code) == (404, 401)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"password": "wrong"}, "21"),
        ({"text": None}, "12"),
        ({"method": "teleport"}, "12"),
        ({"recipients[]": CUSTOMER}, "25"),
        ({"sender_string": ""}, None),
        ({"sender_string": "Desk"}, "22"),
        ({"text": "ž"}, "37"),
        ({"text": "é", "charset": None}, "37"),
        ({"text": "x" * 1531}, "24"),
    ],
)
def test_a_form_that_the_gateway_refuses_is_refused_with_http_200(
    desk: Desk, changes: dict[str, Any], code: str | None
) -> None:
    form = {name: value for name, value in (FORM | changes).items() if value is not None}
    answer = requests.post(f"{desk.simulator.url}{GATEWAY}", data=form, timeout=5)
    assert answer.status_code == 200
    assert dict(parse_qsl(answer.text)).get("code") == code


@pytest.mark.parametrize("api", ["rest", "gateway"])
def test_the_desk_sends_and_hears_how_it_ended(desk: Desk, receiver: Receiver, api: str) -> None:
    desk.account = dataclasses.replace(desk.account, options={"api": api})
    assert desk.check() == "ok"
    accepted = desk.send("Grüße 👍")
    assert accepted.status is Status.queued
    assert (accepted.provider_message_id == MESSAGE_ID) == (api == "rest")
    assert [text["text"] for text in desk.simulator.inbox()] == ["Grüße 👍"]
    ends = ["sent", "delivered"] if api == "rest" else ["delivered"]
    assert desk.statuses(receiver.wait(len(ends))) == [(accepted.provider_message_id, status) for status in ends]


@pytest.mark.parametrize("method", ["basic", "classic"])
@pytest.mark.parametrize("api", ["rest", "gateway"])
def test_the_other_methods_send_without_reports(desk: Desk, receiver: Receiver, method: str, api: str) -> None:
    credentials = {**CREDENTIALS, "method": method}
    desk.account = dataclasses.replace(desk.account, credentials=credentials, options={"api": api})
    assert desk.send("Hello").status is Status.sent
    assert [text["text"] for text in desk.simulator.inbox()] == ["Hello"]
    assert receiver.wait(1, seconds=0.3) == []


def test_a_refused_number_is_told_with_its_code(desk: Desk) -> None:
    desk.simulator.behave("reject", provider="skebby", code=25)
    with pytest.raises(SendError) as error:
        desk.send("Hello")
    assert error.value.code == "25"


def test_a_customers_text_is_posted_without_plus_and_read(desk: Desk, receiver: Receiver) -> None:
    assert desk.simulator.text("Où est-ce? 😀 a+b&c=d", times=2).json()["statuses"] == [200, 200]
    posts = receiver.wait(2)
    assert parse_qs(posts[0].body.decode())["sender"] == [CUSTOMER[1:]]
    assert desk.texts(posts) == [(None, CUSTOMER, PHONE, "Où est-ce? 😀 a+b&c=d")] * 2
    first, second = (event for _, event in desk.read(posts))
    assert first == second
