"""A wrongly closed interaction is opened again, unless the customer has begun a newer one."""

import json
from typing import Any

import pytest

from chalicelib.store import db, table
from tests.calls import before
from tests.team import Team, executions

ANN = "+15005550010"


@pytest.fixture
def closed(team: Team) -> tuple[str, str, str]:
    """Two agents; the first has closed the customer's interaction with a disposition."""
    owner, colleague = team.agent("Ann"), team.agent("Bob")
    team.plan({"app": "queue", "queue_id": team.queue(owner, colleague), "timeout": 30})
    sold = team.must("admin", "POST", "/dispositions", {"name": "Sold"})["id"]
    team.text(ANN)
    team.step(ANN)
    interaction = team.interaction(ANN)["interaction_id"]
    team.act(owner, "accept", interaction)
    assert team.act(owner, "close", interaction, {"disposition": sold}).status_code == 200
    return owner, colleague, interaction


def code(answer: Any) -> tuple[int, str]:
    return answer.status_code, json.loads(answer.body)["code"]


def listed(team: Team, status: str) -> list[str]:
    path = f"/sms/interactions?account_id={team.account['id']}&status={status}"
    return [one["id"] for one in team.must("admin", "GET", path)["data"]]


def test_the_last_owner_has_it_again(team: Team, closed: tuple[str, str, str]) -> None:
    owner, _, interaction = closed
    before_it = team.must("admin", "GET", f"/sms/interactions/{interaction}")
    team.later(60)
    team.desk(owner)
    after = team.must(owner, "POST", f"/sms/interactions/{interaction}/reopen")
    assert (after["status"], after["owner"], after["closed_at"], after["disposition"]) == ("open", owner, None, None)
    assert after["last_message_at"] == before_it["last_message_at"], "it is no message"
    assert (team.meta(ANN)["in_count"], after["unread_count"]) == (1, 0)
    event = f"Reopened by Ann; it was closed at {before_it['closed_at']} as Sold"
    assert event in team.events(interaction)
    assert (listed(team, "open"), listed(team, "closed")) == ([interaction], [])
    n = team.interaction(ANN)["n"]
    assert team.must(owner, "POST", f"/sms/interactions/{interaction}/reopen") == after
    assert team.interaction(ANN)["n"] == n
    team.text(ANN, "Hello again")
    assert executions()[-1] == f"{interaction}-2", "the next text finds the owner without a tab"
    assert team.step(ANN)["wait"] == "assigned_agent"


def test_a_supervisor_gives_it_back_to_the_last_owner(team: Team, closed: tuple[str, str, str]) -> None:
    owner, _, interaction = closed
    assert team.must("admin", "POST", f"/sms/interactions/{interaction}/reopen")["owner"] == owner
    assert any(event.startswith("Reopened by a supervisor;") for event in team.events(interaction))
    assert [one["id"] for one in team.desk(owner)["interactions"]] == [interaction]
    assert team.act(owner, "close", interaction).status_code == 200


@pytest.mark.parametrize("how", ["taken off", "deleted"])
def test_without_the_last_owner_it_is_offered_to_everybody(team: Team, closed: tuple[str, str, str], how: str) -> None:
    owner, colleague, interaction = closed
    if how == "deleted":
        team.must("admin", "DELETE", f"/agents/{owner}")
    else:
        team.must("admin", "POST", f"/sms/accounts/{team.account['id']}/agents", {"remove": [owner]})
    after = team.must("admin", "POST", f"/sms/interactions/{interaction}/reopen")
    assert (after["owner"], after["status"], after["stage"]) == (None, "open", "none")
    assert team.offers(colleague) == [interaction]
    assert team.act(colleague, "accept", interaction).status_code == 200
    assert team.interaction(ANN)["owner"] == colleague


def test_what_the_plan_closed_unread_is_offered_to_the_owner(team: Team) -> None:
    owner = team.agent("Ann")
    team.plan({"app": "queue", "queue_id": team.queue(owner), "timeout": 30}, {"app": "close"})
    team.text(ANN)
    team.step(ANN)
    interaction = team.interaction(ANN)["interaction_id"]
    team.act(owner, "accept", interaction)
    team.act(owner, "leave", interaction)
    team.text(ANN, "Hello again")
    for _ in range(4):
        team.step(ANN)
        team.later(31)
    meta = team.interaction(ANN)
    assert (meta["status"], meta["unread_count"], meta["last_owner"]) == ("closed", 1, owner)
    team.must("admin", "POST", f"/sms/interactions/{interaction}/reopen")
    assert team.step(ANN)["wait"] == "assigned_agent"


def test_who_did_not_have_it_last_may_not(team: Team, closed: tuple[str, str, str]) -> None:
    _, colleague, interaction = closed
    assert code(team.act(colleague, "reopen", interaction)) == (409, "not-owner")
    outsider = team.agent("Out", on_account=False)
    assert code(team.act(outsider, "reopen", interaction)) == (404, "not-found")
    assert team.interaction(ANN)["status"] == "closed"


def test_not_while_the_customer_has_a_newer_one_open_or_closed(team: Team, closed: tuple[str, str, str]) -> None:
    owner, _, interaction = closed
    team.text(ANN, "One more thing")
    newer = team.interaction(ANN)["interaction_id"]
    refused = team.act(owner, "reopen", interaction)
    assert code(refused) == (409, "newer-interaction")
    assert json.loads(refused.body)["interaction_id"] == newer
    team.step(ANN)
    team.act(owner, "accept", newer)
    team.act(owner, "close", newer)
    assert code(team.act(owner, "reopen", interaction)) == (409, "newer-interaction")
    assert team.must(owner, "POST", f"/sms/interactions/{newer}/reopen")["status"] == "open"


def test_a_text_that_comes_first_keeps_it_closed(team: Team, closed: tuple[str, str, str]) -> None:
    owner, _, interaction = closed
    with before("TransactWriteItems", lambda: team.text(ANN, "One more thing")):
        refused = team.act(owner, "reopen", interaction)
    assert code(refused) == (409, "newer-interaction")
    meta = db.get(table.meta(interaction)) or {}
    assert (meta["status"], meta.get("owner")) == ("closed", None)
    assert list(db.query_all(table.agent(owner)["pk"], "I#")) == []


def test_a_text_that_comes_second_joins_what_was_reopened(team: Team, closed: tuple[str, str, str]) -> None:
    owner, _, interaction = closed
    reopen = f"/sms/interactions/{interaction}/reopen"
    with before("TransactWriteItems", lambda: team.must(owner, "POST", reopen)):
        assert team.text(ANN, "One more thing").status_code == 200
    assert team.interaction(ANN)["interaction_id"] == interaction
    assert [line["text"] for line in team.thread(interaction) if line.get("direction") == "in"] == [
        "Hello",
        "One more thing",
    ]
    assert team.step(ANN)["wait"] == "assigned_agent"
