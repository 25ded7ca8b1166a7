"""Queue strategies: who is rung next, and which texts ring everybody. Pure."""

from collections.abc import Iterable
from itertools import islice

from chalicelib.config import DERIVED_OFFERS
from chalicelib.routing import agents
from chalicelib.store.db import Item

EXCLUSIVE = frozenset({"rrmemory", "least_recent"})  # one agent at a time; in all others every member sees the text


def is_common(queue: Item) -> bool:
    """Whether every member sees what waits in a queue, as it is configured now."""
    return queue["strategy"] not in EXCLUSIVE


def ring_order(members: Iterable[Item], last: str | None) -> list[str]:
    """Members in round-robin order: from the one after the agent rung last, who comes at the end.

    Members are ordered by the time they joined.
    """
    ordered = [m["agent_id"] for m in sorted(members, key=lambda m: (m["since"], m["agent_id"]))]
    if last not in ordered:
        return ordered
    start = ordered.index(last) + 1
    return ordered[start:] + ordered[:start]


def least_recent_order(members: Iterable[Item]) -> list[str]:
    """Members by when this queue rang them last, the longest ago first; who never was comes before all."""
    return [m["agent_id"] for m in sorted(members, key=lambda m: (m.get("rung_at", 0), m["since"], m["agent_id"]))]


def next_to_ring(row: Item, order: list[str], heads: dict[str, Item], now: int) -> str | None:
    """The first agent of the order who is free, on the text's account, and has not rejected it."""
    for agent in order:
        head = heads.get(agent)
        if (
            head
            and agents.free(head, now)
            and agents.on_account(head, row["account_id"])
            and agent not in row.get("rejected", ())
        ):
            return agent
    return None


def nobody_left(row: Item, heads: Iterable[Item], now: int) -> bool:
    """Whether every member who is online on the account has rejected the text (and there is one)."""
    there = [h["agent_id"] for h in heads if agents.online(h, now) and agents.on_account(h, row["account_id"])]
    return bool(there) and set(there) <= set(row.get("rejected", ()))


def derived(rows: Iterable[Item], head: Item) -> list[Item]:
    """The oldest waiting texts that an agent with free slots sees, as many as there are slots."""
    room = agents.slots(head)
    most = DERIVED_OFFERS if room is None else min(room, DERIVED_OFFERS)
    return list(islice((row for row in rows if _is_for(row, head)), most))


def _is_for(row: Item, head: Item) -> bool:
    """Whether a text that waits for everybody is this agent's to see; a hand-over's own giver does not."""
    agent = head["agent_id"]
    turned_down = agent in row.get("rejected", ()) or row.get("from_agent") == agent
    return not turned_down and "ringing" not in row and agents.on_account(head, row["account_id"])
