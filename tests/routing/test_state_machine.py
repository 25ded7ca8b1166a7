"""The state machine itself, run by moto's interpreter of its language: the deployed definition, real seconds."""

import io
import json
import threading
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws
from moto.awslambda_simple.models import LambdaSimpleBackend
from moto.dynamodb.models import DynamoDBBackend

from chalicelib import clock, config
from chalicelib.handlers import next_step
from tests.conftest import create_table, settings_of_an_empty_aws
from tests.team import Team

ANN = "+15005550010"
DEFINITION = Path(__file__).parents[2] / "infra" / "routing.asl.json"


def _invoke(self: Any, function_name: str, qualifier: Any, body: Any, headers: Any, response_headers: Any) -> bytes:
    """Runs the handler where moto would only echo (its documented way needs Docker)."""
    try:
        return json.dumps(next_step.handle(json.loads(body or "{}"))).encode()
    except Exception as error:
        response_headers["x-amz-function-error"] = "Unhandled"
        return json.dumps({"errorType": type(error).__name__, "errorMessage": str(error)}).encode()


def _isolate(monkeypatch: pytest.MonkeyPatch) -> None:
    """moto's transactions are not isolated between threads: let one write happen at a time."""
    lock = threading.RLock()

    def alone(write: Any) -> Any:
        def locked(*arguments: Any, **named: Any) -> Any:
            with lock:
                return write(*arguments, **named)

        return locked

    for name in ("transact_write_items", "update_item", "put_item", "delete_item"):
        monkeypatch.setattr(DynamoDBBackend, name, alone(getattr(DynamoDBBackend, name)))


def _role() -> str:
    return boto3.client("iam").create_role(RoleName="states", AssumeRolePolicyDocument="{}")["Role"]["Arn"]


def _function(role: str) -> str:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("app.py", "")
    return boto3.client("lambda").create_function(
        FunctionName="next_step",
        Runtime="python3.11",
        Role=role,
        Handler="app.next_step",
        Code={"ZipFile": packed.getvalue()},
    )["FunctionArn"]


@pytest.fixture
def live(monkeypatch: pytest.MonkeyPatch) -> Iterator[Team]:
    """A team whose state machine runs; time is the real one."""
    real = clock.now_ms
    monkeypatch.setattr(LambdaSimpleBackend, "invoke", _invoke)
    _isolate(monkeypatch)
    executing = {"stepfunctions": {"execute_state_machine": True}, "lambda": {"use_docker": False}}
    with mock_aws(config=executing), settings_of_an_empty_aws(monkeypatch):
        create_table()
        role = _role()
        text = DEFINITION.read_text().replace("${NextStepArn}", _function(role))
        text = text.replace("${TableName}", config.settings().table)
        name = config.settings().state_machine_arn.rsplit(":", 1)[-1]
        boto3.client("stepfunctions").create_state_machine(name=name, definition=text, roleArn=role)
        team = Team(monkeypatch, real())
        monkeypatch.setattr(clock, "now_ms", real)
        team.open_account(wait_for_assigned_agent=2, wait_for_assigned_queue=2)
        yield team


def arn(interaction: str, run: int) -> str:
    return f"{config.settings().state_machine_arn.replace(':stateMachine:', ':execution:')}:{interaction}-{run}"


def entered(execution: str) -> list[str]:
    """The states an execution has entered, in order."""
    history = boto3.client("stepfunctions").get_execution_history(executionArn=execution, maxResults=1000)
    return [e["stateEnteredEventDetails"]["name"] for e in history["events"] if "stateEnteredEventDetails" in e]


def until(true: Any, seconds: float = 30) -> None:
    """Wait for the machine; fails with what was seen last."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.1)


def ended(execution: str) -> str | None:
    status = boto3.client("stepfunctions").describe_execution(executionArn=execution)["status"]
    return None if status == "RUNNING" else status


def test_the_first_offer_accepted_takes_four_transitions(live: Team) -> None:
    agent = live.agent("Ann")
    live.plan({"app": "queue", "queue_id": live.queue(agent), "timeout": 60})
    live.text(ANN)
    interaction = live.meta(ANN)["interaction_id"]
    until(lambda: "task_token" in live.meta(ANN))
    assert live.act(agent, "accept", interaction).status_code == 200
    until(lambda: ended(arn(interaction, 1)))
    assert ended(arn(interaction, 1)) == "SUCCEEDED"
    assert entered(arn(interaction, 1)) == ["NextStep", "Which wait", "Wait for the plan's queue", "Accepted"]


def test_what_nobody_accepts_goes_from_wait_to_wait_to_the_automatic_reply(live: Team) -> None:
    agent = live.agent("Ann")
    live.plan(
        {"app": "queue", "queue_id": live.queue(agent), "timeout": 2},
        {"app": "auto_reply", "text": "Tomorrow.", "times": "once"},
    )
    live.text(ANN)
    interaction = live.meta(ANN)["interaction_id"]
    until(lambda: "task_token" in live.meta(ANN))
    live.act(agent, "accept", interaction)
    live.act(agent, "leave", interaction)
    began = time.monotonic()
    live.text(ANN, "Hello again")
    until(lambda: ended(arn(interaction, 2)))
    assert time.monotonic() - began >= 6, "three waits of two seconds each"
    waits = [name for name in entered(arn(interaction, 2)) if name.startswith("Wait")]
    assert waits == ["Wait for the assigned agent", "Wait for the assigned queue", "Wait for the plan's queue"]
    texts = [line["text"] for line in live.thread(interaction) if line.get("direction") == "out"]
    assert texts == ["Tomorrow."]


def test_a_later_ring_costs_three_transitions(live: Team) -> None:
    agents = [live.agent(name) for name in ("One", "Two")]
    queue = live.queue(*agents, strategy="rrmemory", agent_timeout=2)
    live.plan({"app": "queue", "queue_id": queue, "timeout": 60})
    live.text(ANN)
    interaction = live.meta(ANN)["interaction_id"]
    until(lambda: live.meta(ANN).get("ring_agent") == agents[1])
    assert live.act(agents[1], "accept", interaction).status_code == 200
    until(lambda: ended(arn(interaction, 1)))
    once = ["NextStep", "Which wait", "Wait for the plan's queue"]
    assert entered(arn(interaction, 1)) == [*once, *once, "Accepted"]


def test_a_rejection_ends_the_wait_at_once(live: Team) -> None:
    agents = [live.agent(name) for name in ("One", "Two")]
    queue = live.queue(*agents, strategy="rrmemory", agent_timeout=60)
    live.plan({"app": "queue", "queue_id": queue, "timeout": 300})
    live.text(ANN)
    interaction = live.meta(ANN)["interaction_id"]
    until(lambda: "task_token" in live.meta(ANN))
    assert live.act(agents[0], "reject", interaction).status_code == 204
    until(lambda: len(entered(arn(interaction, 1))) == 6)
    assert live.meta(ANN)["ring_agent"] == agents[1]
