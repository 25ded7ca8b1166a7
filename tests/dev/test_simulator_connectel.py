"""The simulated Connectel over HTTP, a made-up gateway: what it refuses, and the product on the other side."""

import dataclasses
from typing import Any

import pytest
import requests

from chalicelib.providers.contract import ProviderAccount, SendError, Status
from tests.dev.conftest import CUSTOMER, PHONE, Receiver, Simulator
from tests.dev.desk import Desk


@pytest.fixture
def desk(simulator: Simulator, receiver: Receiver) -> Desk:
    account = ProviderAccount("connectel", PHONE, {"auth_token": "tok"}, "Pizzeria", "https://sms.example/v1", True)
    desk = Desk(simulator, account, ("sms.example",))
    desk.register(f"{receiver.url}/delivery/tok")
    return desk


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"to": CUSTOMER[1:]}, 400, "bad_number"),
        ({"from": ""}, 400, "missing"),
        ({"text": ""}, 400, "missing"),
        ({"token": "wrong"}, 401, "unauthorized"),
    ],
)
def test_what_the_gateway_refuses(desk: Desk, changes: dict[str, Any], status: int, code: str) -> None:
    document = {"from": "Pizzeria", "to": CUSTOMER, "text": "Hello"} | changes
    headers = {"Authorization": f"Bearer {document.pop('token', 'tok')}"}
    answer = requests.post(f"{desk.simulator.url}/connectel/v1", json=document, headers=headers, timeout=5)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert desk.simulator.inbox() == []


def test_the_desk_sends_under_its_name_and_hears_how_it_ended(desk: Desk, receiver: Receiver) -> None:
    accepted = desk.send("Grüße 👍")
    assert accepted.status is Status.queued
    assert [(text["sender"], text["text"]) for text in desk.simulator.inbox()] == [("Pizzeria", "Grüße 👍")]
    uid = accepted.provider_message_id
    assert desk.statuses(receiver.wait(2)) == [(uid, "sent"), (uid, "delivered")]


def test_a_wrong_token_is_told(desk: Desk) -> None:
    desk.account = dataclasses.replace(desk.account, credentials={"auth_token": "other"})
    with pytest.raises(SendError) as error:
        desk.send("Hello")
    assert (error.value.kind, error.value.code) == ("credentials", "unauthorized")
