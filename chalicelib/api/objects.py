"""What all configured objects share over HTTP: one is made of a body, or changed by one at its version."""

from collections.abc import Callable
from typing import Any, TypeVar

from pydantic import BaseModel

from chalicelib.api.request import Request
from chalicelib.models.ids import new_id
from chalicelib.store.db import Item
from chalicelib.store.idempotency import Once

Shown = TypeVar("Shown", bound=BaseModel)


def create(
    request: Request, prefix: str, present: Callable[[Item], Shown], save: Callable[[Item, Once | None, int], None]
) -> Shown:
    """Make the object of the body, with an id of this prefix; a repeat of the request gets the same answer."""
    given = request.body.model_dump(by_alias=True)
    item: Item = {**given, "id": new_id(prefix), "created_at": request.now, "version": 1}
    shown = present(item)
    once = request.once and request.once.answered(201, shown.model_dump(mode="json", by_alias=True))
    save(item, once, request.now)
    return shown


def change(
    request: Request, item: Item, present: Callable[[Item], Shown], save: Callable[[Item, int, dict[str, Any]], None]
) -> Shown:
    """Change what the body names of an object that was read as `item`, at the version of the request's If-Match."""
    version = request.version or 0
    changes = request.body.model_dump(by_alias=True, exclude_unset=True)
    save(item, version, changes)
    return present({**item, **changes, "version": version + 1})
