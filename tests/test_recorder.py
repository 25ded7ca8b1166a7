"""The recorder says what was called on which resource, and nothing of what was written."""

import json

import pytest

from chalicelib import aws, recorder
from chalicelib.config import settings
from chalicelib.outbound import compose
from chalicelib.store import db, secrets, table
from chalicelib.store.transaction import NEW, Transaction

SECRET = "what nobody may read"


@pytest.fixture
def watched(table: str, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("RECORD_CALLS", "1")
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "receive")
    aws.client.cache_clear()
    return table


def recorded(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    output = capsys.readouterr().out
    assert SECRET not in output
    assert "acc_1" not in output
    return [json.loads(line)["aws_call"] for line in output.splitlines()]


def test_a_transaction_is_recorded_by_its_parts(watched: str, capsys: pytest.CaptureFixture[str]) -> None:
    one, two, three = (table.contact(f"{SECRET} {n}") for n in range(3))
    Transaction().create(one, {"text": SECRET}).delete(two).check(three, NEW).commit()
    (call,) = recorded(capsys)
    assert (call["function"], call["operation"]) == ("receive", "TransactWriteItems")
    on = f"table/{watched}"
    assert call["uses"] == [f"dynamodb:{name} {on}" for name in ("ConditionCheckItem", "DeleteItem", "PutItem")]


def test_reads_are_recorded_with_their_index(watched: str, capsys: pytest.CaptureFixture[str]) -> None:
    db.get_many([table.contact(SECRET)])
    db.query_index(table.DUE, ("due_shard", SECRET))
    uses = [call["uses"] for call in recorded(capsys)]
    assert uses == [[f"dynamodb:BatchGetItem table/{watched}"], [f"dynamodb:Query table/{watched}/index/due"]]


def test_keys_and_queues_are_named_but_no_account(watched: str, capsys: pytest.CaptureFixture[str]) -> None:
    secrets.seal("acc_1", {"auth_token": SECRET}, {"auth_token"})
    compose.poke("acc_1", SECRET, "msg_1")
    sealed, sent = recorded(capsys)
    assert (sealed["uses"], sealed["context"]) == ([f"kms:Encrypt {settings().kms_key}"], ["account"])
    assert sent["uses"] == ["sqs:SendMessage outbound.fifo"]


def test_nothing_is_recorded_outside_a_function_or_unasked(
    table: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for wanted, function in (("", "receive"), ("1", None)):
        monkeypatch.setenv("RECORD_CALLS", wanted)
        monkeypatch.delenv("AWS_LAMBDA_FUNCTION_NAME", raising=False)
        if function:
            monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", function)
        aws.client.cache_clear()
        db.get({"pk": "x", "sk": "x"})
    assert recorded(capsys) == []


def test_a_call_that_names_no_resource_is_recorded_without() -> None:
    assert recorder.uses("SendTaskSuccess", {"taskToken": SECRET}) == [("SendTaskSuccess", "")]
    machine = "arn:aws:states:us-east-1:1:stateMachine:routing"
    assert recorder.uses("StartExecution", {"stateMachineArn": machine, "name": SECRET}) == [
        ("StartExecution", machine)
    ]
