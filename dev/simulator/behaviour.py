"""How a simulated provider misbehaves, and until when."""

import threading
from dataclasses import dataclass, replace
from typing import Literal, get_args

from dev.simulator.contract import ReportStatus

Mode = Literal[
    "normal",
    "down",  # the connection is closed without an answer, nothing is accepted
    "slow",  # answers after `seconds`
    "throttled",  # 429 with Retry-After `seconds`
    "garbage",  # 200 with a body that nobody can read, nothing is accepted
    "unavailable_503",
    "reject",  # refuses with `code`, or the provider's code for a wrong recipient
    "accepted_then_timeout",  # the customer has the text, the connection stays silent for `seconds`
    "no_reports",
    "reports_reversed",  # delivered before sent
    "reports_before_answer",  # both reports are posted before the send is answered
    "undelivered",  # reports a failure with `code`; the customer has nothing
]
MODES: tuple[str, ...] = get_args(Mode)
DEFAULT_SECONDS = {"slow": 3.0, "throttled": 1.0, "accepted_then_timeout": 20.0}
REPORTS: dict[str, tuple[ReportStatus, ...]] = {
    "no_reports": (),
    "reports_reversed": ("delivered", "sent"),
    "undelivered": ("sent", "undelivered"),
}


@dataclass(frozen=True)
class Behaviour:
    """One instruction; `to` limits it to a recipient and `times` to so many sends."""

    mode: Mode = "normal"
    to: str | None = None
    times: int | None = None
    seconds: float | None = None
    code: int | None = None
    bare_url: bool = False  # reports go to the account's delivery URL, not to the one of the message

    @property
    def wait(self) -> float:
        """Seconds that this mode waits or asks to wait."""
        return DEFAULT_SECONDS.get(self.mode, 0.0) if self.seconds is None else self.seconds

    @property
    def reports(self) -> tuple[ReportStatus, ...]:
        """The reports after an accepted text, in the order in which they are posted."""
        return REPORTS.get(self.mode, ("sent", "delivered"))


class Behaviours:
    """The present instruction per provider and recipient."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rules: dict[tuple[str, str | None], Behaviour] = {}

    def put(self, provider: str, behaviour: Behaviour) -> None:
        """Set an instruction; a plain `normal` without recipient ends all of the provider's instructions."""
        with self._lock:
            if behaviour == Behaviour():
                self._rules = {key: rule for key, rule in self._rules.items() if key[0] != provider}
            else:
                self._rules[provider, behaviour.to] = behaviour

    def take(self, provider: str, recipient: str | None) -> Behaviour:
        """The instruction for a send, which uses it up by one; a recipient's own comes first."""
        with self._lock:
            key = (provider, recipient) if (provider, recipient) in self._rules else (provider, None)
            rule = self._rules.get(key, Behaviour())
            if rule.times == 1:
                del self._rules[key]
            elif rule.times:
                self._rules[key] = replace(rule, times=rule.times - 1)
            return rule

    def standing(self, provider: str) -> Behaviour:
        """The instruction for a call that is no send; it is not used up."""
        with self._lock:
            return self._rules.get((provider, None), Behaviour())
