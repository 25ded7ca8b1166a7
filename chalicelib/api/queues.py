"""Queues over HTTP."""

from typing import Any

from chalicelib.api import member_changes, objects, pages
from chalicelib.api.request import Request, Response
from chalicelib.models.queues import Queue, QueueMember, QueueMembersChanged
from chalicelib.routing import departures
from chalicelib.routing.match import match
from chalicelib.store import members as members_of
from chalicelib.store import queues, table, teams
from chalicelib.store.db import Item


def index(request: Request) -> dict[str, Any]:
    return pages.of_partition(request, "queues", queues.PARTITION, Queue.model_validate)


def create(request: Request) -> Queue:
    return objects.create(request, "que", Queue.model_validate, queues.create)


def show(_request: Request, queue_id: str) -> Queue:
    return Queue.model_validate(queues.require(queue_id))


def change(request: Request, queue_id: str) -> Queue:
    changed = objects.change(request, queues.require(queue_id), Queue.model_validate, queues.change)
    if "strategy" in request.body.model_fields_set:
        match([queue_id], request.now)
    return changed


def delete(_request: Request, queue_id: str) -> Response:
    queues.delete(queue_id)
    return Response(204)


def members(request: Request, queue_id: str) -> dict[str, Any]:
    queues.require(queue_id)
    key = table.member(queue_id, "")
    return pages.of_partition(request, "queue-members", key["pk"], _present_member, key["sk"])


def change_members(request: Request, queue_id: str) -> QueueMembersChanged:
    queues.require(queue_id)
    given = request.body
    member_changes.check(given)
    member_changes.check_teams(given)
    added, removed = queues.change_members(queue_id, given.add, given.remove, request.now)
    added_teams, removed_teams = teams.change_of_queue(queue_id, given.add_teams, given.remove_teams, request.now)
    if added or added_teams:
        match([queue_id], request.now)
    departures.from_queues([queue_id], request.now)
    return QueueMembersChanged(added=added, removed=removed, added_teams=added_teams, removed_teams=removed_teams)


def _present_member(item: Item) -> QueueMember:
    reasons = members_of.sources(item)
    return QueueMember(
        **member_changes.present(item).model_dump(),
        direct=members_of.DIRECT in reasons,
        teams=sorted(reasons - {members_of.DIRECT}),
    )
