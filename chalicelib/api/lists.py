"""Contact lists over HTTP."""

from typing import Any

from chalicelib.api import access, pages
from chalicelib.api.request import Request
from chalicelib.models.ids import new_id
from chalicelib.models.lists import ContactList
from chalicelib.store import lists
from chalicelib.store.db import Item


def index(request: Request) -> dict[str, Any]:
    visible = access.visible_lists(request)
    if visible is None:
        return pages.of_partition(request, "lists", lists.PARTITION, _present)
    return pages.of_ids(request, "lists", sorted(visible), lists.get_many, _present)


def create(request: Request) -> ContactList:
    contact_list: Item = {**request.body.model_dump(), "id": new_id("lst"), "created_at": request.now, "version": 1}
    shown = _present(contact_list)
    once = request.once and request.once.answered(201, shown.model_dump(mode="json"))
    lists.create(contact_list, once, request.now)
    return shown


def show(request: Request, list_id: str) -> ContactList:
    access.require_list(request, list_id)
    return _present(lists.require(list_id))


def change(request: Request, list_id: str) -> ContactList:
    contact_list = lists.require(list_id)
    version = request.version or 0
    changes = request.body.model_dump(exclude_unset=True)
    lists.change(contact_list, version, changes)
    return _present({**contact_list, **changes, "version": version + 1})


def _present(contact_list: Item) -> ContactList:
    return ContactList.model_validate({"dial_prefix": None, **contact_list})
