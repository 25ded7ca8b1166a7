"""Teams of agents over HTTP."""

from typing import Any

from chalicelib.api import member_changes, pages
from chalicelib.api.request import Request, Response
from chalicelib.models.common import MembersChanged
from chalicelib.models.ids import new_id
from chalicelib.models.teams import Team
from chalicelib.routing import departures
from chalicelib.routing.match import match
from chalicelib.store import table, teams
from chalicelib.store.db import Item


def index(request: Request) -> dict[str, Any]:
    return pages.of_partition(request, "teams", teams.PARTITION, Team.model_validate)


def create(request: Request) -> Team:
    team: Item = {**request.body.model_dump(), "id": new_id("tea"), "created_at": request.now, "version": 1}
    shown = Team.model_validate(team)
    once = request.once and request.once.answered(201, shown.model_dump(mode="json"))
    teams.create(team, once, request.now)
    return shown


def show(_request: Request, team_id: str) -> Team:
    return Team.model_validate(teams.require(team_id))


def change(request: Request, team_id: str) -> Team:
    team = teams.require(team_id)
    version = request.version or 0
    changes = request.body.model_dump(exclude_unset=True)
    teams.change(team, version, changes)
    return Team.model_validate({**team, **changes, "version": version + 1})


def delete(_request: Request, team_id: str) -> Response:
    teams.delete(team_id)
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
