"""Whoever comes free, in whatever way, is rung at once for who has waited longest; and is counted rightly meanwhile."""

import json

import pytest

from chalicelib.routing.match import match, match_agent
from chalicelib.store import db, table
from chalicelib.store.transaction import Transaction
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


def test_more_capacity_is_room_for_who_waits(team: Team, one: str) -> None:
    team.act(one, "accept", arrives(team, ANN))
    waits = arrives(team, BOB)
    assert rung(team, one) is None
    team.must("admin", "PATCH", f"/agents/{one}", {"capacity": 2}, **{"If-Match": '"1"'})
    assert rung(team, one) == waits


def test_a_round_that_ends_lets_go_of_who_was_rung(team: Team, one: str) -> None:
    """Its plan gives the first text 10 s, the second waits in another queue of the same agent."""
    first, second = (team.queue(one, strategy="rrmemory", agent_timeout=15) for _ in range(2))
    team.plan({"app": "queue", "queue_id": first, "timeout": 10})
    ann = arrives(team, ANN)
    team.plan({"app": "queue", "queue_id": second, "timeout": 40})
    bob = arrives(team, BOB)
    assert rung(team, one) == ann
    team.later(10.001)
    assert team.step(ANN)["wait"] == "done"
    assert rung(team, one) == bob


def test_who_hands_over_has_a_slot_again(team: Team, one: str) -> None:
    ann = arrives(team, ANN)
    team.act(one, "accept", ann)
    waits = arrives(team, BOB)
    other = team.agent("Other")
    assert team.act(one, "transfer", ann, {"agent_id": other}).status_code == 200
    team.step(ANN)
    assert rung(team, one) is None
    assert team.act(other, "accept", ann).status_code == 200
    assert rung(team, one) == waits


def test_who_takes_back_lets_go_of_who_was_rung(team: Team, one: str) -> None:
    other = team.agent("Other")
    ann = arrives(team, ANN)
    team.act(one, "accept", ann)
    handed, waited = (team.queue(other, strategy="rrmemory", agent_timeout=15) for _ in range(2))
    team.act(one, "transfer", ann, {"queue_id": handed})
    team.step(ANN)
    team.plan({"app": "queue", "queue_id": waited, "timeout": 40})
    bob = arrives(team, BOB)
    assert rung(team, other) == ann
    assert team.call(one, "DELETE", f"/sms/interactions/{ann}/transfer").status_code == 200
    assert rung(team, other) == bob


def test_a_ring_may_still_be_answered_by_who_has_left_the_queue_meanwhile(team: Team, one: str) -> None:
    ann = arrives(team, ANN)
    queue = team.interaction(ANN)["queue_id"]
    key = table.member(queue, one)
    Transaction().delete(key).commit()  # the queue is left; the ring is about to be handed on
    answer = team.act(one, "accept", ann)
    assert answer.status_code == 200, answer.body


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


def test_the_owner_sees_how_a_hand_over_goes_on(team: Team, one: str) -> None:
    """The ring that ends sooner than the round is the owner's news, too."""
    ann = arrives(team, ANN)
    team.act(one, "accept", ann)
    other = team.agent("Other")
    queue = team.queue(other, strategy="rrmemory", agent_timeout=15)
    team.act(one, "transfer", ann, {"queue_id": queue})
    team.step(ANN)
    before = team.desk(one)
    team.later(15.001)
    team.step(ANN)
    news = team.desk(one, before["next"])
    assert news is not None
    assert news["interactions"] == team.desk(one)["interactions"]
    assert json.dumps(news["interactions"]) != json.dumps(before["interactions"])


def test_who_comes_free_is_rung_for_the_longest_wait_even_when_a_colleague_looks_first(team: Team, one: str) -> None:
    """Both are in one queue; in the other queue of who comes free a text waits longer, and weighs more."""
    colleague = team.agent("Two", online=False)
    shared = team.queue(one, colleague, strategy="rrmemory")
    alone = team.queue(one, strategy="rrmemory", weight=1)
    theirs = team.queue(colleague, strategy="rrmemory")
    team.presence(one, "offline")
    for queue, address in ((alone, ANN), (shared, BOB)):
        team.plan({"app": "queue", "queue_id": queue, "timeout": 600})
        arrives(team, address)
    Transaction().update(table.agent(one), put={"state": "online", "seen_at": team.now}).commit()
    match([theirs], team.now)
    assert rung(team, one) is None, "their own look comes next"
    match_agent(db.get(table.agent(one)), team.now)
    assert rung(team, one) == team.interaction(ANN)["interaction_id"]
