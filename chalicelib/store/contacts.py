"""Contacts: read one, those of a list, those with a phone number."""

from collections.abc import Sequence

from chalicelib.models.errors import Refused
from chalicelib.store import db, table
from chalicelib.store.db import Item, Page


def require(contact_id: str) -> Item:
    """The contact; raises Refused `not-found`."""
    item = db.get(table.contact(contact_id))
    if item is None:
        raise Refused("not-found", "There is no such contact.")
    return item


def get_many(contact_ids: Sequence[str]) -> list[Item]:
    """Those of the contacts that exist, in the order of their ids."""
    found = db.get_many([table.contact(one) for one in contact_ids]) if contact_ids else []
    return [item for item in found if item is not None]


def of_list(list_id: str, after: str | None, limit: int) -> Page:
    """A page of a list's contacts, oldest first, after a contact's id. Not consistent: for showing only."""
    partition = ("g1pk", table.in_list(list_id))
    start = {**table.contact(after), "g1pk": table.in_list(list_id), "g1sk": after} if after else None
    return db.query_index(table.BY_START, partition, start=start, limit=limit)


def with_phone(address: str) -> dict[str, str]:
    """The contacts that have a number, each with its list, from the number's items `{list}#{contact}`."""
    pairs = [item["sk"].split("#") for item in db.query_all(table.phone(address)["pk"]) if "#" in item["sk"]]
    return {contact_id: list_id for list_id, contact_id in pairs}


def known(address: str, list_id: str) -> Item | None:
    """The contact that a text from an address belongs to: the list's own if it has one, else the oldest."""
    phone = db.get(table.phone(address))
    return db.get(table.contact(phone["lists"].get(list_id) or phone["contact_id"])) if phone else None
