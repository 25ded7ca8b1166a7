"""Errors: every code has a status, nothing internal gets out, and logs hold no secret."""

import ast
import json
import logging
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectTimeoutError

from chalicelib.api import problem, queues
from chalicelib.models.errors import Refused
from chalicelib.observability import logger
from chalicelib.store import outage
from tests.api.conftest import ACCOUNT, AUTH_TOKEN, Api

SOURCES = Path(problem.__file__).parents[1]


def refusals() -> set[tuple[str, str]]:
    """Every literal code given to Refused in the product, with its file."""
    found = set()
    for path in SOURCES.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Refused" and node.args:
                code = node.args[0]
                assert isinstance(code, ast.Constant), path
                assert isinstance(code.value, str), path
                found.add((code.value, path.name))
    return found


def test_every_code_that_is_refused_anywhere_has_a_status() -> None:
    found = refusals()
    assert len(found) > 20
    assert {one for one in found if one[0] not in problem.STATUS} == set()


def test_a_refusal_carries_what_the_rule_says() -> None:
    answer = problem.of_refusal(Refused("offer-taken", "Ada has it.", owner="agt_1"))
    assert answer.status_code == 409
    assert json.loads(answer.body) == {
        "type": "about:blank",
        "title": "Offer taken",
        "status": 409,
        "code": "offer-taken",
        "detail": "Ada has it.",
        "retryable": False,
        "owner": "agt_1",
    }


def failing(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def show(request: Any, queue_id: str) -> None:
        raise error

    monkeypatch.setattr(queues, "show", show)


def test_an_unexpected_error_tells_nothing_outside_and_no_value_in_the_log(
    api: Api, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    failing(monkeypatch, RuntimeError(f"the token is {AUTH_TOKEN}"))
    with captured() as lines:
        answer = api("admin", "GET", "/sms/queues/que_1")
    assert (answer.status, answer.body["code"], answer.body["retryable"]) == (500, "unexpected", False)
    assert "token" not in answer.body["detail"]
    text = "".join(lines) + capsys.readouterr().out
    assert AUTH_TOKEN not in text
    assert "RuntimeError" in text
    assert "get_sms_queues_queue_id" in text


@pytest.mark.parametrize(
    "error",
    [
        ClientError({"Error": {"Code": "ProvisionedThroughputExceededException", "Message": "slow"}}, "GetItem"),
        ClientError(
            {
                "Error": {"Code": "TransactionCanceledException", "Message": "x"},
                "CancellationReasons": [{"Code": "None"}, {"Code": "TransactionConflict"}],
            },
            "TransactWriteItems",
        ),
        ClientError({"Error": {"Code": "X", "Message": ""}, "ResponseMetadata": {"HTTPStatusCode": 500}}, "GetItem"),
        ConnectTimeoutError(endpoint_url="https://dynamodb.example"),
    ],
)
def test_what_passes_by_itself_is_retryable(api: Api, monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    failing(monkeypatch, error)
    answer = api("admin", "GET", "/sms/queues/que_1")
    assert (answer.status, answer.body["code"], answer.body["retryable"]) == (503, "unavailable", True)
    assert answer.headers["Retry-After"] == "1"


def test_a_mistake_of_ours_is_no_outage() -> None:
    assert not outage.is_outage(ClientError({"Error": {"Code": "ValidationException", "Message": ""}}, "Query"))
    assert not outage.is_outage(ValueError())


class captured:
    """What the logger writes, formatted as it goes out."""

    def __enter__(self) -> list[str]:
        self.lines: list[str] = []
        self.handler = logging.Handler()
        self.handler.setFormatter(logger.registered_formatter)
        self.handler.emit = lambda record: self.lines.append(self.handler.format(record))  # type: ignore[method-assign]
        logger.addHandler(self.handler)
        return self.lines

    def __exit__(self, *_: object) -> None:
        logger._logger.removeHandler(self.handler)


def test_no_secret_is_in_an_answer_or_a_log_line_while_an_account_is_made_changed_and_refused(
    api: Api, capfd: pytest.CaptureFixture[str]
) -> None:
    secret = "sesame-open-0123456789"
    body = {**ACCOUNT, "credentials": {**ACCOUNT["credentials"], "auth_token": secret}}
    answers = []
    with captured() as lines:
        made = api.must("admin", "POST", "/sms/accounts", body, Idempotency_Key="k-1")
        path = f"/sms/accounts/{made['id']}"
        answers.append(made)
        answers.append(api("admin", "POST", "/sms/accounts", body, Idempotency_Key="k-1").body)
        answers.append(api("admin", "POST", "/sms/accounts", body).body)
        wrong = {"credentials": {"auth_token": [secret], secret: "x"}, "sender": secret[:20]}
        answers.append(api("admin", "PATCH", path, {"credentials": {"auth_token": secret}}, If_Match="1").body)
        answers.append(api("admin", "GET", path).body)
        answers.append(api("admin", "GET", "/sms/accounts").body)
        assert api("admin", "PATCH", path, {"credentials": {"auth_token": [secret] * 4}}, If_Match="2").status == 422
        refused = api("admin", "PATCH", path, wrong, If_Match="2")
        assert refused.status == 422
        assert secret not in json.dumps([mistake["detail"] for mistake in refused.body["errors"]])
    assert secret not in json.dumps(answers)
    assert secret not in "".join(lines) + "".join(capfd.readouterr())


def test_every_code_is_documented() -> None:
    told = (SOURCES.parent / "docs" / "api.md").read_text()
    assert [code for code in problem.STATUS if f"`{code}`" not in told] == []
