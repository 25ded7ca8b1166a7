"""What agents leave to others who go from an account, a queue or the company.

Whoever takes them off has committed that first. Tabs of theirs close, rings and offers go on to the next, unread texts
look for somebody; what they own and have read stays theirs until the customer writes again.
"""

from collections.abc import Iterable
from contextlib import suppress

from boto3.dynamodb.conditions import Attr

from chalicelib.routing import agents, answers, rounds, wake
from chalicelib.routing.answers import look, retried
from chalicelib.routing.match import match, match_agent
from chalicelib.store import conversations, db, table, tokens
from chalicelib.store.conversations import Change
from chalicelib.store.transaction import Lost, Transaction

_HELD = ("I#", "O#")  # own interactions, and offers, rings among them


def finish(agent: str, now: int) -> None:
    """See to all departures of an agent from accounts that are not finished yet. Again is harmless."""
    for left in list(db.query_all(table.agent(agent)["pk"], "LEFT#")):
        _leave(agent, left["account_id"], now)
        with suppress(Lost):  # taken off once more meanwhile: that has its own finish
            key = table.departure(agent, left["account_id"])
            Transaction().delete(key, Attr("due_at").eq(left["due_at"])).commit()


def from_company(agent: str, now: int) -> None:
    """The agent was deleted: everything of theirs, and their tokens."""
    tokens.revoke_of(agent)
    _leave(agent, None, now)


def from_queues(queues: Iterable[str], now: int) -> None:
    """Members may have been taken out of these queues: their rings from there go on to the next."""
    for queue in queues:
        waiting = db.query_all(table.queue(queue)["pk"], "W#")
        rung = {row["ringing"]: row["interaction_id"] for row in waiting if "ringing" in row}
        heads = rounds.read_heads(set(rung)) if rung else {}
        for agent, interaction in rung.items():
            if queue not in heads.get(agent, {}).get("queues", ()):
                give_back(interaction, agent, "left the queue while it rang", now)


@retried
def give_back(interaction: str, agent: str, why: str, now: int) -> None:
    """A ring that the agent can answer no more is released, not missed, and the queue rings the next one."""
    meta = conversations.get(interaction)
    if not meta or meta.get("ring_agent") != agent or meta["status"] != "open":
        return
    heads = rounds.heads_of(meta)
    change = Change(meta, now)
    rounds.drop_ring(change, heads)
    change.event(f"{rounds.name(heads, agent)} {why}").commit()
    match([meta["queue_id"]], now)
    wake.tell(interaction)


def _leave(agent: str, account: str | None, now: int) -> None:
    """Give up what the agent holds of an account, or of all."""
    rows = db.query_all(table.agent(agent)["pk"])
    held = {row["interaction_id"] for row in rows if row["sk"].startswith(_HELD)}
    for meta in db.get_many(table.meta(interaction) for interaction in sorted(held)):
        if meta and account in (None, meta["account_id"]):
            _give_up(meta["interaction_id"], agent, now)
    match_agent(db.get(table.agent(agent)), now)


@retried
def _give_up(interaction: str, agent: str, now: int) -> None:
    meta, heads = look(interaction, agent)
    head = heads.get(agent, {})
    if meta["status"] != "open" or agents.on_account(head, meta["account_id"]):
        return
    if meta.get("ring_agent") == agent:
        give_back(interaction, agent, rounds.gone(heads, agent), now)
        return
    is_own = meta.get("owner") == agent
    in_tab = is_own and meta.get("tab") == head.get("session")
    is_asked = meta.get("offered_to") == agent and agent not in meta.get("rejected", ())
    is_unread = is_own and meta["stage"] == "none" and bool(meta["unread_count"])
    if not (in_tab or is_asked or is_unread or agents.disposes(head, interaction)):
        return
    change = Change(meta, now).event(f"{rounds.name(heads, agent)} {rounds.gone(heads, agent)}")
    if is_own:
        rounds.end_disposing(change, heads)
        rounds.close_tab(change, heads)
    if is_asked:
        rounds.end_directed(change, agent)
    run = answers.look_for_somebody(change, heads, agent) if is_unread else None
    change.commit()
    if is_asked:
        wake.tell(interaction)
    if run:
        wake.start(interaction, run)
