"""The simulated Bandwidth over HTTP: what it refuses, what it answers, and what its callbacks look like."""

import json
from pathlib import Path
from typing import Any

import pytest
import requests
from jsonschema import Draft4Validator
from requests.auth import HTTPBasicAuth

from tests.dev.conftest import CUSTOMER, PHONE, Received, Receiver, Simulator

SCHEMA = json.loads((Path(__file__).parents[1] / "providers" / "examples" / "bandwidth.openapi.json").read_text())
CREDENTIALS = {
    "username": "api-user",
    "password": "api-password",
    "account_id": "9900902",
    "application_id": "93de2206-9669-4e07-948d-329f4b722ee2",
    "webhook_username": "callback-user",
    "webhook_password": "callback-password",
}
OK = (200, "text/plain", b"")
AUTH = (CREDENTIALS["username"], CREDENTIALS["password"])


@pytest.fixture
def bandwidth(simulator: Simulator, receiver: Receiver) -> Simulator:
    """The simulator with a Bandwidth account."""
    receiver.answer = lambda _: OK
    simulator.put_account(provider="bandwidth", credentials=CREDENTIALS).raise_for_status()
    return simulator


def send(
    bandwidth: Simulator, auth: tuple[str, str] = AUTH, user: str = "9900902", **changes: object
) -> requests.Response:
    document: dict[str, object] = {
        "applicationId": CREDENTIALS["application_id"],
        "to": [CUSTOMER],
        "from": PHONE,
        "text": "Hello",
    }
    document = {name: value for name, value in (document | {"tag": "msg_1"} | changes).items() if value is not None}
    url = f"{bandwidth.url}/bandwidth/api/v2/users/{user}/messages"
    return requests.post(url, json=document, auth=auth, timeout=10)


def validate(document: Any, schema: str) -> None:
    """Against Bandwidth's own description."""
    reference = {"$ref": f"#/components/schemas/{schema}", "components": SCHEMA["components"]}
    Draft4Validator(reference).validate(document)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"applicationId": None}, "applicationId"),
        ({"applicationId": "another"}, "applicationId"),
        ({"to": None}, "to"),
        ({"to": []}, "to"),
        ({"to": [CUSTOMER[1:]]}, "to"),
        ({"from": None}, "from"),
        ({"from": "+15005550099"}, "from"),
        ({"text": None}, "text"),
        ({"text": "a" * 2049}, "text"),
        ({"media": ["not a url"]}, "media"),
        ({"tag": "a" * 1025}, "tag"),
    ],
)
def test_a_send_that_bandwidth_refuses_is_refused(bandwidth: Simulator, changes: dict, field: str) -> None:
    answer = send(bandwidth, **changes)
    assert (answer.status_code, answer.json()["type"]) == (400, "request-validation")
    assert [one["fieldName"] for one in answer.json()["fieldErrors"]] == [field]
    validate(answer.json(), "createMessageRequestError")
    assert bandwidth.inbox() == []


@pytest.mark.parametrize("changes", [{"auth": ("api-user", "wrong")}, {"user": "9900903"}])
def test_wrong_credentials_and_other_accounts_are_unauthorized(bandwidth: Simulator, changes: dict) -> None:
    answer = send(bandwidth, **changes)
    assert (answer.status_code, answer.json()["type"]) == (401, "unauthorized")


def test_a_form_is_an_unsupported_content_type(bandwidth: Simulator) -> None:
    url = f"{bandwidth.url}/bandwidth/api/v2/users/9900902/messages"
    assert requests.post(url, data={"to": CUSTOMER}, auth=AUTH, timeout=10).status_code == 415
    assert requests.post(f"{url}/happy", auth=AUTH, timeout=10).status_code == 404


def test_an_accepted_send_is_answered_as_described_and_reaches_the_customer(bandwidth: Simulator) -> None:
    answer = send(bandwidth, text="a" * 161, media=["https://example.com/a.jpg"])
    validate(answer.json(), "message")
    assert (answer.status_code, answer.json()["segmentCount"], len(answer.json()["id"])) == (202, 2, 29)
    [text] = bandwidth.inbox()
    assert (text["text"], text["media"]) == ("a" * 161, ["https://example.com/a.jpg"])
    assert text["provider_message_id"] == answer.json()["id"]


def is_from_bandwidth(got: Received) -> bool:
    auth = HTTPBasicAuth("callback-user", "callback-password")
    expected = requests.Request("POST", got.url, auth=auth).prepare().headers["Authorization"]
    return got.headers.get("authorization") == expected


def test_reports_come_to_the_one_url_as_lists_with_credentials_and_the_tag(
    bandwidth: Simulator, receiver: Receiver
) -> None:
    message_id = send(bandwidth).json()["id"]
    reports = receiver.wait(2)
    for report in reports:
        [event] = json.loads(report.body)
        validate(event, "statusCallback")
        assert (event["message"]["id"], event["message"]["tag"]) == (message_id, "msg_1")
        assert (event["message"]["text"], event["to"]) == ("", CUSTOMER)
        assert report.url.endswith("/receive/tok")
        assert is_from_bandwidth(report)
    assert [json.loads(report.body)[0]["type"] for report in reports] == ["message-sent", "message-delivered"]


def test_a_failure_is_reported_with_its_number(bandwidth: Simulator, receiver: Receiver) -> None:
    bandwidth.behave("undelivered", provider="bandwidth", code=4775, bare_url=True)
    send(bandwidth)
    last = receiver.wait(2)[-1]
    [event] = json.loads(last.body)
    validate(event, "statusCallback")
    assert (event["type"], event["errorCode"]) == ("message-failed", 4775)
    assert last.url.endswith("/receive/tok")


def test_a_customers_text_is_a_list_of_one_event_with_credentials(bandwidth: Simulator, receiver: Receiver) -> None:
    answer = bandwidth.text("Où est-ce? 😀", media=["https://example.com/cat.png"])
    [post] = receiver.wait(1)
    [event] = json.loads(post.body)
    validate(event, "inboundCallback")
    message = event["message"]
    assert (message["from"], message["owner"], message["text"]) == (CUSTOMER, PHONE, "Où est-ce? 😀")
    assert (message["id"], message["media"]) == (
        answer.json()["provider_message_id"],
        ["https://example.com/cat.png"],
    )
    assert is_from_bandwidth(post)


def test_an_application_without_callback_credentials_posts_none(bandwidth: Simulator, receiver: Receiver) -> None:
    plain = {name: value for name, value in CREDENTIALS.items() if not name.startswith("webhook")}
    bandwidth.put_account(provider="bandwidth", credentials=plain).raise_for_status()
    bandwidth.text()
    assert "authorization" not in receiver.received[0].headers


def test_a_forged_text_has_other_credentials_and_a_5xx_is_tried_again(bandwidth: Simulator, receiver: Receiver) -> None:
    bandwidth.text(signature="bad")
    assert not is_from_bandwidth(receiver.received[0])
    receiver.answer = lambda _: (500, "text/plain", b"") if len(receiver.received) < 4 else OK
    assert bandwidth.text().json()["statuses"] == [200]
    assert len(receiver.received) == 4
    assert bandwidth.list("mismatches") == []


def test_the_media_can_be_listed_with_the_credentials_only(bandwidth: Simulator) -> None:
    url = f"{bandwidth.url}/bandwidth/api/v2/users/9900902/media"
    answer = requests.get(url, auth=AUTH, timeout=10)
    assert (answer.status_code, answer.json()) == (200, [])
    assert requests.get(url, auth=("api-user", "wrong"), timeout=10).status_code == 401


@pytest.mark.parametrize(("mode", "status"), [("throttled", 429), ("unavailable_503", 503), ("reject", 400)])
def test_misbehaviour_has_bandwidths_answers(bandwidth: Simulator, mode: str, status: int) -> None:
    bandwidth.behave(mode, provider="bandwidth")
    assert send(bandwidth).status_code == status
