"""Notes each AWS call of a function as one line of its log: what was called on which resource, never its content.

Only the laptop's stage records; the bench counts these lines, and a test compares them with the policies.
"""

import json
import os
import sys
import time
from typing import Any

RECORDED = "aws_call"
# botocore's name of a service -> the prefix of its IAM actions:
# https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
_PREFIXES = {"dynamodb": "dynamodb", "kms": "kms", "sfn": "states", "sqs": "sqs"}
# A transaction has no action of its own; each of its parts does:
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis-iam.html
_PARTS = {"Put": "PutItem", "Update": "UpdateItem", "Delete": "DeleteItem", "ConditionCheck": "ConditionCheckItem"}


def watch(client: Any) -> None:
    """Record every request of a boto3 client, one line for each attempt that leaves."""
    client.meta.events.register_first("before-send", _record)


def _record(request: Any, event_name: str, **_rest: Any) -> None:
    _, service, operation = event_name.split(".")
    body = json.loads(request.body)
    call = {
        "at": round(time.time() * 1000),
        "function": os.environ["AWS_LAMBDA_FUNCTION_NAME"],
        "operation": operation,
        "uses": sorted({f"{_PREFIXES[service]}:{action} {on}" for action, on in uses(operation, body)}),
        "items": items(body),
        "context": sorted(body.get("EncryptionContext", {})),
    }
    # One write: other threads of the function have lines of their own.
    sys.stdout.write(json.dumps({RECORDED: call}, separators=(",", ":")) + "\n")
    sys.stdout.flush()


def uses(operation: str, body: dict[str, Any]) -> list[tuple[str, str]]:
    """IAM actions of a request, each with the end of its resource's ARN; empty where the request names none."""
    if operation == "TransactWriteItems":
        parts = [part for item in body["TransactItems"] for part in item.items()]
        return [(_PARTS[kind], f"table/{part['TableName']}") for kind, part in parts]
    if operation == "BatchGetItem":
        return [(operation, f"table/{name}") for name in body["RequestItems"]]
    return [(operation, _resource(body))]


def items(body: dict[str, Any]) -> int:
    """How many items a request reads or writes by key: its cost, times their size."""
    if "TransactItems" in body:
        return len(body["TransactItems"])
    return sum(len(asked["Keys"]) for asked in body.get("RequestItems", {}).values()) or 1


def _resource(body: dict[str, Any]) -> str:
    if "TableName" in body:
        index = f"/index/{body['IndexName']}" if "IndexName" in body else ""
        return f"table/{body['TableName']}{index}"
    if "QueueUrl" in body:
        return str(body["QueueUrl"]).rsplit("/", 1)[-1]
    return str(body.get("stateMachineArn") or body.get("KeyId") or "")
