"""The simulator posts a long text piece by piece, and the product knows the pieces for what they are."""

from typing import Any

import pytest
import requests

from chalicelib.providers.contract import InboundMessage, ProviderAccount
from dev.simulator import segments
from tests.dev.conftest import CUSTOMER, PHONE, Receiver, Simulator
from tests.dev.desk import Desk

LONG = "A long text about €uros and 👍, part after part. " * 5
ACCOUNTS = {
    "clickatell": ProviderAccount("clickatell", PHONE, {"api_key": "key"}),
    "csctelecom": ProviderAccount("csctelecom", PHONE, {"api_key": "key"}, None, "https://csc.example"),
}


def post(simulator: Simulator, **body: Any) -> Any:
    given = {"account_id": "acc_1", "text": LONG, **body}
    return requests.post(f"{simulator.url}/customers/{CUSTOMER}/messages", json=given, timeout=10)


@pytest.mark.parametrize("name", ACCOUNTS)
@pytest.mark.parametrize("order", ["in_order", "reversed"])
def test_pieces_are_read_as_parts_of_one_text(simulator: Simulator, receiver: Receiver, name: str, order: str) -> None:
    desk = Desk(simulator, ACCOUNTS[name], ())
    desk.register()
    post(simulator, pieces=order).raise_for_status()
    total = len(segments.split(LONG))
    found = [event for _, event in desk.read(receiver.wait(total)) if isinstance(event, InboundMessage)]
    told = [event.part for event in found if event.part]
    numbers = list(range(1, total + 1))
    assert [part.number for part in told] == (numbers if order == "in_order" else numbers[::-1])
    assert {(part.reference, part.total) for part in told} == {(told[0].reference, total)}
    assert len({event.provider_message_id for event in found}) == total
    in_order = sorted(found, key=lambda event: event.part.number if event.part else 0)
    assert "".join(event.text for event in in_order) == LONG


def test_a_provider_that_joins_them_itself_posts_no_pieces(simulator: Simulator, receiver: Receiver) -> None:
    simulator.put_account().raise_for_status()
    assert post(simulator, pieces="in_order").status_code == 400
