"""The wire between the product and AWS: counts the calls that leave, and lets chosen ones fail.

One call is one request of the product; botocore makes several attempts of it. moto itself answers on the same
event, and botocore asks every handler of an event, so moto's handler is taken off and called from here.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple

import boto3
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ConnectTimeoutError, ReadTimeoutError
from moto.core.botocore_stubber import MockRawResponse
from moto.core.models import botocore_stubber

_ERRORS: dict[str, tuple[int, dict[str, Any]]] = {
    "failed": (500, {"__type": "InternalServerError", "message": "planted"}),
    "throttled": (400, {"__type": "ThrottlingException", "message": "planted"}),
    "conflict": (
        400,
        {"__type": "TransactionCanceledException", "CancellationReasons": [{"Code": "TransactionConflict"}]},
    ),
}


class Fault(NamedTuple):
    """How a call goes wrong: in its first attempt alone (botocore tries again) or in `every` one of it.

    Timeouts come before the request is carried out or after it, and so does the death of the whole function.
    """

    kind: str
    every: bool = False

    def __str__(self) -> str:
        return f"{self.kind}, {'every attempt' if self.every else 'once'}"


_KINDS = ("failed", "throttled", "conflict", "timeout before", "timeout after")
FAULTS = (
    *(Fault(kind, every) for kind in _KINDS for every in (False, True)),
    Fault("death before"),
    Fault("death after"),
)


class Death(BaseException):
    """The function ends in the middle: no line of the product runs any more."""


@dataclass(frozen=True)
class Call:
    service: str
    operation: str

    def takes(self, fault: Fault) -> bool:
        """Whether AWS may answer this call so: only transactions are in each other's way."""
        return fault.kind != "conflict" or self.operation == "TransactWriteItems"

    def __str__(self) -> str:
        return f"{self.service} {self.operation}"


class Wire:
    """Every AWS request of every client that boto3's default session makes."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.struck = 0
        """Attempts that the fault has met."""
        self._fault: tuple[int, Fault] | None = None
        self._token: str | None = None
        self._hit = self._dead = False

    def arm(self, number: int | None = None, fault: Fault | None = None) -> None:
        """Count anew; the call of that number, from 1, is to meet the fault. Without one all goes well."""
        self.calls, self.struck = [], 0
        self._fault = (number, fault) if number and fault else None
        self._token, self._hit, self._dead = None, False, False

    def called(self, params: dict[str, Any], model: Any, **_: Any) -> None:
        """One call of the product begins."""
        self.calls.append(Call(model.service_model.service_name, model.name))
        token = params.get("ClientRequestToken")
        again = self._hit and bool(token) and token == self._token  # the same transaction, built once, tried again
        self._hit = again or bool(self._fault and self._fault[0] == len(self.calls))
        self._met = 0 if not again else self._met
        if self._hit:
            self._token = token

    _met = 0

    def sent(self, request: Any, event_name: str, **rest: Any) -> AWSResponse | None:
        """One attempt leaves."""
        if self._dead:
            raise Death
        fault = self._fault[1] if self._fault and self._hit else None
        if fault is None or (self._met and not fault.every):
            return botocore_stubber(event_name, request, **rest)
        self._met += 1
        self.struck += 1
        if fault.kind in _ERRORS:
            return answer_of(request.url, *_ERRORS[fault.kind])
        if fault.kind.endswith("after"):
            botocore_stubber(event_name, request, **rest)
        if fault.kind.startswith("death"):
            self._dead = True
            raise Death
        if fault.kind.endswith("after"):
            raise ReadTimeoutError(endpoint_url=request.url)
        raise ConnectTimeoutError(endpoint_url=request.url)


def answer_of(url: str, status: int, document: dict[str, Any]) -> AWSResponse:
    """An answer of AWS that never left this machine."""
    body = MockRawResponse(json.dumps(document))
    return AWSResponse(url, status, {"content-type": "application/x-amz-json-1.0"}, body)


@contextmanager
def tapped() -> Iterator[Wire]:
    """A wire for every client made inside the block; moto must be on."""
    wire = Wire()
    boto3.setup_default_session()
    events = boto3.DEFAULT_SESSION.events
    events.unregister("before-send", botocore_stubber)
    events.register("before-send", wire.sent)
    events.register("before-parameter-build", wire.called)
    try:
        yield wire
    finally:
        boto3.DEFAULT_SESSION = None
