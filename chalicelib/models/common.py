"""What the models of several resources share: strict inputs, names, pages, members."""

import copy
from typing import Annotated, Any
from urllib.parse import SplitResult, urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, create_model

from chalicelib.models.ids import ID


class Input(BaseModel):
    """What a client sends: no unknown fields, no conversions."""

    model_config = ConfigDict(extra="forbid", strict=True, str_strip_whitespace=True)


class Output(BaseModel):
    """What the API answers."""

    model_config = ConfigDict(extra="ignore", frozen=True)


def _printable(text: str) -> str:
    if not text.isprintable():
        raise ValueError("Printable characters only.")
    return text


def _identifier(text: str) -> str:
    if not ID.fullmatch(text):
        raise ValueError("An identifier such as agt_01J9ZQ4V6X2Y8T3N5B7C1D0EFG.")
    return text


def url_parts(text: str) -> SplitResult | None:
    """The parts of an http(s) URL with a host and without user, fragment and spaces; None of any other text.

    Which hosts may do without TLS is a matter of the stage.
    """
    try:
        parts = urlsplit(text)
        usable = parts.scheme in ("https", "http") and parts.hostname and parts.port != 0
    except ValueError:
        return None
    plain = text.isascii() and "#" not in text and not any(character.isspace() for character in text)
    return parts if usable and plain and "@" not in parts.netloc else None


Name = Annotated[str, Field(min_length=1, max_length=100), AfterValidator(_printable)]
Description = Annotated[str, Field(max_length=1000)]
Identifier = Annotated[str, AfterValidator(_identifier)]
Time = Annotated[str, Field(json_schema_extra={"format": "date-time"})]


def patch_of(model: type[Input], *without: str) -> Any:
    """The model of a PATCH: every field but `without`, each optional and otherwise as in `model`."""
    fields: dict[str, Any] = {}
    for name, field in model.model_fields.items():
        if name not in without:
            optional = copy.copy(field)
            optional.default, optional.default_factory = None, None
            fields[name] = (field.annotation, optional)
    return create_model(f"{model.__name__.removesuffix('In')}Patch", __base__=Input, **fields)


class PageInfo(Output):
    """Where a list goes on; `next_cursor` is None at its end."""

    next_cursor: str | None
    has_more: bool


class MembersIn(Input):
    """Agents to add and agents to remove."""

    add: list[Identifier] = Field(default_factory=list, max_length=100)
    remove: list[Identifier] = Field(default_factory=list, max_length=100)


class MembersChanged(Output):
    """Who was added and removed; those who were or were not members already are not among them."""

    added: list[str]
    removed: list[str]


class Member(Output):
    """An agent of an account or a queue, and since when."""

    agent_id: str
    since: Time


class Health(Output):
    status: str
    stage: str


class Mistake(Output):
    """One thing that is wrong with a request: where (a JSON pointer or a query parameter), and what is allowed."""

    pointer: str | None = None
    parameter: str | None = None
    detail: str


class Problem(Output):
    """An error, as RFC 9457 has it; `retryable` says that the same request may work a moment later."""

    model_config = ConfigDict(extra="allow", frozen=True)

    type: str
    title: str
    status: int
    code: str
    detail: str
    retryable: bool
    errors: list[Mistake] | None = None
