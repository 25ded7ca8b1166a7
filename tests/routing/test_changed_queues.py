"""A queue that is changed while texts wait in it: the next offer goes by how the queue is then."""

import json
from typing import Any

import pytest

from tests.calls import before
from tests.team import Team

ANN = "+15005550010"


@pytest.fixture
def agents(team: Team) -> list[str]:
    return [team.agent(name) for name in ("One", "Two")]


def waits(team: Team, agents: list[str], strategy: str, **fields: Any) -> tuple[str, str]:
    """A text in a queue of both agents that the plan asks for an hour; answers the queue and the interaction."""
    queue = team.queue(*agents, strategy=strategy, **fields)
    team.plan({"app": "queue", "queue_id": queue, "timeout": 3600})
    team.text(ANN)
    team.step(ANN)
    return queue, team.interaction(ANN)["interaction_id"]


def changed(team: Team, queue: str, **fields: Any) -> None:
    version = team.must("admin", "GET", f"/sms/queues/{queue}")["version"]
    team.must("admin", "PATCH", f"/sms/queues/{queue}", fields, **{"If-Match": f'"{version}"'})


def test_what_waits_for_its_turn_is_shown_to_all_once_the_queue_is_common(team: Team, agents: list[str]) -> None:
    for agent in agents:
        team.presence(agent, "paused", "Coffee")
    queue, interaction = waits(team, agents, "rrmemory")
    for agent in agents:
        team.presence(agent, "offline")
    changed(team, queue, strategy="beepall")
    team.presence(agents[1], "online")
    team.presence(agents[0], "online")
    assert [team.offers(agent) for agent in agents] == [[interaction], [interaction]]
    assert team.act(agents[0], "reject", interaction).status_code == 204
    assert [team.offers(agent) for agent in agents] == [[], [interaction]]
    assert team.act(agents[1], "accept", interaction).status_code == 200
    assert team.interaction(ANN)["accepted_queue"] == queue


def test_a_ring_goes_on_to_its_end_and_then_all_see_the_text(team: Team, agents: list[str]) -> None:
    queue, interaction = waits(team, agents, "rrmemory", agent_timeout=15)
    changed(team, queue, strategy="beepall")
    assert [team.offers(agent) for agent in agents] == [[interaction], []]
    refused = team.act(agents[1], "accept", interaction)
    assert (refused.status_code, json.loads(refused.body)["code"]) == (409, "not-offered")
    team.later(15.001)
    assert team.step(ANN)["wait"] == "plan_queue"
    assert team.offers(agents[1]) == [interaction]


def test_what_all_saw_rings_one_agent_at_once_when_the_queue_rings_in_turn(team: Team, agents: list[str]) -> None:
    queue, interaction = waits(team, agents, "beepall")
    seen = team.desk(agents[1])
    assert len(seen["offers"]) == 1
    changed(team, queue, strategy="rrmemory")
    assert team.interaction(ANN)["ring_agent"] == agents[0]
    assert team.desk(agents[1], seen["next"])["offers"] == []
    refused = team.act(agents[1], "accept", interaction)
    assert (refused.status_code, json.loads(refused.body)["code"]) == (409, "not-offered")
    assert team.act(agents[0], "accept", interaction).status_code == 200


def test_a_poll_does_not_skip_that_another_queue_comes_first(team: Team) -> None:
    agent = team.agent("One", capacity=1)
    _, older = waits(team, [agent], "beepall")
    other = team.queue(agent)
    team.plan({"app": "queue", "queue_id": other, "timeout": 3600})
    team.text("+15005550011")
    team.step("+15005550011")
    seen = team.desk(agent)
    assert [offer["interaction_id"] for offer in seen["offers"]] == [older]
    changed(team, other, weight=5)
    weighty = team.interaction("+15005550011")["interaction_id"]
    assert [offer["interaction_id"] for offer in team.desk(agent, seen["next"])["offers"]] == [weighty]


def test_a_queue_that_is_changed_while_a_text_comes_in_offers_it_all_the_same(team: Team, agents: list[str]) -> None:
    queue = team.queue(*agents, strategy="beepall")
    team.plan({"app": "queue", "queue_id": queue, "timeout": 3600})
    team.text(ANN)
    with before("TransactWriteItems", lambda: changed(team, queue, strategy="rrmemory")):
        team.step(ANN)
    assert team.interaction(ANN)["ring_agent"] == agents[0]
