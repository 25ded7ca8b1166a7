"""Watches every request that botocore sends, and lets chosen ones fail before or after they have been carried out."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from botocore.awsrequest import AWSResponse
from botocore.exceptions import ReadTimeoutError
from moto.core.models import botocore_stubber

from chalicelib.aws import client

Fault = Callable[[str, int], str | None]
"""Given an operation and its number among its like, from 1: "before", "after" (carried out, answer lost) or None."""


def no_fault(operation: str, number: int) -> None:
    """Everything works."""


@dataclass
class AwsCalls:
    """Operations in the order in which they were sent, one entry for every attempt."""

    operations: list[str] = field(default_factory=list)
    fault: Fault = no_fault
    parameters: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def watch(self, *services: str) -> None:
        for service in services:
            events = client(service).meta.events
            # botocore calls every handler of the event: moto's own would carry the request out a second time.
            events.unregister("before-send", botocore_stubber)
            events.register(f"before-send.{service}.*", self._send)
            events.register(f"before-parameter-build.{service}.*", self._note)

    def _note(self, params: dict[str, Any], model: Any, **_: Any) -> None:
        self.parameters.append((model.name, dict(params)))

    def _send(self, request: Any, event_name: str, **rest: Any) -> AWSResponse | None:
        operation = event_name.rpartition(".")[2]
        # moto's transactions are not safe for threads.
        with self._lock:
            self.operations.append(operation)
            fault = self.fault(operation, self.operations.count(operation))
            if fault == "before":
                raise ReadTimeoutError(endpoint_url="https://aws.invalid")
            answer = botocore_stubber(event_name, request, **rest)
            if fault == "after":
                raise ReadTimeoutError(endpoint_url="https://aws.invalid")
            return answer

    def forget(self) -> None:
        self.operations.clear()
        self.parameters.clear()

    def asked(self, operation: str) -> list[dict[str, Any]]:
        """The parameters of every call of an operation."""
        return [given for name, given in self.parameters if name == operation]


def always(operation: str, mode: str, since: int = 1, until: int = 10**6) -> Fault:
    """Every sending of an operation fails, from one on up to another."""
    return lambda sent, time: mode if sent == operation and since <= time <= until else None
