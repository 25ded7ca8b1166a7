"""Serves one route: who calls, what may be asked, then the handler, then the answer; every exception ends here."""

import json
import traceback
from collections.abc import Mapping
from importlib import import_module
from typing import Any

from chalice.app import HeadersType
from chalice.app import Response as ChaliceResponse

from chalicelib import clock
from chalicelib.api import auth, inputs, problem
from chalicelib.api.request import Caller, Request, Response
from chalicelib.api.routes import PUBLIC, Route
from chalicelib.models.errors import Refused
from chalicelib.observability import logger
from chalicelib.store import idempotency
from chalicelib.store.outage import is_outage


def dispatch(route: Route, call: Any, parameters: Mapping[str, str]) -> ChaliceResponse:
    """The answer to a call that Chalice matched with a route; never raises."""
    try:
        return _answer(route, _served(route, call, parameters))
    except Refused as refused:
        return problem.of_refusal(refused)
    except Exception as error:
        code = "unavailable" if is_outage(error) else "unexpected"
        _log(route, call, error, code)
        detail = "Try again in a moment." if code == "unavailable" else "Something went wrong on our side."
        return problem.response(code, detail)


def _served(route: Route, call: Any, parameters: Mapping[str, str]) -> Any:
    now = clock.now_ms()
    headers = {name.lower(): value for name, value in (call.headers or {}).items()}
    request = _checked(route, call, parameters, headers, now)
    module, function = route.handler.split(":")
    handler = getattr(import_module(f"chalicelib.api.{module}"), function)
    try:
        if request.once and route.idempotent == "honoured":
            stored = idempotency.find(request.once, now)
            if stored:
                return Response(stored.status, stored.answer)
        return handler(request, **parameters)
    except idempotency.Replayed as replayed:
        return Response(replayed.stored.status, replayed.stored.answer)


def _checked(route: Route, call: Any, parameters: Mapping[str, str], headers: Mapping[str, str], now: int) -> Request:
    """The request after every check that needs no knowledge of the resource."""
    caller = None if route.roles == PUBLIC else _authorised(route, headers, now)
    inputs.check_path(parameters)
    items = inputs.query_items(call.query_params)
    query = {} if route.raw else inputs.query(route.query, items)
    raw = bytes(call.raw_body)
    inputs.check_size(raw, webhook=route.raw)
    parsed = inputs.parse_json(raw) if route.body else None
    body = inputs.validate(route.body, parsed) if route.body else None
    return Request(
        caller=caller,
        now=now,
        method=route.method,
        headers=headers,
        raw_body=raw,
        query_items=items,
        query=query,
        body=body,
        once=inputs.once(route, caller, headers, parameters, parsed) if caller else None,
        version=inputs.version(headers) if route.if_match else None,
    )


def _authorised(route: Route, headers: Mapping[str, str], now: int) -> Caller:
    caller = auth.authenticate(headers.get("authorization"), now)
    if caller.role not in route.roles:
        raise Refused("forbidden", f"This needs one of the roles: {', '.join(sorted(route.roles))}.")
    return caller


def _answer(route: Route, result: Any) -> ChaliceResponse:
    answer = result if isinstance(result, Response) else Response(route.status, result)
    headers: HeadersType = dict(answer.headers)
    body = answer.body
    if isinstance(body, str | bytes):
        return ChaliceResponse(body, headers, answer.status)
    if body is None:
        return ChaliceResponse("", headers, answer.status)
    if hasattr(body, "model_dump"):
        body = body.model_dump(mode="json", by_alias=True)
    if isinstance(body, dict) and isinstance(body.get("version"), int):
        headers.setdefault("ETag", f'"{body["version"]}"')
    headers.setdefault("Content-Type", "application/json")
    headers.setdefault("Cache-Control", "no-store")
    return ChaliceResponse(json.dumps(body, separators=(",", ":")), headers, answer.status)


def _log(route: Route, call: Any, error: Exception, code: str) -> None:
    """Where it happened and what kind it was, but not its message, which may hold what people wrote."""
    logger.error(
        code,
        extra={
            "operation": route.operation,
            "request_id": (call.context or {}).get("requestId"),
            "error": type(error).__name__,
            "stack": traceback.format_tb(error.__traceback__),
        },
    )
