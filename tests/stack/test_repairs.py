"""What the deployed schedule itself puts right: a poke that was lost, and agents whose laptops fell silent."""

from dataclasses import dataclass
from typing import Any

import pytest

from tests.stack.company import Agent, Company, Customer, eventually
from tests.stack.conftest import Stack
from tests.stack.switches import no_dispatch, waiting_pokes

SCHEDULE = 200  # seconds: a minute of grace, the schedule's minute, and a slow machine


@dataclass(frozen=True)
class Lost:
    """All losses, begun together so that their minutes pass together."""

    company: Company
    bruno: Agent
    silenced: str  # the interaction of an agent who polls no more
    rung: str  # what rings at another one of them
    poked: str  # the interaction whose reply lost its poke
    reply: dict[str, Any]
    customer: Customer


@pytest.fixture(scope="module")
def lost(stack: Stack) -> Lost:
    company = Company(stack, wait_for_assigned_agent=1, wait_for_assigned_queue=600)
    ada, bruno, chiara = (company.agent(name) for name in ("Ada", "Bruno", "Chiara"))
    company.plan_queue(ada, bruno)
    customer, poked = company.conversation(bruno)
    with no_dispatch(stack):
        reply = bruno.reply(poked, "Did you get this?")
        assert waiting_pokes(stack) == 1
        stack.client("sqs").purge_queue(QueueUrl=stack.outputs["OutboundQueueUrl"])
        assert waiting_pokes(stack) == 0
    silent, silenced = company.conversation(ada)
    silent.text("Are you still there?")
    turns = Company(stack)
    for agent in (chiara, bruno):
        turns.admin.must("POST", f"/sms/accounts/{turns.id}/agents", {"add": [agent.id]})
    turns.plan_queue(chiara, bruno, strategy="rrmemory", agent_timeout=600, timeout=600)
    ringing = turns.customer()
    ringing.text("Hello?")
    rung = turns.interaction(ringing)["id"]
    chiara.offered(rung)
    return Lost(company, bruno, silenced, rung, poked, reply, customer)


def test_a_ring_at_a_silent_laptop_goes_to_the_next_agent(dropped_on_purpose: None, lost: Lost) -> None:
    assert lost.rung not in lost.bruno.offers()
    eventually(lambda: lost.bruno.offers().get(lost.rung), SCHEDULE)
    assert "Chiara went while it rang" in lost.company.events(lost.rung)
    lost.bruno.must("accept", lost.rung)


def test_the_unread_texts_of_a_silent_laptop_go_to_somebody_else(dropped_on_purpose: None, lost: Lost) -> None:
    eventually(lambda: lost.bruno.offers().get(lost.silenced), SCHEDULE)
    lost.bruno.must("accept", lost.silenced)
    assert "Ada is not there: looking for somebody" in lost.company.events(lost.silenced)


def test_a_reply_whose_poke_was_lost_is_sent_once(stack: Stack, dropped_on_purpose: None, lost: Lost) -> None:
    def status() -> str:
        return lost.company.message(lost.poked, lost.reply["id"])["status"]

    eventually(lambda: status() == "delivered", SCHEDULE)
    assert lost.customer.inbox() == ["Did you get this?"]
    eventually(lambda: "CONV" in [line["kind"] for line in stack.log("reconcile", "repaired")], SCHEDULE)
