"""What moto and botocore do again for every test, made fast enough for thousands of them.

moto copies the whole table once for each action of a transaction (dynamodb/models/__init__.py,
transact_write_items); only the items that a transaction names can change, so that copying these is the same.
Keys get a private RSA key that no test uses, and each moto session reads botocore's descriptions of the services anew.
"""

import copy
from collections import defaultdict
from functools import cache
from typing import Any

import pytest
from botocore.loaders import JSONFileLoader
from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.table import Table
from moto.kms import models as kms_models

_load_file = JSONFileLoader.load_file
_private_key = cache(kms_models.generate_private_key)
_whole_transaction = DynamoDBBackend.transact_write_items


@cache
def _described(path: str) -> Any:
    return _load_file(JSONFileLoader(), path)


def quick_setup(monkeypatch: pytest.MonkeyPatch) -> None:
    """Until the end of the test nothing is generated or read from disk that was so before."""
    monkeypatch.setattr(kms_models, "generate_private_key", _private_key)
    monkeypatch.setattr(JSONFileLoader, "load_file", lambda _loader, path: _described(path))


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
