"""Reads and checks what a call brings: query, body, If-Match, Idempotency-Key."""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any, NoReturn

from chalicelib.api.request import Caller
from chalicelib.api.routes import Parameter, Route
from chalicelib.config import REQUEST_BYTES, WEBHOOK_BYTES
from chalicelib.models.errors import Refused
from chalicelib.store.idempotency import Once

_KEY = re.compile(r"[\x21-\x7e]{1,255}")
_IDENTIFIER = re.compile(r"[A-Za-z0-9_-]{1,64}")
_LONGEST = 200  # characters of a query parameter that names no other limit
_VERSION = re.compile(r'"?(\d{1,15})"?')


def query_items(parameters: Any) -> list[tuple[str, str]]:
    """The decoded query as pairs; API Gateway keeps the order of a name's values, and of names as it gives them."""
    if parameters is None:
        return []
    return [(name, value) for name in parameters for value in parameters.getlist(name)]


def query(allowed: Sequence[Parameter], items: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """The declared parameters by name, None where absent without a default. Raises Refused `invalid`."""
    names = [parameter.name for parameter in allowed]
    values: dict[str, str] = {}
    errors = []
    for name, value in items:
        if name not in names:
            errors.append({"parameter": name, "detail": f"Unknown parameter. Allowed: {', '.join(names) or 'none'}."})
        elif name in values:
            errors.append({"parameter": name, "detail": "Give this parameter once."})
        values[name] = value
    found: dict[str, Any] = {}
    for parameter in allowed:
        found[parameter.name], wrong = _value(parameter, values.get(parameter.name))
        if wrong:
            errors.append({"parameter": parameter.name, "detail": wrong})
    if errors:
        raise Refused("invalid", "The query is not valid.", errors=errors)
    return found


def _value(parameter: Parameter, text: str | None) -> tuple[Any, str | None]:
    """The parameter's value, and what is wrong with it."""
    if text is None:
        return parameter.default, "This parameter is required." if parameter.required else None
    if parameter.kind == "integer":
        low = parameter.minimum if parameter.minimum is not None else 0
        high = parameter.maximum if parameter.maximum is not None else 10**12
        if re.fullmatch(r"[0-9]{1,12}", text) and low <= int(text) <= high:
            return int(text), None
        return None, f"An integer from {low} to {high}."
    if parameter.allowed and text not in parameter.allowed:
        return None, f"One of: {', '.join(parameter.allowed)}."
    longest = parameter.maximum or _LONGEST
    return (text, None) if 0 < len(text) <= longest else (None, f"From 1 to {longest} characters.")


def check_path(parameters: Mapping[str, str]) -> None:
    """Raises Refused `not-found` for what cannot be an identifier or a token, so that it reaches no key."""
    if not all(_IDENTIFIER.fullmatch(value) for value in parameters.values()):
        raise Refused("not-found", "There is no such thing here.")


def check_size(raw: bytes, *, webhook: bool) -> None:
    """Raises Refused `too-large` for a body over the limit in bytes."""
    limit = WEBHOOK_BYTES if webhook else REQUEST_BYTES
    if len(raw) > limit:
        raise Refused("too-large", f"A body may have {limit} bytes.")


def parse_json(raw: bytes) -> Any:
    """The body as JSON; an empty body is an empty object. Raises Refused `malformed`."""
    if not raw.strip():
        return {}
    try:
        return json.loads(raw.decode("utf-8"), parse_constant=_not_json)
    except (ValueError, RecursionError):
        raise Refused("malformed", "The body is not JSON.") from None


def _not_json(constant: str) -> NoReturn:
    raise ValueError(constant)


def validate(name: str, parsed: Any) -> Any:
    """The body as an instance of the model `module.Model`. Raises Refused `invalid` with JSON pointers."""
    from pydantic import ValidationError

    from chalicelib.api.pointers import errors_of

    module, model_name = name.split(".")
    model = getattr(import_module(f"chalicelib.models.{module}"), model_name)
    try:
        return model.model_validate(parsed)
    except ValidationError as error:
        raise Refused("invalid", "The request is not valid.", errors=errors_of(model, error, parsed)) from None


def version(headers: Mapping[str, str]) -> int:
    """The version that If-Match names. Raises Refused `if-match-required` or `malformed`."""
    text = headers.get("if-match")
    if text is None:
        raise Refused("if-match-required", "Send If-Match with the version that you have read.")
    match = _VERSION.fullmatch(text.strip())
    if not match:
        raise Refused("malformed", 'If-Match holds one version, such as "3".')
    return int(match[1])


def once(
    route: Route, caller: Caller, headers: Mapping[str, str], parameters: Mapping[str, str], parsed: Any
) -> Once | None:
    """The call's Idempotency-Key, on routes that look at it. Raises Refused when it is missing or malformed."""
    if route.idempotent is None:
        return None
    key = headers.get("idempotency-key")
    if key is None:
        if route.idempotent == "required":
            raise Refused("idempotency-key-required", "Send an Idempotency-Key header with this request.")
        return None
    if not _KEY.fullmatch(key):
        raise Refused("malformed", "An Idempotency-Key has 1 to 255 visible ASCII characters.")
    asked = json.dumps([dict(parameters), parsed], sort_keys=True)
    return Once(f"{caller.scope}#{route.operation}", key, hashlib.sha256(asked.encode()).hexdigest())
