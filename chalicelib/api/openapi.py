"""The OpenAPI 3.1 document, made from the table of routes and the models."""

import re
from collections.abc import Iterable
from importlib import import_module
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from chalicelib.api.routes import PUBLIC, Parameter, Route
from chalicelib.models.common import PageInfo, Problem

_SCHEMAS = "#/components/schemas/"
_HEADERS = {
    "If-Match": "The version that was read.",
    "Idempotency-Key": "1 to 255 visible ASCII characters; the same key within 24 hours gets the same answer.",
}
_ERRORS = {
    "default": {
        "description": "An error.",
        "content": {"application/problem+json": {"schema": {"$ref": f"{_SCHEMAS}Problem"}}},
    }
}


def document(routes: Iterable[Route]) -> dict[str, Any]:
    """The whole document as plain JSON."""
    table = list(routes)
    paths: dict[str, dict[str, Any]] = {}
    for route in table:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route)
    return {
        "openapi": "3.1.0",
        "info": {"title": "smsdesk", "version": "1", "description": "A shared SMS desk. Times are RFC 3339 in UTC."},
        "servers": [{"url": "."}],
        "paths": paths,
        "components": {
            "schemas": _schemas(table),
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
        },
    }


def _operation(route: Route) -> dict[str, Any]:
    found: dict[str, Any] = {
        "operationId": route.operation,
        "summary": route.summary,
        "x-roles": sorted(route.roles),
        "security": [] if route.roles == PUBLIC else [{"bearer": []}],
        "parameters": [*_path_parameters(route), *map(_query_parameter, route.query), *_header_parameters(route)],
        "responses": {str(route.status): _response(route), **_ERRORS},
    }
    if route.body:
        schema = {"$ref": _SCHEMAS + _name(route.body)}
        found["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
    return found


def _response(route: Route) -> dict[str, Any]:
    if not route.answer:
        return {"description": route.summary}
    schema: dict[str, Any] = {"$ref": _SCHEMAS + _name(route.answer)}
    if route.answer.endswith("[]"):
        properties = {"data": {"type": "array", "items": schema}, "page": {"$ref": f"{_SCHEMAS}PageInfo"}}
        schema = {"type": "object", "required": ["data", "page"], "properties": properties}
    return {"description": route.summary, "content": {"application/json": {"schema": schema}}}


def _path_parameters(route: Route) -> list[dict[str, Any]]:
    names = re.findall(r"{(\w+)}", route.path)
    return [{"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in names]


def _query_parameter(parameter: Parameter) -> dict[str, Any]:
    limits = {
        "enum": list(parameter.allowed) or None,
        "minimum": parameter.minimum,
        "maximum" if parameter.kind == "integer" else "maxLength": parameter.maximum,
        "default": parameter.default,
    }
    schema = {"type": parameter.kind, **{name: value for name, value in limits.items() if value is not None}}
    return {"name": parameter.name, "in": "query", "required": parameter.required, "schema": schema}


def _header_parameters(route: Route) -> list[dict[str, Any]]:
    wanted = []
    if route.if_match:
        wanted.append(("If-Match", True))
    if route.idempotent:
        wanted.append(("Idempotency-Key", route.idempotent == "required"))
    return [
        {
            "name": name,
            "in": "header",
            "required": required,
            "description": _HEADERS[name],
            "schema": {"type": "string"},
        }
        for name, required in wanted
    ]


def _schemas(routes: Iterable[Route]) -> dict[str, Any]:
    models: dict[tuple[type[BaseModel], Any], None] = {(Problem, "serialization"): None}
    models[PageInfo, "serialization"] = None
    for route in routes:
        if route.body:
            models[_model(route.body), "validation"] = None
        if route.answer:
            models[_model(route.answer), "serialization"] = None
    _, found = models_json_schema(list(models), ref_template=_SCHEMAS + "{model}")
    return found["$defs"]


def _model(name: str) -> type[BaseModel]:
    module, model = name.removesuffix("[]").split(".")
    return getattr(import_module(f"chalicelib.models.{module}"), model)


def _name(name: str) -> str:
    return name.removesuffix("[]").split(".")[1]
