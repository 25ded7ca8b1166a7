"""Reads and single writes of the table, in plain Python values: numbers are ints, sets are sets of strings."""

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any, NamedTuple

from boto3.dynamodb.conditions import ConditionBase, ConditionExpressionBuilder
from boto3.dynamodb.types import TypeDeserializer, TypeSerializer

from chalicelib.aws import client
from chalicelib.config import settings
from chalicelib.store.table import Key

Item = dict[str, Any]
_serialize = TypeSerializer().serialize
_deserialize = TypeDeserializer().deserialize
_BATCH = 100  # keys that one BatchGetItem takes


def pack(item: Item) -> dict[str, Any]:
    """A plain item as DynamoDB writes it; None and empty sets are left out, since both mean absence."""
    return {name: _serialize(value) for name, value in item.items() if value is not None and value != set()}


def unpack(item: dict[str, Any]) -> Item:
    return {name: _plain(_deserialize(value)) for name, value in item.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return int(value)
    if isinstance(value, dict):
        return {name: _plain(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    return value


def get(key: Key) -> Item | None:
    """One item, read consistently."""
    answer = client("dynamodb").get_item(TableName=settings().table, Key=pack(key), ConsistentRead=True)
    return unpack(answer["Item"]) if "Item" in answer else None


def put(key: Key, item: Item) -> None:
    """Write one item, whatever was there."""
    client("dynamodb").put_item(TableName=settings().table, Item=pack({**item, **key}))


def get_many(keys: Iterable[Key]) -> list[Item | None]:
    """Items in the order of their keys, read consistently: one call for each hundred."""
    wanted = list(keys)
    found: dict[tuple[str, str], Item] = {}
    distinct = list({(k["pk"], k["sk"]): k for k in wanted}.values())
    for start in range(0, len(distinct), _BATCH):
        left: list[Any] = [pack(key) for key in distinct[start : start + _BATCH]]
        while left:
            answer = client("dynamodb").batch_get_item(
                RequestItems={settings().table: {"Keys": left, "ConsistentRead": True}}
            )
            for raw in answer["Responses"].get(settings().table, []):
                item = unpack(raw)
                found[item["pk"], item["sk"]] = item
            left = answer.get("UnprocessedKeys", {}).get(settings().table, {}).get("Keys", [])
    return [found.get((key["pk"], key["sk"])) for key in wanted]


class Page(NamedTuple):
    items: list[Item]
    last: Key | None
    """Where the next page begins, or None at the end."""


def query(
    pk: str,
    begins: str = "",
    *,
    after: str | None = None,
    before: str | None = None,
    limit: int | None = None,
    forward: bool = True,
) -> Page:
    """One consistent page of a partition: sort keys with a prefix, strictly after or before another sort key."""
    values: dict[str, Any] = {":pk": {"S": pk}}
    low = after + "\x00" if after else begins
    high = before if before else begins + "\U0010ffff"
    values |= {":low": {"S": low or "\x00"}, ":high": {"S": high}}
    arguments: dict[str, Any] = {"Limit": limit} if limit else {}
    answer = client("dynamodb").query(
        TableName=settings().table,
        ConsistentRead=True,
        ScanIndexForward=forward,
        KeyConditionExpression="pk = :pk AND sk BETWEEN :low AND :high",
        ExpressionAttributeValues=values,
        **arguments,
    )
    last = unpack(answer["LastEvaluatedKey"]) if "LastEvaluatedKey" in answer else None
    found = [unpack(raw) for raw in answer["Items"]]
    return Page([item for item in found if item["sk"] != before], last)


def query_all(pk: str, begins: str = "", *, page_of: int | None = None) -> Iterator[Item]:
    """Every item of a partition with a prefix, consistently, page by page, each read when it is come to."""
    after = None
    while True:
        page = query(pk, begins, after=after, limit=page_of)
        yield from page.items
        if page.last is None:
            return
        after = page.last["sk"]


def query_index(
    index: str,
    partition: tuple[str, str],
    condition: tuple[str, str, str | int] | None = None,
    *,
    start: Key | None = None,
    limit: int | None = None,
    forward: bool = True,
    between: tuple[str, str, str] | None = None,
) -> Page:
    """One page of an index (never consistent: nothing may be decided from it)."""
    names, values = {"#p": partition[0]}, {":p": {"S": partition[1]}}
    expression = "#p = :p"
    if condition:
        name, operator, value = condition
        names["#s"], values[":s"] = name, _serialize(value)
        expression += f" AND #s {operator} :s"
    if between:
        names["#s"], values[":low"], values[":high"] = between[0], _serialize(between[1]), _serialize(between[2])
        expression += " AND #s BETWEEN :low AND :high"
    arguments: dict[str, Any] = {"Limit": limit} if limit else {}
    if start:
        arguments["ExclusiveStartKey"] = pack(start)
    answer = client("dynamodb").query(
        TableName=settings().table,
        IndexName=index,
        ScanIndexForward=forward,
        KeyConditionExpression=expression,
        ExpressionAttributeNames=names,
        ExpressionAttributeValues=values,
        **arguments,
    )
    last = unpack(answer["LastEvaluatedKey"]) if "LastEvaluatedKey" in answer else None
    return Page([unpack(raw) for raw in answer["Items"]], last)


def expression(condition: ConditionBase | None) -> dict[str, Any]:
    """A condition as request arguments; empty without one."""
    if condition is None:
        return {}
    built = ConditionExpressionBuilder().build_expression(condition)
    arguments: dict[str, Any] = {"ConditionExpression": built.condition_expression}
    if built.attribute_name_placeholders:
        arguments["ExpressionAttributeNames"] = dict(built.attribute_name_placeholders)
    if built.attribute_value_placeholders:
        arguments["ExpressionAttributeValues"] = pack(built.attribute_value_placeholders)
    return arguments
