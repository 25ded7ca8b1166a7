"""Turns what pydantic found into JSON pointers and sentences that say what is allowed, never what was sent."""

from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

_UNION_TAG = ("union_tag_invalid", "union_tag_not_found")
_BOUNDS = ("greater_than_equal", "less_than_equal", "int_type")
Location = tuple[int | str, ...]


def errors_of(model: type[BaseModel], error: ValidationError, data: Any) -> list[dict[str, str]]:
    """One entry per mistake: `pointer` (RFC 6901) into the body, and `detail`."""
    found = []
    for mistake in error.errors(include_url=False, include_input=False):
        path = _path(model, mistake["loc"], data)
        if mistake["type"] in _UNION_TAG:
            path.append(mistake["ctx"]["discriminator"].strip("'"))
        found.append({"pointer": _pointer(path), "detail": _detail(model, mistake)})
    return found


def _detail(model: type[BaseModel], mistake: Any) -> str:
    kind, location = mistake["type"], mistake["loc"]
    if kind == "extra_forbidden":
        names = sorted({name for one in _models_at(model, location) for name in _fields(one)})
        return f"Unknown field. Allowed: {', '.join(names) or 'none'}."
    if kind == "union_tag_invalid":
        return f"One of: {mistake['ctx']['expected_tags']}."
    if kind == "string_unicode":
        return "A string of valid Unicode characters."
    if kind in _BOUNDS and (bounds := _bounds(model, location)):
        return f"An integer from {bounds[0]} to {bounds[1]}."
    return f"{mistake['msg'].removeprefix('Value error, ').rstrip('.')}."


def _path(model: type[BaseModel], location: Location, data: Any) -> list[int | str]:
    """The location without the tags that pydantic adds for the members of a union."""
    path: list[int | str] = []
    for position, part in enumerate(location):
        if isinstance(part, str) and len(_models_at(model, location[: position + 1])) > 1:
            continue  # a member of a union, even where the data have a field of that name
        inside = part in data if isinstance(data, dict) else _is_index(part, data)
        if inside:
            data = data[part]
        if inside or position == len(location) - 1:
            path.append(part)
    return path


def _is_index(part: int | str, data: Any) -> bool:
    return isinstance(data, list) and isinstance(part, int) and part < len(data)


def _pointer(path: list[int | str]) -> str:
    return "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in path)


def _bounds(model: type[BaseModel], location: Location) -> tuple[int, int] | None:
    """The least and the greatest value of an integer field."""
    for one in _models_at(model, location):
        field = _fields(one).get(str(location[-1]))
        limits = field.metadata if field else []
        low = [limit.ge for limit in limits if hasattr(limit, "ge")]
        high = [limit.le for limit in limits if hasattr(limit, "le")]
        if low and high:
            return low[0], high[0]
    return None


def _models_at(model: type[BaseModel], location: Location) -> list[type[BaseModel]]:
    """The models in which the last part of a location is, or should be, a field."""
    models = [model]
    for part in location[:-1]:
        if isinstance(part, str):
            inner = [found for one in models if part in _fields(one) for found in _models_of(one, part)]
            models = inner or [one for one in models if _has_tag(one, part)]
    return models


def _models_of(model: type[BaseModel], field: str) -> list[type[BaseModel]]:
    return _models_in(_fields(model)[field].annotation)


def _fields(model: type[BaseModel]) -> dict[str, FieldInfo]:
    """A model's fields by the names that clients know."""
    return {field.alias or name: field for name, field in model.model_fields.items()}


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [found for argument in get_args(annotation) for found in _models_in(argument)]


def _has_tag(model: type[BaseModel], tag: str) -> bool:
    return any(tag in get_args(field.annotation) for field in model.model_fields.values())
