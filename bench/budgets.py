"""The budgets, one line for each measured figure, and the table that shows them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

# AWS calls of one pass with warm caches and without contention.
CALLS = {
    "inbound, open and answered": 2,
    "inbound, joins a round": 2,
    "inbound, new": 3,
    "inbound, returning": 3,
    "inbound, after a lost race": 4,
    "duplicate inbound": 2,
    "delivery report": 2,
    "empty poll": 1,
    "empty poll that refreshes presence": 2,
    "poll after a change of membership: HEADs": 2,
    "reply accepted by the API": 3,
    "dispatch of one text": 4,
    "dispatch of ten texts": 22,
}
# State transitions are StateEntered events, as Step Functions bills them.
ROUTING = {
    "routed, first offer accepted: transitions": 4,
    "routed, first offer accepted: Lambdas": 1,
    "a later ring: transitions": 3,
    "a later ring: Lambdas": 1,
    "handed over and accepted: transitions": 4,
    "handed over and accepted: Lambdas": 1,
    "returning, all waits in vain: transitions": 12,
    "returning, all waits in vain: Lambdas": 4,
}
IMPORT_RATIO = 1.5
# A new customer's text is a read of four items, a transaction of eight and a start, each dearer to write than the one
# small item of a put_item; the routing of the request, the signature and the rules come on top.
CPU_RATIO = 10.0


@dataclass(frozen=True)
class Line:
    """A figure and the most that it may be."""

    name: str
    budget: float
    measured: float
    note: str = ""

    @property
    def holds(self) -> bool:
        return self.measured <= self.budget

    def __str__(self) -> str:
        verdict = "ok" if self.holds else "BROKEN"
        return f"{self.name:<56} {self.budget:>8g} {self.measured:>9.3g}  {verdict:<7} {self.note}".rstrip()


HEADER = f"{'':<56} {'budget':>8} {'measured':>9}"


def lines(budgets: Mapping[str, float], measured: Mapping[str, float]) -> list[Line]:
    """One line for each budget; KeyError for one that was not measured."""
    return [Line(name, budget, measured[name]) for name, budget in budgets.items()]


def broken(found: Iterable[Line]) -> list[str]:
    return [line.name for line in found if not line.holds]
