"""Control calls of the simulator that cannot be obeyed, and accounts that it learns from the app."""

import json
import threading
from pathlib import Path

import pytest
import requests

from dev.simulator import providers
from dev.simulator.accounts import Accounts
from dev.simulator.exchange import Exchange
from dev.simulator.server import Server
from tests.dev.conftest import SID, TOKEN, Received, Receiver, Simulator


@pytest.mark.parametrize(
    ("method", "path", "document", "field"),
    [
        ("PUT", "/behaviour", {"provider": "twilio", "mode": "odd"}, "mode"),
        ("PUT", "/behaviour", {"provider": "nobody", "mode": "down"}, "provider"),
        ("PUT", "/behaviour", {"provider": "twilio"}, "mode"),
        ("PUT", "/behaviour", {"provider": "twilio", "mode": "down", "times": 0}, "times"),
        ("PUT", "/behaviour", {"provider": "twilio", "mode": "down", "to": "++1"}, "to"),
        ("PUT", "/behaviour", {"provider": "twilio", "mode": "slow", "minutes": 1}, "minutes"),
        ("PUT", "/behaviour", ["down"], "body"),
        ("POST", "/customers/+15550001111/messages", {"account_id": "acc_2", "text": "Hi"}, "account_id"),
        ("POST", "/customers/+15550001111/messages", {"account_id": "acc_1"}, "text"),
        ("POST", "/customers/+15550001111/messages", {"account_id": "acc_1", "text": 5}, "text"),
        ("POST", "/customers/+0/messages", {"account_id": "acc_1", "text": "Hi"}, "number"),
        ("POST", "/customers/1/messages", {"account_id": "acc_1", "text": "Hi", "media": ["x"]}, "media.0"),
        ("GET", "/customers/not-a-number/messages", None, "number"),
        ("GET", "/requests?provider=nobody", None, "provider"),
        ("PUT", "/accounts/acc_1", {"provider": "twilio", "phone": "+15005550006"}, "credentials"),
    ],
)
def test_bad_control_input_is_a_400_that_names_the_field(
    simulator: Simulator, receiver: Receiver, method: str, path: str, document: object, field: str
) -> None:
    answer = requests.request(method, simulator.url + path, json=document, timeout=10)
    assert (answer.status_code, answer.json()["field"]) == (400, field)
    assert answer.json()["error"]
    assert receiver.received == []


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"provider": "nobody"}, "provider"),
        ({"phone": "5550001111222333"}, "phone"),
        ({"credentials": {"account_sid": SID}}, "credentials.auth_token"),
        ({"credentials": {"account_sid": "AC1", "auth_token": TOKEN}}, "credentials.account_sid"),
        ({"receive_url": "ftp://desk.example.com"}, "receive_url"),
        ({"delivery_url": "desk"}, "delivery_url"),
    ],
)
def test_an_account_that_the_provider_could_not_have_is_refused(
    simulator: Simulator, changes: dict[str, object], field: str
) -> None:
    answer = simulator.put_account("acc_2", **changes)
    assert (answer.status_code, answer.json()["field"]) == (400, field)
    assert TOKEN not in answer.text
    assert requests.get(f"{simulator.url}/health", timeout=10).json()["accounts"] == ["acc_1"]


def test_a_body_that_is_not_json_and_a_path_that_is_not_there_are_refused(simulator: Simulator) -> None:
    answer = requests.put(f"{simulator.url}/behaviour", data=b"{", timeout=10)
    assert (answer.status_code, answer.json()["field"]) == (400, "body")
    assert requests.get(f"{simulator.url}/nowhere", timeout=10).status_code == 404
    assert requests.put(f"{simulator.url}/behaviour", data=b" " * 1_048_577, timeout=10).status_code == 413


def test_the_health_call_names_providers_and_accounts(simulator: Simulator) -> None:
    health = requests.get(f"{simulator.url}/health", timeout=10).json()
    assert (health["status"], health["accounts"]) == ("ok", ["acc_1"])
    assert "twilio" in health["providers"]


@pytest.fixture
def beside_the_app(receiver: Receiver, tmp_path: Path):
    """A simulator whose dev.json names the receiver as the app."""
    dev_json = tmp_path / "dev.json"
    dev_json.write_text(json.dumps({"api": receiver.url, "tokens": {"admin": "admin-token"}}))
    server = Server(0, Exchange(providers.load(), Accounts(dev_json=dev_json)))
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    client = Simulator(server.url, receiver)
    client.put_account().raise_for_status()
    yield client
    server.stop()
    server.server_close()


def account_page(receiver: Receiver, sid: str):
    """Answers the app's account page, and an empty 204 to webhooks."""
    document = {
        "type": "twilio",
        "phone": "+15005550007",
        "credentials": {"account_sid": sid, "auth_token": {"set": True}},
        "receive_url": f"{receiver.url}/sms/accounts/acc_9/receive/new",
        "delivery_url": None,
    }

    def answer(request: Received) -> tuple[int, str, bytes]:
        if request.method == "POST":
            return 204, "", b""
        assert request.headers["authorization"] == "Bearer admin-token"
        return 200, "application/json", json.dumps(document).encode()

    return answer


def test_another_account_with_known_credentials_is_learned_from_the_app(
    beside_the_app: Simulator, receiver: Receiver
) -> None:
    receiver.answer = account_page(receiver, SID)
    assert beside_the_app.text(account_id="acc_9").json()["status"] == 204
    asked, posted = receiver.received
    assert asked.url == f"{receiver.url}/sms/accounts/acc_9"
    assert posted.url == f"{receiver.url}/sms/accounts/acc_9/receive/new"
    beside_the_app.send(From="+15005550007")
    assert [text["account_id"] for text in beside_the_app.inbox()] == ["acc_9"]


def test_an_account_with_unknown_credentials_stays_unknown(beside_the_app: Simulator, receiver: Receiver) -> None:
    receiver.answer = account_page(receiver, "AC" + "f" * 32)
    assert beside_the_app.text(account_id="acc_9").json()["field"] == "account_id"
