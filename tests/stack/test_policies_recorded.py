"""Each function's policy holds what the function called in the whole end-to-end run: not less, and not more.

The first tests here make the functions do what no other test makes them do; those at the end judge.
"""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from bench.recorded import GROUPS, Call, calls, messages
from chalicelib.config import CONFIG_CACHE, RINGS_PER_RUN
from tests.stack.company import Agent, Company, Customer, eventually
from tests.stack.conftest import Stack

CACHED = CONFIG_CACHE + 30

OUTPUTS = {
    "api": "APIHandlerName",
    "receive": "ReceiveName",
    "next_step": "NextStepName",
    "dispatch": "DispatchName",
    "reconcile": "ReconcileName",
}
# What Lambda does in the function's name, and the function itself never:
# https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html#events-sqs-permissions
BY_LAMBDA = {
    "logs:CreateLogStream",
    "logs:PutLogEvents",
    "sqs:DeleteMessage",
    "sqs:GetQueueAttributes",
    "sqs:ReceiveMessage",
}
Grant = tuple[str, str, str]
"""Function, action and the ARN of the resource."""


@pytest.fixture
def waiting(stack: Stack) -> tuple[Company, Agent, str]:
    """A company whose only agent is being rung for a text that waits."""
    company = Company(stack)
    ada = company.agent("Ada")
    company.plan_queue(ada, strategy="rrmemory", agent_timeout=300)
    customer = company.customer()
    customer.text("Anybody there?")
    interaction = company.interaction(customer)["id"]
    ada.offered(interaction)
    return company, ada, interaction


def test_a_text_nobody_took_is_routed_again_with_the_next_one(stack: Stack) -> None:
    company = Company(stack)
    ada = company.agent("Ada")
    customer = company.customer()
    customer.text("Hello")
    interaction = company.interaction(customer)["id"]
    eventually(lambda: company.in_stage(interaction, "none"))
    company.plan_queue(ada)
    eventually(lambda: _routed_again(company, customer, ada, interaction), CACHED)


def _routed_again(company: Company, customer: Customer, ada: Agent, interaction: str) -> bool:
    """Whether another text goes to the queue, once the functions have forgotten the empty plan."""
    if company.in_stage(interaction, "none"):
        customer.text("Hello again")
    return ada.offers().get(interaction, {}).get("stage") == "plan_queue"


def test_the_desk_answers_a_stop_by_itself_where_the_provider_does_not(stack: Stack) -> None:
    company = Company(stack, opt_out_reply="desk")
    customer = company.customer()
    customer.text("STOP")
    assert len(eventually(customer.inbox)) == 1


def test_a_long_routing_goes_on_in_a_fresh_execution(stack: Stack, waiting: tuple[Company, Agent, str]) -> None:
    company, _, interaction = waiting
    last = json.dumps({"interaction": interaction, "run": 1, "laps": RINGS_PER_RUN})
    answer = stack.client("lambda").invoke(FunctionName=stack.outputs["NextStepName"], Payload=last)
    assert json.loads(answer["Payload"].read())["wait"] == "done"
    assert "Routing was taken up again" in company.events(interaction)


def test_the_reconciler_takes_up_what_waits_and_frees_who_fell_silent(
    stack: Stack, dropped_on_purpose: None, waiting: tuple[Company, Agent, str]
) -> None:
    company, ada, interaction = waiting
    long_ago = {":then": {"N": "1"}}
    stack.client("dynamodb").update_item(
        TableName=stack.outputs["TableName"],
        Key={"pk": {"S": f"AGENT#{ada.id}"}, "sk": {"S": "HEAD"}},
        UpdateExpression="SET seen_at = :then, due_at = :then",
        ExpressionAttributeValues=long_ago,
    )
    assert stack.laptop.reconcile(all_waits_due=True)["failed"] == 0
    assert "Routing was taken up again" in company.events(interaction)
    assert ada.desk()["presence"]["open"] == 0


@pytest.fixture(scope="module")
def recorded(stack: Stack) -> dict[str, set[tuple[str, str, tuple[str, ...]]]]:
    """Of each function the action, the end of the resource's ARN and the encryption context of its calls."""
    logs = stack.client("logs")
    found = {name: set(uses(calls(messages(logs, group)))) for name, group in GROUPS.items()}
    print("recorded: " + ", ".join(f"{name} {len(kinds)} kinds of call" for name, kinds in found.items()))
    return found


def uses(recorded: Iterator[Call]) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    for call in recorded:
        for use in call.uses:
            action, _, resource = use.partition(" ")
            yield action, resource, call.context


@pytest.fixture(scope="module")
def policies(stack: Stack) -> dict[str, list[dict[str, Any]]]:
    """The statements of each deployed function's role."""
    functions, iam = stack.client("lambda"), stack.client("iam")
    found: dict[str, list[dict[str, Any]]] = {}
    for name, output in OUTPUTS.items():
        role = functions.get_function_configuration(FunctionName=stack.outputs[output])["Role"].rsplit("/", 1)[-1]
        names = iam.list_role_policies(RoleName=role)["PolicyNames"]
        documents = [iam.get_role_policy(RoleName=role, PolicyName=policy)["PolicyDocument"] for policy in names]
        found[name] = [statement for document in documents for statement in document["Statement"]]
    return found


def grants(statement: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Action and resource of every pair that a statement allows."""
    resources = statement["Resource"]
    for action in statement["Action"]:
        for resource in [resources] if isinstance(resources, str) else resources:
            yield action, resource


def fits(resource: str, granted: str) -> bool:
    """Whether a grant is about the resource of a call; a call that names none is about whatever it was granted on."""
    return granted == "*" or not resource or granted == resource or granted.endswith(f":{resource}")


def permits(statement: dict[str, Any], action: str, resource: str, context: tuple[str, ...]) -> bool:
    wanted = statement.get("Condition", {}).get("ForAllValues:StringEquals", {}).get("kms:EncryptionContextKeys")
    if wanted is not None and (not context or not set(context) <= set(wanted)):
        return False
    return any(allowed == action and fits(resource, on) for allowed, on in grants(statement))


def test_every_function_was_recorded(recorded: dict[str, set[Any]]) -> None:
    assert [name for name, kinds in recorded.items() if not kinds] == []


def test_no_function_made_a_call_that_its_policy_lacks(
    recorded: dict[str, set[Any]], policies: dict[str, list[dict[str, Any]]]
) -> None:
    lacking = [
        (name, action, resource)
        for name, kinds in recorded.items()
        for action, resource, context in sorted(kinds)
        if not any(permits(statement, action, resource, context) for statement in policies[name])
    ]
    assert lacking == []


def test_no_function_may_do_what_it_never_did(
    recorded: dict[str, set[Any]], policies: dict[str, list[dict[str, Any]]]
) -> None:
    unused = {
        (name, action): on.rsplit(":", 1)[-1]
        for name, statements in policies.items()
        for statement in statements
        for action, on in grants(statement)
        if action not in BY_LAMBDA
        and not any(action == did and fits(resource, on) for did, resource, _ in recorded[name])
    }
    print(f"granted and never used: {sorted(unused)}")
    assert sorted(f"{name} {action}" for name, action in unused) == []


def test_a_call_without_a_grant_and_a_grant_without_a_call_would_be_seen() -> None:
    table = "arn:aws:dynamodb:us-east-1:000000000000:table/desk"
    condition = {"ForAllValues:StringEquals": {"kms:EncryptionContextKeys": ["account"]}}
    key = {"Action": ["kms:Decrypt"], "Resource": "arn:key", "Condition": condition}
    read = {"Action": ["dynamodb:GetItem"], "Resource": table}
    assert permits(read, "dynamodb:GetItem", "table/desk", ())
    assert not permits(read, "dynamodb:PutItem", "table/desk", ())
    assert not permits(read, "dynamodb:GetItem", "table/desk/index/due", ())
    assert not permits(read, "dynamodb:GetItem", "table/sk", ())
    assert permits(key, "kms:Decrypt", "", ("account",))
    assert not permits(key, "kms:Decrypt", "", ())
    assert not permits(key, "kms:Decrypt", "", ("account", "other"))
