"""Numbers that get no texts, and numbers whose texts reach nobody, as people decide."""

import json
from typing import Any

import pytest

from chalicelib.store import db, table
from tests.calls import before, counted
from tests.team import Team, executions

ANN, BEN = "+15005550010", "+15005550011"


@pytest.fixture
def agent(team: Team) -> str:
    agent = team.agent("Ann")
    token = {"name": "Boss", "role": "supervisor", "agent_id": team.agent("Boss")}
    team.tokens["boss"] = team.must("admin", "POST", "/tokens", token)["secret"]
    team.plan({"app": "queue", "queue_id": team.queue(agent), "timeout": 30})
    return agent


def opt(team: Team, state: str, address: str = ANN) -> Any:
    body = {"account_id": team.account["id"], "address": address, "state": state}
    return team.must("boss", "POST", "/sms/optouts", body)


def ledger(team: Team, **query: str) -> Any:
    asked = "&".join(f"{name}={value}" for name, value in {"account_id": team.account["id"], **query}.items())
    return team.must("boss", "GET", f"/sms/optouts?{asked}")


def block(team: Team, *add: str, remove: tuple[str, ...] = ()) -> Any:
    path = f"/sms/accounts/{team.account['id']}/blocked"
    return team.must("boss", "POST", path, {"add": list(add), "remove": list(remove)})


def blocked(team: Team) -> list[str]:
    listed = team.must("boss", "GET", f"/sms/accounts/{team.account['id']}/blocked")["data"]
    return [one["address"] for one in listed]


def taken(team: Team, agent: str) -> str:
    team.text(ANN)
    team.step(ANN)
    interaction: str = team.interaction(ANN)["interaction_id"]
    assert team.act(agent, "accept", interaction).status_code == 200
    return interaction


def reply(team: Team, agent: str, interaction: str) -> tuple[int, str | None]:
    team.now += 1
    path = f"/sms/interactions/{interaction}/messages"
    answer = team.call(agent, "POST", path, {"text": "Hello"}, **{"Idempotency-Key": str(team.now)})
    return answer.status_code, json.loads(answer.body).get("code")


class TestOptOuts:
    def test_the_ledger_says_who_said_so(self, team: Team, agent: str) -> None:
        team.text(BEN, "STOP")
        told = opt(team, "out")
        assert (told["state"], told["source"], told["account_id"]) == ("out", "person", team.account["id"])
        assert told["author"]
        rows = ledger(team)["data"]
        assert [(row["address"], row["state"], row["source"]) for row in rows] == [
            (ANN, "out", "person"),
            (BEN, "out", "customer"),
        ]
        assert rows[1]["author"] is None

    def test_the_ledger_comes_in_pages(self, team: Team, agent: str) -> None:
        for number in range(3):
            opt(team, "out", f"+1500555020{number}")
        first = ledger(team, limit="2")
        rest = ledger(team, limit="2", cursor=first["page"]["next_cursor"])
        assert [row["address"][-1] for row in first["data"] + rest["data"]] == ["0", "1", "2"]
        assert rest["page"]["has_more"] is False

    def test_no_text_goes_to_a_number_that_was_opted_out(self, team: Team, agent: str) -> None:
        interaction = taken(team, agent)
        opt(team, "out")
        assert reply(team, agent, interaction) == (409, "opted-out")
        assert team.events(interaction)[-1] == "Opted out by Boss: it gets no texts"
        opt(team, "in")
        assert team.events(interaction)[-1] == "Opted in by Boss: it gets texts again"
        assert reply(team, agent, interaction)[0] == 201

    def test_saying_it_twice_says_it_once(self, team: Team, agent: str) -> None:
        interaction = taken(team, agent)
        assert opt(team, "out") == opt(team, "out")
        assert sum("Opted out" in event for event in team.events(interaction)) == 1

    def test_the_customers_own_stop_stays_theirs(self, team: Team, agent: str) -> None:
        team.text(ANN, "STOP")
        assert opt(team, "out")["source"] == "customer"

    def test_numbers_are_written_as_texts_name_them(self, team: Team, agent: str) -> None:
        assert opt(team, "out", "+1 (500) 555-0010")["address"] == ANN
        assert opt(team, "out", "INFOBANK")["address"] == "INFOBANK"

    @pytest.mark.parametrize("address", ["", " ", "a\nb", "x" * 65, None])
    def test_what_is_no_number_is_refused(self, team: Team, agent: str, address: object) -> None:
        body = {"account_id": team.account["id"], "address": address, "state": "out"}
        assert team.call("boss", "POST", "/sms/optouts", body).status_code == 422

    def test_agents_may_not(self, team: Team, agent: str) -> None:
        body = {"account_id": team.account["id"], "address": ANN, "state": "out"}
        assert team.call(agent, "POST", "/sms/optouts", body).status_code == 403
        assert team.call(agent, "GET", f"/sms/optouts?account_id={team.account['id']}").status_code == 403

    def test_a_text_that_comes_meanwhile_loses_nothing(self, team: Team, agent: str) -> None:
        interaction = taken(team, agent)
        with before("TransactWriteItems", lambda: team.text(ANN, "More")):
            opt(team, "out")
        assert team.events(interaction)[-1].startswith("Opted out")
        assert [line["text"] for line in team.thread(interaction) if "direction" in line] == ["Hello", "More"]


class TestBlocked:
    def test_its_texts_are_stored_and_reach_nobody(self, team: Team, agent: str) -> None:
        assert block(team, ANN) == {"added": [ANN], "removed": []}
        team.text(BEN)
        with counted() as calls:
            team.text(ANN, "Buy this")
        meta = team.interaction(ANN)
        assert (meta["status"], meta["unread_count"]) == ("closed", 0)
        assert team.events(meta["interaction_id"]) == ["Not routed: the number is blocked"]
        assert calls == ["BatchGetItem", "TransactWriteItems"]
        assert [name.rpartition("-")[0] for name in executions()] == [team.interaction(BEN)["interaction_id"]]

    def test_a_text_that_comes_while_it_is_blocked_is_stored_and_reaches_nobody(self, team: Team, agent: str) -> None:
        with before("TransactWriteItems", lambda: block(team, ANN)):
            team.text(ANN, "Buy this")
        assert team.interaction(ANN)["status"] == "closed"
        with before("TransactWriteItems", lambda: team.text(BEN, "Buy this")):
            block(team, BEN)
        assert team.interaction(BEN)["status"] == "closed"
        assert [len(team.thread(team.interaction(one)["interaction_id"])) for one in (ANN, BEN)] == [2, 2]

    def test_in_an_open_interaction_they_are_read(self, team: Team, agent: str) -> None:
        interaction = taken(team, agent)
        block(team, ANN)
        team.text(ANN, "Buy this")
        meta = team.interaction(ANN)
        assert (meta["interaction_id"], meta["owner"], meta["unread_count"]) == (interaction, agent, 0)
        assert team.events(interaction)[-1] == "The number was blocked by Boss"
        team.presence(agent, "offline")
        assert team.interaction(ANN)["stage"] == "none"
        assert team.act(agent, "close", interaction, {}).status_code == 200

    @pytest.mark.parametrize("strategy", ["beepall", "rrmemory"])
    def test_what_waits_is_closed_and_whoever_rang_is_free(self, team: Team, agent: str, strategy: str) -> None:
        team.plan({"app": "queue", "queue_id": team.queue(agent, strategy=strategy), "timeout": 30})
        for address in (ANN, BEN):
            team.text(address)
            team.step(address)
        since = team.desk(agent)["next"]
        run = team.interaction(ANN)["run"]
        block(team, ANN)
        meta = team.interaction(ANN)
        assert (meta["status"], meta["stage"], meta["unread_count"], meta["run"]) == ("closed", "none", 0, run)
        assert team.events(meta["interaction_id"])[-1] == "The number was blocked by Boss: closed"
        assert [offer["address"] for offer in team.desk(agent, since)["offers"]] == [BEN]
        assert team.step(ANN)["wait"] == "done"

    def test_what_nobody_took_is_closed(self, team: Team, agent: str) -> None:
        team.plan()
        team.text(ANN)
        team.step(ANN)
        block(team, ANN)
        assert team.interaction(ANN)["status"] == "closed"
        assert team.offers(agent) == []

    def test_an_owner_who_is_being_asked_back_is_asked_no_more(self, team: Team, agent: str) -> None:
        interaction = taken(team, agent)
        team.act(agent, "leave", interaction)
        team.text(ANN)
        team.step(ANN)
        block(team, ANN)
        assert (team.interaction(ANN)["status"], team.offers(agent)) == ("closed", [])
        assert db.get(table.own(agent, interaction)) is None

    def test_nothing_is_sent_to_it_until_it_is_let_through(self, team: Team, agent: str) -> None:
        interaction = taken(team, agent)
        block(team, ANN)
        assert reply(team, agent, interaction) == (409, "blocked")
        assert block(team, remove=(ANN,)) == {"added": [], "removed": [ANN]}
        assert team.events(interaction)[-1] == "The number was unblocked by Boss"
        assert reply(team, agent, interaction)[0] == 201
        team.text(ANN, "Thanks")
        assert team.interaction(ANN)["unread_count"] == 1

    def test_a_stop_of_it_is_written_down_and_not_answered(self, team: Team, agent: str) -> None:
        team.open_account(opt_out_reply="desk")
        block(team, ANN)
        team.text(ANN, "STOP")
        row = db.get(table.opt_out(team.account["id"], ANN)) or {}
        assert (row["state"], "blocked_at" in row) == ("out", True)
        thread = team.thread(team.interaction(ANN)["interaction_id"])
        assert [line for line in thread if line.get("direction") == "out"] == []

    def test_the_list_has_those_that_are_blocked(self, team: Team, agent: str) -> None:
        opt(team, "out", "+15005550012")
        block(team, BEN, ANN, ANN)
        assert (blocked(team), block(team, ANN)["added"]) == ([ANN, BEN], [])
        block(team, remove=(ANN, "+15005550013"))
        assert blocked(team) == [BEN]
        assert [row["address"] for row in ledger(team)["data"]] == ["+15005550012"]

    def test_it_is_blocked_on_this_account_only(self, team: Team, agent: str) -> None:
        block(team, ANN)
        team.open_account()
        team.text(ANN)
        assert (team.interaction(ANN)["status"], blocked(team)) == ("open", [])

    def test_a_number_on_both_sides_is_refused(self, team: Team, agent: str) -> None:
        path = f"/sms/accounts/{team.account['id']}/blocked"
        answer = team.call("boss", "POST", path, {"add": [ANN], "remove": [ANN]})
        assert (answer.status_code, blocked(team)) == (422, [])

    def test_a_text_that_comes_meanwhile_is_closed_with_the_rest(self, team: Team, agent: str) -> None:
        team.text(ANN)
        team.step(ANN)
        with before("TransactWriteItems", lambda: team.text(ANN, "More")):
            block(team, ANN)
        meta = team.interaction(ANN)
        assert (meta["status"], meta["unread_count"], meta["read_n"]) == ("closed", 0, 3)
