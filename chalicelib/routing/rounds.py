"""Parts of a routing decision: entering a round, leaving it, giving an owner up; each adds to one Change.

A round is one stage: a directed offer (assigned_agent, plan_agent), a queue (assigned_queue, plan_queue), or
either of them while the owner hands it over (transfer). `starting` means that the state machine has been asked to
decide, `none` that it has not.
"""

from boto3.dynamodb.conditions import Attr

from chalicelib.config import QUEUE_GRACE, ROUTING_GRACE
from chalicelib.routing import agents, queues
from chalicelib.store import db, table
from chalicelib.store.conversations import Change, due
from chalicelib.store.db import Item
from chalicelib.store.transaction import EXISTS

Heads = dict[str, Item]


def in_queue(meta: Item) -> bool:
    """Whether the present round is a queue's."""
    return "queue_id" in meta


def is_waited_for(meta: Item) -> bool:
    """Whether an execution waits for this interaction."""
    return meta["stage"] != "none" or "opening_at" in meta


def heads_of(meta: Item, *others: str) -> Heads:
    """The HEADs of all whom a decision about this interaction may change, in one read."""
    names = {meta.get("owner"), meta.get("ring_agent"), meta.get("offered_to"), *others} - {None}
    return read_heads(names)  # type: ignore[arg-type]


def read_heads(wanted: set[str] | list[str]) -> Heads:
    found = db.get_many(table.agent(agent) for agent in sorted(wanted))
    return {head["agent_id"]: head for head in found if head}


def offer(change: Change, stage: str, reason: str, *, queue_id: str | None = None) -> Item:
    """What an offer shows; it keeps the text that began the routing."""
    told = change.get("transfer") or {}
    return {
        "interaction_id": change.interaction,
        "account_id": change.base["account_id"],
        "address": change.base["address"],
        "contact_name": change.get("contact_name"),
        "preview": change.get("last_preview"),
        "since": change.get("waiting_since"),
        "stage": stage,
        "reason": reason,
        "queue_id": queue_id,
        **{name: told[name] for name in ("note", "from_agent") if name in told},
    }


def enter_directed(
    change: Change, stage: str, agent: str, seconds: int, reason: str, renotify_every: int | None = None
) -> None:
    """Offer it to one agent of the account for a time; it shows when they are online, whatever their load.

    With `renotify_every` the agent is told again each time so many seconds have passed.
    """
    ends = change.now + seconds * 1000
    notify_at = ends if renotify_every is None else min(ends, change.now + renotify_every * 1000)
    row = offer(change, stage, reason) | {"deadline_at": ends}
    change.tx.put(table.directed(agent, change.interaction), row)
    change.nudge(table.agent(agent), Attr("accounts").contains(change.base["account_id"]))
    change.set(stage=stage, offered_to=agent, round_ends_at=ends, deadline_at=notify_at)
    change.set(renotify_every=renotify_every, passed=None)
    change.decide().due(ends + ROUTING_GRACE * 1000)


def enter_queue(change: Change, stage: str, queue: Item, seconds: int, reason: str) -> None:
    """Put it into a queue's line for a time; `match` or the members' polls find it there."""
    ends = change.now + seconds * 1000
    since = change.get("waiting_since")
    row = offer(change, stage, reason, queue_id=queue["id"])
    row |= {"deadline_at": ends, "rejected": change.get("rejected"), "strategy": queue["strategy"]}
    row["queue_name"] = queue["name"]
    change.tx.put(table.waiting(queue["id"], since, change.interaction), row)
    key = table.queue(queue["id"])
    change.nudge(key, EXISTS, put=due(key, change.now + QUEUE_GRACE * 1000))
    # Whoever changes the queue looks at what waits in it then: this text is there, or is decided of anew.
    change.tx.check(table.configuration("queue", queue["id"]), Attr("version").eq(queue["version"]))
    change.set(stage=stage, queue_id=queue["id"], strategy=queue["strategy"], round_ends_at=ends, deadline_at=ends)
    change.set(passed=None)
    change.decide().due(ends + ROUTING_GRACE * 1000)


def told_queue(queue: Item, seconds: int) -> str:
    """For an event line: to whom a queue's round offers it, and for how long."""
    if queue["strategy"] in queues.EXCLUSIVE:
        return f"waiting in queue {queue['name']} for {seconds} s"
    return f"offered to everybody in queue {queue['name']} for {seconds} s"


def show_everybody(change: Change) -> None:
    """Nobody is asked: it stays open, to be seen by every agent of the account."""
    row = offer(change, "none", "nobody accepted")
    change.tx.put(table.unassigned(change.base["account_id"], change.get("waiting_since"), change.interaction), row)
    change.nudge(table.account(change.base["account_id"]))


def leave(change: Change, heads: Heads) -> None:
    """Take it out of its round, or from among the unassigned: every offer of it is gone."""
    base = change.base
    for agent in {base.get("ring_agent"), base.get("offered_to")} - {None}:
        change.tx.delete(table.directed(agent, change.interaction))  # type: ignore[arg-type]
        release(change, heads, agent)  # type: ignore[arg-type]
    if base.get("queue_id"):
        change.tx.delete(table.waiting(base["queue_id"], base["waiting_since"], change.interaction))
        change.nudge(table.queue(base["queue_id"]))
    if base["stage"] == "none" and not base.get("owner") and base.get("waiting_since"):
        change.tx.delete(table.unassigned(base["account_id"], base["waiting_since"], change.interaction))
        change.nudge(table.account(base["account_id"]))
    change.set(stage="none", queue_id=None, strategy=None, ring_agent=None, ring_ends=None, ring_full=None)
    change.set(offered_to=None, renotify_every=None, round_ends_at=None, deadline_at=None, opening_at=None).due(None)
    change.set(turned_down=None, sent_to=None, given=None)


def release(change: Change, heads: Heads, agent: str) -> None:
    """Free an agent from this interaction's ring, if it still holds them."""
    if heads.get(agent, {}).get("ringing") == change.interaction:
        ring = Attr("ringing").eq(change.interaction)
        change.nudge(table.agent(agent), ring, put={"ringing": None, "ring_ends": None})
    elif agent in heads:
        change.touch(agent)


def drop_ring(change: Change, heads: Heads) -> str:
    """End the ring but not the round: the next agent may be rung. Answers who was rung."""
    base = change.base
    agent = base["ring_agent"]
    change.tx.delete(table.directed(agent, change.interaction))
    release(change, heads, agent)
    row = table.waiting(base["queue_id"], base["waiting_since"], change.interaction)
    change.tx.update(row, EXISTS, put={"ringing": None, "rejected": change.get("rejected")})
    change.nudge(table.queue(base["queue_id"]))
    change.set(ring_agent=None, ring_ends=None, ring_full=None, deadline_at=base["round_ends_at"])
    change.decide().due(base["round_ends_at"] + ROUTING_GRACE * 1000)
    return agent


def tell_preview(change: Change, preview: str) -> None:
    """The text that began the routing says more now: its offers show it, wherever they stand."""
    base = change.base
    agent = base.get("ring_agent") or base.get("offered_to")
    if agent and agent not in base.get("rejected", ()):
        change.tx.update(table.directed(agent, change.interaction), EXISTS, put={"preview": preview})
        change.touch(agent)
    if in_queue(base):
        row = table.waiting(base["queue_id"], base["waiting_since"], change.interaction)
        change.tx.update(row, EXISTS, put={"preview": preview})
        change.nudge(table.queue(base["queue_id"]))
    if base["stage"] == "none" and not base.get("owner"):
        row = table.unassigned(base["account_id"], base["waiting_since"], change.interaction)
        change.tx.update(row, EXISTS, put={"preview": preview})
        change.nudge(table.account(base["account_id"]))


def end_directed(change: Change, agent: str) -> None:
    """The agent will not answer: the directed offer goes, and the next step is due now."""
    change.touch(agent).set(rejected={*(change.get("rejected") or ()), agent})
    change.tx.delete(table.directed(agent, change.interaction))
    change.set(deadline_at=change.now, round_ends_at=change.now)
    change.decide().due(change.now + ROUTING_GRACE * 1000)


def is_seen(change: Change, heads: Heads) -> bool:
    """Whether the owner has nothing unread, or a tab open, which the change then makes sure of."""
    base, owner = change.base, change.base["owner"]
    if not base["unread_count"]:
        return True
    if base.get("tab") is None or base["tab"] != heads.get(owner, {}).get("session"):
        return False
    change.nudge(table.agent(owner), Attr("session").eq(base["tab"]))
    return True


def close_tab(change: Change, heads: Heads) -> None:
    """The owner's tab closes; it counts no longer, unless the session that counted it is over."""
    owner, tab = change.base.get("owner"), change.base.get("tab")
    if owner and tab and heads.get(owner, {}).get("session") == tab:
        change.nudge(table.agent(owner), Attr("session").eq(tab), add={"open_count": -1})
    change.set(tab=None)


def end_disposing(change: Change, heads: Heads) -> None:
    """The owner is about to close it no longer; after the last such one they are again what they were before.

    They may be free then: whoever commits this runs `match` for them.
    """
    head = heads.get(change.base.get("owner") or "")
    if head and agents.disposes(head, change.interaction):
        key, unmoved = table.agent(head["agent_id"]), agents.disposing_unmoved(head, change.interaction)
        fields = agents.after_disposing(head, change.interaction, change.now)
        change.nudge(key, unmoved, put=fields, drop={"disposing": {change.interaction}})


def disown(change: Change, heads: Heads) -> None:
    """The interaction has no owner any more; who it was is remembered."""
    owner = change.base.get("owner")
    if owner:
        end_disposing(change, heads)
        close_tab(change, heads)
        change.tx.delete(table.own(owner, change.interaction))
        change.touch(owner).set(owner=None, last_owner=owner)


def ask(change: Change) -> int:
    """Ask for a round from the start; answers the run whose execution the caller starts after the commit."""
    run = change.get("run") + 1
    change.set(stage="starting", run=run, plan_step=None, passed=None, rejected=None, opening_at=None)
    change.set(deadline_at=change.now)
    change.decide().due(change.now + ROUTING_GRACE * 1000)
    return run


def gone(heads: Heads, agent: str) -> str:
    """Why an agent who is not on the account any more is not there, to follow the name in an event line."""
    return "was deleted" if "deleted" in heads.get(agent, {"deleted": True}) else "is not on this account any more"


def name(heads: Heads, agent: str | None) -> str:
    """An agent's name for an event line."""
    return heads.get(agent or "", {}).get("name") or "an agent who is gone"
