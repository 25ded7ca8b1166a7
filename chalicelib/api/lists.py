"""Contact lists over HTTP."""

from typing import Any

from chalicelib.api import access, objects, pages
from chalicelib.api.request import Request
from chalicelib.models.lists import ContactList
from chalicelib.store import lists
from chalicelib.store.db import Item


def index(request: Request) -> dict[str, Any]:
    visible = access.visible_lists(request)
    if visible is None:
        return pages.of_partition(request, "lists", lists.PARTITION, _present)
    return pages.of_ids(request, "lists", sorted(visible), lists.get_many, _present)


def create(request: Request) -> ContactList:
    return objects.create(request, "lst", _present, lists.create)


def show(request: Request, list_id: str) -> ContactList:
    access.require_list(request, list_id)
    return _present(lists.require(list_id))


def change(request: Request, list_id: str) -> ContactList:
    return objects.change(request, lists.require(list_id), _present, lists.change)


def _present(contact_list: Item) -> ContactList:
    return ContactList.model_validate({"dial_prefix": None, **contact_list})
