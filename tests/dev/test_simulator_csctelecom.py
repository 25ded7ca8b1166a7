"""The simulated CSC Telecom over HTTP: reports fill the placeholders of the pasted URL, and the product reads them."""

import pytest

from chalicelib import providers
from chalicelib.providers.contract import MalformedRequest, ProviderAccount, Status
from tests.dev.conftest import PHONE, Receiver, Simulator
from tests.dev.desk import Desk


@pytest.fixture
def desk(simulator: Simulator, receiver: Receiver) -> Desk:
    account = ProviderAccount("csctelecom", PHONE, {"api_key": "key"}, None, "https://csc.example")
    return Desk(simulator, account, ("csc.example",))


def test_reports_come_as_calls_of_the_pasted_url(desk: Desk, receiver: Receiver) -> None:
    desk.register(f"{receiver.url}/delivery/tok{providers.get('csctelecom').spec.reports.url_suffix}")
    accepted = desk.send("Labas 👍")
    assert accepted.status is Status.queued
    uid = accepted.provider_message_id
    posts = receiver.wait(2)
    assert [(post.method, post.url.partition("?")[2]) for post in posts] == [
        ("GET", f"message-id={uid}&state=1"),
        ("GET", f"message-id={uid}&state=2"),
    ]
    assert desk.statuses(posts) == [(uid, "sent"), (uid, "delivered")]


def test_a_url_whose_placeholders_were_changed_is_told_as_such(desk: Desk, receiver: Receiver) -> None:
    desk.register(f"{receiver.url}/delivery/tok?message-id=<message id>&state=<state>")
    desk.send("Labas")
    with pytest.raises(MalformedRequest, match="not substituted"):
        desk.read(receiver.wait(1))
