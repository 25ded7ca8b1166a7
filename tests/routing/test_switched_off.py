"""An account that is switched off stores its texts, asks nobody, and sends nothing; on again, it goes on."""

import json
from typing import Any

import pytest

from chalicelib import config
from chalicelib.aws import client
from chalicelib.handlers import dispatch
from chalicelib.outbound import sending
from chalicelib.store import db, table
from tests.calls import before
from tests.team import Team, executions

ANN, BEN = "+15005550010", "+15005550011"
OFF = "Not routed: the account is switched off"


@pytest.fixture
def agent(team: Team) -> str:
    agent = team.agent("Ann")
    team.plan({"app": "queue", "queue_id": team.queue(agent), "timeout": 30})
    return agent


def switch(team: Team, enabled: bool, *, elsewhere: bool = False) -> None:
    """An admin switches the account; `elsewhere`: in another process than the one that goes on, which may know it."""
    path = f"/sms/accounts/{team.account['id']}"
    known = team.must("admin", "GET", path)
    after = team.must("admin", "PATCH", path, {"enabled": enabled}, **{"If-Match": f'"{known["version"]}"'})
    assert after["enabled"] is enabled
    if elsewhere:
        from chalicelib.store import accounts

        accounts._KNOWN.get(team.account["id"], team.now, lambda: {**db_account(team), "enabled": not enabled})


def db_account(team: Team) -> dict[str, Any]:
    return db.get(table.configuration("account", team.account["id"])) or {}


def offered(team: Team, address: str = ANN) -> str:
    team.text(address)
    team.step(address)
    interaction: str = team.interaction(address)["interaction_id"]
    return interaction


def taken(team: Team, agent: str) -> str:
    interaction = offered(team)
    assert team.act(agent, "accept", interaction).status_code == 200
    return interaction


def code(answer: Any) -> tuple[int, str]:
    return answer.status_code, json.loads(answer.body)["code"]


def reply(team: Team, agent: str, interaction: str, text: str = "Hello") -> Any:
    key = {"Idempotency-Key": text}
    return team.call(agent, "POST", f"/sms/interactions/{interaction}/messages", {"text": text}, **key)


def test_an_account_is_on_unless_it_is_switched_off(team: Team) -> None:
    assert team.account["enabled"] is True
    assert team.open_account(enabled=False)["enabled"] is False
    assert team.text(ANN).status_code == 200
    assert team.interaction(ANN)["stage"] == "none"


def test_a_text_is_stored_unassigned_with_the_reason(team: Team, agent: str) -> None:
    switch(team, False)
    assert team.text(ANN).status_code == 200
    meta = team.interaction(ANN)
    assert (meta["status"], meta["stage"], meta.get("owner"), meta["unread_count"]) == ("open", "none", None, 1)
    assert team.events(meta["interaction_id"]) == [OFF]
    assert executions() == []


def test_nothing_is_offered_and_nothing_accepted(team: Team, agent: str) -> None:
    switch(team, False)
    team.text(ANN)
    interaction = team.interaction(ANN)["interaction_id"]
    assert team.desk(agent)["offers"] == []
    assert code(team.act(agent, "accept", interaction)) == (409, "account-disabled")
    assert code(reply(team, agent, interaction)) == (409, "account-disabled")


def test_switched_on_again_the_oldest_is_offered_and_the_poll_tells(team: Team, agent: str) -> None:
    switch(team, False)
    for address in (ANN, BEN):
        team.text(address)
    since = team.desk(agent)["next"]
    switch(team, True)
    desk = team.desk(agent, since)
    assert [offer["address"] for offer in desk["offers"]] == [ANN]
    assert team.act(agent, "accept", desk["offers"][0]["interaction_id"]).status_code == 200
    assert [offer["address"] for offer in team.desk(agent)["offers"]] == [BEN]


@pytest.mark.parametrize("strategy", ["beepall", "rrmemory"])
def test_a_running_round_shows_nothing_and_ends(team: Team, agent: str, strategy: str) -> None:
    team.plan({"app": "queue", "queue_id": team.queue(agent, strategy=strategy), "timeout": 30})
    interaction = offered(team)
    since = team.desk(agent)["next"]
    switch(team, False)
    assert team.desk(agent, since)["offers"] == []
    assert code(team.act(agent, "accept", interaction)) == (409, "account-disabled")
    team.later(31)
    assert team.step(ANN)["wait"] == "done"
    assert team.interaction(ANN)["stage"] == "none"
    assert team.events(interaction)[-1] == OFF
    head = db.get(table.agent(agent)) or {}
    assert ("ringing" in head, head["state"]) == (False, "online")
    switch(team, True)
    assert team.offers(agent) == [interaction]


def test_a_round_that_outlasts_it_goes_on(team: Team, agent: str) -> None:
    team.presence(agent, "offline")
    team.plan({"app": "queue", "queue_id": team.queue(agent, strategy="rrmemory"), "timeout": 300})
    interaction = offered(team)
    switch(team, False)
    team.presence(agent, "online")
    assert "ringing" not in (db.get(table.agent(agent)) or {})
    switch(team, True)
    assert (db.get(table.agent(agent)) or {})["ringing"] == interaction


def test_whoever_does_not_know_yet_asks_and_the_machine_says_no(team: Team, agent: str) -> None:
    switch(team, False, elsewhere=True)
    team.text(ANN)
    assert team.interaction(ANN)["stage"] == "starting"
    assert team.step(ANN)["wait"] == "done"
    meta = team.interaction(ANN)
    assert (meta["stage"], team.events(meta["interaction_id"])) == ("none", [OFF])


def test_an_owner_with_the_tab_open_sees_the_text_and_cannot_answer(team: Team, agent: str) -> None:
    interaction = taken(team, agent)
    switch(team, False)
    team.text(ANN, "Are you there?")
    meta = team.interaction(ANN)
    assert (meta["owner"], meta["stage"], meta["unread_count"]) == (agent, "none", 1)
    assert code(reply(team, agent, interaction)) == (409, "account-disabled")


def test_an_owner_who_has_left_gives_it_up(team: Team, agent: str) -> None:
    interaction = taken(team, agent)
    team.act(agent, "leave", interaction)
    switch(team, False)
    for text in ("Are you there?", "Hello?"):
        team.text(ANN, text)
    meta = team.interaction(ANN)
    assert (meta.get("owner"), meta["last_owner"], meta["stage"], meta["unread_count"]) == (None, agent, "none", 2)
    assert db.get(table.own(agent, interaction)) is None
    assert len(list(db.query_all(table.account(team.account["id"])["pk"], "U#"))) == 1
    assert team.desk(agent)["interactions"] == []


def test_a_hand_over_goes_back(team: Team, agent: str) -> None:
    rule = {"enabled": True, "timeout": 30}
    team.open_account(transfer={"agent": rule, "queue": rule})
    agent, other = team.agent("Ann"), team.agent("Ben")
    team.plan({"app": "queue", "queue_id": team.queue(agent), "timeout": 30})
    interaction = taken(team, agent)
    assert team.act(agent, "transfer", interaction, {"agent_id": other}).status_code == 200
    switch(team, False)
    team.step(ANN)
    meta = team.interaction(ANN)
    assert (meta["owner"], meta["stage"], meta["unread"]) == (agent, "none", True)
    assert team.events(interaction)[-1].startswith("Transfer ended, the account is switched off")


def test_a_stop_is_written_down_and_not_answered(team: Team) -> None:
    account = team.open_account(opt_out_reply="desk")
    switch(team, False)
    team.text(ANN, "STOP")
    assert (db.get(table.opt_out(account["id"], ANN)) or {})["state"] == "out"
    thread = team.thread(team.interaction(ANN)["interaction_id"])
    assert [line["text"] for line in thread if line.get("direction") == "out"] == []


class Context:
    def get_remaining_time_in_millis(self) -> int:
        return 30_000


def send_all(team: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    def nothing(*_: Any, **__: Any) -> None:
        raise AssertionError("a provider was called")

    monkeypatch.setattr(sending, "way_out", lambda: type("Nothing", (), {"request": nothing, "post": nothing})())
    queue = config.settings().outbound_queue_url
    for message in client("sqs").receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", []):
        record = {"messageId": "m", "receiptHandle": message["ReceiptHandle"], "body": message["Body"]}
        assert dispatch.handle({"Records": [record]}, Context()) == {"batchItemFailures": []}


def test_what_is_queued_fails_with_the_reason_and_never_leaves(
    team: Team, agent: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    interaction = taken(team, agent)
    assert reply(team, agent, interaction).status_code == 201
    switch(team, False, elsewhere=True)
    send_all(team, monkeypatch)
    line = team.thread(interaction)[-1]
    assert (line["status"], line["status_code"]) == ("failed", "account_disabled")
    team._forget()
    path = f"/sms/interactions/{interaction}/messages/{line['id']}/retry"
    assert code(team.call(agent, "POST", path)) == (409, "account-disabled")
    switch(team, True)
    assert team.call(agent, "POST", path).status_code == 201


def test_a_test_text_is_refused(team: Team) -> None:
    switch(team, False)
    path = f"/sms/accounts/{team.account['id']}/check/text"
    assert code(team.call("admin", "POST", path, {"to": ANN}, **{"Idempotency-Key": "1"})) == (409, "account-disabled")


def test_an_answer_given_before_is_told_again(team: Team, agent: str) -> None:
    interaction = taken(team, agent)
    first = reply(team, agent, interaction)
    switch(team, False)
    again = reply(team, agent, interaction)
    assert (again.status_code, again.body) == (201, first.body)


def test_the_version_guards_it_as_every_other_field(team: Team) -> None:
    path = f"/sms/accounts/{team.account['id']}"
    assert team.call("admin", "PATCH", path, {"enabled": False}).status_code == 428
    assert team.call("admin", "PATCH", path, {"enabled": False}, **{"If-Match": '"7"'}).status_code == 412
    assert team.call("admin", "PATCH", path, {"enabled": "no"}, **{"If-Match": '"1"'}).status_code == 422


def test_a_text_that_comes_while_it_is_switched_off_is_not_stranded(team: Team, agent: str) -> None:
    with before("TransactWriteItems", lambda: switch(team, False)):
        team.text(ANN)
    team.step(ANN)
    assert team.interaction(ANN)["stage"] == "none"
    switch(team, True)
    assert team.offers(agent) == [team.interaction(ANN)["interaction_id"]]


def test_an_owner_who_disposes_without_a_tab_is_let_go_with_the_interaction(team: Team, agent: str) -> None:
    pause = team.must("admin", "POST", "/pauses", {"name": "Wrapping up"})["id"]
    path = f"/sms/accounts/{team.account['id']}"
    disposing = {"mandatory_disposition": {"enabled": False, "pause_id": pause}}
    team.must("admin", "PATCH", path, disposing, **{"If-Match": '"1"'})
    interaction = taken(team, agent)
    team.act(agent, "leave", interaction)
    assert team.act(agent, "dispose", interaction).status_code == 200
    switch(team, False)
    team.text(ANN)
    head = db.get(table.agent(agent))
    assert (head["state"], "disposing" in head, "before_disposing" in head) == ("online", False, False)
    assert team.interaction(ANN).get("owner") is None
