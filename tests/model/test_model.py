"""The property run: thousands of things happen in an order that nobody chose, and every promise of the routing holds.

2,000 steps from a fixed seed by default; MODEL_STEPS and MODEL_SEED in the environment ask for others, MODEL_SHRINK=1
for the shortest sequence that fails, which takes minutes, and MODEL_PLANTS=all for every planted fault.
"""

import os
import sys
from collections import Counter
from collections.abc import Callable
from contextlib import redirect_stdout
from io import StringIO
from time import monotonic
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from tests.conftest import Tell
from tests.model.acts import ACTS, BREAKING, IDLE, instead
from tests.model.conftest import Stage
from tests.model.ending import end
from tests.model.invariants import Violation
from tests.model.plants import PLANTS
from tests.model.wire import KINDS, Trouble
from tests.model.world import World

STEPS = int(os.environ.get("MODEL_STEPS", "2000"))
SEED = int(os.environ.get("MODEL_SEED", "1"))
SHRINK = os.environ.get("MODEL_SHRINK") == "1"
STEPS_OF_ONE = 70  # of one example, which begins with the company as it was founded
EXAMPLES = 8  # of one seed
STEPS_TO_FIND = 2000

_WHO, _PICK = st.integers(0, 3), st.integers(0, 59)
_OFTEN = {"text": 3, "accept": 2, "take_what_is_shown": 2, "presence": 2, "machine_moves": 2, "machine_catches_up": 3}
_OFTEN |= {"work_goes_on": 3, "reply": 3, "texts_leave": 3, "report": 2}
_SILENT = {"shut", "timer_lost", "poke_lost", "moments_pass"}
_CALLING = sorted(set(ACTS) - _SILENT - {"work_goes_on", "machine_catches_up"})
_NUMBER = st.integers(1, 12)
_CUT = st.tuples(_NUMBER, st.sampled_from(KINDS))
_CROSSED = st.tuples(_NUMBER, st.sampled_from(_CALLING), _WHO, _PICK)
_TROUBLE = st.one_of(*[st.none()] * 4, _CUT, _CROSSED, _CROSSED)
"""Mostly nothing; else a call fails, or before it leaves somebody else does something."""


class Played(RuleBasedStateMachine):
    """One example; each act is a rule, and something may go wrong in the middle of it."""

    stage: Stage
    tally: Counter[str]

    def __init__(self) -> None:
        super().__init__()
        self.world = World(self.stage.company, self.stage.wire, self.stage.client, self.tally)
        self.calm = False

    @initialize(calm=st.booleans(), mood=_PICK)
    def begins(self, calm: bool, mood: int) -> None:
        """In a calm example nothing of ours fails, so that the reconciler must find nothing."""
        self.calm = calm
        self.world.wire.outside.feel(mood)

    def play(self, name: str, who: int, pick: int, trouble: Trouble | None = None) -> None:
        if self.calm and name in BREAKING:
            name = "text"
        done = ACTS[name](self.world, who, pick, trouble)
        if done == IDLE:
            name = instead(self.world, who, pick, trouble)
        self.tally[f"rule {name}"] += 1

    def trouble(self, drawn: tuple[Any, ...] | None) -> Trouble | None:
        if drawn is None or (self.calm and len(drawn) == 2):
            return None
        if len(drawn) == 2:
            return Trouble(*drawn)
        number, other, who, pick = drawn
        return Trouble(number, meanwhile=self.world.in_between(lambda: self.play(other, who, pick)))

    def teardown(self) -> None:
        if sys.exc_info()[0] is None:
            end(self.world)
        self.tally["examples"] += 1


def _rule(name: str) -> Callable[..., None]:
    def play(self: Played, who: int, pick: int, trouble: tuple[Any, ...] | None) -> None:
        self.tally["steps"] += 1
        self.play(name, who, pick, self.trouble(trouble))

    play.__name__ = name
    return rule(who=_WHO, pick=_PICK, trouble=_TROUBLE)(play)


def _rules() -> dict[str, Callable[..., None]]:
    return {f"{name}_{n}": _rule(name) for name in ACTS for n in range(_OFTEN.get(name, 1))}


def run(stage: Stage, steps: int, first: int, tally: Counter[str]) -> None:
    """Play at least so many steps, in batches whose seeds count up from `first`; `tally` counts what happens.

    Raises Violation, with the seed of its batch.
    """
    number = first
    with redirect_stdout(StringIO()):  # the metrics of thousands of calls
        while tally["steps"] < steps:
            try:
                _batch(stage, number, tally)
            except Violation as violation:
                violation.add_note(f"again with: make model STEPS=1 SEED={number}")
                raise
            number += 1


def _batch(stage: Stage, number: int, tally: Counter[str]) -> None:
    machine = seed(number)(type("Routing", (Played,), {**_rules(), "stage": stage, "tally": tally}))
    limits = settings(
        max_examples=EXAMPLES,
        stateful_step_count=STEPS_OF_ONE,
        deadline=None,
        database=None,
        phases=(Phase.generate, Phase.shrink) if SHRINK else (Phase.generate,),
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(machine, settings=limits)


def summary(played: dict[str, Any]) -> str:
    """The figures of one run, in a few lines."""
    rules = sorted((count, name.removeprefix("rule ")) for name, count in played.items() if name.startswith("rule "))
    totals = ["steps", "examples", "idle", "calls that failed", "acts in between", "texts tried", "web hooks called"]
    totals += ["whole-table checks", "violations"]
    told = ", ".join(f"{played.get(name, 0)} {name}" for name in totals)
    by_rule = ", ".join(f"{name} {count}" for count, name in reversed(rules))
    return f"property run: {told}, {played['seconds']} seconds, seed {played['seed']}\nby rule: {by_rule}"


def test_whatever_happens_the_routing_keeps_its_promises(stage: Stage, tell: Tell) -> None:
    began, tally = monotonic(), Counter[str]()
    try:
        run(stage, STEPS, SEED, tally)
    finally:
        tell(summary({**tally, "seconds": round(monotonic() - began), "seed": SEED}))


@pytest.mark.parametrize("name", PLANTS if os.environ.get("MODEL_PLANTS") == "all" else ["a_newcomer_overtakes"])
def test_the_run_finds_a_planted_fault(stage: Stage, monkeypatch: pytest.MonkeyPatch, name: str, tell: Tell) -> None:
    PLANTS[name](monkeypatch)
    tally = Counter[str]()
    with pytest.raises(Violation) as found:
        run(stage, STEPS_TO_FIND, SEED, tally)
    tell(f"planted: {name} found after {tally['steps']} steps: {str(found.value).splitlines()[0]}")
