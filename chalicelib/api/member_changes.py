"""`{"add": [], "remove": []}`, the one way in which members are changed."""

from chalicelib import clock
from chalicelib.models.common import Member, MembersIn
from chalicelib.models.errors import Refused
from chalicelib.store import members
from chalicelib.store.db import Item


def check(given: MembersIn) -> None:
    """Nothing is changed where an agent to add is unknown, or named on both sides. Raises Refused `invalid`."""
    unknown = dict.fromkeys(members.unknown_agents(given.add), "There is no such agent.")
    both = {n: "Named to be removed too." for n, agent_id in enumerate(given.add) if agent_id in given.remove}
    mistakes = [
        {"pointer": f"/add/{position}", "detail": detail} for position, detail in sorted({**unknown, **both}.items())
    ]
    if mistakes:
        raise Refused("invalid", "The request is not valid.", errors=mistakes)


def present(item: Item) -> Member:
    return Member(agent_id=item["agent_id"], since=clock.rfc3339(item["since"]) or "")
