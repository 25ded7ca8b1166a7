"""Contacts over HTTP, to read."""

from typing import Any

from chalicelib import clock
from chalicelib.api import access, cursors, pages
from chalicelib.api.request import Request
from chalicelib.models.contacts import Contact
from chalicelib.models.errors import Refused
from chalicelib.store import contacts, lists
from chalicelib.store.db import Item


def index(request: Request) -> dict[str, Any]:
    list_id, phone = request.query["list_id"], request.query["phone"]
    if (list_id is None) == (phone is None):
        detail = "Give either list_id or phone."
        raise Refused("invalid", "The query is not valid.", errors=[{"parameter": "list_id", "detail": detail}])
    return _with_phone(request, phone) if phone else _of_list(request, list_id)


def show(request: Request, contact_id: str) -> Contact:
    contact = contacts.require(contact_id)
    visible = access.visible_lists(request)
    if visible is not None and contact["list_id"] not in visible:
        raise Refused("not-found", "There is no such contact.")
    return _present(contact)


def _of_list(request: Request, list_id: str) -> dict[str, Any]:
    access.require_list(request, list_id)
    lists.require(list_id)
    cursor = request.query["cursor"]
    after = cursors.decode("contacts", cursor, after=str)["after"] if cursor else None
    found = contacts.of_list(list_id, after, request.query["limit"])
    more = cursors.encode("contacts", after=found.last["g1sk"]) if found.last else None
    return pages.page([_present(item) for item in found.items], more)


def _with_phone(request: Request, phone: str) -> dict[str, Any]:
    visible = access.visible_lists(request)
    found = contacts.with_phone(phone)
    ids = [contact_id for contact_id, list_id in found.items() if visible is None or list_id in visible]
    return pages.of_ids(request, "contacts-by-phone", ids, contacts.get_many, _present)


def _present(contact: Item) -> Contact:
    return Contact.model_validate({"name": None, **contact, "created_at": clock.rfc3339(contact["created_at"])})
