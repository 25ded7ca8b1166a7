"""The wire between the product and MiniStack: at a chosen call a process ends, an answer is lost, or others act.

Step Functions is not asked: the test plays it, so that a timer fires when the test says so.
"""

import json
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

import boto3
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ReadTimeoutError
from botocore.httpsession import URLLib3Session

from chalicelib.store.db import unpack
from tests.faults.wire import Death, answer_of
from tests.model.machine import Machine

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
    """Every AWS request of every client that boto3's default session makes."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
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
        """One attempt of a call leaves."""
        service, operation = event_name.split(".")[1:]
        if not self._processes:
            return self._carry(request, service, operation)
        process = self._processes[-1]
        if process.dead:
            raise Death
        process.calls += 1
        trouble = process.trouble
        if trouble is None or process.struck or process.calls != trouble.number:
            return self._carry(request, service, operation)
        process.struck = True
        if trouble.meanwhile:
            trouble.meanwhile()
        elif trouble.kind == "death before":
            process.dead = True
            raise Death
        answer = self._carry(request, service, operation)
        if trouble.kind == "death after":
            process.dead = True
            raise Death
        if trouble.kind == "answer lost":
            raise ReadTimeoutError(endpoint_url=request.url)
        return answer

    def _carry(self, request: Any, service: str, operation: str) -> AWSResponse:
        if service == "sfn":
            status, document = self.machine.answer(operation, json.loads(request.body))
            return answer_of(request.url, status, document)
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
def tapped(machine: Machine) -> Iterator[Wire]:
    """A wire for every client that is made inside the block."""
    wire = Wire(machine)
    boto3.setup_default_session()
    boto3.DEFAULT_SESSION.events.register_first("before-send", wire.sent)
    try:
        yield wire
    finally:
        boto3.DEFAULT_SESSION = None
