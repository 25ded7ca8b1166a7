"""The simulated IntelePeer over HTTP: what it refuses, its token, its secret, and the product on the other side."""

import dataclasses
import json
from typing import Any

import pytest
import requests

from chalicelib.providers.contract import ProviderAccount, Status
from tests.dev.conftest import CUSTOMER, PHONE, Receiver, Simulator
from tests.dev.desk import Desk

KEY = "a-key-of-the-portal"
SEND = {"from": PHONE, "to": CUSTOMER, "text": "Hello", "dlr": True}
OK = (200, "text/plain", b"")


@pytest.fixture
def desk(simulator: Simulator, receiver: Receiver) -> Desk:
    receiver.answer = lambda _: OK
    credentials = {"api_key": KEY, "webhook_secret": "SECRET CODE"}
    hosts = ("api.intelepeer.com", "eu.api.intelepeer.com", "customer.intelepeer.com")
    desk = Desk(simulator, ProviderAccount("intelepeer", PHONE, credentials), hosts)
    desk.register(username="user", password="word")
    return desk


def send(desk: Desk, token: str = KEY, **changes: Any) -> requests.Response:
    document = {name: value for name, value in (SEND | changes).items() if value is not None}
    url = f"{desk.simulator.url}/intelepeer/_rest/v4/app/sms/send"
    return requests.post(url, json=document, headers={"Authorization": token}, timeout=5)


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"to": None}, 400),
        ({"to": CUSTOMER[1:]}, 400),
        ({"text": ""}, 400),
        ({"from": "12345"}, 400),
        ({"from": "1-12345"}, 401),
        ({"from": "+15005550099"}, 401),
        ({"dlr": "yes"}, 400),
        ({"token": "wrong"}, 401),
        ({"token": f"Bearer {KEY}"}, 401),
    ],
)
def test_a_send_that_intelepeer_refuses_is_refused(desk: Desk, changes: dict[str, Any], status: int) -> None:
    assert send(desk, **changes).status_code == status
    assert desk.simulator.inbox() == []


def test_an_accepted_send_is_answered_as_documented(desk: Desk) -> None:
    answer = send(desk)
    assert (answer.status_code, answer.json()["state"], len(answer.json()["refid"])) == (202, "CREATED", 32)


def test_without_dlr_there_are_no_reports(desk: Desk, receiver: Receiver) -> None:
    assert send(desk, dlr=None).status_code == 202
    assert receiver.wait(1, seconds=0.3) == []


@pytest.mark.parametrize("login", [False, True])
def test_the_desk_sends_and_hears_how_it_ended(desk: Desk, receiver: Receiver, login: bool) -> None:
    if login:
        credentials = {**desk.account.credentials, "api_key": "not-sent", "username": "user", "password": "word"}
        desk.account = dataclasses.replace(desk.account, credentials=credentials)
    assert desk.check() == ("ok" if login else "unproven")
    accepted = desk.send("Grüße 👍")
    assert accepted.status is Status.queued
    assert [text["text"] for text in desk.simulator.inbox()] == ["Grüße 👍"]
    posts = receiver.wait(2)
    assert {post.url for post in posts} == {f"{receiver.url}/sms/accounts/acc_1/receive/tok"}
    refid = accepted.provider_message_id
    assert desk.statuses(posts) == [(refid, "sent"), (refid, "delivered")]


def test_a_users_token_sends_from_each_of_its_numbers(desk: Desk) -> None:
    pair = {"username": "user", "password": "word"}
    desk.account = dataclasses.replace(desk.account, credentials={**desk.account.credentials, **pair})
    credentials, other = desk.account.credentials, "+15005550007"
    desk.simulator.put_account("acc_2", provider="intelepeer", phone=other, credentials=credentials).raise_for_status()
    desk.account = dataclasses.replace(desk.account, phone=other)
    desk.send("Hello")
    assert [text["sender"] for text in desk.simulator.inbox()] == [other]


@pytest.mark.parametrize("phone", ["1-12345", "34-Hello8"])
def test_a_short_code_or_name_with_its_country_sends(desk: Desk, receiver: Receiver, phone: str) -> None:
    desk.account = dataclasses.replace(desk.account, phone=phone)
    desk.register()
    accepted = desk.send("Hello")
    assert [text["sender"] for text in desk.simulator.inbox()] == [phone]
    assert desk.statuses(receiver.wait(2))[1] == (accepted.provider_message_id, "delivered")


def test_a_customers_text_carries_the_secret_in_its_body(desk: Desk, receiver: Receiver) -> None:
    desk.simulator.text("Hi")
    assert json.loads(receiver.wait(1)[0].body)["signature"] == "SECRET CODE"


def test_anything_but_200_is_posted_five_times_and_noted(desk: Desk, receiver: Receiver) -> None:
    receiver.answer = lambda _: (204, "text/plain", b"")
    desk.simulator.text("Hi")
    assert len(receiver.wait(5)) == 5
    assert desk.simulator.list("mismatches")[0]["problem"] == "status 204 instead of 200"
