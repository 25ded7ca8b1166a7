"""Each function may do what it does, and nothing else."""

import json
from pathlib import Path
from typing import Any

import pytest

POLICIES = Path(__file__).resolve().parents[2] / "infra" / "policies"
NAMES = {
    "APIHandler": "api",
    "Receive": "receive",
    "NextStep": "next_step",
    "Dispatch": "dispatch",
    "Reconcile": "reconcile",
}
# AWS lets these name no resource; the task token is what permits them:
# https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsstepfunctions.html
NAMELESS = {"states:SendTaskSuccess", "states:SendTaskFailure"}
STREAM = {"logs:CreateLogStream", "logs:PutLogEvents"}


def statements(name: str) -> list[dict[str, Any]]:
    return json.loads((POLICIES / f"{name}.json").read_text())["Statement"]


def actions(name: str) -> set[str]:
    return {action for statement in statements(name) for action in statement["Action"]}


@pytest.mark.parametrize("name", NAMES.values())
def test_no_policy_names_an_action_or_a_resource_by_a_wildcard(name: str) -> None:
    for statement in statements(name):
        assert statement["Effect"] == "Allow"
        assert "*" not in "".join(statement["Action"]), statement["Sid"]
        if set(statement["Action"]) <= NAMELESS:
            assert statement["Resource"] == "*"
        else:
            assert "*" not in json.dumps(statement["Resource"]), statement["Sid"]
        assert "NotAction" not in statement
        assert "NotResource" not in statement


@pytest.mark.parametrize("name", NAMES.values())
def test_the_key_works_only_for_the_credentials_of_an_account(name: str) -> None:
    for statement in statements(name):
        if any(action.startswith("kms:") for action in statement["Action"]):
            assert statement["Condition"]["ForAllValues:StringEquals"] == {"kms:EncryptionContextKeys": ["account"]}
            # Without it "for all values" would be true of no context at all.
            assert statement["Condition"]["Null"] == {"kms:EncryptionContextKeys": "false"}


@pytest.mark.parametrize(("function", "name"), NAMES.items())
def test_a_function_has_the_role_of_its_own_policy_alone(
    template: dict[str, Any], functions: dict[str, dict[str, Any]], function: str, name: str
) -> None:
    role = functions[function]["Role"]["Fn::GetAtt"][0]
    properties = template["Resources"][role]["Properties"]
    assert [policy["PolicyDocument"]["Statement"] for policy in properties["Policies"]] == [statements(name)]
    assert "ManagedPolicyArns" not in properties
    others = [other["Role"]["Fn::GetAtt"][0] for key, other in functions.items() if key != function]
    assert role not in others


def test_every_function_has_a_policy_and_every_policy_a_function(functions: dict[str, dict[str, Any]]) -> None:
    assert functions.keys() == NAMES.keys()
    assert {path.stem for path in POLICIES.iterdir()} == set(NAMES.values())


def test_receive_can_store_verify_start_and_answer_and_nothing_else() -> None:
    assert actions("receive") - STREAM <= {
        "dynamodb:BatchGetItem",
        "dynamodb:GetItem",
        "dynamodb:ConditionCheckItem",
        "dynamodb:DeleteItem",
        "dynamodb:PutItem",
        "dynamodb:UpdateItem",
        "kms:Decrypt",
        "sqs:SendMessage",
        "states:StartExecution",
    }


@pytest.mark.parametrize("name", NAMES.values())
def test_no_function_can_scan_the_table_or_read_a_secret_store(name: str) -> None:
    assert not {action for action in actions(name) if action == "dynamodb:Scan" or action.startswith("secretsmanager:")}


def test_only_what_aws_cannot_narrow_is_granted_on_everything(template: dict[str, Any]) -> None:
    wide = {
        statement["Sid"]
        for resource in template["Resources"].values()
        if resource["Type"] == "AWS::IAM::Role"
        for policy in resource["Properties"].get("Policies", [])
        for statement in policy["PolicyDocument"]["Statement"]
        if statement["Resource"] == "*"
    }
    assert wide == {"DeliverTheLog", "EndWaits"}
