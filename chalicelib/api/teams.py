"""Teams of agents over HTTP."""

from typing import Any

from chalicelib.api import member_changes, objects, pages
from chalicelib.api.request import Request, Response
from chalicelib.models.common import MembersChanged
from chalicelib.models.teams import Team
from chalicelib.routing import departures
from chalicelib.routing.match import match
from chalicelib.store import table, teams


def index(request: Request) -> dict[str, Any]:
    return pages.of_partition(request, "teams", teams.PARTITION, Team.model_validate)


def create(request: Request) -> Team:
    return objects.create(request, "tea", Team.model_validate, teams.create)


def show(_request: Request, team_id: str) -> Team:
    return Team.model_validate(teams.require(team_id))


def change(request: Request, team_id: str) -> Team:
    return objects.change(request, teams.require(team_id), Team.model_validate, teams.change)


def delete(request: Request, team_id: str) -> Response:
    queues = teams.queues_of(team_id)
    try:
        teams.delete(team_id)
    finally:  # also where an earlier try was cut off, and there is no such team any more
        departures.from_queues(queues, request.now)
    return Response(204)


def members(request: Request, team_id: str) -> dict[str, Any]:
    teams.require(team_id)
    key = table.team_member(team_id, "")
    return pages.of_partition(request, "team-members", key["pk"], member_changes.present, key["sk"])


def change_members(request: Request, team_id: str) -> MembersChanged:
    teams.require(team_id)
    given = request.body
    member_changes.check(given)
    added, removed = teams.change_members(team_id, given.add, given.remove, request.now)
    queues = teams.queues_of(team_id)
    if added:
        match(queues, request.now)
    departures.from_queues(queues, request.now)
    return MembersChanged(added=added, removed=removed)
