"""The declared types over HTTP, with the mapping of the documentation; the made-up gateways and what they refuse."""

import dataclasses
import re
from pathlib import Path
from typing import Any

import pytest
import requests

from chalicelib import providers
from chalicelib.providers.contract import ProviderAccount, SendError, Status, Verification
from chalicelib.providers.custom import RECEIVING
from chalicelib.providers.mapping import VARIABLES
from dev import demo_accounts
from tests.dev.conftest import CUSTOMER, PHONE, Receiver, Simulator
from tests.dev.desk import Desk

PAGE = Path(__file__).parents[2] / "docs" / "providers" / "custom.md"
EXAMPLE = demo_accounts.of("custom").fields["options"]  # of that page
CREDENTIALS = {"api_key": "a-key", "webhook_secret": "a-secret"}


@pytest.fixture
def desk(simulator: Simulator, receiver: Receiver) -> Desk:
    account = ProviderAccount("custom", PHONE, CREDENTIALS, None, "https://gateway.example", True, EXAMPLE)
    desk = Desk(simulator, account, ("gateway.example",))
    desk.register(f"{receiver.url}/delivery/tok")
    return desk


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"to": {"digits": CUSTOMER}}, "BAD_NUMBER"),
        ({"to": CUSTOMER}, "BAD_NUMBER"),
        ({"as": ""}, "MISSING"),
        ({"words": ""}, "MISSING"),
        ({"callback": "nowhere"}, "BAD_CALLBACK"),
    ],
)
def test_a_text_that_the_gateway_refuses_is_refused_inside_a_200(
    desk: Desk, changes: dict[str, Any], reason: str
) -> None:
    document = {"to": {"digits": CUSTOMER[1:]}, "as": PHONE, "words": "Hello"} | changes
    url, key = f"{desk.simulator.url}/custom/v1/messages", {"X-Api-Key": "a-key"}
    answer = requests.post(url, json=document, headers=key, timeout=5)
    assert (answer.status_code, answer.json()["reason"]) == (200, reason)
    assert requests.post(url, json=document, headers={"X-Api-Key": "b"}, timeout=5).status_code == 401
    assert requests.post(f"{url}/x", json=document, headers=key, timeout=5).status_code == 404


def test_the_documented_mapping_has_no_mistake(desk: Desk) -> None:
    assert providers.get("custom").mistakes(desk.account) == {}
    assert desk.check() == "unproven"


@pytest.mark.parametrize("own_url", [False, True])
def test_the_desk_sends_and_hears_how_it_ended(desk: Desk, receiver: Receiver, own_url: bool) -> None:
    url = f"{receiver.url}/delivery/tok/msg_1" if own_url else None
    accepted = desk.send("Grüße 👍", url)
    assert accepted.status is Status.queued
    assert [text["text"] for text in desk.simulator.inbox()] == ["Grüße 👍"]
    posts = receiver.wait(2)
    assert {post.url for post in posts} == {url or f"{receiver.url}/delivery/tok"}
    uid = accepted.provider_message_id
    assert desk.statuses(posts) == [(uid, "sent"), (uid, "delivered")]
    assert {verification for verification, _ in desk.read(posts)} == {Verification.verified}


def test_a_wrong_key_is_told(desk: Desk) -> None:
    desk.account = dataclasses.replace(desk.account, credentials={"api_key": "b"})
    with pytest.raises(SendError) as error:
        desk.send("Hello")
    assert (error.value.kind, error.value.code) == ("credentials", "WRONG_KEY")


def test_the_documented_tables_are_those_of_the_code() -> None:
    page = PAGE.read_text()
    assert set(re.findall(r"`\{(\w+)\}`", page)) == set(VARIABLES)
    rows = re.findall(r"^\| ([^|]+) \| (queued|sent|delivered|expired|undelivered|rejected|failed) \|$", page, re.M)
    assert {word.upper(): status for words, status in rows for word in words.split(", ")} == dict(RECEIVING.statuses)
