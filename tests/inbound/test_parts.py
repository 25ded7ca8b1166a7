"""Parts of a long text that come one by one are one line, whatever comes twice, late, in disorder or at once."""

import json
from typing import Any
from urllib.parse import urlsplit

import pytest

from chalicelib.inbound import keywords
from chalicelib.store import db, table
from tests.calls import before, counted
from tests.team import Team, executions

ANN, BEN = "+15005550010", "+15005550011"
ONE, TWO, THREE = "It began on Monday, ", "and by Tuesday the whole ", "street was under water."


@pytest.fixture
def agent(team: Team) -> str:
    team.open_account(type="csctelecom", credentials={"api_key": "key"}, base_url="https://sms.example.com")
    agent = team.agent("Ann")
    team.plan({"app": "queue", "queue_id": team.queue(agent), "timeout": 30})
    return agent


def document(text: str, number: int, total: int, **more: Any) -> dict[str, Any]:
    segment = {"message": text, "msgRefNum": 34, "sequenceSize": total, "sequenceNumber": number}
    return {"originatingAddress": ANN, "destinationAddress": "+15005550006", "segmentedMessage": segment, **more}


def post(team: Team, body: dict[str, Any], account: dict[str, Any] | None = None) -> None:
    team.now += 1
    path = urlsplit((account or team.account)["receive_url"]).path.removeprefix("/api")
    headers = {"Content-Type": "application/json"}
    answer = team._client.http.request("POST", path, headers=headers, body=json.dumps(body).encode())
    assert answer.status_code == 200, answer.body


def part(team: Team, text: str, number: int, total: int = 3, *, mark: str | None = None, **more: Any) -> None:
    """A part comes; `mark` is the provider's id."""
    post(team, document(text, number, total, id=mark or f"{text[:6]}-{number}", **more))


def texts(team: Team, address: str = ANN) -> list[str]:
    return [line["text"] for line in team.thread(team.interaction(address)["interaction_id"]) if "direction" in line]


def taken(team: Team, agent: str) -> str:
    """The first part has come, and the agent has it open in a tab, read."""
    part(team, ONE, 1)
    team.step(ANN)
    interaction: str = team.interaction(ANN)["interaction_id"]
    assert team.act(agent, "accept", interaction).status_code == 200
    return interaction


def test_parts_are_shown_as_they_come_and_end_as_one_text(team: Team, agent: str) -> None:
    seen = []
    for text, number in ((ONE, 1), (TWO, 2), (THREE, 3)):
        part(team, text, number)
        seen.append(texts(team))
    assert seen == [[ONE + "…"], [ONE + TWO + "…"], [ONE + TWO + THREE]]
    meta = team.interaction(ANN)
    assert (meta["n"], meta["last_in_n"], meta["unread_count"], meta["in_count"]) == (1, 1, 1, 1)


def test_parts_out_of_order_stand_in_order_with_a_mark_for_each_gap(team: Team, agent: str) -> None:
    part(team, THREE, 4, 5)
    assert texts(team) == ["…" + THREE + "…"]
    part(team, ONE, 1, 5)
    part(team, "!", 5, 5)
    assert texts(team) == [ONE + "…" + THREE + "!"]
    part(team, TWO, 2, 5)
    part(team, "and ", 3, 5)
    assert texts(team) == [ONE + TWO + "and " + THREE + "!"]


def test_routing_starts_with_the_first_part_and_once(team: Team, agent: str) -> None:
    for text, number in ((TWO, 2), (ONE, 1), (THREE, 3)):
        part(team, text, number)
    interaction = team.interaction(ANN)["interaction_id"]
    assert executions() == [f"{interaction}-1"]


def test_a_routing_that_was_not_started_is_started_by_the_next_part(team: Team, agent: str) -> None:
    part(team, ONE, 1)
    with counted() as calls:
        part(team, TWO, 2)
    assert calls == ["BatchGetItem", "BatchGetItem", "TransactWriteItems", "StartExecution"]


def test_a_whole_text_costs_what_it_did(team: Team, agent: str) -> None:
    part(team, "warms the caches", 1)
    body = {"id": "whole", "from": BEN, "to": "+15005550006", "text": "Hello"}
    with counted() as new:
        post(team, body)
    assert new == ["BatchGetItem", "TransactWriteItems", "StartExecution"]


@pytest.mark.parametrize("named", [True, False], ids=["with ids", "without ids"])
def test_a_part_posted_twice_counts_once(team: Team, agent: str, named: bool) -> None:
    for text, number in ((ONE, 1), (ONE, 1), (TWO, 2), (ONE, 1), (TWO, 2), (THREE, 3), (THREE, 3)):
        post(team, document(text, number, 3) | ({"id": f"part-{number}"} if named else {}))
    assert texts(team) == [ONE + TWO + THREE]
    assert team.interaction(ANN)["version"] == 3


def test_a_part_that_the_network_repeats_under_another_id_counts_once(team: Team, agent: str) -> None:
    part(team, ONE, 1, mark="first")
    part(team, ONE, 1, mark="again")
    assert texts(team) == [ONE + "…"]


def test_equal_parts_under_one_id_are_parts(team: Team, agent: str) -> None:
    for number in (1, 2):
        part(team, "ha" * 70, number, 2, mark="the-whole-text")
    assert texts(team) == ["ha" * 140]


def test_equal_parts_without_ids_are_parts(team: Team, agent: str) -> None:
    for number in (1, 2):
        post(team, document("ha" * 70, number, 2))
    assert texts(team) == ["ha" * 140]


def test_another_text_under_a_number_is_a_new_message(team: Team, agent: str) -> None:
    part(team, ONE, 1, 2)
    part(team, TWO, 2, 2)
    part(team, "Something else, ", 1, 2)
    part(team, "later.", 2, 2)
    assert texts(team) == [ONE + TWO, "Something else, later."]


def test_the_reference_of_another_sender_or_account_or_length_is_another_text(team: Team, agent: str) -> None:
    part(team, ONE, 1, 2)
    part(team, "From Ben, ", 1, 2, originatingAddress=BEN)
    part(team, "a text of three ", 1, 3)
    first = team.account
    team.open_account(type="csctelecom", credentials={"api_key": "key"}, base_url="https://sms.example.com")
    part(team, TWO, 2, 2)
    assert texts(team) == ["…" + TWO]
    team.account = first
    assert texts(team) == [ONE + "…", "a text of three …"]
    assert texts(team, BEN) == ["From Ben, …"]


def test_more_than_an_hour_later_it_is_a_new_text(team: Team, agent: str) -> None:
    part(team, ONE, 1, 2)
    team.later(3601)
    part(team, TWO, 2, 2)
    assert texts(team) == [ONE + "…", "…" + TWO]


def test_parts_that_make_no_sense_stand_alone(team: Team, agent: str) -> None:
    post(team, document("beyond ", 3, 2))
    post(team, document("too many ", 1, 256))
    post(team, document("none ", 0, 2))
    part(team, "x" * 161, 1, 2)
    assert texts(team) == ["beyond ", "too many ", "none ", "x" * 161]


def test_a_stop_is_a_stop_only_as_a_whole_text(team: Team, agent: str) -> None:
    assert keywords.classify("STOP") == "stop"
    part(team, "STOP", 2, 2)
    part(team, "Please tell them to ", 1, 2)
    meta = team.interaction(ANN)
    assert (meta["status"], meta["unread_count"]) == ("open", 1)
    assert db.get(table.opt_out(team.account["id"], ANN)) is None


def test_a_part_of_a_closed_interaction_begins_a_new_one(team: Team, agent: str) -> None:
    interaction = taken(team, agent)
    assert team.act(agent, "close", interaction, {}).status_code == 200
    part(team, TWO, 2)
    assert (team.interaction(ANN)["interaction_id"] != interaction, texts(team)) == (True, ["…" + TWO + "…"])
    part(team, THREE, 3)
    assert texts(team) == ["…" + TWO + THREE]
    assert [line["text"] for line in team.thread(interaction) if "direction" in line] == [ONE + "…"]


class TestDesks:
    """What agents see of a text that grows."""

    def test_a_tab_gets_the_line_again_and_it_is_unread(self, team: Team, agent: str) -> None:
        interaction = taken(team, agent)
        cursor = team.desk(agent)["next"]
        assert team.desk(agent, cursor) is None
        part(team, TWO, 2)
        news = team.desk(agent, cursor)
        assert [line["text"] for line in news["lines"][interaction]] == [ONE + TWO + "…"]
        (shown,) = news["interactions"]
        assert (shown["read"], shown["unread_count"]) == (False, 1)
        assert team.act(agent, "close", interaction, {}).status_code == 409
        assert team.act(agent, "read", interaction, {"n": 1}).status_code == 200
        assert team.interaction(ANN)["unread_count"] == 0
        part(team, THREE, 3)
        news = team.desk(agent, news["next"])
        assert [line["text"] for line in news["lines"][interaction]] == [ONE + TWO + THREE]

    def test_later_texts_are_counted_with_it(self, team: Team, agent: str) -> None:
        interaction = taken(team, agent)
        post(team, {"id": "other", "from": ANN, "text": "Are you there?"})
        team.act(agent, "read", interaction, {"n": team.interaction(ANN)["n"]})
        part(team, TWO, 2)
        meta = team.interaction(ANN)
        assert (meta["unread_count"], meta["read_n"], meta["last_preview"]) == (2, 0, "Are you there?")

    def test_an_answer_stays_the_last_message(self, team: Team, agent: str) -> None:
        interaction = taken(team, agent)
        path = f"/sms/interactions/{interaction}/messages"
        assert team.call(agent, "POST", path, {"text": "Go on"}, **{"Idempotency-Key": "1"}).status_code == 201
        part(team, TWO, 2)
        meta = team.interaction(ANN)
        assert (meta["last_direction"], meta["last_preview"], meta["unread_count"]) == ("out", "Go on", 1)

    def test_an_owner_who_has_closed_the_tab_is_asked_back(self, team: Team, agent: str) -> None:
        interaction = taken(team, agent)
        assert team.act(agent, "leave", interaction).status_code == 200
        part(team, TWO, 2)
        team.step(ANN)
        meta = team.interaction(ANN)
        assert (meta["stage"], meta["offered_to"], meta["began_n"]) == ("assigned_agent", agent, 1)
        assert team.desk(agent)["offers"][0]["preview"] == ONE + TWO + "…"

    def test_an_owner_who_logged_out_is_asked_back(self, team: Team, agent: str) -> None:
        taken(team, agent)
        team.presence(agent, "offline")
        part(team, TWO, 2)
        assert team.interaction(ANN)["stage"] == "starting"

    @pytest.mark.parametrize("strategy", ["beepall", "rrmemory"])
    def test_an_offer_shows_what_has_come(self, team: Team, agent: str, strategy: str) -> None:
        team.plan({"app": "queue", "queue_id": team.queue(agent, strategy=strategy), "timeout": 30})
        part(team, TWO, 2)
        team.step(ANN)
        desk = team.desk(agent)
        assert [offer["preview"] for offer in desk["offers"]] == ["…" + TWO + "…"]
        part(team, ONE, 1)
        news = team.desk(agent, desk["next"])
        assert [offer["preview"] for offer in news["offers"]] == [ONE + TWO + "…"]

    def test_what_nobody_took_shows_what_has_come(self, team: Team, agent: str) -> None:
        team.plan()
        part(team, TWO, 2)
        team.step(ANN)
        desk = team.desk(agent)
        part(team, ONE, 1)
        assert [offer["preview"] for offer in team.desk(agent, desk["next"])["offers"]] == [ONE + TWO + "…"]
        assert team.interaction(ANN)["stage"] == "none"

    def test_an_offer_keeps_the_text_that_began_it(self, team: Team, agent: str) -> None:
        post(team, {"id": "first", "from": ANN, "text": "Hello"})
        team.step(ANN)
        part(team, TWO, 2)
        part(team, ONE, 1)
        assert [offer["preview"] for offer in team.desk(agent)["offers"]] == ["Hello"]


class TestAtOnce:
    """Somebody else writes at the worst moment."""

    def test_two_parts_that_are_first(self, team: Team, agent: str) -> None:
        with before("TransactWriteItems", lambda: part(team, TWO, 2)):
            part(team, ONE, 1)
        part(team, THREE, 3)
        assert texts(team) == [ONE + TWO + THREE]
        assert team.interaction(ANN)["n"] == 1

    def test_two_parts_that_join(self, team: Team, agent: str) -> None:
        part(team, ONE, 1)
        with before("TransactWriteItems", lambda: part(team, TWO, 2)):
            part(team, THREE, 3)
        assert texts(team) == [ONE + TWO + THREE]

    def test_the_same_part_twice(self, team: Team, agent: str) -> None:
        part(team, ONE, 1)
        with before("TransactWriteItems", lambda: part(team, TWO, 2)):
            part(team, TWO, 2)
        assert texts(team) == [ONE + TWO + "…"]

    def test_a_close(self, team: Team, agent: str) -> None:
        interaction = taken(team, agent)
        with before("TransactWriteItems", lambda: team.act(agent, "close", interaction, {})):
            part(team, TWO, 2)
        assert (team.meta(ANN)["interaction_id"] != interaction, texts(team)) == (True, ["…" + TWO + "…"])

    def test_the_owner_logs_out(self, team: Team, agent: str) -> None:
        taken(team, agent)
        with before("TransactWriteItems", lambda: team.presence(agent, "offline")):
            part(team, TWO, 2)
        assert (team.interaction(ANN)["stage"], texts(team)) == ("starting", [ONE + TWO + "…"])

    def test_the_owner_reads(self, team: Team, agent: str) -> None:
        interaction = taken(team, agent)
        part(team, "Another, ", 1, 2)
        assert team.interaction(ANN)["unread_count"] == 1
        with before("TransactWriteItems", lambda: team.act(agent, "read", interaction, {"n": 4})):
            part(team, "longer.", 2, 2)
        meta = team.interaction(ANN)
        assert (meta["unread_count"], meta["read_n"]) == (1, 3)


def test_the_header_of_a_short_message_names_the_part(team: Team) -> None:
    team.open_account(type="clickatell", credentials={"api_key": "key"})
    for number, text in ((2, TWO), (1, ONE)):
        post(
            team,
            {
                "integrationName": "Desk",
                "messageId": "an-earlier-text",
                "replyMessageId": f"part-{number}",
                "fromNumber": ANN.removeprefix("+"),
                "toNumber": "15005550006",
                "timestamp": "1506607698000",
                "text": text,
                "charset": "UTF-8",
                "udh": f"0500032A020{number}",
            },
        )
    assert texts(team) == [ONE + TWO]
