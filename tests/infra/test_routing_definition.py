"""The state machine's definition: one named wait per stage, each ended by an answer, a change or its time."""

import json
from typing import Any

import pytest

from infra.build import STATE_MACHINE

WAITS = {
    "assigned_agent": "Wait for the assigned agent",
    "assigned_queue": "Wait for the assigned queue",
    "plan_agent": "Wait for the plan's agent",
    "plan_queue": "Wait for the plan's queue",
    "transfer": "Wait for the transfer",
    "opening": "Wait for the next opening",
}
STATES: dict[str, Any] = json.loads(STATE_MACHINE.read_text())["States"]
LEADS_TO = {choice["StringEquals"]: choice["Next"] for choice in STATES["Which wait"]["Choices"]}


def test_every_stage_has_a_wait_that_says_what_is_waited_for() -> None:
    assert {wait: LEADS_TO[wait] for wait in WAITS} == WAITS
    assert LEADS_TO.keys() - WAITS.keys() == {"done", "failed"}
    assert STATES[LEADS_TO["done"]]["Type"] == "Succeed"
    assert STATES[LEADS_TO["failed"]]["Type"] == "Fail"


@pytest.mark.parametrize("name", WAITS.values())
def test_a_wait_stores_its_token_for_the_decision_it_was_made_for(name: str) -> None:
    wait = STATES[name]
    assert wait["Resource"] == "arn:aws:states:::aws-sdk:dynamodb:updateItem.waitForTaskToken"
    assert wait["TimeoutSecondsPath"] == "$.seconds"
    parameters = wait["Parameters"]
    assert parameters["UpdateExpression"] == "SET task_token = :token, token_epoch = :epoch"
    assert parameters["ConditionExpression"] == "#run = :run AND epoch = :epoch AND #status = :open"
    assert parameters["ExpressionAttributeValues"].keys() == {":token", ":run", ":epoch", ":open"}


@pytest.mark.parametrize("name", WAITS.values())
def test_a_wait_that_does_not_end_by_an_answer_is_decided_anew(name: str) -> None:
    wait = STATES[name]
    assert wait["Next"] == "Accepted"
    assert wait["ResultPath"] is None
    assert wait["Catch"] == [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.error", "Next": "NextStep"}]


@pytest.mark.parametrize("name", WAITS.values())
def test_only_a_busy_table_makes_a_wait_try_again(name: str) -> None:
    (retry,) = STATES[name]["Retry"]
    assert set(retry["ErrorEquals"]) == {
        "DynamoDb.ProvisionedThroughputExceededException",
        "DynamoDb.RequestLimitExceededException",
        "DynamoDb.ThrottlingException",
        "DynamoDb.TransactionConflictException",
    }


def test_no_lambda_but_next_step_is_ever_called() -> None:
    tasks = {name for name, state in STATES.items() if state["Type"] == "Task"}
    assert tasks == {"NextStep", *WAITS.values()}
    assert not [name for name, state in STATES.items() if state["Type"] == "Wait"]
