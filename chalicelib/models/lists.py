"""Contact lists as they cross the API."""

from pydantic import Field

from chalicelib.models.common import Description, Input, Name, Output, patch_of


class ContactListIn(Input):
    """A new list of contacts; `dial_prefix` goes before numbers written without a country, such as +39."""

    name: Name
    description: Description = ""
    dial_prefix: str | None = Field(default=None, pattern=r"^\+[1-9][0-9]{0,5}$")


ContactListPatch = patch_of(ContactListIn)


class ContactList(Output):
    id: str
    name: str
    description: str
    dial_prefix: str | None
    version: int
