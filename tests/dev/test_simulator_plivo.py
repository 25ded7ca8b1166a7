"""The simulated Plivo over HTTP: what it refuses, what it answers, and how it signs."""

import base64
import hashlib
import hmac
from urllib.parse import parse_qsl

import pytest
import requests

from dev.simulator.providers.plivo import sign_v2
from tests.dev.conftest import CUSTOMER, PHONE, Received, Receiver, Simulator

AUTH_ID, TOKEN = "MA0123456789ABCDEFGH", "a-token-of-the-simulated-account"
OK = (200, "application/xml", b"<Response/>")


@pytest.fixture
def plivo(simulator: Simulator, receiver: Receiver) -> Simulator:
    """The simulator with a Plivo account."""
    receiver.answer = lambda _: OK
    credentials = {"auth_id": AUTH_ID, "auth_token": TOKEN}
    simulator.put_account(provider="plivo", credentials=credentials).raise_for_status()
    return simulator


def send(plivo: Simulator, auth: tuple[str, str] = (AUTH_ID, TOKEN), **changes: object) -> requests.Response:
    url = f"{plivo.receiver.url}/sms/accounts/acc_1/delivery/tok/msg_1"
    document = {"src": PHONE[1:], "dst": CUSTOMER[1:], "text": "Hello", "url": url, "method": "POST"} | changes
    document = {name: value for name, value in document.items() if value is not None}
    return requests.post(f"{plivo.url}/plivo/v1/Account/{AUTH_ID}/Message/", json=document, auth=auth, timeout=10)


@pytest.mark.parametrize(
    ("url", "token", "signature"),
    [
        ("https://answer.url", "my_auth_token", "ehV3IKhLysWBxC1sy8INm0qGoQYdYsHwuoKjsX7FsXc="),
        ("https://answer.url/", "my_auth_token", "do1CXv+k99A6+B+eTcyqbxWlezFIxJ/1vz72787r37g="),
    ],
)
def test_the_signer_agrees_with_the_published_vectors(url: str, token: str, signature: str) -> None:
    assert sign_v2(url, token, "12345") == signature


@pytest.mark.parametrize(
    ("changes", "status", "words"),
    [
        ({"dst": None}, 400, "dst"),
        ({"dst": "Anna"}, 400, "dst"),
        ({"dst": "1" * 15}, 400, "dst"),
        ({"src": None}, 400, "src"),
        ({"src": "15005550099"}, 400, "src"),
        ({"src": PHONE}, 400, "src"),
        ({"text": None}, 400, "text"),
        ({"text": "a" * 1601}, 400, "text"),
        ({"text": "ç" * 738}, 400, "text"),
        ({"media_urls": ["https://example.com/a.jpg"]}, 400, "mms"),
        ({"media_urls": ["a"], "type": "mms"}, 400, "media_urls"),
        ({"url": "desk"}, 400, "url"),
        ({"method": "PUT"}, 400, "method"),
        ({"to": "1"}, 400, "parameter"),
        ({"auth": (AUTH_ID, "wrong")}, 401, "authentication"),
        ({"auth": ("MA" + "9" * 18, TOKEN)}, 401, "authentication"),
    ],
)
def test_a_send_that_plivo_refuses_is_refused(plivo: Simulator, changes: dict, status: int, words: str) -> None:
    answer = send(plivo, **changes)
    assert answer.status_code == status
    assert words in answer.json()["error"]
    assert plivo.inbox() == []


def test_another_account_in_path_and_credentials_is_refused(plivo: Simulator) -> None:
    other = "MA" + "9" * 18
    url = f"{plivo.url}/plivo/v1/Account/{other}/Message/"
    document = {"src": PHONE[1:], "dst": CUSTOMER[1:], "text": "Hello"}
    assert requests.post(url, json=document, auth=(other, TOKEN), timeout=10).status_code == 401


def test_a_form_and_a_path_without_its_slash_are_refused(plivo: Simulator) -> None:
    url = f"{plivo.url}/plivo/v1/Account/{AUTH_ID}/Message"
    form = {"src": PHONE[1:], "dst": CUSTOMER[1:], "text": "Hello"}
    assert requests.post(url + "/", data=form, auth=(AUTH_ID, TOKEN), timeout=10).status_code == 400
    assert requests.post(url, json=form, auth=(AUTH_ID, TOKEN), timeout=10).status_code == 404


def test_an_accepted_send_reaches_the_customer_under_one_id(plivo: Simulator) -> None:
    answer = send(plivo, dst="+1 (555) 000-1111", src="ACME")
    [message_id] = answer.json()["message_uuid"]
    assert answer.status_code == 202
    [text] = plivo.inbox()
    assert (text["text"], text["sender"], text["provider_message_id"]) == ("Hello", "ACME", message_id)


def signed_by_hand(got: Received) -> tuple[str, str]:
    """Both signatures that a receiver computes from the bytes it got."""
    fields = sorted(parse_qsl(got.body.decode(), keep_blank_values=True, strict_parsing=True))
    version_3 = got.url + "?" + "".join(map("".join, fields)) + "." + got.headers["x-plivo-signature-v3-nonce"]
    version_2 = got.url + got.headers["x-plivo-signature-v2-nonce"]
    digests = [hmac.new(TOKEN.encode(), one.encode(), hashlib.sha256).digest() for one in (version_3, version_2)]
    return base64.b64encode(digests[0]).decode(), base64.b64encode(digests[1]).decode()


def test_reports_are_signed_and_numbers_are_bare(plivo: Simulator, receiver: Receiver) -> None:
    [message_id] = send(plivo).json()["message_uuid"]
    reports = receiver.wait(2)
    fields = [dict(parse_qsl(report.body.decode(), keep_blank_values=True)) for report in reports]
    assert [one["Status"] for one in fields] == ["sent", "delivered"]
    assert {(one["MessageUUID"], one["To"], one["ErrorCode"]) for one in fields} == {(message_id, CUSTOMER[1:], "000")}
    for report in reports:
        given = report.headers["x-plivo-signature-v3"], report.headers["x-plivo-signature-v2"]
        assert given == signed_by_hand(report)
        assert report.url.endswith("/delivery/tok/msg_1")


def test_a_failure_is_reported_with_its_code(plivo: Simulator, receiver: Receiver) -> None:
    plivo.behave("undelivered", provider="plivo", code=80)
    send(plivo)
    last = dict(parse_qsl(receiver.wait(2)[-1].body.decode()))
    assert (last["Status"], last["ErrorCode"]) == ("undelivered", "80")


def test_a_customers_text_is_posted_signed(plivo: Simulator, receiver: Receiver) -> None:
    answer = plivo.text("Où est-ce? 😀 a+b&c=d", media=["https://example.com/cat.png"])
    [post] = receiver.wait(1)
    fields = dict(parse_qsl(post.body.decode(), keep_blank_values=True))
    assert post.headers["x-plivo-signature-v3"] == signed_by_hand(post)[0]
    assert (fields["From"], fields["To"], fields["Body"]) == (CUSTOMER[1:], PHONE[1:], "Où est-ce? 😀 a+b&c=d")
    assert (fields["Media0"], fields["Type"]) == ("https://example.com/cat.png", "mms")
    assert fields["MessageUUID"] == answer.json()["provider_message_id"]


def test_a_forged_text_is_signed_by_nobody_and_a_5xx_is_tried_four_times(plivo: Simulator, receiver: Receiver) -> None:
    plivo.text(signature="bad")
    assert receiver.received[0].headers["x-plivo-signature-v3"] != signed_by_hand(receiver.received[0])[0]
    receiver.answer = lambda _: (503, "text/plain", b"")
    plivo.text()
    assert len(receiver.received) == 5


def test_an_answer_that_would_send_is_a_mismatch(plivo: Simulator, receiver: Receiver) -> None:
    receiver.answer = lambda _: (200, "application/xml", b"<Response><Message>hi</Message></Response>")
    plivo.text()
    assert [one["problem"] for one in plivo.list("mismatches")] == ["the answer would send a message"]


def test_the_account_can_be_read_with_its_own_credentials_only(plivo: Simulator) -> None:
    url = f"{plivo.url}/plivo/v1/Account/{AUTH_ID}/"
    answer = requests.get(url, auth=(AUTH_ID, TOKEN), timeout=10)
    assert (answer.status_code, answer.json()["auth_id"]) == (200, AUTH_ID)
    assert requests.get(url, auth=(AUTH_ID, "wrong"), timeout=10).status_code == 401
    assert requests.post(url, auth=(AUTH_ID, TOKEN), timeout=10).status_code == 405


@pytest.mark.parametrize(("mode", "status"), [("throttled", 429), ("unavailable_503", 503), ("reject", 400)])
def test_misbehaviour_has_plivos_answers(plivo: Simulator, mode: str, status: int) -> None:
    plivo.behave(mode, provider="plivo")
    answer = send(plivo)
    assert (answer.status_code, isinstance(answer.json()["error"], str)) == (status, True)
