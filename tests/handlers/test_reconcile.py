"""The reconciler repairs what was dropped, once, and finds nothing in a clean run."""

import boto3
import pytest

from chalicelib import config
from chalicelib.handlers import next_step as handler
from chalicelib.outbound import compose
from chalicelib.routing import next_step, wake
from chalicelib.store import db, table
from tests.team import Team, executions

ANN = "+15005550010"


@pytest.fixture
def agent(team: Team) -> str:
    agent = team.agent("Ann")
    team.plan({"app": "queue", "queue_id": team.queue(agent), "timeout": 30})
    return agent


def test_a_clean_run_has_no_finds(team: Team, agent: str) -> None:
    team.text(ANN)
    team.step(ANN)
    team.act(agent, "accept", team.interaction(ANN)["interaction_id"])
    team.later(40)
    team.desk(agent)
    assert team.reconcile() == {"looked": 0, "finds": 0, "failed": 0} | {"looked": team.reconcile()["looked"]}
    assert team.reconcile()["finds"] == 0


def test_a_routing_that_was_never_started_is_started(team: Team, agent: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as lost:
        lost.setattr(wake, "start", lambda *_: None)
        team.text(ANN)
    assert executions() == []
    team.later(20)
    assert team.reconcile()["finds"] == 0, "not before its time"
    team.later(11)
    assert team.reconcile()["finds"] == 1
    interaction = team.interaction(ANN)["interaction_id"]
    assert executions() == [f"{interaction}-2"]
    assert team.step(ANN)["wait"] == "plan_queue"
    assert team.reconcile()["finds"] == 0


def test_a_wait_whose_execution_died_is_taken_up_again(team: Team, agent: str) -> None:
    team.text(ANN)
    team.step(ANN)
    team.later(61)
    team.desk(agent)
    assert team.reconcile()["finds"] == 1
    assert team.interaction(ANN)["run"] == 2
    assert team.step(ANN)["wait"] == "done"
    assert team.offers(agent) == [team.interaction(ANN)["interaction_id"]]


def test_after_a_restart_every_wait_gets_a_new_execution_with_its_old_deadline(team: Team, agent: str) -> None:
    team.text(ANN)
    team.step(ANN)
    deadline = team.interaction(ANN)["deadline_at"]
    team.later(5)
    team.reconcile(all_waits_due=True)
    assert team.interaction(ANN)["run"] == 2
    step = team.step(ANN)
    assert (step["wait"], step["seconds"]) == ("plan_queue", 25)
    assert team.interaction(ANN)["deadline_at"] == deadline


@pytest.mark.parametrize("closed_until_tomorrow", [False, True])
def test_a_long_wait_that_was_taken_up_again_is_left_alone_until_it_should_be_over(
    team: Team, closed_until_tomorrow: bool
) -> None:
    agent = team.agent("Ann")
    minute = {"zone": "UTC", "parts": [{"type": "custom", "from": "00:00", "to": "00:00"}]}
    bound = {"interval": minute, "when": "inside"} if closed_until_tomorrow else {}
    team.later(3600)
    team.plan({"app": "queue", "queue_id": team.queue(agent), "timeout": 3600, **bound})
    team.text(ANN)
    step = team.step(ANN)
    assert step["wait"] == ("opening" if closed_until_tomorrow else "plan_queue")
    team.reconcile(all_waits_due=True)
    for _ in range(3):
        team.later(61)
        team.desk(agent)
        assert team.step(ANN)["wait"] == step["wait"]
        assert team.reconcile()["finds"] == 0
    assert team.interaction(ANN)["run"] == 2
    team.later(step["seconds"])
    assert team.reconcile()["finds"] == 1, "nobody came when the wait was over"


def test_a_long_run_that_was_accepted_meanwhile_is_not_taken_up_again(
    team: Team, agent: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    team.text(ANN)
    team.step(ANN)
    interaction = team.interaction(ANN)["interaction_id"]

    decide = next_step.advance

    def decide_slowly(interaction: str, run: int, now: int) -> next_step.Step:
        step = decide(interaction, run, now)
        assert team.act(agent, "accept", interaction).status_code == 200
        return step

    monkeypatch.setattr(next_step, "advance", decide_slowly)
    answer = handler.handle({"interaction": interaction, "run": 1, "laps": config.RINGS_PER_RUN})
    assert answer["wait"] == "done"
    assert team.interaction(ANN)["run"] == 1
    assert "due_at" not in team.interaction(ANN)


def test_a_dropped_poke_is_sent_again(team: Team, agent: str, monkeypatch: pytest.MonkeyPatch) -> None:
    team.text(ANN)
    team.step(ANN)
    interaction = team.interaction(ANN)["interaction_id"]
    team.act(agent, "accept", interaction)
    with monkeypatch.context() as lost:
        lost.setattr(compose, "poke", lambda *_: None)
        answer = team.call(
            agent, "POST", f"/sms/interactions/{interaction}/messages", {"text": "Hi"}, **{"Idempotency-Key": "k1"}
        )
        assert answer.status_code == 201
    for _ in range(2):
        team.later(31)
        team.desk(agent)
    assert team.reconcile()["finds"] == 1
    queue = boto3.client("sqs").receive_message(QueueUrl=config.settings().outbound_queue_url)
    assert len(queue["Messages"]) == 1


def test_a_session_of_a_silent_agent_ends_and_is_no_find(team: Team, agent: str) -> None:
    before = db.get(table.agent(agent))
    team.later(61)
    assert team.reconcile()["finds"] == 0
    after = db.get(table.agent(agent))
    assert after["session"] == before["session"] + 1
    assert "due_at" not in after


def test_an_agent_who_came_free_unnoticed_is_rung_from_the_due_queue(
    team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    agent = team.agent("Ann", online=False)
    queue = team.queue(agent, strategy="rrmemory")
    team.plan({"app": "queue", "queue_id": queue, "timeout": 300})
    team.text(ANN)
    team.step(ANN)
    with monkeypatch.context() as lost:
        lost.setattr("chalicelib.routing.presence.match_agent", lambda *_: 0)
        team.presence(agent, "online")
    for _ in range(2):
        team.later(31)
        team.desk(agent)
    assert team.reconcile()["finds"] == 1
    assert team.interaction(ANN)["ring_agent"] == agent
