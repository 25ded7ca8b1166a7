"""A sender that is a name cannot be written back to: the thread says so first, and nothing is sent to it."""

import json
from typing import Any

import pytest

from chalicelib.outbound.addresses import is_answerable
from tests.calls import counted
from tests.team import Team

NAME, EVENT = "DHL Parcel", "This sender is a name, not a number: it cannot be answered"
ANN = "+15005550010"


@pytest.fixture
def agent(team: Team) -> str:
    return team.agent("Ann")


def planned(team: Team, agent: str, *steps: dict[str, Any]) -> None:
    team.plan(*steps, {"app": "queue", "queue_id": team.queue(agent), "timeout": 30})


def reply(team: Team, agent: str, interaction: str) -> Any:
    path = f"/sms/interactions/{interaction}/messages"
    return team.call(agent, "POST", path, {"text": "Thanks"}, **{"Idempotency-Key": "1"})


@pytest.mark.parametrize("address", ["Amazon", "DHL Parcel", "57-MyCompany", "3M", "Ωμέγα"])
def test_a_name_cannot_be_answered(address: str) -> None:
    assert not is_answerable(address)


@pytest.mark.parametrize("address", ["+15005550010", "12345", "1-12345", "whatsapp:+15005550010", "+7708675309"])
def test_a_number_can_be_answered(address: str) -> None:
    assert is_answerable(address)


def test_the_thread_says_so_with_the_first_text_and_once(team: Team, agent: str) -> None:
    planned(team, agent)
    team.text(NAME, "Your parcel is on its way")
    team.text(NAME, "It is there")
    interaction = team.interaction(NAME)["interaction_id"]
    assert [line["text"] for line in team.thread(interaction)][:2] == ["Your parcel is on its way", EVENT]
    assert team.events(interaction).count(EVENT) == 1
    team.text(ANN)
    assert EVENT not in team.events(team.interaction(ANN)["interaction_id"])


def test_a_reply_is_refused_before_it_is_queued(team: Team, agent: str) -> None:
    planned(team, agent)
    team.text(NAME)
    team.step(NAME)
    interaction = team.interaction(NAME)["interaction_id"]
    for _ in range(2):
        answer = reply(team, agent, interaction)
        assert (answer.status_code, json.loads(answer.body)["code"]) == (409, "unanswerable")
        assert team.act(agent, "accept", interaction).status_code == 200  # offered still, then owned
    assert [line["direction"] for line in team.thread(interaction) if line["kind"] == "message"] == ["in"]


def test_the_plan_and_stop_answer_it_with_nothing(team: Team, agent: str) -> None:
    planned(team, agent, {"app": "auto_reply", "text": "We are on it", "times": "once"})
    team.text(NAME)
    team.step(NAME)
    interaction = team.interaction(NAME)["interaction_id"]
    assert "Plan: auto reply skipped, the sender cannot be answered" in team.events(interaction)
    path = f"/sms/accounts/{team.account['id']}/plan/simulate"
    given = {"at": "2026-01-05T10:00:00Z", "sender": NAME, "text": "Hi"}
    first = team.must("admin", "POST", path, given)["steps"][0]
    assert (first["runs"], first["reason"]) == (False, "the sender cannot be answered")
    version = team.must("admin", "GET", f"/sms/accounts/{team.account['id']}")["version"]
    account = f"/sms/accounts/{team.account['id']}"
    team.must("admin", "PATCH", account, {"opt_out_reply": "desk"}, **{"If-Match": f'"{version}"'})
    team.text(NAME, "STOP")
    assert [line for line in team.thread(interaction) if line.get("direction") == "out"] == []


def test_a_name_costs_no_call_more_than_a_number(team: Team, agent: str) -> None:
    planned(team, agent)
    team.text(ANN)
    costs = []
    for address in ("+15005550011", NAME):
        with counted() as calls:
            team.text(address)
        costs.append(len(calls))
    assert costs[0] == costs[1]
