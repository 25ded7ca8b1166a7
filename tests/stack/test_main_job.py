"""The main job on the demo that `make run` seeds, with HTTP, dev.json and the simulator alone."""

import time
from collections.abc import Iterator
from typing import Any

import pytest

from dev.seed import AUTO_REPLY
from tests.conftest import Tell
from tests.stack.company import Agent, Api, Customer, eventually, new_number
from tests.stack.conftest import Stack

OFFERED_WITHIN = 10  # seconds, with one agent alone online


@pytest.fixture
def agents(stack: Stack) -> Iterator[list[Agent]]:
    """The demo's agents, all offline, before and after."""
    team = [Agent(agent, agent, Api(stack.api, token)) for agent, token in stack.tokens["agents"].items()]
    for agent in team:
        agent.presence("offline")
    yield team
    for agent in team:
        agent.presence("offline")


def customer_of(stack: Stack) -> Customer:
    return Customer(new_number(), stack.account, stack.simulator)


def offer_to(agent: Agent, customer: Customer) -> dict[str, Any]:
    """The offer of this customer's text, waited for."""

    def look() -> dict[str, Any] | None:
        return next((offer for offer in agent.offers().values() if offer["address"] == customer.number), None)

    return eventually(look)


def test_a_customer_is_served_the_whole_way(stack: Stack, agents: list[Agent], tell: Tell) -> None:
    agent, customer = agents[0], customer_of(stack)
    agent.presence("online")
    customer.text("Is my bike ready?")
    first = offer_to(agent, customer)["interaction_id"]
    agent.must("accept", first)
    sent = agent.reply(first, "Yes, come any time.")
    eventually(lambda: delivered(agent, first, sent["id"]))
    assert customer.inbox() == ["Yes, come any time."]
    assert agent.must("close", first)["status"] == "closed"
    agent.presence("offline")

    customer.text("Thank you!")
    supervisor = Api(stack.api, stack.tokens["supervisor"])
    second, *others = (one for one in interactions(supervisor, stack) if one["address"] == customer.number)
    assert [one["id"] for one in others] == [first]
    assert (second["status"], second["owner"]) == ("open", None)
    began = time.monotonic()
    eventually(lambda: len(customer.inbox()) > 1, seconds=180)
    tell(f"nobody accepted: the plan answered after {time.monotonic() - began:.0f} s")
    assert customer.inbox() == ["Yes, come any time.", AUTO_REPLY["text"]]
    eventually(lambda: supervisor.must("GET", f"/sms/interactions/{second['id']}")["stage"] == "none")
    finds = stack.laptop.reconcile()
    tell(f"the reconciler after the main job: {finds}")
    assert (finds["finds"], finds["failed"]) == (0, 0)


def delivered(agent: Agent, interaction: str, message: str) -> bool:
    lines = agent.api.must("GET", f"/sms/interactions/{interaction}/messages")["data"]
    return next(line for line in lines if line["id"] == message)["status"] == "delivered"


def interactions(api: Api, stack: Stack) -> list[dict[str, Any]]:
    return api.must("GET", f"/sms/interactions?account_id={stack.account}&sort=started")["data"]


def test_any_demo_agent_alone_online_is_offered_a_new_text_soon(stack: Stack, agents: list[Agent], tell: Tell) -> None:
    for agent in agents:
        agent.presence("online")
        customer = customer_of(stack)
        began = time.monotonic()
        customer.text("Hello")
        interaction = offer_to(agent, customer)["interaction_id"]
        took = time.monotonic() - began
        tell(f"a demo agent alone online was offered a text after {took:.1f} s")
        assert took < OFFERED_WITHIN
        agent.must("accept", interaction)
        agent.must("close", interaction)
        agent.presence("offline")
