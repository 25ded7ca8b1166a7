"""The HTTP API: registers every route of the table, and loads what serves a route when it is first called."""

from typing import Any

from chalice.app import Chalice, Response

from chalicelib.api.routes import ROUTES, Route


def register(app: Chalice) -> None:
    """Give the app its routes and the middleware that rewrites Chalice's own errors."""
    for route in ROUTES:
        content_types = ["application/json"] if route.body else ["*/*"]
        app.route(route.path, methods=[route.method], name=route.operation, content_types=content_types)(
            _view(app, route)
        )
    app.register_middleware(_problems, "http")


def _view(app: Chalice, route: Route) -> Any:
    def view(**parameters: str) -> Response:
        from chalicelib.api.dispatch import dispatch

        return dispatch(route, app.current_request, parameters)

    return view


def _problems(request: Any, get_response: Any) -> Response:
    response = get_response(request)
    if response.status_code < 400:
        return response
    from chalicelib.api.problem import of_chalice

    return of_chalice(response)
