"""What a crash left behind, for the run that comes every minute."""

from chalicelib.store import db, table
from tests.faults import moto_state
from tests.faults.company import ANN, Act, Company
from tests.faults.scenario import Event, scenario
from tests.faults.scenarios.common import line, offered, plan_with_queue, queued, taken


def _minutely(company: Company, expect: Act) -> Event:
    return Event(company.reconciler, expect, again_after=59)


def _started_anew(company: Company) -> Event:
    """A fresh run is started, or asked for again by the run of the next minute."""

    def started() -> None:
        meta = company.interaction(ANN)
        assert meta["run"] > 1, "the run is still the old one"
        known = f"{meta['interaction_id']}-{meta['run']}" in moto_state.executions()
        assert known or meta["due_at"] <= company.now + 30_000, "nothing was started, nor will be"

    return _minutely(company, started)


@scenario("routing", "reconcile")
def a_routing_was_never_started(company: Company) -> Event:
    plan_with_queue(company, company.beepall)
    company.customer_texts(ANN, "Hello")
    moto_state.forget_executions()
    company.later(31)
    return _started_anew(company)


@scenario("routing", "reconcile")
def a_wait_ended_and_nobody_came(company: Company) -> Event:
    offered(company)
    moto_state.forget_executions()
    company.later(61)
    return _started_anew(company)


@scenario("routing", "reconcile")
def a_poke_was_lost(company: Company) -> Event:
    (message,) = queued(company, "One")
    moto_state.take_messages()
    company.later(61)

    def poked() -> None:
        assert line(company, message)["status"] in ("queued", "sending", "sent")

    return _minutely(company, poked)


@scenario("routing", "reconcile")
def a_free_agent_was_overlooked(company: Company) -> Event:
    for agent in (company.first, company.second):
        company.presence(agent, "offline")
    company.plan({"app": "queue", "queue_id": company.exclusive, "timeout": 300})
    company.customer_texts(ANN, "Hello")
    company.waits(ANN)
    company.come_online_unnoticed(company.first)
    company.later(30)
    company.desk(company.first)
    company.later(31)

    def rung() -> None:
        assert company.interaction(ANN).get("ring_agent") == company.first, "nobody is rung"

    return _minutely(company, rung)


@scenario("routing", "reconcile")
def a_silent_laptop_with_an_unread_text(company: Company) -> Event:
    taken(company)
    company.customer_texts(ANN, "Are you there?")
    company.silent = frozenset({company.first})
    company.later(61)

    def looked_after() -> None:
        assert company.interaction(ANN)["stage"] != "none", "nobody looks for somebody"
        head = db.get(table.agent(company.first))
        assert head, "the agent is gone"
        assert head["open_count"] == 0, "the session is not over"

    return _minutely(company, looked_after)


@scenario("routing", "reconcile")
def nothing_is_due(company: Company) -> Event:
    offered(company)
    return _minutely(company, lambda: None)
