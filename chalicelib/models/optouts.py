"""Opt-outs and blocked numbers as they cross the API."""

from typing import Annotated, Literal

from pydantic import Field

from chalicelib.models.common import Identifier, Input, Output, Time

Address = Annotated[str, Field(min_length=1, max_length=64, description="As texts name it: +15005550006, or a name.")]


class OptOutIn(Input):
    """`out`: no texts go to the number; `in`: they do again."""

    account_id: Identifier
    address: Address
    state: Literal["out", "in"]


class OptOut(Output):
    """What a number wants of an account, and who said so: the customer, the provider, or a person (`author`)."""

    account_id: str
    address: str
    state: Literal["out", "in"]
    source: Literal["customer", "provider", "person"]
    author: str | None
    at: Time


class BlockedIn(Input):
    """Numbers to block and numbers to let through again."""

    add: list[Address] = Field(default_factory=list, max_length=20)
    remove: list[Address] = Field(default_factory=list, max_length=20)


class BlockedChanged(Output):
    """Those that were blocked, and those that were let through; what was so before is not among them."""

    added: list[str]
    removed: list[str]


class BlockedNumber(Output):
    address: str
    author: str | None
    at: Time
