"""Where exceptions meet HTTP: every error as RFC 9457 problem+json."""

import json
from collections.abc import Mapping
from typing import Any

from chalice.app import HeadersType, Response

from chalicelib.models.errors import Refused

STATUS: Mapping[str, int] = {
    "malformed": 400,
    "idempotency-key-required": 400,
    "unauthenticated": 401,
    "forbidden": 403,
    "no-agent": 403,
    "bad-signature": 403,
    "not-found": 404,
    "method-not-allowed": 405,
    "offer-taken": 409,
    "not-offered": 409,
    "offer-expired": 409,
    "at-capacity": 409,
    "not-on-account": 409,
    "not-online": 409,
    "not-transferable": 409,
    "transfer-disabled": 409,
    "not-owner": 409,
    "new-message": 409,
    "closed": 409,
    "newer-interaction": 409,
    "opted-out": 409,
    "blocked": 409,
    "unanswerable": 409,
    "account-disabled": 409,
    "not-retryable": 409,
    "in-use": 409,
    "too-many-memberships": 409,
    "version-conflict": 412,
    "too-large": 413,
    "unsupported-media-type": 415,
    "invalid": 422,
    "disposition-required": 422,
    "idempotency-mismatch": 422,
    "if-match-required": 428,
    "unexpected": 500,
    "contended": 503,
    "unavailable": 503,
}
_RETRYABLE = frozenset({"contended", "unavailable"})
_OF_STATUS = {
    400: ("malformed", "The request cannot be read."),
    401: ("unauthenticated", "A bearer token is needed."),
    403: ("forbidden", "This is not allowed."),
    404: ("not-found", "There is no such thing here."),
    405: ("method-not-allowed", "This path does not take this method."),
    415: ("unsupported-media-type", "Send application/json."),
}
_UNEXPECTED = ("unexpected", "Something went wrong on our side.")


def document(code: str, detail: str, **extra: Any) -> dict[str, Any]:
    """The body of a problem; raises KeyError for a code that has no status."""
    return {
        "type": "about:blank",
        "title": code.replace("-", " ").capitalize(),
        "status": STATUS[code],
        "code": code,
        "detail": detail,
        "retryable": code in _RETRYABLE,
        **extra,
    }


def response(code: str, detail: str, headers: HeadersType | None = None, **extra: Any) -> Response:
    """A problem as an answer."""
    body = document(code, detail, **extra)
    all_headers: HeadersType = {"Content-Type": "application/problem+json", **(headers or {})}
    if code == "unauthenticated":
        all_headers["WWW-Authenticate"] = "Bearer"
    if code in _RETRYABLE:
        all_headers["Retry-After"] = "1"
    return Response(body=json.dumps(body), status_code=STATUS[code], headers=all_headers)


def of_refusal(refused: Refused) -> Response:
    """What a rule of the product refused."""
    return response(refused.code, refused.detail, **refused.extra)


def of_chalice(answer: Response) -> Response:
    """Chalice's own errors (`{"Code", "Message"}`) rewritten; every other answer as it is."""
    body = answer.body
    if not (isinstance(body, dict) and set(body) == {"Code", "Message"}):
        return answer
    code, detail = _OF_STATUS.get(answer.status_code, _UNEXPECTED)
    kept: HeadersType = {name: value for name, value in answer.headers.items() if name == "Allow"}
    return response(code, detail, kept)
