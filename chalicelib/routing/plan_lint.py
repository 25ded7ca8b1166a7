"""What is wrong, or perhaps not meant, with an action plan, found without running it. Pure.

A plan is read as a graph: from each step to those that may come next. A step that is bound to an interval may also be
passed over. Errors keep a plan from being saved, warnings do not.
"""

from collections.abc import Iterator, Sequence
from graphlib import CycleError, TopologicalSorter
from typing import Any

from chalicelib.routing.plan import WAITING, Action, is_bound, position

Finding = dict[str, str]
_Graph = dict[int, set[int]]
_JUMPS = {"goto": ("to",), "goto_if": ("then", "else"), "webhook": ("on_error",)}


def lint(actions: Sequence[Action]) -> tuple[list[Finding], list[Finding]]:
    """Errors and warnings, each with a JSON pointer into the plan and a sentence."""
    lost = list(_lost_jumps(actions))
    if lost:
        return lost, []
    flow = {index: _next(actions, index) for index in range(len(actions))}
    without_wait = {index: after - _waited(actions, index) for index, after in flow.items()}
    reached = _reached(flow, 0) if actions else set()
    errors = list(_endless({index: without_wait[index] for index in reached if index in without_wait}))
    answered = {i: after | _by_answer(actions, i) for i, after in flow.items()}
    warnings = [*_unreachable(actions, answered), *_ends(actions, answered, without_wait)]
    return errors, warnings


def without_disposition(actions: Sequence[Action]) -> list[Finding]:
    """The Close steps that name no disposition: errors where an account closes nothing without one."""
    closing = [n for n, action in enumerate(actions) if action["app"] == "close" and not action.get("disposition")]
    return [_finding(n, "This account closes nothing without a disposition.", "disposition") for n in closing]


def _lost_jumps(actions: Sequence[Action]) -> Iterator[Finding]:
    known = {action["id"] for action in actions}
    for index, action in enumerate(actions):
        for field in _JUMPS.get(action["app"], ()):
            if action.get(field) is not None and action[field] not in known:
                yield _finding(index, "The id of a step of this plan.", field)


def _next(actions: Sequence[Action], index: int) -> set[int]:
    """The steps that may follow; the number of steps stands for the end of the plan."""
    action = actions[index]
    if not action["enabled"]:
        return {index + 1}
    passed_over = {index + 1} if is_bound(action) else set()
    return passed_over | _after(actions, index)


def _after(actions: Sequence[Action], index: int) -> set[int]:
    """The steps that may follow one that runs."""
    action = actions[index]
    if action["app"] == "close":
        return set()
    if action["app"] == "goto":
        return {position(actions, action["to"])}
    if action["app"] == "goto_if":
        otherwise = position(actions, action["else"]) if action.get("else") else index + 1
        always = not any(one.get("enabled", True) for one in action["if"]["conditions"])
        return {position(actions, action["then"])} | (set() if always else {otherwise})
    if action["app"] == "webhook" and action.get("on_error"):
        return {index + 1, position(actions, action["on_error"])}
    return {index + 1}


def _waited(actions: Sequence[Action], index: int) -> set[int]:
    """Those of the following steps that are only come to after a wait."""
    action = actions[index]
    waits = action["app"] in WAITING and action["enabled"] and not is_bound(action)
    return {index + 1} if waits else set()


def _by_answer(actions: Sequence[Action], index: int) -> set[int]:
    """Where the answer of a web hook may lead: anywhere."""
    calls = actions[index]["app"] == "webhook" and actions[index]["enabled"]
    return set(range(len(actions))) if calls else set()


def _reached(graph: _Graph, start: int) -> set[int]:
    found, left = {start}, [start]
    while left:
        fresh = graph.get(left.pop(), set()) - found
        found |= fresh
        left += fresh
    return found


def _endless(graph: _Graph) -> Iterator[Finding]:
    """A loop in which nothing is waited for, named at the step that leads back."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        loop: Sequence[Any] = error.args[1]
        yield _finding(max(loop), "It leads back to a step before it, and nothing on the way waits.")


def _unreachable(actions: Sequence[Action], graph: _Graph) -> Iterator[Finding]:
    reached = _reached(graph, 0)
    for index, action in enumerate(actions):
        if index not in reached and action["enabled"]:
            yield _finding(index, "No way leads to this step.")


def _ends(actions: Sequence[Action], graph: _Graph, without_wait: _Graph) -> Iterator[Finding]:
    """Where the plan can be over without anybody having the conversation."""
    end = len(actions)
    if end in _reached(without_wait, 0):
        yield {"pointer": "/actions", "detail": "The plan can end without anybody having been asked."}
    reached = _reached(graph, 0)
    for index in sorted(index for index, after in graph.items() if index in reached and end in after):
        yield _finding(index, "After this step the plan can end with nobody; the conversation stays open to all.")


def _finding(index: int, detail: str, field: str | None = None) -> Finding:
    return {"pointer": f"/actions/{index}" + (f"/{field}" if field else ""), "detail": detail}
