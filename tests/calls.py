"""Counts AWS calls by a botocore hook, as the budgets of the design count them: one for each attempt that leaves."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from chalicelib import aws

_SERVICES = ("dynamodb", "sqs", "stepfunctions", "kms")


@contextmanager
def counted() -> Iterator[list[str]]:
    """The operations called inside the block, in order."""
    calls: list[str] = []

    def note(request: Any, **named: Any) -> None:
        calls.append(named["event_name"].rsplit(".", 1)[-1])

    clients = [aws.client(service) for service in _SERVICES]
    for client in clients:
        client.meta.events.register_first("before-send", note)
    try:
        yield calls
    finally:
        for client in clients:
            client.meta.events.unregister("before-send", note)


@contextmanager
def before(operation: str, act: Callable[[], object]) -> Iterator[None]:
    """Let somebody else act at the worst moment: just before the block's first call of an operation leaves.

    Two threads would not do: moto's transactions are not isolated from each other.
    """
    client = aws.client("dynamodb")
    event = f"before-send.dynamodb.{operation}"
    waiting = [act]

    def interrupt(**_: Any) -> None:
        if waiting:
            waiting.pop()()

    client.meta.events.register_first(event, interrupt)
    try:
        yield
    finally:
        client.meta.events.unregister(event, interrupt)
    assert not waiting, f"no {operation} was called"
