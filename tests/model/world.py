"""The company and all that happens around it, one checked step at a time: people, providers, timers, crashes, time."""

import json
from collections import Counter
from collections.abc import Callable
from typing import Any, NamedTuple

import app as product
from chalicelib import config
from tests.faults.facts import Facts
from tests.faults.invariants import always
from tests.faults.wire import Death
from tests.model import invariants, invariants_of_plans, invariants_of_sending
from tests.model.client import DeskClient, Polled
from tests.model.company import Company
from tests.model.invariants import Step, Violation
from tests.model.invariants_of_sending import Posted
from tests.model.machine import Execution
from tests.model.mirror import Mirror
from tests.model.pokes import BATCH, Poke
from tests.model.wire import Trouble, Wire

STRANDED = 120_000  # ms
REPAIRED = 150_000  # this long after a crash, with everybody at work, the desk owes its promises again
POLL_EVERY, RECONCILE_EVERY = 15_000, 60_000  # ms


class Deed(NamedTuple):
    """Something that was cut off, and whoever asked for it asks again."""

    told: str
    act: Callable[[], Any]
    owed: bool
    """Whether it is asked again whatever happens: a provider gives up only when it is told that all is well."""


class World:
    """`now` of the company is everybody's clock. What breaks a promise raises Violation."""

    def __init__(self, company: Company, wire: Wire, client: Any, tally: Counter[str]) -> None:
        self.company, self.wire, self.tally = company, wire, tally
        self.machine = wire.machine
        self.machine.executions = {}
        self.engine = client
        company.restart()
        wire.queue.restart(lambda: company.now)
        wire.outside.restart(company.accounts, lambda: company.now)
        self.mirror = Mirror(client)
        self.wire.touched = set()
        self.trace: list[str] = []
        self.posted: list[tuple[str, Callable[[], Any]]] = []
        self.accepted: set[str] = set()
        self.by_agents = Posted()
        self.poked: list[str] = []
        self.unfinished: list[Deed] = []
        self.clients = {agent: DeskClient() for agent in company.agents}
        self.shut: set[str] = set()
        self._takers: set[str] = set()
        self._decided = self._nested = self._crossed = False
        self._unrepaired = self._tried = 0
        self._last_poll = self._last_reconcile = company.now
        self._wrong: dict[str, int] = {}
        self._violation: Violation | None = None
        self.facts = self._look()

    # --- one step ---
    def step(self, told: str, act: Callable[[], Any], trouble: Trouble | None = None, *, owed: bool = False) -> Any:
        """Let the product do something, then check what it did; answers what `act` does, None when it was cut off."""
        if self._nested:
            return self._meanwhile(told, act)
        self._takers, self._decided, self._crossed = set(), False, False
        self.machine.now = self.company.now
        answer, died = None, False
        with self.wire.process(trouble) as process:
            try:
                answer = act()
            except Death:
                died = True
            except (ArithmeticError, LookupError, RuntimeError, TypeError, ValueError) as error:
                self.trace.append(f"     {self._clock()} {told}")
                self.fail([f"the function failed: {error!r}"])
        if self._violation:  # in the middle of the step, where the product has dealt with it as an error
            raise self._violation
        self._tell(told, answer, trouble if process.struck else None)
        if process.struck:
            self.tally["acts in between" if trouble and trouble.meanwhile else "calls that failed"] += 1
        if died:
            self._died(Deed(told, act, owed))
        self._check()
        return answer

    def _meanwhile(self, told: str, act: Callable[[], Any]) -> Any:
        """The same in the middle of another step, which is checked when that one is over."""
        with self.wire.process():
            answer = act()
        self._tell(f"    meanwhile {told}", answer, None)
        return answer

    def in_between(self, act: Callable[[], object]) -> Callable[[], object]:
        """An act that others do in the middle of a step."""

        def nested() -> None:
            self._nested = self._crossed = True
            try:
                act()
            finally:
                self._nested = False

        return nested

    def _tell(self, told: str, answer: Any, trouble: Trouble | None) -> None:
        status = getattr(answer, "status_code", answer)
        code = ""
        if isinstance(status, int) and status >= 400:
            code = f" {json.loads(answer.body or b'{}').get('code')}"
        broken = f", {trouble.kind or 'interrupted'} at call {trouble.number}" if trouble else ""
        self.trace.append(f"{len(self.trace) + 1:4} {self._clock()} {told}{broken} -> {status}{code}")
        if isinstance(status, int) and status >= 500:
            self.fail([f"answered {status}: {answer.body!r}"])

    def _clock(self) -> str:
        return f"{(self.company.now - self.company.start) / 1000:9.3f}"

    def _died(self, deed: Deed) -> None:
        self.company.new_process()
        self.unfinished.append(deed)
        self.disturb()

    def disturb(self) -> None:
        """From now on the reconciler has something to repair."""
        self._unrepaired = REPAIRED
        self._wrong = {}

    @property
    def clean(self) -> bool:
        """Whether nothing is left to the reconciler: no crash lately, no timer and no poke too late."""
        waiting = [*self.facts.open, *self.facts.of("CONV", "OUT#")]
        late = any(one.get("due_at", self.company.now + 1) <= self.company.now for one in waiting)
        return self._unrepaired <= 0 and not late

    # --- checks ---
    def _look(self) -> Facts:
        self.mirror.reread(self.wire.touched)
        self.wire.touched = set()
        return self.mirror.facts(self.company.now, set(self.machine.executions))

    def _check(self) -> None:
        before, self.facts = self.facts, self._look()
        step = Step(before, self.facts, frozenset(self._takers), self._decided)
        found = list(always(self.facts, whole=False))
        found += invariants.every_step(step)
        found += invariants.nothing_is_lost(self.facts, self.accepted)
        found += invariants_of_plans.every_step(step, self.wire.outside)
        found += invariants_of_sending.every_step(step, self.wire, self._tried)
        found += invariants_of_sending.posted_once(self.facts, self.by_agents)
        self.tally["texts tried"] += len(self.wire.outside.tries) - self._tried
        self._tried = len(self.wire.outside.tries)
        if self.clean:
            found += invariants.nobody_free_is_left_out(step)
        self.fail(found)

    def check_whole_table(self) -> None:
        """Every invariant over all that the table holds, read anew."""
        self.tally["whole-table checks"] += 1
        unseen = self.mirror.differs()
        self.mirror.items = self.mirror.scan()
        self.facts = self._look()
        self.fail([f"{spot} changed unseen" for spot in unseen] + list(always(self.facts)))

    def fail(self, found: list[str]) -> None:
        if found:
            self.tally["violations"] += len(found)
            self._violation = Violation("\n".join([*found, "after these steps:", *self.trace]))
            raise self._violation

    # --- the state machine ---
    def moves(self, execution: Execution, trouble: Trouble | None = None) -> None:
        """An execution does what it would do next by itself."""
        if execution.state == "ready":
            told = f"the Lambda decides for {self.name(execution)}"
            answer = self.step(told, lambda: self.decide(execution), trouble)
            if answer is not None and execution.state == "ready":
                self.machine.lambda_answered(execution, answer)
            if answer is not None and answer["wait"] == "failed":
                self.fail([f"{execution.name} goes in circles"])
        elif execution.state == "decided":
            self.step(f"{self.name(execution)} begins to wait", lambda: self._enter_wait(execution))
        elif execution.overdue(self.company.now) >= 0:
            self.trace.append(f"     {self._clock()} the time of {self.name(execution)} is over")
            self.machine.time_out(execution)

    def _enter_wait(self, execution: Execution) -> None:
        key = self.machine.enter_wait(execution, self.engine, config.settings().table)
        self.wire.touched.add((key["pk"], key["sk"]))

    def decide(self, execution: Execution) -> Any:
        """The Lambda's answer; a timer whose interaction was answered meanwhile must find nothing to do."""
        meta = self.facts.metas[execution.interaction]
        self._decided = True
        answer: Any = product.next_step(dict(execution.input), None)
        idle = meta["stage"] == "none" and "opening_at" not in meta
        at_rest = meta["status"] != "open" or idle or meta["run"] != execution.run
        if at_rest and self.wire.touched and not self._crossed:
            self.fail([f"3: a late timer of {execution.name} changed {sorted(self.wire.touched)}"])
        return answer

    def catch_up(self) -> None:
        """The state machine does all that it can do now."""
        for _ in range(200):
            self.machine.now = self.company.now
            movable = self.machine.movable()
            if not movable:
                return
            self.moves(movable[0])
        self.fail(["the state machine never comes to rest"])

    def name(self, execution: Execution) -> str:
        """Short: the last digits of the interaction's id, and the run."""
        return f"{execution.interaction.lstrip('int_0')}-{execution.run}"

    # --- time ---
    def reconcile(self, trouble: Trouble | None = None) -> None:
        clean = self.clean
        answer = self.step("the reconciler runs", self._reconciled, trouble)
        self._last_reconcile = self.company.now
        if answer and answer["failed"]:
            self.fail([f"the reconciler failed at {answer['failed']} items"])
        if answer and clean and answer["finds"]:
            self.fail([f"the reconciler had {answer['finds']} finds where nothing had gone wrong"])

    def _reconciled(self) -> Any:
        event: dict[str, Any] = dict.fromkeys(("version", "account", "region", "source", "time", "id", "resources"), "")
        self._decided = True
        return product.reconcile({**event, "detail": {}, "detail-type": ""}, None)

    def passes(self, seconds: int) -> None:
        """Time alone: nobody polls, no timer fires."""
        self.company.now += seconds * 1000
        self.trace.append(f"     {self._clock()} {seconds} s have passed")

    def works(self, seconds: int) -> None:
        """Time with everybody at work: clients poll, timers fire, the reconciler runs every minute."""
        ends = self.company.now + seconds * 1000
        self.catch_up()
        self.all_texts_leave()
        while self.company.now < ends:
            moments = [ends, self._last_poll + POLL_EVERY, self._last_reconcile + RECONCILE_EVERY]
            moments += [e.ends for e in self.machine.executions.values() if e.state == "waiting"]
            moments += [poke.shown_at for poke in self.wire.queue.pokes.values()]
            began = self.company.now
            self.company.now = max(began + 1, min(moments))
            self._unrepaired -= self.company.now - began
            self._work_is_done()
            self._note_stranded(self.company.now - began)

    def _work_is_done(self) -> None:
        if self.company.now >= self._last_poll + POLL_EVERY:
            self._last_poll = self.company.now
            for agent in self.company.agents:
                if agent not in self.shut and self.facts.heads[agent]["state"] != "offline":
                    self.polls(agent)
        if self.company.now >= self._last_reconcile + RECONCILE_EVERY:
            self.reconcile()
        self.catch_up()
        self.all_texts_leave()

    def _note_stranded(self, passed: int) -> None:
        self.facts.now = self.company.now
        wrong = set(invariants.stranded(self.facts))
        self._wrong = {one: self._wrong.get(one, 0) + passed for one in wrong}
        self.fail([f"2: {one} is stranded for {ms} ms" for one, ms in self._wrong.items() if ms > STRANDED])

    # --- clients ---
    def polls(self, agent: str, trouble: Trouble | None = None) -> None:
        """The agent's client polls, and must then know what a fresh one would be shown."""

        def ask(told: str, cursor: str | None, trouble: Trouble | None) -> Any:
            return self.step(f"{self.who(agent)} {told}", lambda: Polled(self.company.desk(agent, cursor)), trouble)

        self.fail([f"{self.who(agent)}: {found}" for found in self.clients[agent].polls(ask, trouble)])

    # --- the outbound queue ---
    def texts_leave(self, pokes: list[Poke], trouble: Trouble | None = None) -> None:
        """The function behind the queue is shown these."""
        self.poked = [*self.poked, *(poke.body for poke in pokes)][-8:]
        told = "texts leave: " + ", ".join(poke.message.lstrip("msg_0") for poke in pokes)
        records = self.wire.queue.show(pokes)
        self.step(told, lambda: self.wire.queue.deliver(records), trouble)

    def all_texts_leave(self) -> None:
        """The queue shows all that it may show now, once."""
        pokes = self.wire.queue.visible()
        for n in range(0, len(pokes), BATCH):
            self.texts_leave(pokes[n : n + BATCH])

    # --- who is who ---
    def who(self, agent: str) -> str:
        return "ABCD"[self.company.agents.index(agent)]

    def takes(self, agent: str) -> None:
        self._takers.add(agent)

    def reassigns(self, agent: str | None) -> None:
        """A supervisor may take an owner away, and make somebody one who has not asked."""
        self._decided = True
        if agent:
            self._takers.add(agent)
