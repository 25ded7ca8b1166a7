"""moto's state kept and put back."""

import copy
from collections import defaultdict
from typing import Any

from moto.dynamodb.models import dynamodb_backends
from moto.dynamodb.models.table import Table
from moto.sqs.models import sqs_backends
from moto.stepfunctions.models import stepfunctions_backends

from chalicelib.config import settings
from chalicelib.store.db import Item, unpack
from tests.conftest import ACCOUNT, REGION


class State:
    """The table, the queues and the executions as they are now; `restore` puts them back, any number of times."""

    def __init__(self) -> None:
        self._items = copy.deepcopy(dict(_table().items))
        self._messages = [_copies(queue._messages) for queue in _queues()]
        self._executions = [list(machine.executions) for machine in _machines()]

    def restore(self) -> None:
        _table().items = defaultdict(dict, copy.deepcopy(self._items))
        for queue, messages in zip(_queues(), self._messages, strict=True):
            queue._messages, queue._pending_messages, queue.deleted_messages = _copies(messages), set(), set()
        for machine, executions in zip(_machines(), self._executions, strict=True):
            machine.executions = list(executions)


def _copies(messages: list[Any]) -> list[Any]:
    return [copy.copy(message) for message in messages]


def items() -> list[Item]:
    """The whole table."""
    return [unpack(item.to_json()["Attributes"]) for rows in _table().items.values() for item in rows.values()]


def executions() -> set[str]:
    """Names of the executions that were started."""
    return {execution.name for machine in _machines() for execution in machine.executions}


def forget_executions() -> None:
    """Nothing was ever started."""
    for machine in _machines():
        machine.executions = []


def take_messages(queue: int = 0) -> list[str]:
    """The bodies of everything in the outbound queue (0), or among the dead letters (1), which is then empty."""
    found = _queues()[queue]
    bodies = [message.body for message in found._messages]
    found._messages, found._pending_messages = [], set()
    return bodies


def _table() -> Table:
    return dynamodb_backends[ACCOUNT][REGION].tables[settings().table]


def _queues() -> list[Any]:
    queues = sqs_backends[ACCOUNT][REGION].queues
    return [queues[name] for name in ("outbound.fifo", "outbound-dead.fifo")]


def _machines() -> list[Any]:
    return list(stepfunctions_backends[ACCOUNT][REGION].state_machines)
