"""moto's state kept and put back, and its transactions made fast enough for thousands of cases.

moto copies the whole table once for each action of a transaction (dynamodb/models/__init__.py,
transact_write_items); only the items that a transaction names can change, so that copying these is the same.
"""

import copy
from collections import defaultdict
from typing import Any

import pytest
from moto.dynamodb.models import DynamoDBBackend, dynamodb_backends
from moto.dynamodb.models.table import Table
from moto.sqs.models import sqs_backends
from moto.stepfunctions.models import stepfunctions_backends

from chalicelib.config import settings
from chalicelib.store.db import Item, unpack
from tests.conftest import ACCOUNT, REGION

_whole_transaction = DynamoDBBackend.transact_write_items


def quick_transactions(monkeypatch: pytest.MonkeyPatch) -> None:
    """Until the end of the test a transaction copies the items that it names, and no others."""
    clones: dict[int, Table] = {}

    def transact(self: DynamoDBBackend, transact_items: list[dict[str, Any]]) -> None:
        clones.clear()
        actions = [next(iter(one.values())) for one in transact_items]
        for name in {action["TableName"] for action in actions}:
            clones[id(self.tables[name])] = _clone(self.tables[name])
        for action in actions:
            _own_copy(self, self.tables[action["TableName"]], action)
        _whole_transaction(self, transact_items)

    def deepcopy(self: Table, memo: dict[int, Any]) -> Table:
        return clones[id(self)]

    monkeypatch.setattr(DynamoDBBackend, "transact_write_items", transact)
    monkeypatch.setattr(Table, "__deepcopy__", deepcopy, raising=False)


def _clone(table: Table) -> Table:
    clone = copy.copy(table)
    clone.items = _same_items(table.items)
    return clone


def _same_items(items: Any) -> Any:
    return defaultdict(dict, {pk: dict(rows) for pk, rows in items.items()})


def _own_copy(backend: DynamoDBBackend, table: Table, action: dict[str, Any]) -> None:
    key = action.get("Key") or {name: action["Item"][name] for name in table.table_key_attrs}
    pk, sk = backend.get_keys_value(table, key)
    rows = table.items.get(pk, {})
    if sk in rows:
        rows[sk] = copy.deepcopy(rows[sk])


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
