"""Transactions: built from puts, updates, checks and deletes, committed once, answered with what stood in the way."""

import random
import time
import uuid
from typing import Any, Self

from boto3.dynamodb.conditions import Attr, ConditionBase
from botocore.exceptions import ClientError

from chalicelib.aws import client
from chalicelib.config import CONFLICT_RETRIES, settings
from chalicelib.store.db import Item, expression, pack, unpack
from chalicelib.store.table import Key

NEW = Attr("pk").not_exists()
EXISTS = Attr("pk").exists()
_AGAIN = frozenset({"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"})


class Lost(Exception):
    """A condition failed: somebody else was first. Holds what came back for each failed item."""

    def __init__(self, failed: dict[tuple[str, str], Item | None]) -> None:
        super().__init__(", ".join(sk for _, sk in failed))
        self._failed = failed

    def __contains__(self, key: Key) -> bool:
        """Whether the condition on this item failed."""
        return (key["pk"], key["sk"]) in self._failed

    def item(self, key: Key) -> Item | None:
        """The item as it stood when its condition failed; None if it did not exist."""
        return self._failed[key["pk"], key["sk"]]


class Transaction:
    """One TransactWriteItems.

    botocore repeats a call whose answer was lost, and the repetition then fails on what
    the first one wrote. Each transaction therefore has an `op`, written on a `proof` item that it
    creates; a failed condition whose proof carries our own op is our own success.
    https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html
    """

    def __init__(self) -> None:
        self.op = uuid.uuid4().hex
        self._items: dict[tuple[str, str], dict[str, Any]] = {}
        self._proofs: list[tuple[str, str]] = []

    def _add(self, kind: str, key: Key, arguments: dict[str, Any], condition: ConditionBase | None) -> Self:
        identity = (key["pk"], key["sk"])
        if kind == "Put" and "Delete" in self._items.get(identity, {}):
            del self._items[identity]  # what one part of a decision takes away, another may write anew
        if identity in self._items:
            raise AssertionError(f"two actions on {identity} in one transaction")
        built = expression(condition)
        for name in ("ExpressionAttributeNames", "ExpressionAttributeValues"):
            merged = built.pop(name, {}) | arguments.pop(name, {})
            if merged:
                arguments[name] = merged
        self._items[identity] = {
            kind: {
                "TableName": settings().table,
                "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
                **arguments,
                **built,
            }
        }
        return self

    def put(self, key: Key, item: Item, condition: ConditionBase | None = None) -> Self:
        return self._add("Put", key, {"Item": pack({**item, **key})}, condition)

    def create(self, key: Key, item: Item) -> Self:
        """Put an item that must not exist yet; it proves the transaction."""
        self._proofs.append((key["pk"], key["sk"]))
        return self.put(key, {**item, "op": self.op}, NEW)

    def update(
        self,
        key: Key,
        condition: ConditionBase | None = None,
        *,
        put: Item | None = None,
        add: Item | None = None,
        drop: Item | None = None,
        prove: bool = False,
    ) -> Self:
        """Set attributes (None removes one), add to numbers or sets, take members out of sets."""
        changes = dict(put or {})
        if prove:
            changes["op"] = self.op
            self._proofs.append((key["pk"], key["sk"]))
        gone = [name for name, value in changes.items() if value is None]
        kept = pack({name: value for name, value in changes.items() if value is not None})
        names: dict[str, str] = {}
        values: dict[str, Any] = {}
        clauses = []
        for verb, fields in (("SET", kept), ("ADD", pack(add or {})), ("DELETE", pack(drop or {}))):
            parts = []
            for name, value in fields.items():
                n = len(names)
                names[f"#u{n}"], values[f":u{n}"] = name, value
                parts.append(f"#u{n} = :u{n}" if verb == "SET" else f"#u{n} :u{n}")
            if parts:
                clauses.append(f"{verb} {', '.join(parts)}")
        if gone:
            for name in gone:
                names[f"#u{len(names)}"] = name
            clauses.append("REMOVE " + ", ".join(list(names)[-len(gone) :]))
        arguments = {
            "Key": pack(key),
            "UpdateExpression": " ".join(clauses),
            "ExpressionAttributeNames": names,
            "ExpressionAttributeValues": values,
        }
        return self._add("Update", key, arguments, condition)

    def delete(self, key: Key, condition: ConditionBase | None = None) -> Self:
        return self._add("Delete", key, {"Key": pack(key)}, condition)

    def check(self, key: Key, condition: ConditionBase) -> Self:
        return self._add("ConditionCheck", key, {"Key": pack(key)}, condition)

    def commit(self) -> None:
        """Write everything or nothing. Raises Lost, or botocore's error when the outcome stays open."""
        conflicts = 0
        while True:
            try:
                client("dynamodb").transact_write_items(
                    TransactItems=list(self._items.values()), ClientRequestToken=self.op
                )
                return
            except ClientError as error:
                failed = self._failed(error)
                if failed:
                    if self._is_own_write(failed):
                        return
                    raise Lost(failed) from None
                if conflicts >= CONFLICT_RETRIES or not self._is_conflict(error):
                    raise
                conflicts += 1
                time.sleep(random.uniform(0.005, 0.02) * 2 ** min(conflicts, 5))

    def _failed(self, error: ClientError) -> dict[tuple[str, str], Item | None]:
        """The items whose conditions failed, as they stood."""
        return {
            identity: unpack(reason["Item"]) if reason.get("Item") else None
            for identity, reason in zip(self._items, _reasons(error), strict=False)
            if reason.get("Code") == "ConditionalCheckFailed"
        }

    def _is_own_write(self, failed: dict[tuple[str, str], Item | None]) -> bool:
        return any((failed.get(proof) or {}).get("op") == self.op for proof in self._proofs)

    def _is_conflict(self, error: ClientError) -> bool:
        code = error.response["Error"]["Code"]
        return code == "TransactionInProgressException" or any(
            reason.get("Code") in _AGAIN for reason in _reasons(error)
        )


def _reasons(error: ClientError) -> list[dict[str, Any]]:
    return error.response.get("CancellationReasons") or []
