"""The main job, decision by decision: a text finds an agent, and what is not answered goes on."""

import json

import boto3
import pytest

from chalicelib import config
from chalicelib.store import db, table
from tests.team import Team, executions

ANN, BOB, CARL = "+15005550010", "+15005550011", "+15005550012"


def queued() -> list[dict[str, str]]:
    """The pokes in the outbound queue."""
    answer = boto3.client("sqs").receive_message(
        QueueUrl=config.settings().outbound_queue_url, MaxNumberOfMessages=10, VisibilityTimeout=0
    )
    return [json.loads(message["Body"]) for message in answer.get("Messages", [])]


@pytest.fixture
def agent(team: Team) -> str:
    """One agent, online, alone in a beepall queue that the plan asks first; then an automatic reply."""
    agent = team.agent("Ann")
    queue = team.queue(agent)
    team.plan(
        {"id": "ask", "app": "queue", "queue_id": queue, "timeout": 30},
        {"id": "sorry", "app": "auto_reply", "text": "We will answer tomorrow.", "times": "once"},
    )
    return agent


def test_a_first_text_waits_in_the_plans_queue_and_is_offered_to_its_members(team: Team, agent: str) -> None:
    assert team.text(ANN).status_code == 200
    interaction = team.interaction(ANN)["interaction_id"]
    assert executions() == [f"{interaction}-1"]
    step = team.step(ANN)
    assert (step["wait"], step["seconds"]) == ("plan_queue", 30)
    assert team.offers(agent) == [interaction]
    answer = team.act(agent, "accept", interaction)
    assert answer.status_code == 200, answer.body
    assert team.interaction(ANN)["owner"] == agent
    assert team.offers(agent) == []
    assert team.step(ANN)["wait"] == "done"


def test_accepting_twice_is_one_acceptance(team: Team, agent: str) -> None:
    team.text(ANN)
    team.step(ANN)
    interaction = team.interaction(ANN)["interaction_id"]
    assert team.act(agent, "accept", interaction).status_code == 200
    n = team.interaction(ANN)["n"]
    assert team.act(agent, "accept", interaction).status_code == 200
    assert team.interaction(ANN)["n"] == n
    assert db.get(table.agent(agent))["open_count"] == 1


def test_what_nobody_accepts_gets_the_automatic_reply_and_stays_open_for_all(team: Team, agent: str) -> None:
    team.text(ANN)
    team.step(ANN)
    team.later(31)
    assert team.step(ANN)["wait"] == "done"
    meta = team.interaction(ANN)
    assert (meta["stage"], meta.get("owner"), meta["status"]) == ("none", None, "open")
    texts = [line["text"] for line in team.thread(meta["interaction_id"]) if line.get("direction") == "out"]
    assert texts == ["We will answer tomorrow."]
    assert [poke["message_id"] for poke in queued()] == [meta["out_last"]]
    team.desk(agent)
    assert team.offers(agent) == [meta["interaction_id"]]
    assert team.act(agent, "accept", meta["interaction_id"]).status_code == 200


def test_a_text_to_an_open_tab_needs_no_routing(team: Team, agent: str) -> None:
    team.text(ANN)
    team.step(ANN)
    interaction = team.interaction(ANN)["interaction_id"]
    team.act(agent, "accept", interaction)
    before = team.desk(agent)
    assert team.desk(agent, before["next"]) is None
    team.text(ANN, "Are you there?")
    after = team.desk(agent, before["next"])
    assert [line["text"] for line in after["lines"][interaction]] == ["Are you there?"]
    assert "unread_count" in after["interactions"][0]
    assert after["interactions"][0]["unread_count"] == 1
    assert executions() == [f"{interaction}-1"]


def test_a_text_after_the_close_opens_a_new_interaction(team: Team, agent: str) -> None:
    team.text(ANN)
    team.step(ANN)
    first = team.interaction(ANN)["interaction_id"]
    team.act(agent, "accept", first)
    assert team.act(agent, "close", first).status_code == 200
    assert team.desk(agent)["counters"] == {"open": 0, "unread": 0, "offers": 0}
    team.text(ANN, "One more thing")
    second = team.interaction(ANN)
    assert second["interaction_id"] != first
    assert second["contact_id"] == db.get(table.meta(first))["contact_id"]
    assert (second["stage"], second["n"]) == ("starting", 1)


def test_closing_over_an_unread_text_is_refused(team: Team, agent: str) -> None:
    team.text(ANN)
    team.step(ANN)
    interaction = team.interaction(ANN)["interaction_id"]
    team.act(agent, "accept", interaction)
    team.text(ANN, "Wait!")
    refused = team.act(agent, "close", interaction)
    assert (refused.status_code, json.loads(refused.body)["code"]) == (409, "new-message")
    n = team.interaction(ANN)["n"]
    assert team.act(agent, "read", interaction, {"n": n}).status_code == 200
    assert team.act(agent, "close", interaction).status_code == 200


def test_the_last_owner_is_asked_first_then_their_queue_then_the_plan(team: Team, agent: str) -> None:
    team.text(ANN)
    team.step(ANN)
    interaction = team.interaction(ANN)["interaction_id"]
    team.act(agent, "accept", interaction)
    team.act(agent, "leave", interaction)
    team.text(ANN, "Hello again")
    assert executions() == [f"{interaction}-1", f"{interaction}-2"]
    step = team.step(ANN)
    assert (step["wait"], step["seconds"]) == ("assigned_agent", 10)
    assert team.interaction(ANN)["owner"] == agent
    assert team.desk(agent)["offers"][0]["stage"] == "assigned_agent"
    team.later(11)
    step = team.step(ANN)
    assert (step["wait"], step["seconds"]) == ("assigned_queue", 10)
    meta = team.interaction(ANN)
    assert (meta.get("owner"), meta["last_owner"]) == (None, agent)
    team.later(11)
    assert team.step(ANN)["wait"] == "plan_queue"


def test_a_rejection_by_the_last_owner_goes_on_at_once(team: Team, agent: str) -> None:
    other = team.agent("Bob")
    team.must("admin", "POST", f"/sms/queues/{queue_of(agent)}/agents", {"add": [other]})
    team.text(ANN)
    team.step(ANN)
    interaction = team.interaction(ANN)["interaction_id"]
    team.act(agent, "accept", interaction)
    team.act(agent, "leave", interaction)
    team.text(ANN, "Hello again")
    team.step(ANN)
    assert team.act(agent, "reject", interaction).status_code == 204
    assert team.step(ANN)["wait"] == "assigned_queue"
    assert team.offers(agent) == []
    assert team.offers(other) == [interaction]


def queue_of(agent: str) -> str:
    return next(iter(db.get(table.agent(agent))["queues"]))


def test_an_owner_can_only_reject_what_they_are_being_offered(team: Team, agent: str) -> None:
    team.text(ANN)
    team.step(ANN)
    interaction = team.interaction(ANN)["interaction_id"]
    team.act(agent, "accept", interaction)

    def rejected() -> tuple[int, str | None]:
        answer = team.act(agent, "reject", interaction)
        return answer.status_code, json.loads(answer.body)["code"] if answer.body else None

    before = team.interaction(ANN)
    assert rejected() == (409, "not-offered"), "it is open in their tab"
    assert team.interaction(ANN) == before
    team.act(agent, "leave", interaction)
    team.text(ANN, "One more thing")
    assert rejected() == (409, "not-offered"), "routing has begun, and has not come to them"
    team.step(ANN)
    assert rejected() == (204, None)
    assert team.step(ANN)["wait"] == "plan_queue", "alone in their queue, they have spoken for it"
    assert any("Assigned queue skipped: everybody in queue" in text for text in team.events(interaction))


def test_leaving_with_an_unread_text_asks_for_routing(team: Team, agent: str) -> None:
    team.text(ANN)
    team.step(ANN)
    interaction = team.interaction(ANN)["interaction_id"]
    team.act(agent, "accept", interaction)
    team.text(ANN, "Unread")
    team.act(agent, "leave", interaction)
    meta = team.interaction(ANN)
    assert (meta["stage"], meta["run"]) == ("starting", 2)
    assert executions() == [f"{interaction}-1", f"{interaction}-2"]


def test_logging_out_with_an_unread_text_asks_for_routing(team: Team, agent: str) -> None:
    team.text(ANN)
    team.step(ANN)
    interaction = team.interaction(ANN)["interaction_id"]
    team.act(agent, "accept", interaction)
    team.text(ANN, "Unread")
    team.presence(agent, "offline")
    assert team.interaction(ANN)["stage"] == "starting"
    assert db.get(table.agent(agent))["open_count"] == 0


def test_a_silent_laptop_is_found_by_the_reconciler_and_is_no_find(team: Team, agent: str) -> None:
    team.text(ANN)
    team.step(ANN)
    interaction = team.interaction(ANN)["interaction_id"]
    team.act(agent, "accept", interaction)
    team.later(50)
    team.text(ANN, "Unread")
    assert team.interaction(ANN)["stage"] == "none"
    team.later(11)
    assert team.reconcile()["finds"] == 0
    assert team.interaction(ANN)["stage"] == "starting"
    team.step(ANN)
    assert team.desk(agent)["presence"]["state"] == "online"
    assert team.offers(agent) == [interaction]


def test_of_two_who_accept_one_wins_and_the_other_learns_who(team: Team, agent: str) -> None:
    other = team.agent("Bob")
    team.must("admin", "POST", f"/sms/queues/{queue_of(agent)}/agents", {"add": [other]})
    team.text(ANN)
    team.step(ANN)
    interaction = team.interaction(ANN)["interaction_id"]
    assert team.offers(agent) == team.offers(other) == [interaction]
    assert team.act(other, "accept", interaction).status_code == 200
    lost = team.act(agent, "accept", interaction)
    assert lost.status_code == 409
    assert (json.loads(lost.body)["code"], json.loads(lost.body)["owner"]) == ("offer-taken", "Bob")


def test_when_every_online_member_has_rejected_the_plan_goes_on(team: Team, agent: str) -> None:
    team.text(ANN)
    team.step(ANN)
    interaction = team.interaction(ANN)["interaction_id"]
    assert team.act(agent, "reject", interaction).status_code == 204
    assert team.step(ANN)["wait"] == "done"
    assert "We will answer tomorrow." in [line["text"] for line in team.thread(interaction)]


def test_a_full_agent_is_offered_nothing_and_told_why(team: Team) -> None:
    agent = team.agent("Ann", capacity=1)
    queue = team.queue(agent)
    team.plan({"app": "queue", "queue_id": queue, "timeout": 30})
    for address in (ANN, BOB):
        team.text(address)
        team.step(address)
    first, second = (team.interaction(a)["interaction_id"] for a in (ANN, BOB))
    assert team.offers(agent) == [first]
    assert team.act(agent, "accept", first).status_code == 200
    assert team.offers(agent) == []
    full = team.act(agent, "accept", second)
    assert (full.status_code, json.loads(full.body)["code"]) == (409, "at-capacity")
    assert team.act(agent, "close", first).status_code == 200
    assert team.offers(agent) == [second]


def test_someone_who_was_offered_nothing_is_refused(team: Team, agent: str) -> None:
    stranger = team.agent("Bob")
    outsider = team.agent("Carl", on_account=False)
    team.text(ANN)
    team.step(ANN)
    interaction = team.interaction(ANN)["interaction_id"]
    refused = team.act(stranger, "accept", interaction)
    assert (refused.status_code, json.loads(refused.body)["code"]) == (409, "not-offered")
    assert team.act(outsider, "accept", interaction).status_code == 404


def test_a_plan_that_closes_leaves_a_closed_interaction(team: Team) -> None:
    team.plan({"app": "auto_reply", "text": "Closed today.", "times": "always"}, {"app": "close"})
    team.text(ANN)
    assert team.step(ANN)["wait"] == "done"
    meta = team.interaction(ANN)
    assert (meta["status"], meta["stage"]) == ("closed", "none")


def test_a_queue_without_members_on_the_account_is_skipped_with_a_reason(team: Team) -> None:
    queue = team.queue(team.agent("Out", on_account=False))
    team.plan({"app": "queue", "queue_id": queue, "timeout": 30})
    team.text(ANN)
    assert team.step(ANN)["wait"] == "done"
    assert any("none of its members" in text for text in team.events(team.interaction(ANN)["interaction_id"]))


def test_a_supervisor_takes_over_from_the_owner(team: Team, agent: str) -> None:
    boss = team.agent("Boss")
    token = team.must("admin", "POST", "/tokens", {"name": "b", "role": "supervisor", "agent_id": boss})
    team.tokens["boss"] = token["secret"]
    team.text(ANN)
    team.step(ANN)
    interaction = team.interaction(ANN)["interaction_id"]
    team.act(agent, "accept", interaction)
    assert team.act("boss", "take", interaction).status_code == 200
    assert team.interaction(ANN)["owner"] == boss
    assert team.desk(agent)["interactions"] == []
    assert db.get(table.agent(agent))["open_count"] == 0
    assert db.get(table.agent(boss))["open_count"] == 1
