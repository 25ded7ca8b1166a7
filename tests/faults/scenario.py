"""Scenarios: an event on its way to a handler, in a company that was brought into the state for it."""

from collections.abc import Callable
from dataclasses import dataclass, field

from tests.faults.company import Act, Company


@dataclass(frozen=True)
class Event:
    """`act` delivers the event once; `expect` asserts what is true once it was dealt with, however often it came."""

    act: Act
    expect: Act
    again_after: int = 0
    """Seconds after which whoever sent the event sends it again."""


@dataclass(frozen=True)
class Scenario:
    group: str
    name: str
    serves: tuple[str, ...]
    """The handler: a Lambda function's name, or `METHOD /path` of a route."""
    arrange: Callable[[Company], Event] = field(repr=False)


SCENARIOS: list[Scenario] = []


def scenario(group: str, *serves: str) -> Callable[[Callable[[Company], Event]], Callable[[Company], Event]]:
    """Register what the function arranges; its name says what happens."""

    def register(arrange: Callable[[Company], Event]) -> Callable[[Company], Event]:
        SCENARIOS.append(Scenario(group, arrange.__name__.replace("_", " "), serves, arrange))
        return arrange

    return register
