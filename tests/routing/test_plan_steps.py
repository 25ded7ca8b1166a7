"""The steps of an action plan: which run, which are skipped and why, and where jumps lead."""

import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from chalicelib.providers import http
from chalicelib.routing import rounds, steps, webhooks
from chalicelib.store import db, table
from chalicelib.store.conversations import Change
from chalicelib.store.transaction import Transaction
from tests.team import Team

ANN, BOB = "+15005550010", "+15005550011"
ALWAYS = {"zone": "UTC", "parts": [{"type": "always"}]}
NEVER: dict[str, Any] = {"zone": "UTC", "parts": []}


def reply(text: str, **fields: Any) -> dict[str, Any]:
    return {"app": "auto_reply", "text": text, "times": "always", **fields}


def said(team: Team, address: str = ANN) -> list[str]:
    """What the plan told the customer, walked to its end."""
    while team.step(address)["wait"] != "done":
        team.later(3600)
    thread = team.thread(team.interaction(address)["interaction_id"])
    return [line["text"] for line in thread if line.get("direction") == "out"]


def test_steps_run_inside_or_outside_their_interval(team: Team) -> None:
    team.plan(
        reply("one", interval=ALWAYS),
        reply("two", interval=ALWAYS, when="outside"),
        reply("three", interval=NEVER),
        reply("four", interval=NEVER, when="outside"),
        reply("five", enabled=False),
    )
    team.text(ANN)
    assert said(team) == ["one", "four"]
    events = team.events(team.interaction(ANN)["interaction_id"])
    assert sum("skipped" in event for event in events) == 2, "who switched a step off needs no event"


def test_a_jump_skips_what_lies_between(team: Team) -> None:
    team.plan({"app": "goto", "to": "last"}, reply("never"), reply("last", id="last"))
    team.text(ANN)
    assert said(team) == ["last"]


def test_a_condition_decides_the_branch(team: Team) -> None:
    asks = {"match": "any", "conditions": [{"field": "message.text", "op": "contains", "value": "price"}]}
    team.plan(
        {"app": "goto_if", "if": asks, "then": "sales", "else": "other"},
        reply("Sales will call.", id="sales"),
        {"app": "close", "id": "end"},
        reply("We will answer.", id="other"),
    )
    team.text(ANN, "What is the PRICE?")
    team.text(BOB, "Hello")
    assert said(team) == ["Sales will call."]
    assert said(team, BOB) == ["We will answer."]
    assert (team.interaction(ANN)["status"], team.interaction(BOB)["status"]) == ("closed", "open")


def test_tags_and_notes_of_the_plan_stay_on_the_interaction(team: Team) -> None:
    team.plan({"app": "tag", "tag": "night"}, {"app": "noop", "text": "Came at night"})
    team.text(ANN)
    team.step(ANN)
    meta = team.interaction(ANN)
    assert meta["tags"] == {"night"}
    assert "Came at night" in team.events(meta["interaction_id"])
    shown = team.must("admin", "GET", f"/sms/interactions/{meta['interaction_id']}")
    assert shown["tags"] == ["night"]


def test_tags_beyond_the_limit_are_left_out_and_the_thread_says_so(team: Team, hook: type["_Hook"]) -> None:
    hook.answer = (200, json.dumps({"tags": ["c", "d"]}).encode())
    team.plan(
        {"app": "tag", "tag": "a"},
        {"app": "tag", "tag": "b"},
        {"app": "tag", "tag": "1"},
        {"app": "webhook", "url": "https://hook.example.com/sms"},
    )
    team.text(ANN)
    interaction = team.interaction(ANN)["interaction_id"]
    full = {str(n) for n in range(49)}
    Transaction().update(table.meta(interaction), put={"tags": full}).commit()
    team.step(ANN)
    assert team.interaction(ANN)["tags"] == full | {"a"}
    assert team.events(interaction)[:5] == [
        "Plan: tagged a",
        "Plan: tag b skipped, 50 on one interaction are the limit",
        "Plan: tagged 1",
        "Plan: the web hook answered",
        "Plan: tag c, d skipped, 50 on one interaction are the limit",
    ]


def test_a_run_keeps_the_plan_it_began_with(team: Team) -> None:
    agent = team.agent("Ann")
    team.plan({"app": "queue", "queue_id": team.queue(agent), "timeout": 30}, reply("old"))
    team.text(ANN)
    team.step(ANN)
    team.plan(reply("new"))
    team.later(31)
    assert said(team) == ["old"]


def test_an_agent_is_notified_again_until_the_step_ends(team: Team) -> None:
    agent = team.agent("Ann")
    team.plan({"app": "agent", "agent_id": agent, "timeout": 25, "renotify_every": 10})
    team.text(ANN)
    assert team.step(ANN)["seconds"] == 10
    since = team.desk(agent)["next"]
    team.later(10.001)
    assert team.step(ANN)["seconds"] == 10
    assert len(team.desk(agent, since)["offers"]) == 1, "the poll tells of the offer again"
    team.later(10.001)
    assert team.step(ANN)["seconds"] == 5
    team.later(5.001)
    assert team.step(ANN)["wait"] == "done"


def test_a_plan_that_is_closed_now_waits_for_its_opening_and_begins_anew(team: Team) -> None:
    agent = team.agent("Ann")
    queue = team.queue(agent)
    opening = {"zone": "UTC", "parts": [{"type": "custom", "from": "09:00", "to": "17:59"}]}
    team.plan({"app": "queue", "queue_id": queue, "timeout": 30, "interval": opening}, reply("Closed."))
    team.text(ANN)
    step = team.step(ANN)
    while step["wait"] == "plan_queue":
        step = team.step(ANN)
    assert step["wait"] == "opening"
    assert 0 < step["seconds"] <= 9 * 3600
    meta = team.interaction(ANN)
    assert meta["stage"] == "none"
    assert team.offers(agent) == [meta["interaction_id"]], "it is shown meanwhile"
    team.later(step["seconds"] + 1)
    team.presence(agent, "online")
    assert team.step(ANN)["wait"] == "plan_queue"
    assert team.act(agent, "accept", meta["interaction_id"]).status_code == 200


@pytest.mark.parametrize(("day", "waits"), [("2026-10-20", True), ("2027-12-25", False)])
def test_an_opening_is_waited_for_as_long_as_an_execution_lives(team: Team, day: str, *, waits: bool) -> None:
    opening = {"zone": "UTC", "parts": [{"type": "custom", "dates": [day]}]}
    team.plan({"app": "agent", "agent_id": team.agent("Ann"), "timeout": 30, "interval": opening})
    team.text(ANN)
    assert team.step(ANN)["wait"] == ("opening" if waits else "done")
    meta = team.interaction(ANN)
    assert ("opening_at" in meta, "due_at" in meta) == (waits, waits)
    last = team.events(meta["interaction_id"])[-1]
    assert last.endswith("tried again at 2026-10-20T00:00:00.000Z" if waits else "open for every agent of the account")


def test_accepting_what_waits_for_an_opening_ends_the_wait(team: Team) -> None:
    agent = team.agent("Ann")
    opening = {"zone": "UTC", "parts": [{"type": "custom", "from": "09:00", "to": "17:59"}]}
    team.plan({"app": "queue", "queue_id": team.queue(agent), "timeout": 30, "interval": opening})
    team.text(ANN)
    assert team.step(ANN)["wait"] == "opening"
    assert team.act(agent, "accept", team.interaction(ANN)["interaction_id"]).status_code == 200
    team.later(24 * 3600)
    assert team.step(ANN)["wait"] == "done"
    assert team.reconcile()["finds"] == 0


def test_a_loop_without_a_wait_is_stopped(team: Team) -> None:
    team.text(ANN)
    meta = team.interaction(ANN)
    looped = [{"id": "a", "app": "noop", "text": "round", "enabled": True}]
    looped.append({"id": "b", "app": "goto", "to": "a", "enabled": True})
    change = Change(meta, team.now)
    rounds.leave(change, {})
    steps.walk(change, looped, 0)
    assert any("stopped after 50 steps" in text for text in team.events(meta["interaction_id"]))
    assert team.interaction(ANN)["stage"] == "none"


class _Hook(BaseHTTPRequestHandler):
    """Somebody's web hook; answers what the test says, and keeps what it was asked."""

    calls: list[tuple[dict[str, str], bytes]]
    answer: tuple[int, bytes]
    drips: int
    """Headers that come one by one, a tenth of a second each."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        type(self).calls.append((dict(self.headers), body))
        status, content = type(self).answer
        self.send_response(status)
        for n in range(type(self).drips):
            self.send_header(f"X-Drip-{n}", "")
            self.flush_headers()
            time.sleep(0.1)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        return


@pytest.fixture
def hook(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[_Hook]]:
    """A hook that the desk reaches under its public name, by the client's host table."""
    _Hook.calls, _Hook.answer, _Hook.drips = [], (200, b"{}"), 0
    server = HTTPServer(("127.0.0.1", 0), _Hook)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    hosts = {"hook.example.com": f"http://127.0.0.1:{server.server_port}"}
    monkeypatch.setattr(webhooks, "_http", lambda: http.Http(hosts, True, 5, 5))
    yield _Hook
    server.shutdown()
    server.server_close()


def test_a_web_hook_is_signed_and_may_tag_reply_and_jump(team: Team, hook: type[_Hook]) -> None:
    hook.answer = (200, json.dumps({"tags": ["vip"], "reply": "One moment.", "goto": "end"}).encode())
    team.plan({"app": "webhook", "url": "https://hook.example.com/sms"}, reply("never"), {"app": "close", "id": "end"})
    team.text(ANN, "Hi")
    assert said(team) == ["One moment."]
    meta = team.interaction(ANN)
    assert (meta["tags"], meta["status"]) == ({"vip"}, "closed")
    assert team.events(meta["interaction_id"]) == [
        "Plan: the web hook answered, goes on with step 3 (close)",
        "Plan: tagged vip",
        "Plan: closed",
    ]
    headers, body = hook.calls[0]
    assert len(hook.calls) == 1
    assert json.loads(body)["data"]["message.text"] == "Hi"
    plan = db.get(table.plan(team.account["id"], 2))
    secret = webhooks.secret_of(plan["actions"][0], team.account["id"])
    expected = webhooks.signature(secret, headers["webhook-id"], int(headers["webhook-timestamp"]), body.decode())
    assert headers["webhook-signature"] == expected["webhook-signature"]


@pytest.mark.parametrize(
    "answer",
    [
        (500, b""),
        (302, b""),
        (200, b"nonsense"),
        (200, b'{"tags": "x"}'),
        (200, b'{"tags": ["\\ud800"]}'),
        (200, b'{"reply": "\\ud800"}'),
        (200, b'{"reply": " "}'),
        (200, b'{"goto": "nowhere"}'),
    ],
)
def test_a_web_hook_that_fails_follows_its_branch(team: Team, hook: type[_Hook], answer: tuple[int, bytes]) -> None:
    hook.answer = answer
    team.plan(
        {"app": "webhook", "url": "https://hook.example.com/sms", "on_error": "sorry"},
        reply("never"),
        reply("Sorry.", id="sorry"),
    )
    team.text(ANN)
    assert said(team) == ["Sorry."]
    events = team.events(team.interaction(ANN)["interaction_id"])
    assert events[0] == "Plan: the web hook failed, goes on with step 3 (auto reply)"


def test_a_web_hook_that_goes_on_and_on_has_failed_in_time(
    team: Team, hook: type[_Hook], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhooks, "WEBHOOK_SECONDS", 0.5)
    hook.drips = 30
    team.plan({"app": "webhook", "url": "https://hook.example.com/sms"}, reply("Sorry."))
    team.text(ANN)
    began = time.monotonic()
    assert said(team) == ["Sorry."]
    assert time.monotonic() - began < 2.5
