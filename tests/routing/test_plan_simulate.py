"""Simulation: the steps a text comes to, when, why, and how it ends when nobody accepts."""

from datetime import UTC, datetime
from typing import Any

from chalicelib.routing.plan_simulate import MOST_STEPS, Staff, simulate

THURSDAY_NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
OFFICE = {"name": "office", "zone": "UTC", "parts": [{"type": "custom", "from": "09:00", "to": "12:00"}]}
STAFF = Staff(
    {
        "ada": {"name": "Ada", "state": "online"},
        "bob": {"name": "Bob", "state": "paused"},
    },
    {"sales": {"name": "Sales", "members": ["ada", "bob", "eve"]}, "empty": {"name": "Empty", "members": ["eve"]}},
)


def run(*actions: dict[str, Any], facts: dict[str, Any] | None = None, at: datetime = THURSDAY_NOON) -> dict[str, Any]:
    complete = [{"id": f"s{n}", "enabled": True, "timeout": 30, **one} for n, one in enumerate(actions)]
    return simulate(complete, {"ivl": OFFICE}, STAFF, facts or {}, at, "Europe/Rome")


def seen(found: dict[str, Any]) -> list[tuple[str, bool, str]]:
    return [(step["id"], step["runs"], step["reason"]) for step in found["steps"]]


def queue(queue_id: str = "sales", **more: Any) -> dict[str, Any]:
    return {"app": "queue", "queue_id": queue_id, **more}


REPLY = {"app": "auto_reply", "text": "x", "times": "once"}
CLOSE = {"app": "close", "disposition": None}


def test_waits_pass_and_name_who_would_see_the_offer() -> None:
    found = run(queue(), {"app": "agent", "agent_id": "bob", "timeout": 5}, REPLY)
    assert seen(found) == [
        ("s0", True, "waits in queue Sales; online: Ada"),
        ("s1", True, "offered to Bob, who is paused"),
        ("s2", True, "sends its text"),
    ]
    assert [step["offered_to"] for step in found["steps"]] == [["ada"], [], []]
    assert [(step["at"] - THURSDAY_NOON).seconds for step in found["steps"]] == [0, 30, 35]
    assert found["end"]["reason"] == "nobody accepted; open for every agent of the account"
    assert (found["end"]["at"] - THURSDAY_NOON).seconds == 35


def test_who_cannot_be_asked_is_passed_over_with_the_reason() -> None:
    found = run(queue("empty"), queue("gone"), {"app": "agent", "agent_id": "eve"}, {**REPLY, "enabled": False})
    assert seen(found) == [
        ("s0", False, "nobody of queue Empty is on this account"),
        ("s1", False, "the queue was deleted"),
        ("s2", False, "not on this account"),
        ("s3", False, "switched off"),
    ]
    assert found["end"]["at"] == THURSDAY_NOON


def test_intervals_are_asked_at_the_time_when_the_run_comes_to_the_step() -> None:
    bound = {"interval_id": "ivl", "when": "inside"}
    found = run(queue(timeout=60, **bound), queue(**bound))
    assert [step["runs"] for step in found["steps"]] == [True, False]
    assert found["steps"][1]["reason"] == "outside office"
    assert found["end"]["reason"] == "nobody accepted; the plan begins anew at 2026-01-02T09:00:00+00:00"


def test_a_close_ends_it() -> None:
    found = run(CLOSE, REPLY)
    assert seen(found) == [("s0", True, "closes the conversation")]
    assert found["end"]["status"] == "closed"


def test_jumps_say_where_they_lead() -> None:
    found = run({"app": "goto", "to": "s2"}, REPLY, CLOSE)
    assert seen(found)[0] == ("s0", True, "goes on with s2")
    assert [step["id"] for step in found["steps"]] == ["s0", "s2"]


def jump_if(field: str, op: str, value: Any) -> dict[str, Any]:
    test = {"match": "all", "conditions": [{"field": field, "op": op, "value": value, "enabled": True}]}
    return {"app": "goto_if", "if": test, "then": "s2", "else": None}


def test_conditions_are_asked_about_the_text() -> None:
    bill = run(jump_if("message.text", "contains", "bill"), REPLY, CLOSE, facts={"message.text": "My BILL"})
    assert [step["id"] for step in bill["steps"]] == ["s0", "s2"]
    other = run(jump_if("message.text", "contains", "bill"), REPLY, CLOSE, facts={"message.text": "Hello"})
    assert [step["id"] for step in other["steps"]] == ["s0", "s1", "s2"]


def test_the_hour_is_the_local_one_when_the_run_comes_to_the_step() -> None:
    afternoon = run(jump_if("hour", "eq", 13), REPLY, CLOSE)
    assert [step["id"] for step in afternoon["steps"]] == ["s0", "s2"]
    later = run(queue(timeout=3600), jump_if("hour", "eq", 14), CLOSE)
    assert later["steps"][1]["reason"] == "goes on with s2"


def test_tags_are_followed_and_told() -> None:
    found = run({"app": "tag", "tag": "VIP"}, jump_if("interaction.tags", "contains", "vip"), CLOSE)
    assert (found["steps"][1]["reason"], found["tags"]) == ("goes on with s2", ["VIP"])


def test_no_tags_are_no_tags() -> None:
    found = run(jump_if("interaction.tags", "is_not_set", None), REPLY, CLOSE)
    assert found["steps"][0]["reason"] == "goes on with s2"


def test_no_reply_is_sent_twice_for_one_text() -> None:
    found = run(queue(timeout=10), REPLY, {**REPLY, "times": "always"}, {"app": "goto", "to": "s0"})
    replies = [(step["runs"], step["reason"]) for step in found["steps"] if step["app"] == "auto_reply"]
    assert replies[:4] == [(True, "sends its text")] * 2 + [(False, "sent before")] * 2


def test_a_plan_that_goes_round_is_not_followed_for_ever() -> None:
    found = run(queue(), {"app": "goto", "to": "s0"})
    assert len(found["steps"]) == MOST_STEPS
    assert found["end"] == {
        "at": found["end"]["at"],
        "status": "open",
        "reason": f"not followed beyond {MOST_STEPS} steps",
    }


def test_web_hooks_are_not_called_and_lines_not_written() -> None:
    hook = {"app": "webhook", "url": "https://example.com", "on_error": "s0"}
    found = run(hook, {"app": "noop", "text": "x"})
    assert [reason for _, _, reason in seen(found)] == [
        "would be called; taken to succeed without an answer",
        "writes a line into the thread",
    ]
