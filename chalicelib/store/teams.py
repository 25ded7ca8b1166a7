"""Teams: named groups of agents. Who is in a team is a member of each queue that the team is in.

Item: id, name, description, created_at, version. `TEAM#t` holds the members `M#{agent}` and the queues `Q#{queue}`;
`QUEUE#q` holds its teams `T#{team}`. Whoever changes a side commits it first and reads the other side then, so that
of two who change both at once one sees the other; and a member is only put into a queue on condition of both sides.
"""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Any

from chalicelib.config import CONFLICT_RETRIES
from chalicelib.models.errors import Refused
from chalicelib.store import configured, db, members, named, table
from chalicelib.store.db import Item
from chalicelib.store.idempotency import Once
from chalicelib.store.transaction import EXISTS, Lost, Transaction

_KIND = "team"
PARTITION = table.configuration(_KIND, "")["pk"]


def require(team_id: str) -> Item:
    """The team; raises Refused `not-found`."""
    return configured.require(_KIND, team_id)


def create(team: Item, once: Once | None, now: int) -> None:
    """Write a new team with its name. Raises Refused for a taken name."""
    named.create(_KIND, team, once, now)


def change(team: Item, version: int, changes: dict[str, Any]) -> None:
    """Change a team that was read as `team`, at `version`. Raises Refused."""
    named.change(_KIND, team, version, changes)


def delete(team_id: str) -> None:
    """Delete a team, then take it out of its queues; its agents stay only where they are for another reason.

    Raises Refused `not-found`; where an earlier try was cut off, it tidies up first.
    """
    for _ in range(CONFLICT_RETRIES):
        team = configured.get(_KIND, team_id)
        if team is None:
            _forget(team_id)
            raise configured.not_found(_KIND)
        if named.delete(_KIND, team):
            _forget(team_id)
            return
    raise Refused("contended", "The team is being changed by others.")


def _forget(team_id: str) -> None:
    for queue_id in queues_of(team_id):
        _take_off(queue_id, team_id)
    members.remove_all("teams", team_id)


def queues_of(team_id: str) -> list[str]:
    """The queues that a team is in."""
    return [item["queue_id"] for item in db.query_all(table.team_queue(team_id, "")["pk"], "Q#")]


def change_members(team_id: str, add: Sequence[str], remove: Sequence[str], now: int) -> tuple[list[str], list[str]]:
    """Put agents into a team and its queues, take others out; answers who really was.

    Raises Refused, before anybody is added, where that would be too many memberships for somebody.
    """
    members.check_room(add, queues_of(team_id))
    added = [one for one in add if _add_member(team_id, one, now)]
    return added, [one for one in remove if remove_member(team_id, one)]


def _add_member(team_id: str, agent_id: str, now: int) -> bool:
    is_new = members.add("teams", team_id, agent_id, now)
    for queue_id in queues_of(team_id):
        _join(queue_id, team_id, agent_id, now)
    return is_new


def remove_member(team_id: str, agent_id: str) -> bool:
    """Take an agent out of a team and its queues; False if they were not in it."""
    was_member = members.remove("teams", team_id, agent_id)
    for queue_id in queues_of(team_id):
        members.remove("queues", queue_id, agent_id, via=team_id)
    return was_member


def unknown(team_ids: Iterable[str]) -> list[int]:
    """Positions of those that do not exist."""
    found = db.get_many([table.configuration(_KIND, team_id) for team_id in team_ids])
    return [position for position, team in enumerate(found) if team is None]


def change_of_queue(queue_id: str, add: Sequence[str], remove: Sequence[str], now: int) -> tuple[list[str], list[str]]:
    """Put teams into a queue and take others out; answers which really were. Raises Refused."""
    for team_id in add:
        members.check_room(members.agents_of("teams", team_id), [queue_id])
    added = [one for one in add if _put_in(queue_id, one, now)]
    return added, [one for one in remove if _take_off(queue_id, one)]


def _put_in(queue_id: str, team_id: str, now: int) -> bool:
    tx = Transaction().create(table.team_queue(team_id, queue_id), {"queue_id": queue_id, "since": now})
    tx.create(table.queue_team(queue_id, team_id), {"team_id": team_id, "since": now})
    for kind, identifier in ((_KIND, team_id), ("queue", queue_id)):
        tx.check(table.configuration(kind, identifier), EXISTS)
    is_new = True
    try:
        tx.commit()
    except Lost as lost:
        for kind, identifier in ((_KIND, team_id), ("queue", queue_id)):
            if table.configuration(kind, identifier) in lost:
                raise configured.not_found(kind) from None
        is_new = False
    for agent_id in members.agents_of("teams", team_id):
        _join(queue_id, team_id, agent_id, now)
    return is_new


def _join(queue_id: str, team_id: str, agent_id: str, now: int) -> None:
    sides = (table.team_member(team_id, agent_id), table.team_queue(team_id, queue_id))
    with suppress(members.Gone):
        members.add("queues", queue_id, agent_id, now, via=team_id, only_with=sides)


def _take_off(queue_id: str, team_id: str) -> bool:
    """The members go first: as long as the pair stands, a try that was cut off is found and finished."""
    _members_leave(queue_id, team_id)
    tx = Transaction().delete(table.team_queue(team_id, queue_id), EXISTS)
    tx.delete(table.queue_team(queue_id, team_id), EXISTS)
    was_in = True
    try:
        tx.commit()
    except Lost:
        was_in = False
    _members_leave(queue_id, team_id)  # who joined meanwhile
    return was_in


def _members_leave(queue_id: str, team_id: str) -> None:
    for item in members.items_of("queues", queue_id):
        if team_id in members.sources(item):
            members.remove("queues", queue_id, item["agent_id"], via=team_id)


def leave_queue(queue_id: str) -> None:
    """Take every team out of a queue that was deleted."""
    for item in list(db.query_all(table.queue_team(queue_id, "")["pk"], "T#")):
        _take_off(queue_id, item["team_id"])
