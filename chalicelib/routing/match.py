"""The only place that rings agents from a queue: the longest-waiting text gets the next free agent.

Whoever calls it has committed their own side first (a text that waits, an agent who came free) and
now reads the other side consistently; so of two that look for each other one always sees the other.
"""

import heapq
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import ceil

from boto3.dynamodb.conditions import Attr

from chalicelib.config import CONFLICT_RETRIES, QUEUE_GRACE, ROUTING_GRACE
from chalicelib.observability import logger
from chalicelib.routing import agents, queues, rounds, wake
from chalicelib.store import db, table
from chalicelib.store.conversations import Change, due
from chalicelib.store.db import Item
from chalicelib.store.transaction import EXISTS, Lost


@dataclass
class _Pool:
    """The queues concerned, their members, and the HEADs of those whose queues are all among them.

    Nobody else may be rung: what waits for them elsewhere, perhaps longer, has not been looked at.
    """

    queues: dict[str, Item]
    heads: dict[str, Item]
    members: dict[str, list[Item]]
    last: dict[str, str | None]

    def rows(self) -> Iterator[Item]:
        """Waiting texts: by their queue's weight, then the longest-waiting first; read page by page."""
        lines = (db.query_all(table.queue(q)["pk"], "W#") for q in self.queues)
        return heapq.merge(*lines, key=lambda row: (-self.queues[row["queue_id"]].get("weight", 0), row["sk"]))

    def agent_for(self, row: Item, now: int) -> str | None:
        members = self.members[row["queue_id"]]
        if self.queues[row["queue_id"]]["strategy"] == "least_recent":
            order = queues.least_recent_order(members)
        else:
            order = queues.ring_order(members, self.last[row["queue_id"]])
        return queues.next_to_ring(row, order, self.heads, now)


def match(queue_ids: Iterable[str], now: int) -> int:
    """Ring free agents for the texts that wait in these queues; answers how many were rung.

    The other queues of their members count too, since an older text there comes first.
    """
    wanted, rung = set(queue_ids), 0
    for _ in range(CONFLICT_RETRIES):
        pool = _look(wanted)
        try:
            for row in pool.rows():
                if not any(agents.free(head, now) for head in pool.heads.values()):
                    return rung
                rung += _try(pool, row, now)
        except Lost:
            continue
        return rung
    logger.warning("queues are contended", extra={"queues": sorted(wanted)})
    return rung


def _look(wanted: set[str]) -> _Pool:
    members = {q: list(db.query_all(table.queue(q)["pk"], "M#")) for q in wanted}
    heads = rounds.read_heads({m["agent_id"] for found in members.values() for m in found})
    for q in {q for head in heads.values() for q in head.get("queues", ())} - wanted:
        members[q] = list(db.query_all(table.queue(q)["pk"], "M#"))
    found = db.get_many([table.configuration("queue", q) for q in members] + [table.queue(q) for q in members])
    configured = {c["id"]: c for c in found[: len(members)] if c and c["strategy"] in queues.EXCLUSIVE}
    last = {h["queue_id"]: h.get("last_agent") for h in found[len(members) :] if h}
    return _Pool(configured, heads, members, {q: last.get(q) for q in members})


def _try(pool: _Pool, row: Item, now: int) -> int:
    if "ringing" in row:
        return 0
    agent = pool.agent_for(row, now)
    if agent is None:
        return 0
    ends = _ring(row, agent, pool, now)
    if ends is None:
        return 0
    pool.heads[agent] |= {"ringing": row["interaction_id"], "ring_ends": ends}
    pool.last[row["queue_id"]] = agent
    for member in pool.members[row["queue_id"]]:
        if member["agent_id"] == agent:
            member["rung_at"] = now
    wake.tell(row["interaction_id"])
    return 1


def _ring(row: Item, agent: str, pool: _Pool, now: int) -> int | None:
    """Ring one agent for one text; answers when it ends (ms), None where the text waits no more."""
    meta, account = db.get_many([table.meta(row["interaction_id"]), table.account(row["account_id"])])
    queue = pool.queues[row["queue_id"]]
    if "off" in (account or {}):
        return None
    if not meta or meta.get("queue_id") != queue["id"] or meta["round_ends_at"] <= now or "ring_agent" in meta:
        return None
    change = Change(meta, now)
    full = now + queue["agent_timeout"] * 1000
    ends = min(full, meta["round_ends_at"])
    ring = {"ringing": change.interaction, "ring_ends": ends}
    there = agents.is_free(now) & Attr("accounts").contains(row["account_id"])
    change.nudge(table.agent(agent), there, put=ring)
    offered = {name: value for name, value in row.items() if name not in ("rejected", "op")}
    why = "rung longest ago" if queue["strategy"] == "least_recent" else "next in turn"
    reason = f"{why} in queue {queue['name']}"
    change.tx.put(table.directed(agent, change.interaction), offered | {"deadline_at": ends, "reason": reason})
    change.tx.update(table.waiting(queue["id"], row["since"], change.interaction), EXISTS, put={"ringing": agent})
    change.tx.update(table.member(queue["id"], agent), EXISTS, put={"rung_at": now})
    key = table.queue(queue["id"])
    change.nudge(key, put={"last_agent": agent, **due(key, now + QUEUE_GRACE * 1000)})
    change.set(ring_agent=agent, ring_ends=ends, ring_full=full <= ends, deadline_at=ends)
    change.decide().due(ends + ROUTING_GRACE * 1000)
    seconds, waited = ceil((ends - now) / 1000), (now - row["since"]) // 1000
    who = rounds.name(pool.heads, agent)
    change.event(f"Offered to {who} for {seconds} s: {reason}, longest waiting ({waited} s)")
    change.commit()
    return ends


def match_agent(head: Item | None, now: int) -> int:
    """Ring for whoever of the agent's queues waits, because the agent came free."""
    return match(head["queues"], now) if head and head.get("queues") else 0
