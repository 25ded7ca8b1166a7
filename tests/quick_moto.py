"""moto's transactions made fast enough for thousands of tests.

moto copies the whole table once for each action of a transaction (dynamodb/models/__init__.py,
transact_write_items); only the items that a transaction names can change, so that copying these is the same.
"""

import copy
from collections import defaultdict
from typing import Any

import pytest
from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.table import Table

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
