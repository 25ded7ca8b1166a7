"""What smsdesk relies on in the laptop's MiniStack beyond what MiniStack gives by itself, and that it stays at home."""

import json
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
import pytest
import requests
from botocore.exceptions import ClientError

from bench.recorded import EVENTS_IN_A_PAGE, messages
from dev import ministack
from dev.ministack import MiniStack
from infra.target import Target
from tests.stack.conftest import free_port

TRUST = {"Effect": "Allow", "Principal": {"Service": "states.amazonaws.com"}, "Action": "sts:AssumeRole"}
STORE = {"Effect": "Allow", "Action": "dynamodb:UpdateItem", "Resource": "*"}
WAIT = {
    "StartAt": "Wait",
    "States": {
        "Wait": {
            "Type": "Task",
            "Resource": "arn:aws:states:::aws-sdk:dynamodb:updateItem.waitForTaskToken",
            "TimeoutSecondsPath": "$.seconds",
            "Parameters": {
                "TableName": "waits",
                "Key": {"pk": {"S.$": "$.id"}},
                "UpdateExpression": "SET task_token = :token",
                "ConditionExpression": "attribute_not_exists(closed)",
                "ExpressionAttributeValues": {":token": {"S.$": "$$.Task.Token"}},
            },
            "Catch": [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.error", "Next": "Caught"}],
            "End": True,
        },
        "Caught": {"Type": "Succeed"},
    },
}


class Engine:
    """A MiniStack with a table and a state machine that waits."""

    def __init__(self, running: MiniStack) -> None:
        self.target = Target("local", ministack.REGION, running.endpoint)
        self.table, self.steps = self.target.client("dynamodb"), self.target.client("stepfunctions")
        self.table.create_table(
            TableName="waits",
            BillingMode="PAY_PER_REQUEST",
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        )
        iam = self.target.client("iam")
        role = iam.create_role(RoleName="waits", AssumeRolePolicyDocument=json.dumps({"Statement": [TRUST]}))["Role"]
        iam.put_role_policy(RoleName="waits", PolicyName="store", PolicyDocument=json.dumps({"Statement": [STORE]}))
        machine = self.steps.create_state_machine(name="waits", definition=json.dumps(WAIT), roleArn=role["Arn"])
        self.machine = machine["stateMachineArn"]

    def start(self, item: str, seconds: int) -> str:
        text = json.dumps({"id": item, "seconds": seconds})
        answer = self.steps.start_execution(stateMachineArn=self.machine, name=uuid.uuid4().hex, input=text)
        return answer["executionArn"]

    def item(self, item: str) -> dict[str, Any]:
        return self.table.get_item(TableName="waits", Key={"pk": {"S": item}}, ConsistentRead=True).get("Item", {})

    def token(self, item: str) -> str:
        until = time.monotonic() + 5
        while "task_token" not in self.item(item) and time.monotonic() < until:
            time.sleep(0.02)
        return self.item(item)["task_token"]["S"]

    def error(self, execution: str) -> str | None:
        """The error that ended the wait; None when it was answered."""
        until = time.monotonic() + 10
        while (answer := self.steps.describe_execution(executionArn=execution))["status"] == "RUNNING":
            assert time.monotonic() < until, "still running"
            time.sleep(0.02)
        return json.loads(answer["output"]).get("error", {}).get("Error")


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MiniStack]:
    engine = ministack.start(free_port(), tmp_path_factory.mktemp("engine"))
    yield engine
    engine.stop()


@pytest.fixture(scope="module")
def engine(running: MiniStack) -> Engine:
    return Engine(running)


def test_a_log_of_more_than_a_page_is_read_to_its_end(running: MiniStack) -> None:
    logs = Target("local", ministack.REGION, running.endpoint).client("logs")
    lines = [str(line) for line in range(EVENTS_IN_A_PAGE + 5)]
    logs.create_log_group(logGroupName="long")
    logs.create_log_stream(logGroupName="long", logStreamName="one")
    now = round(time.time() * 1000)
    for first in range(0, len(lines), 2000):
        events = [{"timestamp": now + int(line) // 10, "message": line} for line in lines[first : first + 2000]]
        logs.put_log_events(logGroupName="long", logStreamName="one", logEvents=events)
    assert list(messages(logs, "long")) == lines


def test_a_wait_ends_after_the_seconds_of_its_input(engine: Engine) -> None:
    began = time.monotonic()
    assert engine.error(engine.start("timed", 1)) == "States.Timeout"
    assert 0.9 < time.monotonic() - began < 2.5


def test_an_answered_wait_ends_at_once_and_its_token_is_used_up(engine: Engine) -> None:
    execution = engine.start("answered", 60)
    token = engine.token("answered")
    engine.steps.send_task_success(taskToken=token, output="{}")
    assert engine.error(execution) is None
    with pytest.raises(engine.steps.exceptions.TaskDoesNotExist):
        engine.steps.send_task_failure(taskToken=token, error="Changed")


def test_a_changed_wait_is_caught(engine: Engine) -> None:
    execution = engine.start("changed", 60)
    engine.steps.send_task_failure(taskToken=engine.token("changed"), error="Changed")
    assert engine.error(execution) == "Changed"


def test_a_wait_whose_condition_fails_is_caught_and_stores_no_token(engine: Engine) -> None:
    engine.table.put_item(TableName="waits", Item={"pk": {"S": "closed"}, "closed": {"BOOL": True}})
    assert engine.error(engine.start("closed", 60)) == "DynamoDb.ConditionalCheckFailedException"
    assert "task_token" not in engine.item("closed")


def test_a_redeployed_api_keeps_its_id_and_answers_as_described(running: MiniStack) -> None:
    target = Target("local", ministack.REGION, running.endpoint)
    base = f"{running.endpoint}/_aws/execute-api/pinned/v"
    deploy_api(target, "create", "first", "404")
    assert requests.get(f"{base}/none", timeout=5).json() == {"said": "first"}
    deploy_api(target, "update", "second", "410")
    answer = requests.get(f"{base}/none", timeout=5)
    assert (answer.status_code, answer.json()) == (410, {"said": "second"})


def deploy_api(target: Target, verb: str, said: str, status: str) -> None:
    """A stack of one API whose answer to an unknown path is given in its description."""
    response = {"statusCode": status, "responseTemplates": {"application/json": json.dumps({"said": said})}}
    body = {
        "swagger": "2.0",
        "paths": {},
        "x-amazon-apigateway-gateway-responses": {"MISSING_AUTHENTICATION_TOKEN": response},
    }
    properties = {"Name": "pinned", "Body": body, "Tags": [{"Key": "ms-custom-id", "Value": "pinned"}]}
    resources = {
        "Api": {"Type": "AWS::ApiGateway::RestApi", "Properties": properties},
        f"Deployment{said}": {"Type": "AWS::ApiGateway::Deployment", "Properties": {"RestApiId": {"Ref": "Api"}}},
        "Stage": {
            "Type": "AWS::ApiGateway::Stage",
            "Properties": {"RestApiId": {"Ref": "Api"}, "DeploymentId": {"Ref": f"Deployment{said}"}, "StageName": "v"},
        },
    }
    cloudformation = target.client("cloudformation")
    change = cloudformation.create_stack if verb == "create" else cloudformation.update_stack
    change(StackName="pinned", TemplateBody=json.dumps({"Resources": resources}))
    cloudformation.get_waiter(f"stack_{verb}_complete").wait(StackName="pinned", WaiterConfig={"Delay": 1})


def as_user(running: MiniStack, service: str, *statements: dict[str, Any]) -> Any:
    """A client of somebody who may do what these statements say."""
    iam, name = Target("local", ministack.REGION, running.endpoint).client("iam"), uuid.uuid4().hex
    iam.create_user(UserName=name)
    for statement in statements:
        iam.put_user_policy(UserName=name, PolicyName="may", PolicyDocument=json.dumps({"Statement": [statement]}))
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return boto3.client(
        service,
        region_name=ministack.REGION,
        endpoint_url=running.endpoint,
        aws_access_key_id=key["AccessKeyId"],
        aws_secret_access_key=key["SecretAccessKey"],
    )


def test_a_call_that_no_policy_allows_is_refused(running: MiniStack) -> None:
    with pytest.raises(ClientError, match="not authorized to perform: dynamodb:ListTables"):
        as_user(running, "dynamodb").list_tables()


def test_a_policy_may_ask_for_the_encryption_context(running: MiniStack) -> None:
    key = Target("local", ministack.REGION, running.endpoint).client("kms").create_key()["KeyMetadata"]["Arn"]
    condition = {
        "ForAllValues:StringEquals": {"kms:EncryptionContextKeys": ["account"]},
        "Null": {"kms:EncryptionContextKeys": "false"},
    }
    may = {"Effect": "Allow", "Action": "kms:Encrypt", "Resource": key, "Condition": condition}
    kms = as_user(running, "kms", may)
    assert kms.encrypt(KeyId=key, Plaintext=b"secret", EncryptionContext={"account": "acc_1"})["CiphertextBlob"]
    for context in ({}, {"other": "acc_1"}, {"account": "acc_1", "other": "x"}):
        with pytest.raises(ClientError, match="not authorized"):
            kms.encrypt(KeyId=key, Plaintext=b"secret", EncryptionContext=context)


def test_a_clean_stop_loses_nothing(tmp_path: Path) -> None:
    port = free_port()
    with closing_engine(port, tmp_path) as first:
        kept = Engine(first)
        kept.table.put_item(TableName="waits", Item={"pk": {"S": "kept"}})
    with closing_engine(port, tmp_path):
        assert kept.item("kept") == {"pk": {"S": "kept"}}
        assert kept.steps.describe_state_machine(stateMachineArn=kept.machine)["status"] == "ACTIVE"


@contextmanager
def closing_engine(port: int, folder: Path) -> Iterator[MiniStack]:
    engine = ministack.start(port, folder)
    try:
        yield engine
    finally:
        engine.stop()
