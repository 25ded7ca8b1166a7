"""A text soon after the close opens the same interaction again, for whoever had it last, whatever races with it."""

import pytest

from chalicelib.store import conversations, db, table
from tests.calls import before, counted
from tests.team import Team, executions

ANN = "+15005550010"
HOUR = 3600


@pytest.fixture
def agent(team: Team) -> str:
    team.open_account(reopen_hours=24)
    agent = team.agent("Ann")
    team.plan({"app": "queue", "queue_id": team.queue(agent), "timeout": 30})
    return agent


def closed(team: Team, agent: str) -> str:
    """The agent has answered and closed it, with a disposition."""
    disposition = team.must("admin", "POST", "/dispositions", {"name": f"Done {team.now}"})["id"]
    team.text(ANN)
    team.step(ANN)
    interaction: str = team.interaction(ANN)["interaction_id"]
    assert team.act(agent, "accept", interaction).status_code == 200
    assert team.act(agent, "close", interaction, {"disposition": disposition}).status_code == 200
    assert team.interaction(ANN)["disposition"]
    return interaction


def test_by_default_a_text_after_the_close_begins_a_new_one(team: Team) -> None:
    team.open_account()
    assert team.account["reopen_hours"] == 0
    agent = team.agent("Ann")
    team.plan({"app": "queue", "queue_id": team.queue(agent), "timeout": 30})
    interaction = closed(team, agent)
    team.text(ANN)
    assert team.interaction(ANN)["interaction_id"] != interaction


def test_it_is_open_again_and_its_last_owner_is_asked(team: Team, agent: str) -> None:
    interaction = closed(team, agent)
    team.later(23 * HOUR)
    team.presence(agent, "online")
    team.text(ANN, "One more thing")
    meta = team.interaction(ANN)
    assert (meta["interaction_id"], meta["status"], meta["owner"], meta["unread_count"]) == (
        interaction,
        "open",
        agent,
        1,
    )
    assert not {"closed_at", "disposition", "tab"} & set(meta)
    assert team.events(interaction)[-1] == "Reopened: a text came within 24 h of the close"
    team.step(ANN)
    assert team.interaction(ANN)["stage"] == "assigned_agent"
    assert team.offers(agent) == [interaction]
    assert team.act(agent, "accept", interaction).status_code == 200
    assert [line["text"] for line in team.thread(interaction) if "direction" in line] == ["Hello", "One more thing"]
    assert executions() == [f"{interaction}-1", f"{interaction}-2"]


def test_too_late_it_is_a_new_one(team: Team, agent: str) -> None:
    interaction = closed(team, agent)
    team.later(24 * HOUR)
    team.text(ANN)
    assert team.interaction(ANN)["interaction_id"] != interaction
    assert (conversations.get(interaction) or {})["status"] == "closed"


def test_it_costs_what_a_returning_text_costs(team: Team, agent: str) -> None:
    closed(team, agent)
    with counted() as calls:
        team.text(ANN)
    assert calls == ["BatchGetItem", "TransactWriteItems", "StartExecution"]


def test_what_the_plan_closed_is_reopened_too(team: Team, agent: str) -> None:
    team.plan({"app": "close", "disposition": None})
    team.text(ANN)
    team.step(ANN)
    interaction = team.interaction(ANN)["interaction_id"]
    assert team.interaction(ANN)["status"] == "closed"
    team.plan({"app": "queue", "queue_id": team.queue(agent), "timeout": 30})
    team.text(ANN, "But")
    team.step(ANN)
    meta = team.interaction(ANN)
    assert (meta["interaction_id"], meta["status"], meta["stage"]) == (interaction, "open", "plan_queue")


def test_an_owner_who_was_deleted_is_not_asked(team: Team, agent: str) -> None:
    interaction = closed(team, agent)
    assert team.call("admin", "DELETE", f"/agents/{agent}").status_code == 204
    team.text(ANN, "One more thing")
    team.step(ANN)
    meta = team.interaction(ANN)
    assert (meta["interaction_id"], meta["status"], meta.get("owner")) == (interaction, "open", None)
    assert [text for text in team.events(interaction) if "was deleted" in text] != []


def test_a_stop_does_not_reopen_and_is_not_reopened(team: Team, agent: str) -> None:
    interaction = closed(team, agent)
    team.text(ANN, "STOP")
    stop = team.interaction(ANN)
    assert (stop["interaction_id"] != interaction, stop["status"]) == (True, "closed")
    team.text(ANN, "Sorry, one more thing")
    meta = team.interaction(ANN)
    assert meta["interaction_id"] not in (interaction, stop["interaction_id"])
    assert meta["status"] == "open"


def test_an_account_that_is_switched_off_shows_it_unassigned(team: Team, agent: str) -> None:
    interaction = closed(team, agent)
    path = f"/sms/accounts/{team.account['id']}"
    team.must("admin", "PATCH", path, {"enabled": False}, **{"If-Match": '"1"'})
    team.text(ANN)
    meta = team.interaction(ANN)
    assert (meta["interaction_id"], meta["status"], meta["stage"], meta.get("owner")) == (
        interaction,
        "open",
        "none",
        None,
    )
    assert db.get(table.own(agent, interaction)) is None


@pytest.mark.parametrize("hours", [-1, 73, 1.5, None])
def test_hours_beyond_three_days_are_refused(team: Team, hours: object) -> None:
    path = f"/sms/accounts/{team.account['id']}"
    assert team.call("admin", "PATCH", path, {"reopen_hours": hours}, **{"If-Match": '"1"'}).status_code == 422


class TestAtOnce:
    """Somebody else is first."""

    def test_two_texts(self, team: Team, agent: str) -> None:
        interaction = closed(team, agent)
        with before("TransactWriteItems", lambda: team.text(ANN, "first")):
            team.text(ANN, "second")
        assert team.interaction(ANN)["interaction_id"] == interaction
        texts = [line["text"] for line in team.thread(interaction) if "direction" in line]
        assert texts == ["Hello", "first", "second"]
        assert sum("Reopened" in event for event in team.events(interaction)) == 1

    def test_the_same_text_twice(self, team: Team, agent: str) -> None:
        interaction = closed(team, agent)
        with before("TransactWriteItems", lambda: team.text(ANN, "again", sid="SM-again")):
            team.text(ANN, "again", sid="SM-again")
        texts = [line["text"] for line in team.thread(interaction) if "direction" in line]
        assert texts == ["Hello", "again"]

    def test_a_new_interaction(self, team: Team, agent: str) -> None:
        """The window was taken away meanwhile, elsewhere."""
        interaction = closed(team, agent)

        def elsewhere() -> None:
            path = f"/sms/accounts/{team.account['id']}"
            team.must("admin", "PATCH", path, {"reopen_hours": 0}, **{"If-Match": '"1"'})
            team.text(ANN, "new")

        with before("TransactWriteItems", elsewhere):
            team.text(ANN, "late")
        meta = team.interaction(ANN)
        assert meta["interaction_id"] != interaction
        assert [line["text"] for line in team.thread(meta["interaction_id"]) if "direction" in line] == ["new", "late"]
        assert (conversations.get(interaction) or {})["status"] == "closed"

    def test_the_close(self, team: Team, agent: str) -> None:
        team.text(ANN)
        team.step(ANN)
        interaction = team.interaction(ANN)["interaction_id"]
        assert team.act(agent, "accept", interaction).status_code == 200
        with before("TransactWriteItems", lambda: team.act(agent, "close", interaction, {})):
            team.text(ANN, "late")
        meta = team.interaction(ANN)
        assert (meta["interaction_id"], meta["status"], meta["owner"]) == (interaction, "open", agent)
