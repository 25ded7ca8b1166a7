"""What the table holds, kept up to date by reading again what a step wrote, so that looking costs little."""

from typing import Any

import boto3

from chalicelib import config
from chalicelib.store.db import Item, pack, unpack
from tests.faults.facts import Facts, sort
from tests.model.wire import Spot


class Mirror:
    """The items by key; the client is one that no fault meets."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self.items: dict[Spot, Item] = self.scan()

    def scan(self) -> dict[Spot, Item]:
        """The whole table, which only tests may read."""
        found: dict[Spot, Item] = {}
        for page in self._client.get_paginator("scan").paginate(TableName=config.settings().table, ConsistentRead=True):
            for raw in page["Items"]:
                item = unpack(raw)
                found[item["pk"], item["sk"]] = item
        return found

    def reread(self, touched: set[Spot]) -> None:
        """Look again at these keys."""
        self.items = dict(self.items)
        wanted = sorted(touched)
        name = config.settings().table
        for start in range(0, len(wanted), 100):
            keys = [pack({"pk": pk, "sk": sk}) for pk, sk in wanted[start : start + 100]]
            answer = self._client.batch_get_item(RequestItems={name: {"Keys": keys, "ConsistentRead": True}})
            for spot in wanted[start : start + 100]:
                self.items.pop(spot, None)
            for raw in answer["Responses"][name]:
                item = unpack(raw)
                self.items[item["pk"], item["sk"]] = item

    def differs(self) -> list[Spot]:
        """Keys where the table holds something else than what was read last."""
        there = self.scan()
        return [spot for spot in there.keys() | self.items.keys() if there.get(spot) != self.items.get(spot)]

    def facts(self, now: int, started: set[str]) -> Facts:
        return sort(Facts(now, started, []), self.items.values())


def plain_client() -> Any:
    """A DynamoDB client that belongs to the test alone."""
    return boto3.Session().client("dynamodb")
