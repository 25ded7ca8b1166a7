"""The simulator's behaviour modes, its webhooks and its process, over HTTP."""

import ast
import threading
import time
from pathlib import Path
from urllib.parse import parse_qsl

import pytest
import requests

import dev.simulator
from dev.simulator.server import Server
from tests.dev.conftest import CUSTOMER, SID, TOKEN, Received, Receiver, Simulator, eventually

OTHER = "+15550002222"


def statuses(posts: list[Received]) -> list[str]:
    return [dict(parse_qsl(post.body.decode()))["MessageStatus"] for post in posts]


def test_it_imports_nothing_of_the_app() -> None:
    files = list(Path(dev.simulator.__path__[0]).rglob("*.py"))
    assert len(files) > 8
    for file in files:
        for node in ast.walk(ast.parse(file.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not [name for name in names if name.split(".")[0] in ("chalicelib", "app")], file


def test_while_down_the_connection_closes_and_nothing_is_accepted(simulator: Simulator, receiver: Receiver) -> None:
    simulator.behave("down")
    with pytest.raises(requests.ConnectionError):
        simulator.send()
    account = f"{simulator.url}/twilio/2010-04-01/Accounts/{SID}.json"
    with pytest.raises(requests.ConnectionError):
        requests.get(account, auth=(SID, TOKEN), timeout=10)
    simulator.behave("normal")
    assert simulator.inbox() == []
    assert simulator.send().status_code == 201
    assert [entry["status"] for entry in simulator.list("requests")] == [None, 201]


def test_a_slow_provider_answers_after_the_seconds_given(simulator: Simulator) -> None:
    simulator.behave("slow", seconds=0.4)
    began = time.monotonic()
    assert simulator.send().status_code == 201
    assert time.monotonic() - began >= 0.4


def test_a_throttled_send_is_answered_429_with_the_time_to_wait(simulator: Simulator) -> None:
    simulator.behave("throttled", seconds=7)
    answer = simulator.send()
    assert (answer.status_code, answer.json()["code"], answer.headers["Retry-After"]) == (429, 20429, "7")
    assert simulator.inbox() == []


def test_garbage_is_a_200_that_is_no_json_for_a_text_that_nobody_gets(simulator: Simulator) -> None:
    simulator.behave("garbage")
    answer = simulator.send()
    assert answer.status_code == 200
    with pytest.raises(ValueError, match=r"Expecting value|decode"):
        answer.json()
    assert simulator.inbox() == []


def test_unavailable_is_a_503_with_twilios_code(simulator: Simulator) -> None:
    simulator.behave("unavailable_503")
    answer = simulator.send()
    assert (answer.status_code, answer.json()["code"]) == (503, 20503)
    assert simulator.inbox() == []


def test_a_rejection_has_the_code_asked_for_or_that_of_a_wrong_recipient(simulator: Simulator) -> None:
    simulator.behave("reject")
    assert (simulator.send().status_code, simulator.send().json()["code"]) == (400, 21211)
    simulator.behave("reject", code=21610)
    assert simulator.send().json()["code"] == 21610
    assert simulator.inbox() == []


def test_an_accepted_text_reaches_the_customer_although_the_sender_times_out(
    simulator: Simulator, receiver: Receiver
) -> None:
    simulator.behave("accepted_then_timeout")
    with pytest.raises(requests.ReadTimeout):
        simulator.send(timeout=0.5)
    assert [text["text"] for text in simulator.inbox()] == ["Hello"]
    assert statuses(receiver.wait(2)) == ["sent", "delivered"]
    assert [entry["status"] for entry in simulator.list("requests")] == [None]


def test_without_reports_none_is_posted(simulator: Simulator, receiver: Receiver) -> None:
    simulator.behave("no_reports", times=1)
    simulator.send(Body="silent")
    simulator.send(Body="loud")
    assert statuses(receiver.wait(3, seconds=0.5)) == ["sent", "delivered"]


def test_reversed_reports_come_delivered_first(simulator: Simulator, receiver: Receiver) -> None:
    simulator.behave("reports_reversed")
    simulator.send()
    assert statuses(receiver.wait(2)) == ["delivered", "sent"]


def test_usual_reports_begin_after_the_answer(simulator: Simulator, receiver: Receiver) -> None:
    simulator.send()
    answered = time.monotonic()
    assert all(post.at > answered for post in receiver.wait(2))


def test_reports_can_come_before_the_answer_of_the_send(simulator: Simulator, receiver: Receiver) -> None:
    simulator.behave("reports_before_answer")
    sid = simulator.send().json()["sid"]
    posts = list(receiver.received)
    assert statuses(posts) == ["sent", "delivered"]
    assert all(sid.encode() in post.body for post in posts)


@pytest.mark.parametrize("registered", [True, False])
def test_reports_can_go_to_the_accounts_bare_url(simulator: Simulator, receiver: Receiver, registered: bool) -> None:
    bare = f"{receiver.url}/sms/accounts/acc_1/delivery/tok"
    simulator.put_account(delivery_url=bare if registered else None).raise_for_status()
    simulator.behave("normal", bare_url=True)
    simulator.send()
    assert [post.url for post in receiver.wait(2)] == [bare, bare]


def test_an_undelivered_text_is_reported_with_its_code_and_never_arrives(
    simulator: Simulator, receiver: Receiver
) -> None:
    simulator.behave("undelivered", code=30007)
    simulator.send()
    posts = receiver.wait(2)
    assert statuses(posts) == ["sent", "undelivered"]
    assert b"ErrorCode=30007" in posts[1].body
    assert simulator.inbox() == []


def test_a_behaviour_can_be_for_one_recipient_and_a_number_of_sends(simulator: Simulator) -> None:
    simulator.behave("throttled", to=OTHER, times=2)
    codes = [simulator.send(To=number).status_code for number in (CUSTOMER, OTHER, CUSTOMER, OTHER, OTHER)]
    assert codes == [201, 429, 201, 429, 201]


def test_normal_ends_every_behaviour_of_the_provider(simulator: Simulator) -> None:
    simulator.behave("throttled", to=OTHER)
    simulator.behave("unavailable_503")
    simulator.behave("normal")
    assert [simulator.send(To=number).status_code for number in (CUSTOMER, OTHER)] == [201, 201]


def test_order_numbers_run_over_all_customers_and_survive_emptying_the_list(simulator: Simulator) -> None:
    for number, text in [(CUSTOMER, "one"), (OTHER, "two"), (CUSTOMER, "three")]:
        simulator.send(To=number, Body=text)
    simulator.send(To=None)
    requested = [(entry["n"], entry["to"], entry["text"], entry["status"]) for entry in simulator.list("requests")]
    assert requested == [
        (1, CUSTOMER, "one", 201),
        (2, OTHER, "two", 201),
        (3, CUSTOMER, "three", 201),
        (4, None, "Hello", 400),
    ]
    assert [(text["n"], text["text"]) for text in simulator.inbox()] == [(1, "one"), (3, "three")]
    requests.delete(f"{simulator.url}/requests", timeout=10).raise_for_status()
    assert simulator.list("requests?provider=twilio") == []
    simulator.send(Body="four")
    assert [entry["n"] for entry in simulator.list("requests?provider=twilio")] == [5]


def test_a_duplicate_repeats_the_id_and_the_whole_body(simulator: Simulator, receiver: Receiver) -> None:
    first = simulator.text(times=3).json()
    simulator.text(message_sid=first["provider_message_id"])
    posts = receiver.wait(4)
    assert first["statuses"] == [200, 200, 200]
    assert len(posts) == 4
    assert len({post.body for post in posts}) == 1


def test_a_forged_signature_differs_from_the_right_one(simulator: Simulator, receiver: Receiver) -> None:
    receiver.answer = lambda _: (403, "application/problem+json", b"{}")
    forged = simulator.text(message_sid="SM1", signature="bad").json()
    simulator.text(message_sid="SM1")
    bad, good = receiver.wait(2)
    assert bad.body == good.body
    assert bad.headers["x-twilio-signature"] != good.headers["x-twilio-signature"]
    assert forged["status"] == 403
    assert [entry["problem"] for entry in simulator.list("mismatches")] == ["status 403 instead of 2xx"]


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        ((204, "", b""), None),
        ((200, "application/xml", b"<Response></Response>"), None),
        ((200, "application/json", b"{}"), "content type application/json instead of text/xml"),
        ((200, "text/plain", b"thanks"), "content type text/plain instead of text/xml"),
        ((200, "text/xml", b"<Response>"), "the body is not XML"),
        ((200, "text/xml", b"<Answer/>"), "the root element is not Response"),
        ((200, "text/xml", b"<Response><Message>Hi</Message></Response>"), "the TwiML would send or redirect"),
        ((500, "text/xml", b"<Response/>"), "status 500 instead of 2xx"),
        (None, "no answer: connection"),
    ],
)
def test_an_acknowledgement_that_twilio_would_not_like_is_noted(
    simulator: Simulator, receiver: Receiver, answer: tuple[int, str, bytes] | None, problem: str | None
) -> None:
    receiver.answer = lambda _: answer
    status = simulator.text("secret words").json()["status"]
    assert status == (answer[0] if answer else None)
    found = simulator.list("mismatches")
    assert [(entry["account_id"], entry["webhook"], entry["problem"]) for entry in found] == (
        [("acc_1", "text", problem)] if problem else []
    )
    assert "secret words" not in str(found)
    requests.delete(f"{simulator.url}/mismatches", timeout=10).raise_for_status()
    assert simulator.list("mismatches") == []


def test_a_wrong_acknowledgement_of_a_report_is_noted(simulator: Simulator, receiver: Receiver) -> None:
    receiver.answer = lambda _: (404, "text/plain", b"")
    simulator.send()
    assert eventually(lambda: len(simulator.list("mismatches")) == 2)
    assert [entry["webhook"] for entry in simulator.list("mismatches")] == ["report sent", "report delivered"]


def test_a_webhook_is_posted_again_after_a_failed_connection_only(simulator: Simulator, receiver: Receiver) -> None:
    receiver.answer = lambda _: (500, "text/plain", b"")
    assert simulator.text().json()["status"] == 500
    assert len(receiver.received) == 1
    receiver.answer = lambda _: None if len(receiver.received) == 2 else (204, "", b"")
    assert simulator.text().json()["status"] == 204
    assert len(receiver.received) == 3


def test_many_sends_at_once_are_all_accepted_and_reported(simulator: Simulator, receiver: Receiver) -> None:
    codes: list[int] = []
    threads = [threading.Thread(target=lambda: codes.append(simulator.send().status_code)) for _ in range(60)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert codes == [201] * 60
    assert len({text["n"] for text in simulator.inbox()}) == 60
    assert len(receiver.wait(120)) == 120
    assert Server.request_queue_size >= 128
