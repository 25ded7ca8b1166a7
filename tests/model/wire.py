"""The wire between the product and the world: at a chosen call a process ends, an answer is lost, or others act.

MiniStack answers for DynamoDB and KMS. Step Functions, SQS and whoever is called over HTTP are played by the test, so
that a timer fires, a text leaves and a provider answers when and as the test says.
"""

import json
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ReadTimeoutError
from botocore.httpsession import URLLib3Session

from chalicelib.providers.calls import NoAnswer
from chalicelib.providers.http import Answer, Http
from chalicelib.store.db import unpack
from tests.faults.wire import Death, answer_of
from tests.model.machine import Machine
from tests.model.outside import Outside
from tests.model.pokes import Queue

T = TypeVar("T")
Kind = Literal["death before", "death after", "answer lost"]
KINDS: tuple[Kind, ...] = ("death before", "death after", "answer lost")
Spot = tuple[str, str]


@dataclass(frozen=True)
class Trouble:
    """What happens at the call of that number, from 1: a fault, or what others do just before it leaves."""

    number: int
    kind: Kind | None = None
    meanwhile: Callable[[], object] | None = None


@dataclass
class _Process:
    """One act of the product, and how far it has come."""

    trouble: Trouble | None
    calls: int = 0
    dead: bool = False
    struck: bool = False


class Wire:
    """Every AWS request of every client that boto3's default session makes, and every call over HTTP."""

    def __init__(self) -> None:
        self.machine, self.queue, self.outside = Machine(), Queue(), Outside()
        self.touched: set[Spot] = set()
        """Keys of the table that somebody wrote, or tried to, since this was emptied."""
        self._http = URLLib3Session(socket_options=[(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)])
        self._processes: list[_Process] = []

    @contextmanager
    def process(self, trouble: Trouble | None = None) -> Iterator[_Process]:
        """A process of the product; inside the block its calls are counted. Death ends the block."""
        process = _Process(trouble)
        self._processes.append(process)
        try:
            yield process
        finally:
            self._processes.pop()

    def sent(self, request: Any, event_name: str, **_: Any) -> AWSResponse:
        """One attempt of a call to AWS leaves."""
        service, operation = event_name.split(".")[1:]
        lost = ReadTimeoutError(endpoint_url=request.url)
        return self._leaves(lambda: self._carry(request, service, operation), lost)

    def called(self, _client: Http, method: str, url: str, **arguments: Any) -> Answer:
        """A provider or a web hook is called."""
        return self._leaves(lambda: self.outside.answer(method, url, arguments), NoAnswer("planted"))

    def _leaves(self, carry: Callable[[], T], lost: Exception) -> T:
        """`lost` is raised where the answer does not come back."""
        if not self._processes:
            return carry()
        process = self._processes[-1]
        if process.dead:
            raise Death
        process.calls += 1
        trouble = process.trouble
        if trouble is None or process.struck or process.calls != trouble.number:
            return carry()
        process.struck = True
        if trouble.meanwhile:
            trouble.meanwhile()
        elif trouble.kind == "death before":
            process.dead = True
            raise Death
        answer = carry()
        if trouble.kind == "death after":
            process.dead = True
            raise Death
        if trouble.kind == "answer lost":
            raise lost
        return answer

    def _carry(self, request: Any, service: str, operation: str) -> AWSResponse:
        if service == "sfn":
            status, document = self.machine.answer(operation, json.loads(request.body))
            return answer_of(request.url, status, document)
        if service == "sqs":
            return answer_of(request.url, 200, self.queue.answer(operation, json.loads(request.body)))
        if service == "dynamodb":
            self.touched |= set(_written(operation, json.loads(request.body)))
        return self._http.send(request)


def _written(operation: str, body: dict[str, Any]) -> Iterator[Spot]:
    """The keys that a request of DynamoDB writes."""
    if operation == "TransactWriteItems":
        for action in body["TransactItems"]:
            ((verb, one),) = action.items()
            if verb != "ConditionCheck":
                yield _spot(one)
    elif operation in ("PutItem", "UpdateItem", "DeleteItem"):
        yield _spot(body)


def _spot(one: dict[str, Any]) -> Spot:
    key = unpack({name: (one.get("Key") or one["Item"])[name] for name in ("pk", "sk")})
    return key["pk"], key["sk"]


@contextmanager
def tapped(patch: pytest.MonkeyPatch) -> Iterator[Wire]:
    """A wire for every client that is made inside the block, and for the HTTP client."""
    wire = Wire()
    patch.setattr(Http, "request", lambda client, method, url, **given: wire.called(client, method, url, **given))
    boto3.setup_default_session()
    boto3.DEFAULT_SESSION.events.register_first("before-send", wire.sent)
    try:
        yield wire
    finally:
        boto3.DEFAULT_SESSION = None
