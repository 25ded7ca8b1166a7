"""Acts of machines and of time: the state machine moves, late or twice or not at all, the reconciler runs."""

from collections.abc import Iterable
from typing import Any

from tests.model.wire import Trouble
from tests.model.world import World

IDLE = "idle"
"""What an act answers where there is nothing to do."""


def pick_one(found: Iterable[Any], pick: int) -> Any:
    """One of them, None of none; the order must not depend on chance."""
    choice = list(found)
    return choice[pick % len(choice)] if choice else None


def machine_moves(world: World, who: int, pick: int, trouble: Trouble | None) -> str | None:
    """One execution takes one step."""
    world.machine.now = world.company.now
    execution = pick_one(world.machine.movable(), pick)
    if execution is None:
        return IDLE
    world.moves(execution, trouble)
    return None


def machine_catches_up(world: World, who: int, pick: int, trouble: Trouble | None) -> None:
    world.catch_up()


def timer_again(world: World, who: int, pick: int, trouble: Trouble | None) -> str | None:
    """The Lambda is asked once more with what an execution last asked it: early, twice, or long after."""
    execution = pick_one(list(world.machine.executions.values())[-8:], pick)
    if execution is None:
        return IDLE
    world.step(f"once more: the Lambda for {world.name(execution)}", lambda: world.decide(execution), trouble)
    return None


def timer_lost(world: World, who: int, pick: int, trouble: Trouble | None) -> str | None:
    """An execution ends without a word."""
    execution = pick_one((e for e in world.machine.executions.values() if e.state != "over"), pick)
    if execution is None:
        return IDLE
    execution.to("over", world.company.now)
    world.trace.append(f"     the execution {world.name(execution)} is lost")
    world.disturb()
    return None


def reconciler(world: World, who: int, pick: int, trouble: Trouble | None) -> None:
    world.reconcile(trouble)


def again(world: World, who: int, pick: int, trouble: Trouble | None) -> str | None:
    """Whoever got no answer asks once more."""
    if not world.unfinished:
        return IDLE
    deed = world.unfinished.pop(pick % len(world.unfinished))
    world.step(f"again: {deed.told}", deed.act, trouble, owed=deed.owed)
    return None


def moments_pass(world: World, who: int, pick: int, trouble: Trouble | None) -> None:
    world.passes((1, 3, 8, 16)[pick % 4])


def work_goes_on(world: World, who: int, pick: int, trouble: Trouble | None) -> None:
    world.works((4, 11, 16, 35, 70)[pick % 5])
