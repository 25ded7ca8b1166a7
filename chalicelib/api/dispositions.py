"""Dispositions over HTTP: the global tree, and those of accounts, lists and queues."""

from typing import Any

from chalicelib.api import access, pages
from chalicelib.api.request import Request, Response
from chalicelib.models.dispositions import ListedDisposition
from chalicelib.models.ids import new_id
from chalicelib.store import dispositions, lists, queues
from chalicelib.store.db import Item


def index(request: Request, **owner: str) -> dict[str, Any]:
    partition = dispositions.partition(_scope(request, **owner))
    return pages.of_partition(request, "dispositions", partition, _present)


def create(request: Request, **owner: str) -> ListedDisposition:
    scope = _scope(request, **owner)
    made = dispositions.below(scope, {**request.body.model_dump(), "id": new_id("dsp")}, request.now)
    shown = _present(made)
    once = request.once and request.once.answered(201, shown.model_dump(mode="json"))
    dispositions.create(scope, made, once, request.now)
    return shown


def delete(request: Request, disposition_id: str, **owner: str) -> Response:
    dispositions.delete(_scope(request, **owner), disposition_id)
    return Response(204)


def _scope(
    request: Request, account_id: str | None = None, list_id: str | None = None, queue_id: str | None = None
) -> str:
    """Whose dispositions the path names. Raises Refused `not-found` for an owner whom the caller may not see."""
    if account_id:
        access.require_account(request, account_id)
    if list_id:
        access.require_list(request, list_id)
        lists.require(list_id)
    if queue_id:
        access.require_queue(request, queue_id)
        queues.require(queue_id)
    return account_id or list_id or queue_id or dispositions.GLOBAL


def _present(item: Item) -> ListedDisposition:
    return ListedDisposition.model_validate({"parent_id": None, **item})
