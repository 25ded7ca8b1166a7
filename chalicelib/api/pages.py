"""Pages of lists: `?limit&cursor` in, `{"data", "page"}` out."""

from collections.abc import Callable, Sequence
from typing import Any

from chalicelib.api import cursors
from chalicelib.api.request import Request
from chalicelib.store import db
from chalicelib.store.db import Item


def page(data: Sequence[Any], next_cursor: str | None) -> dict[str, Any]:
    """The answer of every list; `data` are models."""
    return {
        "data": [one.model_dump(mode="json", by_alias=True) for one in data],
        "page": {"next_cursor": next_cursor, "has_more": next_cursor is not None},
    }


def of_partition(
    request: Request, kind: str, pk: str, present: Callable[[Item], Any], begins: str = ""
) -> dict[str, Any]:
    """A page of a partition's items whose sort keys have a prefix, in the order of those keys."""
    shown, cursor = items_of_partition(request, kind, pk, begins)
    return page([present(item) for item in shown], cursor)


def items_of_partition(request: Request, kind: str, pk: str, begins: str = "") -> tuple[list[Item], str | None]:
    """The items themselves and the cursor that follows, for whoever needs more than the items to show them."""
    limit = request.query["limit"]
    cursor = request.query["cursor"]
    after = begins + cursors.decode(kind, cursor, after=str)["after"] if cursor else None
    items = db.query(pk, begins, after=after, limit=limit + 1).items
    shown = items[:limit]
    more = len(items) > limit
    return shown, cursors.encode(kind, after=shown[-1]["sk"].removeprefix(begins)) if more else None


def of_ids(
    request: Request, kind: str, ids: Sequence[str], load: Callable[[Sequence[str]], list[Item]], present: Any
) -> dict[str, Any]:
    """A page of the items with these ids, in their order."""
    limit = request.query["limit"]
    cursor = request.query["cursor"]
    after = cursors.decode(kind, cursor, after=str)["after"] if cursor else ""
    left = [one for one in sorted(ids) if one > after]
    shown = left[:limit]
    more = len(left) > limit
    return page([present(item) for item in load(shown)], cursors.encode(kind, after=shown[-1]) if more else None)
