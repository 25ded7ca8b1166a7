"""The waits and calls of a plan beyond queues: a hand-over, the next opening, a web hook; in real seconds."""

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from tests.stack.company import Company, at, eventually
from tests.stack.conftest import Stack
from tests.stack.switches import no_schedule

STEP = 2  # seconds
SECRET = "whsec_" + base64.b64encode(b"a secret of thirty-two bytes ...").decode()


@pytest.fixture(autouse=True)
def schedule_off(stack: Stack) -> Iterator[None]:
    with no_schedule(stack):
        yield


def test_a_hand_over_comes_back_when_nobody_accepts_and_goes_over_when_somebody_does(stack: Stack) -> None:
    company = Company(stack, transfer={"agent": {"enabled": True, "timeout": STEP}})
    ada, bruno = company.agent("Ada"), company.agent("Bruno")
    company.plan_queue(ada)
    customer, interaction = company.conversation(ada)

    ada.must("transfer", interaction, {"agent_id": bruno.id, "note": "Speaks Czech"})
    offer = bruno.offered(interaction, "transfer")
    assert (offer["note"], offer["from_agent"]) == ("Speaks Czech", ada.id)
    eventually(lambda: company.in_stage(interaction, "none"))
    shown = company.show(interaction)
    assert (shown["owner"], shown["read"]) == (ada.id, False)
    *_, offered, ended = company.thread(interaction)
    assert (offered["text"], ended["text"]) == (
        f"Offered to Bruno for {STEP} s: handed over",
        "Transfer not accepted in time: back to Ada",
    )
    assert at(ended) - at(offered) >= STEP

    ada.must("transfer", interaction, {"agent_id": bruno.id})
    bruno.offered(interaction, "transfer")
    bruno.must("accept", interaction)
    customer.text("Are you there?")
    assert company.show(interaction)["owner"] == bruno.id
    assert [line["text"] for line in bruno.desk()["lines"][interaction] if line["direction"]][-1] == "Are you there?"
    assert interaction not in {one["id"] for one in ada.desk()["interactions"]}


def test_what_came_while_the_desk_was_shut_is_offered_when_it_opens(stack: Stack) -> None:
    company = Company(stack)
    ada = company.agent("Ada")
    queue = company.queue(ada)
    now = datetime.now(UTC)
    opens = (now + timedelta(minutes=1 if now.second < 45 else 2)).replace(second=0, microsecond=0)
    part = {"type": "custom", "from": f"{opens:%H:%M}", "to": "24:00", "dates": [f"{opens:%Y-%m-%d}"]}
    opening = {"name": f"Opening {company.id[-6:]}", "zone": "UTC", "parts": [part]}
    interval = company.admin.must("POST", "/intervals", opening)["id"]
    inside = {"interval_id": interval, "when": "inside"}
    shut = {"interval_id": interval, "when": "outside"}
    company.plan(
        {"app": "auto_reply", "text": "We open soon.", **shut},
        {"app": "queue", "queue_id": queue, "timeout": 300, **inside},
    )
    customer = company.customer()
    customer.text("Hello")
    interaction = company.interaction(customer)["id"]

    eventually(lambda: customer.inbox() == ["We open soon."])
    assert ada.offered(interaction, "none")
    eventually(lambda: company.in_stage(interaction, "plan_queue"), seconds=150)
    assert ada.offered(interaction)["queue_id"] == queue
    lines = company.thread(interaction)
    (entered,) = (line for line in lines if line["text"].startswith("Plan: offered to everybody in queue"))
    assert at(entered) >= opens.timestamp()
    assert customer.inbox() == ["We open soon."]
    ada.must("accept", interaction)


def test_a_web_hook_is_called_signed_and_its_answer_steers_the_plan(stack: Stack) -> None:
    company = Company(stack)
    ada = company.agent("Ada")
    queue = company.queue(ada)
    answer = {"tags": ["vip"], "reply": "Hello again!", "goto": "people"}
    with hook(answer) as (url, calls):
        company.plan(
            {"id": "ask", "app": "webhook", "url": url, "secret": SECRET},
            {"id": "shut", "app": "close"},
            {"id": "people", "app": "queue", "queue_id": queue, "timeout": 300},
        )
        customer = company.customer()
        customer.text("Hello")
        interaction = company.interaction(customer)["id"]
        ada.offered(interaction, "plan_queue")

    eventually(lambda: customer.inbox() == ["Hello again!"])
    assert company.show(interaction)["tags"] == ["vip"]
    (call,) = calls
    assert call["body"]["data"]["interaction_id"] == interaction
    assert call["given"] == call["signature"]


def test_a_web_hook_that_fails_goes_its_stated_way(stack: Stack) -> None:
    company = Company(stack)
    ada = company.agent("Ada")
    queue = company.queue(ada)
    with hook(None) as (url, calls):
        company.plan(
            {"id": "ask", "app": "webhook", "url": url, "secret": SECRET, "on_error": "people"},
            {"id": "shut", "app": "close"},
            {"id": "people", "app": "queue", "queue_id": queue, "timeout": 300},
        )
        customer = company.customer()
        customer.text("Hello")
        interaction = company.interaction(customer)["id"]
        ada.offered(interaction, "plan_queue")
    assert len(calls) == 1
    assert "Plan: the web hook failed, goes on with step 3 (queue)" in company.events(interaction)


@contextmanager
def hook(answer: dict[str, Any] | None) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Somebody's server: its URL and the calls it gets; without an answer it says 500.

    Each call has the signature that Standard Webhooks asks for, made here from the bytes that came.
    """
    calls: list[dict[str, Any]] = []

    class Hook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            key = base64.b64decode(SECRET.removeprefix("whsec_"))
            signed = f"{self.headers['webhook-id']}.{self.headers['webhook-timestamp']}.".encode() + body
            made = "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
            given = self.headers["webhook-signature"]
            calls.append({"body": json.loads(body), "given": given, "signature": made})
            self.send_response(200 if answer else 500)
            self.end_headers()
            self.wfile.write(json.dumps(answer or {}).encode())

        def log_message(self, *_: Any) -> None:
            """Nothing on the terminal."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Hook)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/hook", calls
    finally:
        server.shutdown()
        thread.join()
