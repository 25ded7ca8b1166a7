"""Who is offered what: races for one text, agents who come, and texts that wait in line."""

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Barrier

import pytest
import requests

from tests.stack.company import Agent, Company, eventually
from tests.stack.conftest import Stack

ROUNDS = 5


def accept_together(agents: list[Agent], interaction: str) -> list[requests.Response]:
    start = Barrier(len(agents))

    def accept(agent: Agent) -> requests.Response:
        start.wait()
        return agent.act("accept", interaction)

    with ThreadPoolExecutor(len(agents)) as threads:
        return list(threads.map(accept, agents))


def test_of_two_who_accept_at_once_one_has_it_and_the_other_learns_who(stack: Stack) -> None:
    company = Company(stack)
    agents = [company.agent("Ada"), company.agent("Bruno")]
    company.plan_queue(*agents)
    for _ in range(ROUNDS):
        customer = company.customer()
        customer.text("Hello")
        interaction = company.interaction(customer)["id"]
        for agent in agents:
            agent.offered(interaction)
        answers = accept_together(agents, interaction)
        winner, loser = sorted(zip(agents, answers, strict=True), key=lambda pair: pair[1].status_code)
        assert (winner[1].status_code, loser[1].status_code) == (200, 409)
        problem = loser[1].json()
        assert (problem["code"], problem["owner"]) == ("offer-taken", winner[0].name)
        assert company.show(interaction)["owner"] == winner[0].id
        assert interaction not in loser[0].offers()


@pytest.mark.parametrize("strategy", ["beepall", "rrmemory"])
def test_an_agent_who_comes_online_is_offered_what_waits(stack: Stack, strategy: str) -> None:
    company = Company(stack)
    ada = company.agent("Ada", online=False)
    company.plan_queue(ada, strategy=strategy)
    customer = company.customer()
    customer.text("Is anybody there?")
    interaction = company.interaction(customer)["id"]
    eventually(lambda: company.in_stage(interaction, "plan_queue"))
    assert ada.desk()["offers"] == []
    ada.presence("online")
    assert ada.offered(interaction)["preview"] == "Is anybody there?"
    ada.must("accept", interaction)


def test_of_two_waiting_texts_the_older_one_goes_to_the_agent_who_comes_free(stack: Stack) -> None:
    company = Company(stack)
    ada = company.agent("Ada", capacity=1)
    company.plan_queue(ada, strategy="rrmemory")
    _, present = company.conversation(ada)
    waiting = []
    for text in ("first", "second"):
        customer = company.customer()
        customer.text(text)
        interaction = company.interaction(customer)["id"]
        waiting.append(interaction)
        eventually(partial(company.in_stage, interaction, "plan_queue"))
    assert ada.desk()["offers"] == []
    for interaction in waiting:
        ada.must("close", present)
        ada.offered(interaction)
        assert list(ada.offers()) == [interaction]
        ada.must("accept", interaction)
        present = interaction
