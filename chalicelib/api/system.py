"""What the API says of itself: that it is there, its OpenAPI document, and a page to read."""

from html import escape
from typing import Any

from chalicelib.api.openapi import document
from chalicelib.api.request import Request, Response
from chalicelib.api.routes import PUBLIC, ROUTES, Route
from chalicelib.config import settings
from chalicelib.models.common import Health

_STYLE = "body{font:16px/1.5 system-ui;max-width:60rem;margin:2rem auto;padding:0 1rem}code{font-size:1em}"


def health(_request: Request) -> Health:
    return Health(status="ok", stage=settings().stage)


def openapi(_request: Request) -> dict[str, Any]:
    return document(ROUTES)


def docs(_request: Request) -> Response:
    """A page that loads nothing from elsewhere, which its content policy enforces."""
    rows = "".join(_row(route) for route in ROUTES)
    page = (
        f"<!doctype html><html lang=en><meta charset=utf-8><title>smsdesk API</title><style>{_STYLE}</style>"
        "<h1>smsdesk API</h1><p>The schemas of what goes in and comes out: <a href=openapi.json>openapi.json</a>.</p>"
        f"<table><tr><th>Operation<th>What it does<th>Who may{rows}</table></html>"
    )
    policy = "default-src 'none'; style-src 'unsafe-inline'"
    return Response(200, page, {"Content-Type": "text/html; charset=utf-8", "Content-Security-Policy": policy})


def _row(route: Route) -> str:
    who = "everybody" if route.roles == PUBLIC else ", ".join(sorted(route.roles))
    return f"<tr><td><code>{route.method} {escape(route.path)}</code><td>{escape(route.summary)}<td>{who}"
