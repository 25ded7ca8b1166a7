"""The state machine's Lambda, decision by decision."""

from typing import Any

from tests.faults.company import ANN, Company
from tests.faults.scenario import Event, scenario
from tests.faults.scenarios.common import SORRY, directed, left_behind, offered, plan_with_queue, texts


def _step(company: Company, stage: str, **more: object) -> Event:
    """The next step leads to a stage, and META then says `more`."""
    meta = company.interaction(ANN)

    def reached() -> None:
        after = company.interaction(ANN)
        assert after["stage"] == stage, f"the stage is {after['stage']}"
        for name, value in more.items():
            assert after.get(name) == value, f"{name} is {after.get(name)}"

    return Event(lambda: company.next_step(meta["interaction_id"], meta["run"]), reached)


@scenario("routing", "next_step")
def the_plan_begins_with_a_beepall_queue(company: Company) -> Event:
    plan_with_queue(company, company.beepall)
    company.customer_texts(ANN, "Hello")
    return _step(company, "plan_queue", queue_id=company.beepall)


@scenario("routing", "next_step")
def the_plan_begins_with_an_exclusive_queue_that_rings(company: Company) -> Event:
    plan_with_queue(company, company.exclusive)
    company.customer_texts(ANN, "Hello")
    return _step(company, "plan_queue", ring_agent=company.first)


@scenario("routing", "next_step")
def a_ring_is_missed(company: Company) -> Event:
    offered(company, queue=company.exclusive)
    company.later(15.5)
    return _step(company, "plan_queue", ring_agent=company.second)


@scenario("routing", "next_step")
def the_last_owner_is_asked_first(company: Company) -> Event:
    left_behind(company)
    company.customer_texts(ANN, "Hello again")
    return _step(company, "assigned_agent", owner=company.first)


@scenario("routing", "next_step")
def the_last_owner_does_not_answer(company: Company) -> Event:
    directed(company)
    company.later(11)
    return _step(company, "assigned_queue", owner=None, last_owner=company.first)


@scenario("routing", "next_step")
def the_queue_of_the_last_owner_does_not_answer(company: Company) -> Event:
    directed(company)
    company.later(11)
    company.steps(ANN)
    company.waits(ANN)
    company.later(11)
    return _step(company, "plan_queue")


@scenario("routing", "next_step")
def the_plan_names_an_agent(company: Company) -> Event:
    company.plan({"app": "agent", "agent_id": company.second, "timeout": 20})
    company.customer_texts(ANN, "Hello")
    return _step(company, "plan_agent", offered_to=company.second)


@scenario("routing", "next_step")
def nobody_accepts_and_the_automatic_reply_is_sent_once(company: Company) -> Event:
    offered(company)
    company.later(31)
    event = _step(company, "none", owner=None)

    def replied() -> None:
        event.expect()
        assert texts(company, direction="out") == [SORRY], f"replies: {texts(company, direction='out')}"

    return Event(event.act, replied)


@scenario("routing", "next_step")
def the_plan_closes(company: Company) -> Event:
    company.plan({"app": "auto_reply", "text": SORRY, "times": "always"}, {"app": "close"})
    company.customer_texts(ANN, "Hello")
    return _step(company, "none", status="closed")


@scenario("routing", "next_step")
def an_empty_plan_ends_with_nobody(company: Company) -> Event:
    company.plan()
    company.customer_texts(ANN, "Hello")
    return _step(company, "none", owner=None, status="open")


@scenario("routing", "next_step")
def a_queue_without_members_is_skipped(company: Company) -> Event:
    nobody = company.queue()
    company.plan({"app": "queue", "queue_id": nobody, "timeout": 30}, {"app": "close"})
    company.customer_texts(ANN, "Hello")
    return _step(company, "none", status="closed")


_SOON: dict[str, Any] = {"zone": "UTC", "parts": [{"type": "custom", "from": "00:01", "to": "12:00"}]}
"""An interval that opens a minute after the scenario's beginning."""


@scenario("routing", "next_step")
def a_step_is_closed_and_its_opening_waited_for(company: Company) -> Event:
    company.plan({"app": "agent", "agent_id": company.second, "timeout": 300, "interval": _SOON})
    company.customer_texts(ANN, "Hello")
    return _step(company, "none", owner=None, status="open")


@scenario("routing", "next_step")
def a_closed_step_opens(company: Company) -> Event:
    company.plan({"app": "agent", "agent_id": company.second, "timeout": 300, "interval": _SOON})
    company.customer_texts(ANN, "Hello")
    company.steps(ANN)
    company.work_goes_on(59)
    company.later(1)
    return _step(company, "plan_agent", offered_to=company.second)


@scenario("routing", "next_step")
def everybody_has_rejected_what_their_queue_offered(company: Company) -> Event:
    offered(company)
    for agent in (company.first, company.second):
        company.does(agent, "reject", ANN)
    company.later(1)
    return _step(company, "none", owner=None, status="open")


@scenario("routing", "next_step")
def a_timer_fires_after_the_answer(company: Company) -> Event:
    offered(company)
    company.does(company.first, "accept", ANN)
    return _step(company, "none", owner=company.first)
