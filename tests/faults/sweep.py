"""Runs the cases: a scenario, one of its AWS calls, one fault; then the sender's retry, time and the reconciler."""

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass, field
from io import StringIO
from typing import Any

from tests.faults import invariants
from tests.faults.company import TOO_EARLY, Act, Company, Refused
from tests.faults.facts import Facts, gather
from tests.faults.moto_state import State
from tests.faults.scenario import Event, Scenario
from tests.faults.wire import FAULTS, Call, Death, Fault, Wire


@dataclass(frozen=True)
class Case:
    scenario: Scenario
    number: int
    call: Call
    fault: Fault

    def __str__(self) -> str:
        return f"[{self.scenario.name}] call {self.number} ({self.call}) {self.fault}"


@dataclass
class Tally:
    """What was tried, and what was found."""

    handlers: set[str] = field(default_factory=set)
    scenarios: int = 0
    calls: int = 0
    operations: set[Call] = field(default_factory=set)
    kinds: set[Fault] = field(default_factory=set)
    faults: int = 0
    violations: list[str] = field(default_factory=list)

    def told(self) -> dict[str, Any]:
        """In plain values, which one process of pytest can tell another."""
        sets = {"handlers": self.handlers, "operations": map(str, self.operations), "kinds": map(str, self.kinds)}
        counts = {"scenarios": self.scenarios, "calls": self.calls, "faults": self.faults}
        return {**{name: sorted(values) for name, values in sets.items()}, **counts, "violations": self.violations}


def summary(told: Sequence[dict[str, Any]]) -> str:
    """Several tallies in one line."""
    handlers, operations, kinds = (
        len({value for one in told for value in one[name]}) for name in ("handlers", "operations", "kinds")
    )
    scenarios, calls, faults = (sum(one[name] for one in told) for name in ("scenarios", "calls", "faults"))
    violations = sum(len(one["violations"]) for one in told)
    return (
        f"fault sweep: {handlers} handlers in {scenarios} scenarios, {calls} calls of {operations} operations, "
        f"{faults} faults of {kinds} kinds, violations: {violations}"
    )


Choose = Callable[[list[Case]], Iterable[Case]]


class Sweep:
    """One company, put back to the start of a scenario before each of its cases."""

    def __init__(self, company: Company, wire: Wire) -> None:
        self.company, self.wire = company, wire
        self.tally = Tally()
        wire.arm()
        self._beginning = _Moment(company)

    def run(self, scenario: Scenario, choose: Choose) -> None:
        """The scenario without a fault, then the chosen ones of all its cases; what is found goes to the tally."""
        with redirect_stdout(StringIO()):  # the metrics of thousands of planted errors
            self._run(scenario, choose)

    def _run(self, scenario: Scenario, choose: Choose) -> None:
        self._beginning.restore()
        self.company.new_process()
        event = scenario.arrange(self.company)
        start = _Moment(self.company)
        clean = self._clean(scenario, event, start)
        self.tally.handlers |= set(scenario.serves)
        self.tally.scenarios += 1
        self.tally.calls += len(clean.calls)
        self.tally.operations |= set(clean.calls)
        for case in choose(list(_cases(scenario, clean.calls))):
            start.restore()
            self.tally.kinds.add(case.fault)
            self.tally.faults += 1
            self.tally.violations += [f"{case}: {found}" for found in self._case(case, event, clean.status)]

    def _clean(self, scenario: Scenario, event: Event, start: "_Moment") -> "_Clean":
        start.restore()
        self.company.new_process()
        self.wire.arm()
        status = _status(event.act)
        calls = list(self.wire.calls)
        assert status < 300 or status == TOO_EARLY, f"[{scenario.name}] is refused without any fault: {status}"
        before = gather(self.company.now, self.company.requests())
        found = [*_missing(event), *invariants.always(before), *self._later(event, before)]
        self.tally.violations += [f"[{scenario.name}] without a fault: {one}" for one in found]
        return _Clean(calls, status)

    def _case(self, case: Case, event: Event, usual: int) -> Iterator[str]:
        self.company.new_process()
        before = gather(self.company.now, self.company.requests())
        self.wire.arm(case.number, case.fault)
        status = _status(event.act)
        struck = self.wire.struck
        self.wire.arm()
        if not struck:
            yield "the fault met nothing: the scenario does not do the same each time"
        if status not in (usual, 500, 503, TOO_EARLY):
            yield f"a fault of AWS became the answer {status}, which blames the caller"
        after = gather(self.company.now, self.company.requests())
        yield from invariants.always(after)
        yield from invariants.forward(before, after)
        if status == usual and usual < 300:
            yield from (f"answered as done, but {one}" for one in _missing(event))
        else:
            self.company.new_process()
            if event.again_after:
                self.company.work_goes_on(event.again_after)
            again = _status(event.act)
            if again >= 500:
                yield f"the retry after the fault fails: {again}"
            yield from (f"after the retry: {one}" for one in _missing(event))
        yield from self._later(event, after)

    def _later(self, event: Event, before: Facts) -> Iterator[str]:
        """Time passes, the reconciler runs once, what it asked for is done: now all must be well."""
        self.company.some_time_passes()
        self.company.reconciler()
        self.company.machine()
        self.company.drain()
        after = gather(self.company.now, self.company.requests())
        yield from invariants.in_the_end(after)
        yield from invariants.forward(before, after)


@dataclass(frozen=True)
class _Clean:
    calls: list[Call]
    status: int


class _Moment:
    """A company as it is now, outside of it included: AWS, the clock, the provider's memory."""

    def __init__(self, company: Company) -> None:
        self._company, self._now, self._state = company, company.now, State()
        self._silent, self._records = company.silent, company.records
        self._provider = company.provider_memory()

    def restore(self) -> None:
        company = self._company
        self._state.restore()
        company.now, company.silent, company.records = self._now, self._silent, self._records
        company.remind_provider(self._provider)


def _cases(scenario: Scenario, calls: list[Call]) -> Iterator[Case]:
    for number, call in enumerate(calls, 1):
        for fault in FAULTS:
            if call.takes(fault):
                yield Case(scenario, number, call, fault)


def _status(act: Act) -> int:
    """200, or how it failed; an exception of a Lambda function, or its end, is a 500 to whoever called it."""
    try:
        act()
    except Refused as refused:
        return refused.status
    except (Exception, Death):
        logging.getLogger(__name__).debug("the handler failed", exc_info=True)
        return 500
    return 200


def _missing(event: Event) -> Iterator[str]:
    try:
        event.expect()
    except AssertionError as error:
        yield str(error).splitlines()[0] if str(error) else "what was to be expected is not there"


@contextmanager
def quiet() -> Iterator[None]:
    """Thousands of planted errors are not worth a line each."""
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(logging.NOTSET)
