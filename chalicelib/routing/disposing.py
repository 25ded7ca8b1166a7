"""Disposing: an owner is about to close an interaction and says how it ended, in the pause that the account has for it.

HEAD holds what is being disposed of. It ends with the closing, by cancelling, and with whatever closes the tab or
gives the interaction to somebody else; after the last one the agent is again what they were before, unless they have
chosen another state meanwhile.
"""

from boto3.dynamodb.conditions import Attr, ConditionBase

from chalicelib.models.errors import Refused
from chalicelib.routing import agents, departures, rounds
from chalicelib.routing.answers import look, require_own, retried
from chalicelib.routing.match import match_agent
from chalicelib.store import accounts, pauses, table
from chalicelib.store.conversations import Change, unchanged
from chalicelib.store.db import Item


@retried
def begin(interaction: str, agent: str, now: int) -> Item:
    """The owner begins to dispose of it; the first one puts them into the account's pause, if it has one.

    Twice is once. Refused: not-owner, closed, not-online.
    """
    meta, heads = look(interaction, agent)
    require_own(meta, agent, heads)
    head = heads[agent]
    if agents.disposes(head, interaction):
        return meta
    if head["state"] == "offline":
        raise Refused("not-online", "You are offline. Come online, then dispose of it.")
    pause = None if "before_disposing" in head else _pause(meta["account_id"], now)
    change = Change(meta, now)
    put = _paused(head, pause, now) if pause else {}
    change.nudge(table.agent(agent), _unmoved(head), put=put, add={"disposing": {interaction}})
    change.event(f"{head['name']} is disposing of it" + (f", paused: {pause}" if pause else ""), author=agent)
    result = change.commit()
    if pause and "ringing" in head:
        departures.give_back(head["ringing"], agent, "went while it rang", now)
    return result


@retried
def cancel(interaction: str, agent: str, now: int) -> Item:
    """The owner goes on with it instead. Without disposing nothing changes. Refused: not-owner, closed."""
    meta, heads = look(interaction, agent)
    require_own(meta, agent, heads)
    if not agents.disposes(heads[agent], interaction):
        return meta
    change = Change(meta, now)
    rounds.end_disposing(change, heads)
    result = change.event(f"{heads[agent]['name']} goes on with it", author=agent).commit()
    match_agent(heads[agent], now)
    return result


def _pause(account_id: str, now: int) -> str | None:
    """The name of the pause that an account's agents are in while disposing."""
    account = accounts.get_cached(account_id, now) or {}
    return pauses.name(account.get("mandatory_disposition", {}).get("pause_id"))


def _paused(head: Item, pause: str, now: int) -> Item:
    before = {"state": head["state"], "paused": pause} | ({"pause": head["pause"]} if "pause" in head else {})
    fields: Item = {"state": "paused", "pause": pause, "ringing": None, "ring_ends": None, "before_disposing": before}
    return fields if (head["state"], head.get("pause")) == ("paused", pause) else {**fields, "since": now}


def _unmoved(head: Item) -> ConditionBase:
    """The state that is remembered, and the ring that is given back, are still those that were read."""
    known = Attr("before_disposing")
    same = Attr("session").eq(head["session"]) & (known.exists() if "before_disposing" in head else known.not_exists())
    for name in ("state", "pause", "ringing"):
        same &= unchanged(name, head)
    return same
