"""Owners go: logged out, taken off the account, deleted. What is theirs finds somebody, and nothing rings at nobody."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.routing import departures
from chalicelib.routing.match import match
from chalicelib.store import db, table
from chalicelib.store.transaction import Transaction
from tests.calls import before
from tests.team import Team, executions

ANN = "+15005550010"
BEN = "+15005550011"
Go = Callable[[Team, str], Any]


def taken_off(team: Team, agent: str) -> Any:
    return team.must("admin", "POST", f"/sms/accounts/{team.account['id']}/agents", {"remove": [agent]})


def deleted(team: Team, agent: str) -> Any:
    return team.must("admin", "DELETE", f"/agents/{agent}")


GOES = pytest.mark.parametrize("go", [taken_off, deleted])


def head(agent: str) -> dict[str, Any]:
    found = db.get(table.agent(agent))
    assert found
    return found


@pytest.fixture
def pair(team: Team) -> tuple[str, str, str]:
    """Two agents in the beepall queue of the plan; the first has the customer in a tab. And the interaction."""
    rule = {"enabled": True, "timeout": 30}
    team.open_account(transfer={"agent": rule, "queue": rule})
    owner, colleague = team.agent("Ann"), team.agent("Bob")
    team.plan({"app": "queue", "queue_id": team.queue(owner, colleague), "timeout": 30})
    team.text(ANN)
    team.step(ANN)
    interaction = team.interaction(ANN)["interaction_id"]
    assert team.act(owner, "accept", interaction).status_code == 200
    return owner, colleague, interaction


def test_an_owner_who_logged_out_is_waited_for_then_their_queue(team: Team, pair: tuple[str, str, str]) -> None:
    owner, colleague, interaction = pair
    team.presence(owner, "offline")
    team.text(ANN, "Hello again")
    step = team.step(ANN)
    assert (step["wait"], step["seconds"]) == ("assigned_agent", 10)
    team.presence(owner, "online")
    assert team.offers(owner) == [interaction], "the offer shows when the owner comes back"
    team.later(10.001)
    assert team.step(ANN)["wait"] == "assigned_queue"
    team.presence(colleague, "online")
    assert team.offers(colleague) == [interaction]


@GOES
def test_the_next_text_to_an_owner_who_is_gone_skips_them_and_asks_their_queue(
    team: Team, pair: tuple[str, str, str], go: Go
) -> None:
    owner, colleague, interaction = pair
    go(team, owner)
    meta = team.interaction(ANN)
    assert (meta["owner"], head(owner)["open_count"]) == (owner, 0), "still theirs until the customer writes"
    team.text(ANN, "Hello again")
    assert executions()[-1] == f"{interaction}-2", "nobody sees the tab, so routing is asked for"
    step = team.step(ANN)
    assert (step["wait"], step["seconds"]) == ("assigned_queue", 10)
    meta = team.interaction(ANN)
    assert (meta.get("owner"), meta["last_owner"]) == (None, owner)
    why = "Ann was deleted" if go is deleted else "Ann is not on this account any more"
    assert f"Assigned agent skipped: {why}" in team.events(interaction)
    assert team.offers(colleague) == [interaction]
    assert team.act(colleague, "accept", interaction).status_code == 200


@GOES
def test_without_a_queue_of_theirs_the_plan_begins(team: Team, go: Go) -> None:
    owner, colleague = team.agent("Ann"), team.agent("Bob")
    team.plan({"app": "agent", "agent_id": colleague, "timeout": 30})
    team.text(ANN)
    interaction = team.interaction(ANN)["interaction_id"]
    team.tokens["boss"] = team.must("admin", "POST", "/tokens", {"name": "b", "role": "supervisor", "agent_id": owner})[
        "secret"
    ]
    team.must("boss", "POST", f"/sms/interactions/{interaction}/take")
    go(team, owner)
    team.text(ANN, "Hello again")
    assert team.step(ANN)["wait"] == "plan_agent"
    assert team.offers(colleague) == [interaction]


@GOES
def test_what_is_unread_in_the_tab_looks_for_somebody_at_once(team: Team, pair: tuple[str, str, str], go: Go) -> None:
    owner, colleague, interaction = pair
    team.text(ANN, "Are you there?")
    go(team, owner)
    assert executions()[-1] == f"{interaction}-2"
    assert "tab" not in team.interaction(ANN) or go is deleted
    assert team.step(ANN)["wait"] == "assigned_queue"
    assert team.offers(colleague) == [interaction]


def test_a_text_between_the_removal_and_the_closing_of_the_tab_is_not_shown_to_nobody(
    team: Team, pair: tuple[str, str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    owner, colleague, _ = pair
    with monkeypatch.context() as died:
        died.setattr(departures, "finish", lambda *_: None)
        taken_off(team, owner)
    assert team.interaction(ANN)["tab"] == head(owner)["session"]
    team.text(ANN, "Hello again")
    assert team.step(ANN)["wait"] == "assigned_queue"
    assert head(owner)["open_count"] == 0
    assert team.offers(colleague)


@pytest.mark.parametrize("how", ["the due list", "the same call again"])
def test_a_removal_that_was_cut_off_is_finished(
    team: Team, pair: tuple[str, str, str], monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    owner, _, interaction = pair
    team.text(ANN, "Are you there?")
    with monkeypatch.context() as died:
        died.setattr(departures, "finish", lambda *_: None)
        taken_off(team, owner)
    if how == "the due list":
        assert team.reconcile()["finds"] == 0, "not before its time"
        team.later(31)
        assert team.reconcile()["finds"] == 1
    else:
        assert taken_off(team, owner)["removed"] == []
    assert executions()[-1] == f"{interaction}-2"
    assert head(owner)["open_count"] == 0
    assert db.get(table.departure(owner, team.account["id"])) is None


def test_a_deletion_that_was_cut_off_is_finished(
    team: Team, pair: tuple[str, str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    owner, _, interaction = pair
    team.text(ANN, "Are you there?")
    with monkeypatch.context() as died:
        died.setattr("chalicelib.routing.presence.end_silent", lambda *_: None)
        deleted(team, owner)
    assert [one["agent_id"] for one in team.must("admin", "GET", "/tokens")["data"] if one["agent_id"] == owner]
    team.later(31)
    team.reconcile()
    assert executions()[-1] == f"{interaction}-2"
    assert [one for one in team.must("admin", "GET", "/tokens")["data"] if one["agent_id"] == owner] == []
    assert "due_at" not in head(owner)


@GOES
@pytest.mark.parametrize("strategy", ["rrmemory", "least_recent"])
def test_a_ring_goes_on_to_the_next(team: Team, go: Go, strategy: str) -> None:
    first, second = team.agent("Ann"), team.agent("Bob")
    team.plan({"app": "queue", "queue_id": team.queue(first, second, strategy=strategy), "timeout": 60})
    team.text(ANN)
    team.step(ANN)
    assert team.interaction(ANN)["ring_agent"] == first
    go(team, first)
    meta = team.interaction(ANN)
    assert meta["ring_agent"] == second
    assert "ringing" not in head(first)
    assert any("Ann was deleted" in e or "Ann is not on this account" in e for e in team.events(meta["interaction_id"]))


@pytest.mark.parametrize("how", ["directly", "with the team", "with its team", "as it ends"])
def test_who_leaves_the_queue_while_it_rings_hands_the_ring_on(team: Team, how: str) -> None:
    first, second = team.agent("Ann"), team.agent("Bob")
    group = team.must("admin", "POST", "/teams", {"name": "T"})["id"]
    if how == "directly":
        queue = team.queue(first, second, strategy="rrmemory")
    else:
        queue = team.queue(strategy="rrmemory")
        team.must("admin", "POST", f"/teams/{group}/agents", {"add": [first]})
        team.must("admin", "POST", f"/sms/queues/{queue}/agents", {"add_teams": [group]})
        team.later(1)
        team.must("admin", "POST", f"/sms/queues/{queue}/agents", {"add": [second]})
    team.plan({"app": "queue", "queue_id": queue, "timeout": 60})
    team.text(ANN)
    team.step(ANN)
    assert team.interaction(ANN)["ring_agent"] == first
    if how == "with the team":
        team.must("admin", "POST", f"/sms/queues/{queue}/agents", {"remove_teams": [group]})
    elif how == "as it ends":
        team.must("admin", "DELETE", f"/teams/{group}")
    else:
        of = f"/sms/queues/{queue}" if how == "directly" else f"/teams/{group}"
        team.must("admin", "POST", f"{of}/agents", {"remove": [first]})
    meta = team.interaction(ANN)
    assert meta["ring_agent"] == second
    assert "ringing" not in head(first)
    assert "Ann left the queue while it rang" in team.events(meta["interaction_id"])


@GOES
def test_who_goes_while_it_is_decided_to_ring_them_is_not_rung(team: Team, go: Go) -> None:
    """What they leave has been seen to by then, so nobody would release the ring."""
    first = team.agent("Ann", online=False)
    queue = team.queue(first, strategy="rrmemory")
    team.plan({"app": "queue", "queue_id": queue, "timeout": 60})
    team.text(ANN)
    team.step(ANN)
    Transaction().update(table.agent(first), put={"state": "online", "seen_at": team.now}).commit()
    with before("TransactWriteItems", lambda: go(team, first)):
        match([queue], team.now)
    assert "ring_agent" not in team.interaction(ANN)
    assert "ringing" not in head(first)


@GOES
def test_who_goes_while_it_is_decided_to_ask_them_is_not_asked(team: Team, pair: tuple[str, str, str], go: Go) -> None:
    owner, colleague, interaction = pair
    team.act(owner, "leave", interaction)
    team.text(ANN, "Hello again")
    with before("TransactWriteItems", lambda: go(team, owner)):
        assert team.step(ANN)["wait"] == "assigned_queue"
    assert db.get(table.directed(owner, interaction)) is None
    assert team.offers(colleague) == [interaction]


@GOES
def test_an_offer_to_the_last_owner_ends_with_them(team: Team, pair: tuple[str, str, str], go: Go) -> None:
    owner, colleague, interaction = pair
    team.act(owner, "leave", interaction)
    team.text(ANN, "Hello again")
    assert team.step(ANN)["wait"] == "assigned_agent"
    go(team, owner)
    assert db.get(table.directed(owner, interaction)) is None
    assert team.step(ANN)["wait"] == "assigned_queue"
    assert team.offers(colleague) == [interaction]
    assert "Ann did not answer in time" not in team.events(interaction)


@GOES
def test_a_hand_over_to_somebody_who_goes_comes_back_at_once(team: Team, pair: tuple[str, str, str], go: Go) -> None:
    owner, colleague, interaction = pair
    team.act(owner, "transfer", interaction, {"agent_id": colleague})
    team.step(ANN)
    go(team, colleague)
    assert team.step(ANN)["wait"] == "done"
    meta = team.interaction(ANN)
    assert (meta["owner"], meta["stage"], meta["unread"]) == (owner, "none", True)
    assert any(event.startswith("Transfer not possible, Bob") for event in team.events(interaction))


@GOES
def test_a_hand_over_by_somebody_who_goes_can_be_accepted(team: Team, pair: tuple[str, str, str], go: Go) -> None:
    owner, colleague, interaction = pair
    team.act(owner, "transfer", interaction, {"agent_id": colleague})
    team.step(ANN)
    go(team, owner)
    assert head(owner)["open_count"] == 0
    assert team.act(colleague, "accept", interaction).status_code == 200
    meta = team.interaction(ANN)
    assert (meta["owner"], meta["last_owner"]) == (colleague, owner)


@pytest.mark.parametrize("go", [taken_off, deleted, lambda team, agent: team.presence(agent, "offline")])
def test_a_hand_over_that_fails_does_not_go_back_to_nobody(team: Team, pair: tuple[str, str, str], go: Go) -> None:
    """An owner who is logged out is asked like any owner; one who is gone is skipped."""
    owner, colleague, interaction = pair
    team.act(owner, "transfer", interaction, {"agent_id": colleague})
    team.step(ANN)
    team.text(ANN, "Hello?")
    go(team, owner)
    assert team.act(colleague, "reject", interaction).status_code == 204
    wait = team.step(ANN)["wait"]
    assert wait == ("assigned_queue" if go in (taken_off, deleted) else "assigned_agent")
    assert any(event.startswith("Transfer rejected, and Ann is not there") for event in team.events(interaction))


def test_the_conversations_of_other_accounts_are_left_alone(team: Team, pair: tuple[str, str, str]) -> None:
    owner, _, interaction = pair
    first = team.account
    team.open_account()
    team.must("admin", "POST", f"/sms/accounts/{team.account['id']}/agents", {"add": [owner]})
    taken_off(team, owner)
    team.account = first
    assert (team.interaction(ANN)["tab"], head(owner)["open_count"]) == (head(owner)["session"], 1)
    assert [one["id"] for one in team.desk(owner)["interactions"]] == [interaction]


def test_who_is_on_the_account_again_keeps_the_tab(team: Team, pair: tuple[str, str, str]) -> None:
    """The finish of a removal comes after the agent has been put back."""
    owner, _, _ = pair
    path = f"/sms/accounts/{team.account['id']}/agents"
    with before("Query", lambda: team.must("admin", "POST", path, {"add": [owner]})):
        taken_off(team, owner)
    assert (team.interaction(ANN)["tab"], head(owner)["open_count"]) == (head(owner)["session"], 1)


def test_the_slot_that_came_free_rings_for_another_account(team: Team) -> None:
    agent = team.agent("Ann", capacity=1)
    queue = team.queue(agent, strategy="rrmemory")
    team.plan({"app": "queue", "queue_id": queue, "timeout": 300})
    team.text(ANN)
    team.step(ANN)
    team.act(agent, "accept", team.interaction(ANN)["interaction_id"])
    first = team.account
    team.open_account()
    team.must("admin", "POST", f"/sms/accounts/{team.account['id']}/agents", {"add": [agent]})
    team.plan({"app": "queue", "queue_id": queue, "timeout": 300})
    team.text(BEN)
    team.step(BEN)
    assert "ring_agent" not in team.interaction(BEN)
    second, team.account = team.account, first
    taken_off(team, agent)
    team.account = second
    assert team.interaction(BEN)["ring_agent"] == agent


def test_a_deleted_agents_token_is_refused_and_the_thread_keeps_the_name(
    team: Team, pair: tuple[str, str, str]
) -> None:
    owner, _, interaction = pair
    deleted(team, owner)
    team.later(26)
    team._forget()
    assert team.call(owner, "GET", "/sms/desk").status_code == 401
    assert json.loads(team.call("admin", "DELETE", f"/agents/{owner}").body)["code"] == "not-found"
    team.text(ANN, "Hello again")
    team.step(ANN)
    assert "Assigned agent skipped: Ann was deleted" in team.events(interaction)
