"""Handing over: the owner keeps it until somebody accepts, and gets it back when nobody does."""

import json
from typing import Any

import pytest

from chalicelib.store import db, table
from tests.team import Team

ANN = "+15005550010"
BOTH = {"agent": {"enabled": True, "timeout": 30}, "queue": {"enabled": True, "timeout": 20}}


@pytest.fixture
def pair(team: Team) -> tuple[str, str, str]:
    """An owner with an open interaction, a colleague, and the interaction."""
    team.open_account(transfer=BOTH)
    owner, colleague = team.agent("Ann"), team.agent("Bob")
    team.plan({"app": "queue", "queue_id": team.queue(owner), "timeout": 30})
    team.text(ANN)
    team.step(ANN)
    interaction = team.interaction(ANN)["interaction_id"]
    assert team.act(owner, "accept", interaction).status_code == 200
    return owner, colleague, interaction


def code(answer: Any) -> tuple[int, str]:
    return answer.status_code, json.loads(answer.body)["code"]


def test_to_an_agent_who_accepts(team: Team, pair: tuple[str, str, str]) -> None:
    owner, colleague, interaction = pair
    assert team.act(owner, "transfer", interaction, {"agent_id": colleague, "note": "VIP"}).status_code == 200
    step = team.step(ANN)
    assert (step["wait"], step["seconds"]) == ("transfer", 30)
    assert team.interaction(ANN)["owner"] == owner
    offer = team.desk(colleague)["offers"][0]
    assert (offer["stage"], offer["note"], offer["from_agent"]) == ("transfer", "VIP", owner)
    assert team.act(colleague, "accept", interaction).status_code == 200
    assert team.interaction(ANN)["owner"] == colleague
    assert team.desk(owner)["interactions"] == []
    assert [db.get(table.agent(a))["open_count"] for a in (owner, colleague)] == [0, 1]
    assert team.step(ANN)["wait"] == "done"


@pytest.mark.parametrize("how", ["rejected", "timed out"])
def test_what_nobody_takes_comes_back_as_unread(team: Team, pair: tuple[str, str, str], how: str) -> None:
    owner, colleague, interaction = pair
    team.act(owner, "transfer", interaction, {"agent_id": colleague})
    team.step(ANN)
    if how == "rejected":
        assert team.act(colleague, "reject", interaction).status_code == 204
    else:
        team.later(30.001)
    assert team.step(ANN)["wait"] == "done"
    mine = team.desk(owner)["interactions"][0]
    assert (mine["id"], mine["owner"], mine["read"], mine["stage"]) == (interaction, owner, False, "none")
    assert team.desk(colleague)["offers"] == []
    assert db.get(table.agent(colleague))["state"] == "online", "a transfer makes nobody not responding"


def test_to_a_queue_the_owner_is_left_out(team: Team, pair: tuple[str, str, str]) -> None:
    owner, colleague, interaction = pair
    queue = team.queue(owner, colleague, strategy="rrmemory")
    assert team.act(owner, "transfer", interaction, {"queue_id": queue}).status_code == 200
    assert team.step(ANN)["wait"] == "transfer"
    assert team.interaction(ANN)["ring_agent"] == colleague
    assert team.act(colleague, "accept", interaction).status_code == 200
    assert team.interaction(ANN)["owner"] == colleague


def test_a_ring_that_is_missed_in_a_transfer_makes_nobody_not_responding(
    team: Team, pair: tuple[str, str, str]
) -> None:
    owner, colleague, interaction = pair
    queue = team.queue(colleague, strategy="rrmemory", agent_timeout=10)
    team.act(owner, "transfer", interaction, {"queue_id": queue})
    team.step(ANN)
    for _ in range(2):
        team.later(10.001)
        team.step(ANN)
    assert db.get(table.agent(colleague))["state"] == "online"
    assert (team.interaction(ANN)["owner"], team.interaction(ANN)["stage"]) == (owner, "none")


def test_a_patch_of_one_toggle_keeps_the_default_times(team: Team, pair: tuple[str, str, str]) -> None:
    path = f"/sms/accounts/{team.account['id']}"
    version = team.must("admin", "GET", path)["version"]
    changed = team.must(
        "admin", "PATCH", path, {"transfer": {"queue": {"enabled": True}}}, **{"If-Match": str(version)}
    )
    assert changed["transfer"] == {
        "agent": {"enabled": False, "timeout": 30},
        "queue": {"enabled": True, "timeout": 30},
    }


def test_the_owner_may_write_and_take_back(team: Team, pair: tuple[str, str, str]) -> None:
    owner, colleague, interaction = pair
    team.act(owner, "transfer", interaction, {"agent_id": colleague})
    team.step(ANN)
    path = f"/sms/interactions/{interaction}"
    team.must(owner, "POST", f"{path}/messages", {"text": "One moment"}, **{"Idempotency-Key": "k"})
    assert team.interaction(ANN)["stage"] == "transfer"
    assert team.call(owner, "DELETE", f"{path}/transfer").status_code == 200
    assert team.desk(colleague)["offers"] == []
    assert (team.interaction(ANN)["owner"], team.step(ANN)["wait"]) == (owner, "done")
    late = team.act(colleague, "accept", interaction)
    assert code(late) == (409, "offer-taken")


def test_a_text_during_a_transfer_joins_the_thread(team: Team, pair: tuple[str, str, str]) -> None:
    owner, colleague, interaction = pair
    team.act(owner, "transfer", interaction, {"agent_id": colleague})
    team.step(ANN)
    team.text(ANN, "Hello?")
    assert team.interaction(ANN)["stage"] == "transfer"
    assert team.thread(interaction)[-1]["text"] == "Hello?"


def test_what_is_not_allowed_says_why(team: Team, pair: tuple[str, str, str]) -> None:
    owner, colleague, interaction = pair
    outsider = team.agent("Out", on_account=False)
    assert code(team.act(owner, "transfer", interaction, {"agent_id": outsider})) == (409, "not-on-account")
    team.presence(colleague, "paused", "lunch")
    assert code(team.act(owner, "transfer", interaction, {"agent_id": colleague})) == (409, "not-online")
    assert code(team.act(colleague, "transfer", interaction, {"agent_id": owner})) == (409, "not-owner")
    assert team.act(owner, "transfer", interaction, {}).status_code == 422
    path = f"/sms/accounts/{team.account['id']}"
    off = {"transfer": {"agent": {"enabled": False}, "queue": {"enabled": True}}}
    version = team.must("admin", "GET", path)["version"]
    team.must("admin", "PATCH", path, off, **{"If-Match": f'"{version}"'})
    team._forget()
    assert code(team.act(owner, "transfer", interaction, {"agent_id": colleague})) == (409, "transfer-disabled")


def handed_over_and_left(team: Team, pair: tuple[str, str, str]) -> tuple[str, str]:
    """While a queue has it, another text comes and the owner closes the tab; answers owner and interaction."""
    owner, colleague, interaction = pair
    queue = team.queue(colleague, strategy="rrmemory", agent_timeout=15)
    assert team.act(owner, "transfer", interaction, {"queue_id": queue}).status_code == 200
    team.step(ANN)
    team.text(ANN, "Hello?")
    before = list(db.query_all(table.queue(queue)["pk"], "W#"))
    assert team.act(owner, "leave", interaction).status_code == 200
    assert list(db.query_all(table.queue(queue)["pk"], "W#")) == before
    assert team.interaction(ANN)["stage"] == "transfer"
    return owner, interaction


def test_an_owner_who_leaves_meanwhile_is_asked_when_it_comes_back_unread(
    team: Team, pair: tuple[str, str, str]
) -> None:
    owner, interaction = handed_over_and_left(team, pair)
    team.later(20.001)
    assert team.step(ANN)["wait"] == "assigned_agent"
    assert team.offers(owner) == [interaction]
    assert team.act(owner, "accept", interaction).status_code == 200


def test_an_owner_who_leaves_and_takes_it_back_is_asked(team: Team, pair: tuple[str, str, str]) -> None:
    owner, interaction = handed_over_and_left(team, pair)
    assert team.call(owner, "DELETE", f"/sms/interactions/{interaction}/transfer").status_code == 200
    assert team.step(ANN)["wait"] == "assigned_agent"
    assert team.offers(owner) == [interaction]


def test_an_owner_who_logs_out_meanwhile_leaves_nothing_unread_behind(team: Team, pair: tuple[str, str, str]) -> None:
    owner, colleague, interaction = pair
    team.act(owner, "transfer", interaction, {"agent_id": colleague})
    team.step(ANN)
    team.text(ANN, "Hello?")
    team.presence(owner, "offline")
    team.later(30.001)
    assert team.step(ANN)["wait"] == "assigned_agent"
    team.later(10.001)
    team.step(ANN)
    assert team.interaction(ANN).get("owner") is None, "it goes on to the others"
