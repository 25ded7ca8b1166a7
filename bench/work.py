"""The CPU of one webhook beside that of one bare put_item, with the network taken out of both."""

import json
import time
from collections.abc import Callable
from itertools import count
from statistics import median
from typing import Any

from botocore.awsrequest import AWSResponse

from bench.budgets import CPU_RATIO, Line
from bench.on_moto import MotoDesk, desk
from bench.paths import new_sid
from bench.provider import text
from chalicelib import aws, config

ROUNDS, EACH = 7, 40


class Raw:
    """What botocore reads a canned body from."""

    def __init__(self, body: bytes) -> None:
        self.body = body

    def stream(self, **_: Any) -> list[bytes]:
        return [self.body]


def canned(request: Any, event_name: str, **_: Any) -> AWSResponse:
    """The answer of an empty table: nothing found, everything written."""
    operation = event_name.rsplit(".", 1)[-1]
    answer: dict[str, Any] = {"Responses": {}, "UnprocessedKeys": {}} if operation == "BatchGetItem" else {}
    if operation == "StartExecution":
        answer = {"executionArn": "arn:aws:states:us-east-1:1:execution:x:y", "startDate": 1}
    headers = {"Content-Type": "application/x-amz-json-1.0"}
    return AWSResponse(request.url, 200, headers, Raw(json.dumps(answer).encode()))


def measure() -> Line:
    """The line of the table."""
    with desk() as made:
        webhook, put = webhook_and_put(made)
        ratio = webhook / put
    return Line("CPU of a webhook / of one bare put_item", CPU_RATIO, ratio, f"{webhook:.2f} / {put:.2f} ms")


def webhook_and_put(made: MotoDesk) -> tuple[float, float]:
    """Milliseconds of CPU for a new customer's text, its three AWS calls included, and for one put_item."""
    posts = (text(made.account, f"+1555{n:07d}", "Hello", new_sid()) for n in count(1))
    made.webhook(*next(posts))  # the caches know the account
    for service in ("dynamodb", "stepfunctions"):
        aws.client(service).meta.events.register_first("before-send", canned)
        aws.client(service).meta.events.unregister("before-send", made._send)
    item = {name: {"S": "x" * 20} for name in ("pk", "sk", "text", "address", "account_id", "id")}
    client, table = aws.client("dynamodb"), config.settings().table
    rounds = [
        (
            milliseconds(lambda: made.webhook(*next(posts))),
            milliseconds(lambda: client.put_item(TableName=table, Item=item)),
        )
        for _ in range(ROUNDS)
    ]  # in turns, so that a busy machine slows both
    webhooks, puts = zip(*rounds, strict=True)
    return median(webhooks), median(puts)


def milliseconds(act: Callable[[], object]) -> float:
    """CPU time of one call, of many."""
    began = time.process_time()
    for _ in range(EACH):
        act()
    return (time.process_time() - began) * 1000 / EACH
