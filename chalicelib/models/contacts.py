"""Contacts as they cross the API."""

from chalicelib.models.common import Output, Time


class Contact(Output):
    id: str
    list_id: str
    name: str | None
    phones: list[str]
    created_at: Time
