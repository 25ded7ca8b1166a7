"""Whoever comes free, in whatever way, is rung at once for who has waited longest; and is counted rightly meanwhile."""

import json

import pytest

from chalicelib.store import db, table
from tests.team import Team

ANN, BOB = "+15005550010", "+15005550011"
BOTH = {"agent": {"enabled": True, "timeout": 30}, "queue": {"enabled": True, "timeout": 30}}


@pytest.fixture
def one(team: Team) -> str:
    """The only agent of a round-robin queue (15 s a ring) that the plan asks for 40 s, with one slot."""
    team.must("admin", "PATCH", f"/sms/accounts/{team.account['id']}", {"transfer": BOTH}, **{"If-Match": '"1"'})
    agent = team.agent("One", capacity=1)
    queue = team.queue(agent, strategy="rrmemory", agent_timeout=15)
    team.plan({"app": "queue", "queue_id": queue, "timeout": 40})
    return agent


def arrives(team: Team, address: str) -> str:
    """A text comes and its routing begins; answers the interaction."""
    team.text(address)
    team.step(address)
    return team.interaction(address)["interaction_id"]


def rung(team: Team, agent: str) -> str | None:
    return db.get(table.agent(agent)).get("ringing")


def test_what_an_owner_gets_again_is_open_once(team: Team, one: str) -> None:
    """A supervisor's own agent takes it while offline; a new text then finds nobody there, and is offered to them."""
    team.presence(one, "offline")
    token = {"name": "Boss", "role": "supervisor", "agent_id": one}
    team.tokens["boss"] = team.must("admin", "POST", "/tokens", token)["secret"]
    ann = arrives(team, ANN)
    assert team.act("boss", "take", ann).status_code == 200
    arrives(team, ANN)
    assert team.interaction(ANN)["stage"] == "assigned_agent"
    team.presence(one, "online")
    assert team.act(one, "accept", ann).status_code == 200
    assert db.get(table.agent(one))["open_count"] == 1


def test_an_owner_who_takes_what_they_hand_over_has_it_open_once(team: Team, one: str) -> None:
    token = {"name": "Boss", "role": "supervisor", "agent_id": one}
    team.tokens["boss"] = team.must("admin", "POST", "/tokens", token)["secret"]
    ann = arrives(team, ANN)
    team.act(one, "accept", ann)
    team.act(one, "transfer", ann, {"agent_id": team.agent("Other")})
    team.step(ANN)
    assert team.act("boss", "take", ann).status_code == 200
    assert db.get(table.agent(one))["open_count"] == 1
