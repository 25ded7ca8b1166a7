"""Agents and their presence over HTTP."""

from typing import Any

from chalicelib import clock
from chalicelib.api import objects, pages
from chalicelib.api.request import Request, Response
from chalicelib.api.routes import AGENT
from chalicelib.models.agents import Agent, Presence
from chalicelib.models.errors import Refused, invalid
from chalicelib.routing import agents as states
from chalicelib.routing import presence
from chalicelib.routing.match import match_agent
from chalicelib.store import agents, pauses
from chalicelib.store.db import Item


def index(request: Request) -> dict[str, Any]:
    found, cursor = pages.items_of_partition(request, "agents", agents.PARTITION)
    return pages.page([present(agent, head, request.now) for agent, head in agents.with_heads(found)], cursor)


def create(request: Request) -> Agent:
    return objects.create(
        request, "agt", lambda agent: present(agent, agents.new_head(agent, request.now), request.now), agents.create
    )


def show(request: Request, agent_id: str) -> Agent:
    caller = request.who()
    if caller.role == AGENT and caller.agent_id != agent_id:
        raise Refused("not-found", "There is no such agent.")
    return _read(agent_id, request.now)


def change(request: Request, agent_id: str) -> Agent:
    agent = agents.require(agent_id)
    changes = request.body.model_dump(exclude_unset=True)
    agents.change(agent, request.version or 0, changes)
    if "capacity" in changes:
        match_agent(_head(agent_id), request.now)
    return _read(agent_id, request.now)


def delete(request: Request, agent_id: str) -> Response:
    """Deleting again finishes what an earlier try left undone, and says that there is no such agent."""
    was_there = agents.delete(agent_id, request.now)
    presence.end_silent(agent_id, request.now)
    if not was_there:
        raise Refused("not-found", "There is no such agent.")
    return Response(204)


def change_own_presence(request: Request) -> Presence:
    return _change_presence(request, request.who().agent())


def change_presence(request: Request, agent_id: str) -> Presence:
    agents.require(agent_id)
    return _change_presence(request, agent_id)


def _change_presence(request: Request, agent_id: str) -> Presence:
    wanted = request.body
    if (wanted.state == "paused") != (wanted.pause is not None):
        raise invalid("/pause", "Say why with the state paused, and only with it.")
    pause = _managed(wanted.pause) if wanted.pause else None
    head = presence.change(agent_id, wanted.state, pause, request.now)
    return present_presence(head, request.now)


def _managed(pause: str) -> str:
    """The pause as the managed list has it; any pause while the list is empty. Raises Refused `invalid`."""
    known = pauses.names()
    found = next((name for name in known if name.casefold() == pause.casefold()), None if known else pause)
    if found is None:
        raise invalid("/pause", f"One of: {', '.join(known)}.")
    return found


def _read(agent_id: str, now: int) -> Agent:
    return present(agents.require(agent_id), _head(agent_id), now)


def _head(agent_id: str) -> Item:
    head = agents.head(agent_id)
    if head is None:
        raise Refused("not-found", "There is no such agent.")
    return head


def present(agent: Item, head: Item, now: int) -> Agent:
    shown = {"alias": None, **agent, "presence": present_presence(head, now)}
    return Agent.model_validate(shown)


def present_presence(head: Item, now: int) -> Presence:
    """An agent's state as others see it at `now` (milliseconds)."""
    return Presence.model_validate(
        {
            "state": states.state(head, now),
            "pause": head.get("pause"),
            "since": clock.rfc3339(head["since"]),
            "capacity": head["capacity"],
            "open": head["open_count"],
            "disposing": sorted(head.get("disposing", ())),
        }
    )
