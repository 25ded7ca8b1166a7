"""`{"add": [], "remove": []}`, the one way in which members are changed."""

from chalicelib import clock
from chalicelib.models.common import Member, MembersIn
from chalicelib.models.errors import Refused
from chalicelib.models.queues import QueueMembersIn
from chalicelib.store import members, teams
from chalicelib.store.db import Item


def check(given: MembersIn) -> None:
    """Nothing is changed where an agent to add is unknown, or named on both sides. Raises Refused `invalid`."""
    _check("add", "agent", given.add, given.remove, members.unknown_agents(given.add))


def check_teams(given: QueueMembersIn) -> None:
    """The same for teams."""
    _check("add_teams", "team", given.add_teams, given.remove_teams, teams.unknown(given.add_teams))


def _check(field: str, kind: str, add: list[str], remove: list[str], unknown: list[int]) -> None:
    wrong = dict.fromkeys(unknown, f"There is no such {kind}.")
    wrong |= {n: "Named to be removed too." for n, identifier in enumerate(add) if identifier in remove}
    mistakes = [{"pointer": f"/{field}/{position}", "detail": detail} for position, detail in sorted(wrong.items())]
    if mistakes:
        raise Refused("invalid", "The request is not valid.", errors=mistakes)


def present(item: Item) -> Member:
    return Member(agent_id=item["agent_id"], since=clock.rfc3339(item["since"]) or "")
