"""The simulated Telnyx over HTTP: what it refuses, what it answers, and how it signs."""

import base64
import json
import time

import pytest
import requests
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from dev.simulator.providers.telnyx import PUBLIC_KEY
from tests.dev.conftest import CUSTOMER, PHONE, Received, Receiver, Simulator

KEY = "KEY-of-the-simulated-account"
OK = (200, "text/plain", b"")


@pytest.fixture
def telnyx(simulator: Simulator, receiver: Receiver) -> Simulator:
    """The simulator with a Telnyx account."""
    receiver.answer = lambda _: OK
    simulator.put_account(provider="telnyx", credentials={"api_key": KEY, "public_key": PUBLIC_KEY}).raise_for_status()
    return simulator


def send(telnyx: Simulator, key: str = KEY, **changes: object) -> requests.Response:
    url = f"{telnyx.receiver.url}/sms/accounts/acc_1/delivery/tok/msg_1"
    document = {"from": PHONE, "to": CUSTOMER, "text": "Hello", "webhook_url": url} | changes
    document = {name: value for name, value in document.items() if value is not None}
    headers = {"Authorization": f"Bearer {key}"}
    return requests.post(f"{telnyx.url}/telnyx/v2/messages", json=document, headers=headers, timeout=10)


def verify(got: Received, key: str = PUBLIC_KEY) -> None:
    """As a receiver does it; raises InvalidSignature."""
    stamp = got.headers["telnyx-timestamp"]
    assert abs(time.time() - int(stamp)) < 300
    signature = base64.b64decode(got.headers["telnyx-signature-ed25519"])
    Ed25519PublicKey.from_public_bytes(base64.b64decode(key)).verify(signature, stamp.encode() + b"|" + got.body)


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"to": None}, 422, "10004"),
        ({"from": None}, 422, "10004"),
        ({"to": CUSTOMER[1:]}, 422, "10016"),
        ({"to": "+0123"}, 422, "40310"),
        ({"to": "Anna"}, 422, "40310"),
        ({"from": "+15005550099"}, 422, "40305"),
        ({"text": None}, 422, "40316"),
        ({"text": "a" * 1531}, 422, "40302"),
        ({"text": "ç" * 671}, 422, "40302"),
        ({"media_urls": ["https://example.com/a.jpg"] * 11}, 422, "40317"),
        ({"webhook_url": "desk"}, 422, "10003"),
        ({"key": "wrong"}, 401, "10009"),
    ],
)
def test_a_send_that_telnyx_refuses_is_refused(telnyx: Simulator, changes: dict, status: int, code: str) -> None:
    answer = send(telnyx, **changes)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (status, code)
    assert telnyx.inbox() == []


def test_an_accepted_send_is_answered_as_documented_and_reaches_the_customer(telnyx: Simulator) -> None:
    answer = send(telnyx, text="a" * 1530)
    data = answer.json()["data"]
    assert answer.status_code == 200
    assert (data["parts"], data["encoding"], data["errors"]) == (10, "GSM-7", [])
    assert (data["to"][0]["phone_number"], data["to"][0]["status"]) == (CUSTOMER, "queued")
    [text] = telnyx.inbox()
    assert (text["text"], text["provider_message_id"]) == ("a" * 1530, data["id"])


def test_reports_are_events_signed_over_their_raw_body(telnyx: Simulator, receiver: Receiver) -> None:
    message_id = send(telnyx).json()["data"]["id"]
    reports = receiver.wait(2)
    events = [json.loads(report.body)["data"] for report in reports]
    assert [(one["event_type"], one["payload"]["to"][0]["status"]) for one in events] == [
        ("message.sent", "sent"),
        ("message.finalized", "delivered"),
    ]
    assert {one["payload"]["id"] for one in events} == {message_id}
    assert all(report.url.endswith("/delivery/tok/msg_1") for report in reports)
    for report in reports:
        verify(report)


@pytest.mark.parametrize("bare", [False, True])
def test_a_message_without_a_url_of_its_own_is_reported_to_the_profile(
    telnyx: Simulator, receiver: Receiver, bare: bool
) -> None:
    telnyx.behave("undelivered", provider="telnyx", code=40012, bare_url=bare)
    send(telnyx, webhook_url=None)
    last = receiver.wait(2)[-1]
    payload = json.loads(last.body)["data"]["payload"]
    assert last.url.endswith("/receive/tok")
    assert (payload["to"][0]["status"], payload["errors"][0]["code"]) == ("delivery_failed", "40012")


def test_a_customers_text_is_an_event_signed_over_its_raw_body(telnyx: Simulator, receiver: Receiver) -> None:
    answer = telnyx.text("Où est-ce? 😀", media=["https://example.com/cat.png"])
    [post] = receiver.wait(1)
    verify(post)
    data = json.loads(post.body)["data"]
    payload = data["payload"]
    assert (data["event_type"], payload["id"]) == ("message.received", answer.json()["provider_message_id"])
    assert (payload["from"]["phone_number"], payload["to"][0]["phone_number"]) == (CUSTOMER, PHONE)
    assert (payload["text"], payload["type"], payload["encoding"]) == ("Où est-ce? 😀", "MMS", "UCS-2")
    assert (payload["media"][0]["url"], payload["media"][0]["content_type"]) == (
        "https://example.com/cat.png",
        "image/png",
    )


def test_a_forged_text_does_not_verify_and_a_5xx_is_tried_three_times(telnyx: Simulator, receiver: Receiver) -> None:
    telnyx.text(signature="bad")
    with pytest.raises(InvalidSignature):
        verify(receiver.received[0])
    receiver.answer = lambda _: (500, "text/plain", b"")
    telnyx.text()
    assert len(receiver.received) == 4
    assert [one["problem"] for one in telnyx.list("mismatches")] == ["status 500 instead of 2xx"]


def test_an_answer_after_two_seconds_is_none(telnyx: Simulator, receiver: Receiver) -> None:
    def late(_: Received) -> tuple[int, str, bytes]:
        if len(receiver.received) == 1:
            time.sleep(2.5)
        return OK

    receiver.answer = late
    assert telnyx.text().json()["statuses"] == [200]
    assert len(receiver.received) == 2


def test_the_balance_can_be_read_with_the_key_only(telnyx: Simulator) -> None:
    url = f"{telnyx.url}/telnyx/v2/balance"
    answer = requests.get(url, headers={"Authorization": f"Bearer {KEY}"}, timeout=10)
    assert (answer.status_code, answer.json()["data"]["available_credit"]) == (200, "400.00")
    assert requests.get(url, timeout=10).status_code == 401


def test_throttling_names_the_seconds_in_telnyxs_own_header(telnyx: Simulator) -> None:
    telnyx.behave("throttled", provider="telnyx", seconds=7)
    answer = send(telnyx)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (429, "10011")
    assert (answer.headers["x-ratelimit-reset"], answer.headers.get("Retry-After")) == ("7", None)


@pytest.mark.parametrize(("mode", "status", "code"), [("unavailable_503", 503, "10007"), ("reject", 422, "40310")])
def test_misbehaviour_has_telnyxs_answers(telnyx: Simulator, mode: str, status: int, code: str) -> None:
    telnyx.behave(mode, provider="telnyx")
    answer = send(telnyx)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (status, code)
