"""Queues over HTTP."""

from typing import Any

from chalicelib.api import member_changes, pages
from chalicelib.api.request import Request, Response
from chalicelib.models.common import MembersChanged
from chalicelib.models.ids import new_id
from chalicelib.models.queues import Queue
from chalicelib.routing.match import match
from chalicelib.store import queues, table
from chalicelib.store.db import Item


def index(request: Request) -> dict[str, Any]:
    return pages.of_partition(request, "queues", queues.PARTITION, Queue.model_validate)


def create(request: Request) -> Queue:
    queue: Item = {**request.body.model_dump(), "id": new_id("que"), "created_at": request.now, "version": 1}
    shown = Queue.model_validate(queue)
    once = request.once and request.once.answered(201, shown.model_dump(mode="json"))
    queues.create(queue, once, request.now)
    return shown


def show(_request: Request, queue_id: str) -> Queue:
    return Queue.model_validate(queues.require(queue_id))


def change(request: Request, queue_id: str) -> Queue:
    queue = queues.require(queue_id)
    version = request.version or 0
    changes = request.body.model_dump(exclude_unset=True)
    queues.change(queue, version, changes)
    return Queue.model_validate({**queue, **changes, "version": version + 1})


def delete(_request: Request, queue_id: str) -> Response:
    queues.delete(queue_id)
    return Response(204)


def members(request: Request, queue_id: str) -> dict[str, Any]:
    queues.require(queue_id)
    key = table.member(queue_id, "")
    return pages.of_partition(request, "queue-members", key["pk"], member_changes.present, key["sk"])


def change_members(request: Request, queue_id: str) -> MembersChanged:
    queues.require(queue_id)
    member_changes.check(request.body)
    added, removed = queues.change_members(queue_id, request.body.add, request.body.remove, request.now)
    if added:
        match([queue_id], request.now)
    return MembersChanged(added=added, removed=removed)
