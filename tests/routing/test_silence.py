"""Conversations that are silent for days are closed where their account wants that, and nothing unread ever is."""

import json
from typing import Any

import pytest

from chalicelib.routing import silence
from chalicelib.store import db, table
from chalicelib.store.conversations import due
from chalicelib.store.transaction import Transaction
from tests.calls import before, counted
from tests.team import Team

ANN, BEN, CAT = "+15005550010", "+15005550011", "+15005550012"
DAY = 24 * 3600


@pytest.fixture
def agent(team: Team) -> str:
    agent = team.agent("Ann")
    team.plan({"app": "queue", "queue_id": team.queue(agent), "timeout": 30})
    return agent


def accepted(team: Team, agent: str, address: str = ANN) -> str:
    team.text(address)
    team.step(address)
    interaction = team.interaction(address)["interaction_id"]
    assert team.act(agent, "accept", interaction).status_code == 200
    return interaction


def set_days(team: Team, days: int, disposition: str | None = None) -> Any:
    path = f"/sms/accounts/{team.account['id']}"
    version = team.must("admin", "GET", path)["version"]
    body = {"close_after": {"days": days, "disposition": disposition}}
    return team.call("admin", "PATCH", path, body, **{"If-Match": f'"{version}"'})


def looked(team: Team, seconds: int = 60) -> None:
    """Some time passes, and the run that comes every minute has looked; it found nothing to repair."""
    team.later(seconds)
    assert team.reconcile() | {"looked": 0} == {"looked": 0, "finds": 0, "failed": 0}


def status(interaction: str) -> str:
    return (db.get(table.meta(interaction)) or {})["status"]


def test_it_is_closed_when_it_was_silent_for_so_long(team: Team, agent: str) -> None:
    gone = team.must("admin", "POST", "/dispositions", {"name": "Gone"})["id"]
    assert set_days(team, 2, gone).status_code == 200
    interaction = accepted(team, agent)
    looked(team)
    looked(team, 2 * DAY - 120)
    assert status(interaction) == "open", "not before its time"
    looked(team, 3700)
    meta = team.interaction(ANN)
    assert (meta["status"], meta["disposition"], meta.get("owner")) == ("closed", {"id": gone, "path": ["Gone"]}, None)
    assert (meta["last_owner"], meta["closed_at"]) == (agent, team.now)
    assert team.events(interaction)[-1] == "Closed after 2 days of silence as Gone"
    assert list(db.query_all(table.agent(agent)["pk"], "I#")) == []


def test_without_the_setting_nothing_is_closed_nor_looked_for(team: Team, agent: str) -> None:
    interaction = accepted(team, agent)
    assert "due_at" not in (db.get(table.account(team.account["id"])) or {})
    looked(team, 400 * DAY)
    assert status(interaction) == "open"


def test_switched_on_later_it_reaches_what_is_open_already_and_switched_off_it_stops(team: Team, agent: str) -> None:
    interaction = accepted(team, agent)
    looked(team, 10 * DAY)
    set_days(team, 1)
    looked(team)
    assert status(interaction) == "closed"
    assert team.events(interaction)[-1] == "Closed after 1 day of silence"
    second = accepted_again(team, agent)
    set_days(team, 0)
    looked(team, 10 * DAY)
    assert status(second) == "open"
    assert "due_at" not in (db.get(table.account(team.account["id"])) or {})


def accepted_again(team: Team, agent: str) -> str:
    team.presence(agent, "online")
    return accepted(team, agent, BEN)


def test_an_account_may_begin_with_the_setting(team: Team) -> None:
    team.open_account(close_after={"days": 1})
    agent = team.agent("Ann")
    team.plan({"app": "queue", "queue_id": team.queue(agent), "timeout": 30})
    interaction = accepted(team, agent)
    for _ in range(3):
        looked(team, DAY)
    assert status(interaction) == "closed"


def test_what_is_unread_stays_open_and_is_looked_at_again(team: Team, agent: str) -> None:
    set_days(team, 1)
    unread, flagged = accepted(team, agent), accepted(team, agent, BEN)
    team.text(ANN, "Are you there?")
    team.act(agent, "unread", flagged)
    team.plan()
    team.text(CAT)
    team.step(CAT)
    for _ in range(5):
        team.later(DAY)
        team.reconcile()
        for address in (ANN, BEN, CAT):
            assert team.interaction(address)["status"] == "open"
    team.presence(agent, "online")
    team.act(agent, "open", flagged)
    team.later(DAY)
    team.reconcile()
    assert (status(flagged), status(unread)) == ("closed", "open")


def test_what_is_being_routed_is_left_alone(team: Team, agent: str) -> None:
    """A hand-over of a conversation in which all is read waits for longer than the account's days."""
    rule = {"enabled": True, "timeout": 5 * DAY}
    team.open_account(transfer={"agent": rule, "queue": rule})
    owner, colleague = team.agent("Ann"), team.agent("Bob")
    team.plan({"app": "queue", "queue_id": team.queue(owner), "timeout": 30})
    interaction = accepted(team, owner)
    team.act(owner, "transfer", interaction, {"agent_id": colleague})
    team.step(ANN)
    set_days(team, 1)
    looked(team, 2 * DAY)
    assert (status(interaction), team.interaction(ANN)["stage"]) == ("open", "transfer")


def test_a_word_or_a_reopening_begins_the_silence_anew(team: Team, agent: str) -> None:
    set_days(team, 2)
    first, second = accepted(team, agent), accepted(team, agent, BEN)
    looked(team, DAY)
    team.presence(agent, "online")
    team.act(agent, "open", second)
    team.must(agent, "POST", f"/sms/interactions/{second}/messages", {"text": "Hi"}, **{"Idempotency-Key": "k"})
    team.later(DAY + 3700)
    team.reconcile()
    assert (status(first), status(second)) == ("closed", "open")
    team.must("admin", "POST", f"/sms/interactions/{first}/reopen")
    team.later(DAY)
    team.reconcile()
    assert (status(first), status(second)) == ("open", "closed")
    team.later(DAY + 3700)
    team.reconcile()
    assert status(first) == "closed"


def test_a_text_that_comes_at_that_moment_keeps_it_open(team: Team, agent: str) -> None:
    set_days(team, 1)
    interaction = accepted(team, agent)
    looked(team)
    team.later(3 * DAY)
    head = db.get(table.account(team.account["id"])) or {}
    with before("TransactWriteItems", lambda: team.text(ANN, "Still there")):
        assert silence.look(head, team.now) == 0
    assert (status(interaction), team.interaction(ANN)["stage"]) == ("open", "starting")


def test_a_batch_goes_on_behind_those_that_stay_open(team: Team, agent: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Unread texts at the head of the line do not keep the others from being closed."""
    monkeypatch.setattr(silence, "SILENCE_BATCH", 2)
    addresses = [f"+155550001{n:02}" for n in range(5)]
    found = [accepted(team, agent, address) for address in addresses]
    for interaction in found[:3]:
        team.act(agent, "unread", interaction)
    set_days(team, 1)
    team.later(2 * DAY)
    for _ in range(3):
        team.later(60)
        team.reconcile()
    assert [status(interaction) for interaction in found] == ["open"] * 3 + ["closed"] * 2
    head = db.get(table.account(team.account["id"])) or {}
    assert ("silent_after" in head, head["due_at"] - team.now) == (False, DAY * 1000)


def test_a_look_costs_as_much_as_there_is_to_close(team: Team, agent: str) -> None:
    set_days(team, 1)
    for address in (ANN, BEN, CAT):
        accepted(team, agent, address)
    team.later(60)
    head = db.get(table.account(team.account["id"])) or {}
    with counted() as calls:
        assert silence.look(head, team.now) == 0
    assert calls == ["GetItem", "Query", "TransactWriteItems"]


def test_a_disposition_that_was_deleted_meanwhile_is_missed_but_keeps_nothing_open(team: Team, agent: str) -> None:
    gone = team.must("admin", "POST", "/dispositions", {"name": "Gone"})["id"]
    set_days(team, 1, gone)
    interaction = accepted(team, agent)
    team.must("admin", "DELETE", f"/dispositions/{gone}")
    for _ in range(3):
        looked(team, DAY)
    assert team.events(interaction)[-1] == "Closed after 1 day of silence, its disposition was deleted"


def test_where_nothing_is_closed_without_a_disposition_one_must_be_named(team: Team, agent: str) -> None:
    path = f"/sms/accounts/{team.account['id']}"
    team.must("admin", "PATCH", path, {"mandatory_disposition": {"enabled": True}}, **{"If-Match": "1"})
    refused = set_days(team, 1)
    assert (refused.status_code, json.loads(refused.body)["errors"][0]["pointer"]) == (422, "/close_after/disposition")
    gone = team.must("admin", "POST", "/dispositions", {"name": "Gone"})["id"]
    assert set_days(team, 1, gone).status_code == 200
    interaction = accepted(team, agent)
    team.must("admin", "DELETE", f"/dispositions/{gone}")
    for _ in range(3):
        looked(team, DAY)
    assert status(interaction) == "open"


def test_the_slot_of_an_owner_who_is_still_there_comes_free(team: Team) -> None:
    """The tab has been open all the time: it closes, and the next text rings."""
    agent = team.agent("Ann", capacity=1)
    team.plan({"app": "queue", "queue_id": team.queue(agent, strategy="rrmemory"), "timeout": 7 * DAY})
    accepted(team, agent)
    team.text(BEN)
    team.step(BEN)
    set_days(team, 1)
    team.later(2 * DAY)
    present = {"seen_at": team.now, **due(table.agent(agent), team.now + 60_000)}
    Transaction().update(table.agent(agent), put=present).commit()  # as if the client had polled all the time
    team.reconcile()
    assert team.interaction(ANN)["status"] == "closed"
    assert team.interaction(BEN)["ring_agent"] == agent


@pytest.mark.parametrize(
    ("value", "pointer"),
    [
        ({"days": 366}, "/close_after/days"),
        ({"days": -1}, "/close_after/days"),
        ({"days": "1"}, "/close_after/days"),
        ({"days": 1, "disposition": "dsp_01ARZ3NDEKTSV4RRFFQ69G5FAV"}, "/close_after/disposition"),
        ({"after": 1}, "/close_after/after"),
    ],
)
def test_a_setting_that_makes_no_sense_is_refused(team: Team, value: dict[str, Any], pointer: str) -> None:
    path = f"/sms/accounts/{team.account['id']}"
    refused = team.call("admin", "PATCH", path, {"close_after": value}, **{"If-Match": "1"})
    assert (refused.status_code, json.loads(refused.body)["errors"][0]["pointer"]) == (422, pointer)
