"""Lint: what keeps a plan from being saved, and what is only remarked."""

from typing import Any

import pytest

from chalicelib.routing.plan_lint import lint

INSIDE = {"interval_id": "ivl_1", "when": "inside"}
ALWAYS_TRUE = {"match": "all", "conditions": [{"field": "hour", "op": "is_set", "value": None, "enabled": False}]}
SOMETIMES = {"match": "all", "conditions": [{"field": "hour", "op": "lt", "value": 12, "enabled": True}]}


def steps(*given: dict[str, Any]) -> list[dict[str, Any]]:
    """Steps with ids s0, s1, … and what they need."""
    return [{"id": f"s{n}", "enabled": True, "timeout": 30, **one} for n, one in enumerate(given)]


QUEUE = {"app": "queue", "queue_id": "que_1"}
AGENT = {"app": "agent", "agent_id": "agt_1"}
REPLY = {"app": "auto_reply", "text": "x", "times": "once"}
CLOSE = {"app": "close", "disposition": None}
NOOP = {"app": "noop", "text": "x"}


def goto(to: str) -> dict[str, Any]:
    return {"app": "goto", "to": to}


def goto_if(then: str, otherwise: str | None = None, test: dict[str, Any] = SOMETIMES) -> dict[str, Any]:
    return {"app": "goto_if", "if": test, "then": then, "else": otherwise}


def webhook(on_error: str | None = None) -> dict[str, Any]:
    return {"app": "webhook", "url": "https://example.com", "on_error": on_error}


def pointers(findings: list[dict[str, str]], says: str = "") -> list[str]:
    return [one["pointer"] for one in findings if says in one["detail"]]


@pytest.mark.parametrize(
    ("step", "fields"),
    [
        (goto("nowhere"), ["to"]),
        (goto_if("nowhere"), ["then"]),
        (goto_if("s0", "nowhere"), ["else"]),
        (goto_if("x", "y"), ["then", "else"]),
        (webhook("nowhere"), ["on_error"]),
        ({**goto("nowhere"), "enabled": False}, ["to"]),
    ],
)
def test_a_jump_to_nowhere_is_an_error_at_its_field(step: dict, fields: list[str]) -> None:
    errors, _ = lint(steps(QUEUE, step))
    assert pointers(errors, "id of a step") == [f"/actions/1/{field}" for field in fields]


LOOPS = [
    ("itself", [goto("s0")], 0),
    ("back", [REPLY, NOOP, goto("s0")], 2),
    ("by a condition", [NOOP, goto_if("s0"), CLOSE], 1),
    ("by the other branch", [NOOP, goto_if("s2", "s0"), CLOSE], 1),
    ("by a failing web hook", [webhook("s0"), CLOSE], 0),
    ("forth and back", [goto("s2"), goto("s0"), goto("s1")], 2),
    ("past a wait that is outside its interval", [{**QUEUE, **INSIDE}, goto("s0")], 1),
    ("past a wait that is switched off", [{**QUEUE, "enabled": False}, goto("s0")], 1),
]


@pytest.mark.parametrize(("actions", "back"), [case[1:] for case in LOOPS], ids=[case[0] for case in LOOPS])
def test_a_loop_in_which_nothing_waits_is_an_error(actions: list, back: int) -> None:
    errors, _ = lint(steps(*actions))
    assert pointers(errors, "nothing on the way waits") == [f"/actions/{back}"]


@pytest.mark.parametrize(
    "actions",
    [
        [QUEUE, goto("s0")],
        [AGENT, REPLY, goto("s0")],
        [NOOP, {**goto("s0"), "enabled": False}],
        [CLOSE, goto("s1")],  # never come to
        [goto_if("s1", "s0", ALWAYS_TRUE), CLOSE],
        [webhook(), CLOSE],
    ],
)
def test_what_waits_or_never_goes_round_is_no_error(actions: list) -> None:
    assert lint(steps(*actions))[0] == []


@pytest.mark.parametrize(
    ("actions", "unreached"),
    [
        ([QUEUE, CLOSE, REPLY, CLOSE], [2, 3]),
        ([goto("s2"), REPLY, CLOSE], [1]),
        ([goto("s2"), {**REPLY, "enabled": False}, CLOSE], []),
        ([{**CLOSE, **INSIDE}, REPLY, CLOSE], []),
        ([{**CLOSE, "enabled": False}, REPLY, CLOSE], []),
        ([goto_if("s2", None, ALWAYS_TRUE), REPLY, CLOSE], [1]),
        ([goto_if("s2"), REPLY, CLOSE], []),
        ([webhook(), CLOSE, REPLY, CLOSE], []),  # its answer may jump anywhere
    ],
)
def test_a_step_that_no_way_leads_to_is_remarked(actions: list, unreached: list[int]) -> None:
    _, warnings = lint(steps(*actions))
    assert pointers(warnings, "No way leads") == [f"/actions/{n}" for n in unreached]


@pytest.mark.parametrize(
    ("actions", "ends"),
    [
        ([QUEUE], [0]),
        ([QUEUE, CLOSE], []),
        ([QUEUE, {**CLOSE, **INSIDE}], [1]),
        ([QUEUE, {**CLOSE, "enabled": False}], [1]),
        ([QUEUE, goto_if("s3"), CLOSE, REPLY], [3]),
        ([QUEUE, goto("s0")], []),
    ],
)
def test_where_the_plan_can_end_with_nobody_is_remarked(actions: list, ends: list[int]) -> None:
    _, warnings = lint(steps(*actions))
    assert pointers(warnings, "can end with nobody") == [f"/actions/{n}" for n in ends]


@pytest.mark.parametrize(
    ("actions", "is_remarked"),
    [
        ([], True),
        ([REPLY], True),
        ([{**QUEUE, **INSIDE}, REPLY], True),
        ([{**QUEUE, "enabled": False}], True),
        ([goto_if("s2"), QUEUE, REPLY], True),
        ([QUEUE], False),
        ([REPLY, AGENT], False),
        ([{**QUEUE, **INSIDE}, {**QUEUE, "interval_id": "ivl_1", "when": "outside"}, AGENT], False),
        ([REPLY, CLOSE], False),
    ],
)
def test_a_plan_that_can_end_without_asking_anybody_is_remarked(actions: list, is_remarked: bool) -> None:
    _, warnings = lint(steps(*actions))
    assert pointers(warnings, "without anybody") == ["/actions"] * is_remarked
