"""Every AWS call of every handler fails in every way, and nothing is lost, doubled, stranded or out of order.

By default a sample that has every handler and every kind of fault; with SWEEP=full in the environment all of it.
"""

import os
import zlib
from collections.abc import Callable
from dataclasses import replace

import pytest

import app as product
from chalicelib.api.routes import ROUTES, Route
from chalicelib.inbound.arrivals import Arrival
from chalicelib.store import table
from chalicelib.store.conversations import Change
from tests.faults import scenarios  # noqa: F401 - registers them
from tests.faults.scenario import SCENARIOS
from tests.faults.sweep import Case, Sweep
from tests.faults.wire import FAULTS, Fault

FULL = os.environ.get("SWEEP") == "full"
ONE_IN = 59  # shares no divisor with the number of faults, so that the sample has all of them
# The whole of it scenario by scenario, so that every core has work to the end.
PARTS = {
    name: [one for one in SCENARIOS if name in (one.name, one.group)]
    for name in sorted({one.name if FULL else one.group for one in SCENARIOS})
}


@pytest.mark.parametrize("part", PARTS)
def test_whatever_fails_every_invariant_holds(
    part: str, sweep: Sweep, record_property: Callable[[str, object], None]
) -> None:
    for scenario in PARTS[part]:
        sweep.run(scenario, lambda cases: cases if FULL else sample(cases, sweep.tally.kinds))
    record_property("tally", sweep.tally.told())
    assert not sweep.tally.violations, "\n".join(sweep.tally.violations)
    assert FULL or sweep.tally.kinds == set(FAULTS)


def sample(cases: list[Case], tried: set[Fault]) -> list[Case]:
    """Every so many-th case, one at least, and the first of each kind that has not been tried."""
    begin = zlib.crc32(cases[0].scenario.name.encode()) % min(ONE_IN, len(cases))
    chosen = cases[begin::ONE_IN]
    missing = set(FAULTS) - tried - {case.fault for case in chosen}
    return chosen + [next(case for case in cases if case.fault == one) for one in missing if _has(cases, one)]


def _has(cases: list[Case], fault: Fault) -> bool:
    return any(case.fault == fault for case in cases)


def handlers() -> set[str]:
    """Every Lambda function that the app registers, but for the API's, and every route that may change something."""
    lambdas = {one.name for one in product.app.pure_lambda_functions} | {one.name for one in product.app.event_sources}
    return lambdas | {f"{route.method} {route.path}" for route in ROUTES if changes_something(route)}


def changes_something(route: Route) -> bool:
    """Calls of providers do, whatever their method, and so does the poll, which renews presence."""
    return route.method != "GET" or route.raw or route.path == "/sms/desk"


def test_every_handler_has_a_scenario() -> None:
    served = {handler for scenario in SCENARIOS for handler in scenario.serves}
    assert handlers() - served == set(), "handlers that no scenario reaches"
    assert served - handlers() == set(), "scenarios of handlers that are not registered"


@pytest.mark.parametrize("name", ["a tab is left with an unread text", "an agent logs out with an unread text"])
def test_a_function_that_dies_strands_no_unread_text(sweep: Sweep, name: str) -> None:
    scenario = next(one for one in SCENARIOS if one.name == name)
    sweep.run(scenario, lambda cases: [case for case in cases if case.fault == Fault("death after")])
    assert not sweep.tally.violations, "\n".join(sweep.tally.violations)


def test_the_sweep_finds_a_planted_fault(sweep: Sweep, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the condition that a text is new, and the look whether it is, the provider's retry stores it twice."""
    look = Arrival.look
    monkeypatch.setattr(Arrival, "look", lambda arrival: replace(look(arrival), duplicate=False))
    monkeypatch.setattr(Arrival, "mark", _mark_without_condition)
    scenario = next(one for one in SCENARIOS if one.name == "a text into an open tab")
    sweep.run(scenario, lambda cases: [case for case in cases if case.fault == Fault("death after")])
    found = [one for one in sweep.tally.violations if "is stored 2 times" in one]
    assert found, sweep.tally.violations


def _mark_without_condition(arrival: Arrival, change: Change) -> None:
    change.tx.put(table.duplicate(arrival.account_id, arrival.marks[0]), {"ttl": 1})
