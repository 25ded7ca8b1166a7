"""The poll of an agent's client."""

from dataclasses import asdict

from chalicelib.api import cursors
from chalicelib.api.request import Request, Response
from chalicelib.models.desk import Desk
from chalicelib.models.errors import Refused
from chalicelib.routing import desk

_FIELDS = {"agent": str, "members": int, "seq": int, "queues": dict, "accounts": dict, "tabs": dict, "at": int}


def poll(request: Request) -> Response:
    """The desk, what changed since the cursor, or 304; `Poll-After-Ms` says when to ask again."""
    since = request.query["since"]
    cursor = _cursor(since) if since else None
    answer = desk.poll(request.who().agent(), cursor, request.now)
    headers = {"Poll-After-Ms": str(answer.after_ms)}
    if answer.body is None or answer.cursor is None:
        return Response(304, None, headers)
    following = cursors.encode("desk", **asdict(answer.cursor))
    body = Desk.model_validate({**answer.body, "next": following, "poll_after_ms": answer.after_ms})
    return Response(200, body.model_dump(mode="json", exclude_unset=True), headers)


def _cursor(since: str) -> desk.Cursor:
    found = desk.Cursor(**cursors.decode("desk", since, parameter="since", **_FIELDS))
    counts = [*found.queues.values(), *found.accounts.values()]
    tabs = list(found.tabs.values())
    if not all(type(count) is int for count in counts) or not all(_is_tab(tab) for tab in tabs):
        raise Refused(
            "invalid",
            "The query is not valid.",
            errors=[{"parameter": "since", "detail": "Give back `next` of an earlier answer, or nothing."}],
        )
    return found


def _is_tab(tab: object) -> bool:
    return isinstance(tab, list) and len(tab) == 2 and all(type(number) is int and number >= 0 for number in tab)
