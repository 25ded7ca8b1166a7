"""Handing an interaction over: to an agent or a queue, by its owner, who keeps it until somebody accepts."""

from typing import Any

from chalicelib.models.errors import Refused
from chalicelib.routing import agents, answers, rounds, steps, wake
from chalicelib.routing.answers import look, retried
from chalicelib.routing.match import match_agent
from chalicelib.store import accounts, db, table
from chalicelib.store.conversations import Change
from chalicelib.store.db import Item

Target = dict[str, Any]
"""`agent_id` or `queue_id`, the owner's `note` or None, and `from_agent`."""


@retried
def begin(interaction: str, agent: str, target: Target, now: int) -> Item:
    """Offer an own interaction to somebody else; the account's toggles and the target's presence permitting.

    Raises Refused: transfer-disabled, not-transferable, not-online, not-on-account, not-owner, closed.
    """
    meta, heads = _owned(interaction, agent)
    account = accounts.get_cached(meta["account_id"], now) or {}
    _check(meta, target, account, now)
    change = Change(meta, now)
    change.set(transfer={**target, "from_agent": agent}, waiting_since=now, began_n=meta["last_in_n"])
    run = rounds.ask(change)
    note = f": {target['note']}" if target.get("note") else ""
    change.event(f"{rounds.name(heads, agent)} hands it over{note}", author=agent)
    result = change.commit()
    wake.start(interaction, run)
    return result


@retried
def take_back(interaction: str, agent: str, now: int) -> Item:
    """The owner keeps it after all. Without a transfer nothing changes."""
    meta, heads = _owned(interaction, agent)
    if "transfer" not in meta:
        return meta
    change = Change(meta, now)
    rounds.leave(change, heads)
    change.set(transfer=None, rejected=None, waiting_since=None)
    change.decide().event(f"{rounds.name(heads, agent)} took it back", author=agent)
    run = None if rounds.is_seen(change, heads) else answers.look_for_somebody(change, heads, agent)
    result = change.commit()
    wake.tell(interaction, taken=True)
    if run:
        wake.start(interaction, run)
    match_agent(heads.get(meta.get("ring_agent", "")), now)
    return result


def enter(change: Change, target: Target, account: Item) -> bool:
    """Enter the round of a transfer; False when its target is not there any more."""
    base = change.base
    change.set(rejected={base["owner"]})
    if target.get("agent_id"):
        heads = rounds.read_heads({target["agent_id"]})
        if not agents.on_account(heads.get(target["agent_id"]), base["account_id"]):
            return False
        seconds = account["transfer"]["agent"]["timeout"]
        rounds.enter_directed(change, "transfer", target["agent_id"], seconds, "handed over")
        change.event(f"Offered to {rounds.name(heads, target['agent_id'])} for {seconds} s: handed over")
        return True
    queue = steps.queue_with_members(target["queue_id"], base["account_id"], but=base["owner"])
    if queue is None:
        return False
    seconds = account["transfer"]["queue"]["timeout"]
    rounds.enter_queue(change, "transfer", queue, seconds, "handed over")
    told = rounds.told_queue(queue, seconds)
    change.event(f"{told[0].upper()}{told[1:]}: handed over")
    return True


def _owned(interaction: str, agent: str) -> tuple[Item, rounds.Heads]:
    meta, heads = look(interaction, agent)
    if meta["status"] == "closed":
        raise Refused("closed", "The interaction is closed.")
    if meta.get("owner") != agent:
        owner = heads.get(meta.get("owner") or "", {}).get("name")
        raise Refused("not-owner", "Only the owner may hand it over.", owner=owner)
    return meta, heads


def _check(meta: Item, target: Target, account: Item, now: int) -> None:
    kind = "agent" if target.get("agent_id") else "queue"
    if not account.get("transfer", {}).get(kind, {}).get("enabled"):
        raise Refused("transfer-disabled", f"This account does not allow transfers to {kind}s.")
    if meta["stage"] != "none" or not meta.get("last_in_n"):
        raise Refused(
            "not-transferable", "Only an open interaction with a customer's text, and not while it is offered."
        )
    if kind == "agent":
        found = [target["agent_id"]]
    else:
        found = [m["agent_id"] for m in db.query_all(table.queue(target["queue_id"])["pk"], "M#")]
    heads = rounds.read_heads({agent for agent in found if agent != meta["owner"]})
    there = [head for head in heads.values() if agents.on_account(head, meta["account_id"])]
    if not there:
        raise Refused("not-on-account", "Nobody there is on this account.")
    if not any(agents.online(head, now) for head in there):
        raise Refused("not-online", "Nobody there is online.")
