"""Exclusive queues: one agent rings at a time, in turn, and whoever comes free gets who has waited longest."""

import json

import pytest

from chalicelib.store import db, table
from tests.team import Team

ANN, BOB, CARL = "+15005550010", "+15005550011", "+15005550012"


@pytest.fixture
def agents(team: Team) -> list[str]:
    """Three agents online in a round-robin queue (15 s a ring) that the plan asks for 40 s."""
    agents = [team.agent(name) for name in ("One", "Two", "Three")]
    queue = team.queue(*agents, strategy="rrmemory", agent_timeout=15)
    team.plan({"app": "queue", "queue_id": queue, "timeout": 40})
    return agents


def ringing(team: Team, address: str) -> str | None:
    return team.interaction(address).get("ring_agent")


def test_one_agent_rings_and_only_they_see_the_offer(team: Team, agents: list[str]) -> None:
    team.text(ANN)
    step = team.step(ANN)
    assert (step["wait"], step["seconds"]) == ("plan_queue", 15)
    assert ringing(team, ANN) == agents[0]
    assert [len(team.offers(a)) for a in agents] == [1, 0, 0]


def test_a_missed_ring_goes_to_the_next_and_the_first_is_not_responding(team: Team, agents: list[str]) -> None:
    team.text(ANN)
    team.step(ANN)
    team.later(16)
    step = team.step(ANN)
    assert (step["wait"], step["seconds"]) == ("plan_queue", 15)
    assert ringing(team, ANN) == agents[1]
    assert db.get(table.agent(agents[0]))["state"] == "not_responding"
    interaction = team.interaction(ANN)["interaction_id"]
    late = team.act(agents[0], "accept", interaction)
    assert (late.status_code, json.loads(late.body)["code"]) == (409, "offer-expired")
    assert team.act(agents[1], "accept", interaction).status_code == 200


def test_the_second_agent_times_out_as_the_first_did_and_the_queue_ends_in_time(team: Team, agents: list[str]) -> None:
    team.text(ANN)
    team.step(ANN)
    team.later(15.001)
    team.step(ANN)
    team.later(15.001)
    step = team.step(ANN)
    assert ringing(team, ANN) == agents[2]
    assert step["seconds"] == 10, "the queue's own end comes first"
    team.later(10.001)
    assert team.step(ANN)["wait"] == "done"
    assert db.get(table.agent(agents[2]))["state"] == "online", "a ring cut short is no missed ring"


def test_a_rejection_rings_the_next_at_once(team: Team, agents: list[str]) -> None:
    team.text(ANN)
    team.step(ANN)
    interaction = team.interaction(ANN)["interaction_id"]
    assert team.act(agents[0], "reject", interaction).status_code == 204
    assert ringing(team, ANN) == agents[1]
    assert team.offers(agents[0]) == []
    assert db.get(table.agent(agents[0]))["state"] == "online"


def test_logging_out_while_it_rings_is_no_missed_ring(team: Team, agents: list[str]) -> None:
    team.text(ANN)
    team.step(ANN)
    team.presence(agents[0], "offline")
    assert ringing(team, ANN) == agents[1]
    assert db.get(table.agent(agents[0]))["state"] == "offline"


def test_who_falls_silent_while_it_rings_is_offline_and_has_missed_no_ring(team: Team, agents: list[str]) -> None:
    team.later(50)
    team.text(ANN)
    team.step(ANN)
    assert ringing(team, ANN) == agents[0]
    team.later(16)
    team.step(ANN)
    assert db.get(table.agent(agents[0]))["state"] == "online", "as when they come back"
    assert team.desk(agents[0])["presence"]["state"] == "online"


def test_two_waiting_and_one_coming_free_gives_the_older_first(team: Team, agents: list[str]) -> None:
    for agent in agents:
        team.presence(agent, "offline")
    for address in (ANN, BOB):
        team.text(address)
        team.step(address)
    assert (ringing(team, ANN), ringing(team, BOB)) == (None, None)
    team.presence(agents[1], "online")
    assert (ringing(team, ANN), ringing(team, BOB)) == (agents[1], None)
    assert team.act(agents[1], "accept", team.interaction(ANN)["interaction_id"]).status_code == 200
    assert ringing(team, BOB) == agents[1], "accepting frees the ring for the next"


def test_a_newcomer_does_not_overtake(team: Team) -> None:
    agent = team.agent("Ann", capacity=1)
    queue = team.queue(agent, strategy="rrmemory")
    team.plan({"app": "queue", "queue_id": queue, "timeout": 300})
    for address in (ANN, BOB, CARL):
        team.text(address)
        team.step(address)
    first, second, third = (team.interaction(a)["interaction_id"] for a in (ANN, BOB, CARL))
    team.act(agent, "accept", first)
    team.act(agent, "close", first)
    assert team.offers(agent) == [second]
    team.act(agent, "accept", second)
    team.act(agent, "close", second)
    assert team.offers(agent) == [third]


def test_everybody_not_responding_leaves_the_text_to_the_end_of_the_round(team: Team) -> None:
    agent = team.agent("Ann")
    queue = team.queue(agent, strategy="rrmemory", agent_timeout=15)
    team.plan({"app": "queue", "queue_id": queue, "timeout": 40})
    team.text(ANN)
    team.step(ANN)
    team.later(16)
    step = team.step(ANN)
    assert (step["wait"], step["seconds"], ringing(team, ANN)) == ("plan_queue", 24, None)
    team.presence(agent, "online")
    assert ringing(team, ANN) == agent, "going online again ends not responding"


def test_a_late_timer_after_the_answer_does_nothing(team: Team, agents: list[str]) -> None:
    team.text(ANN)
    team.step(ANN)
    interaction = team.interaction(ANN)["interaction_id"]
    team.act(agents[0], "accept", interaction)
    team.later(100)
    before = team.interaction(ANN)
    assert team.step(ANN)["wait"] == "done"
    assert team.interaction(ANN) == before


def test_an_early_timer_changes_nothing(team: Team, agents: list[str]) -> None:
    team.text(ANN)
    team.step(ANN)
    team.later(3)
    before = team.interaction(ANN)
    assert team.step(ANN)["seconds"] == 12
    assert team.interaction(ANN) == before
