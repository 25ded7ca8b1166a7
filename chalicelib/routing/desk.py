"""What an agent's desk shows, and whether anything on it moved since a cursor.

Counters, not a log of changes: the `seq` of a HEAD grows in every transaction that changes what its
reader sees, so that two equal readings mean that nothing moved, and no slow writer can be skipped.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from chalicelib.clock import rfc3339
from chalicelib.config import PRESENCE_REFRESH, STATUS_MEMORY
from chalicelib.models.errors import Refused
from chalicelib.routing import agents, presence, queues, views
from chalicelib.store import accounts, conversations, db, table
from chalicelib.store.db import Item
from chalicelib.store.transaction import Lost

_LINES = 200  # lines of one answer
_WAITING = 50  # texts of one read of what waits
_NEW_TAB = 50  # lines of a tab that the client has not seen yet
_FASTEST, _SLOWEST = 2000, 15_000
_TABS = 60  # open tabs whose lines one client follows: the cursor travels in a URL
_HEADS = 90  # queues and accounts that one poll follows


@dataclass(frozen=True)
class Cursor:
    """What the client has seen: the HEADs' seqs and, of each open tab, the last line and status change."""

    agent: str
    members: int
    seq: int
    queues: dict[str, int]
    accounts: dict[str, int]
    tabs: dict[str, list[int]]
    at: int
    """When it last saw something new (ms)."""


@dataclass
class _Read:
    """The HEADs of one look."""

    head: Item
    queues: dict[str, int] = field(default_factory=dict)
    accounts: dict[str, int] = field(default_factory=dict)
    off: set[str] = field(default_factory=set)
    """Accounts that are switched off."""


@dataclass(frozen=True)
class Poll:
    """An answer: the body, None for 304, and when to ask again (ms)."""

    body: dict[str, Any] | None
    cursor: Cursor | None
    after_ms: int


def poll(agent: str, cursor: Cursor | None, now: int) -> Poll:
    """The desk of an agent, whole without a cursor; one read when nothing moved."""
    known = cursor if cursor and cursor.agent == agent and now - cursor.at < STATUS_MEMORY * 500 else None
    look = _look(agent, known)
    if now - look.head["seen_at"] >= PRESENCE_REFRESH * 1000 and look.head["state"] != "offline":
        look = _refresh(look, agent, known, now)
    if known and _same(look, known):
        return Poll(None, None, _pace(look.head, known, now))
    return _changed(look, known, now)


def _refresh(look: _Read, agent: str, known: Cursor | None, now: int) -> _Read:
    try:
        head = presence.seen(look.head, now)
    except Lost:
        return _look(agent, known)
    return replace(look, head=head) if head["seq"] == look.head["seq"] else _look(agent, known)


def _look(agent: str, known: Cursor | None) -> _Read:
    """One consistent read of the agent's HEAD and those of the queues and accounts that the client follows."""
    names = [("queue", q) for q in (known.queues if known else ())]
    names += [("account", a) for a in (known.accounts if known else ())]
    head, *others = db.get_many([table.agent(agent), *(_key(kind, name) for kind, name in names)])
    if head is None or head.get("deleted"):
        raise Refused("not-found", "There is no such agent.")
    look = _Read(head)
    _fill(look, names, others)
    if known is None or head["members_version"] != known.members:
        wanted = _followed(head)
        look.queues, look.accounts, look.off = {}, {}, set()
        _fill(look, wanted, db.get_many(_key(kind, name) for kind, name in wanted))
    return look


def _fill(look: _Read, names: list[tuple[str, str]], heads: list[Item | None]) -> None:
    for (kind, name), head in zip(names, heads, strict=True):
        if head and name in look.head.get("queues" if kind == "queue" else "accounts", ()):
            (look.queues if kind == "queue" else look.accounts)[name] = head["seq"]
            look.off |= {name} if "off" in head else set()


def _followed(head: Item) -> list[tuple[str, str]]:
    names = [("queue", q) for q in sorted(head.get("queues", ()))]
    names += [("account", a) for a in sorted(head.get("accounts", ()))]
    return names[:_HEADS]


def _key(kind: str, name: str) -> table.Key:
    return table.queue(name) if kind == "queue" else table.account(name)


def _same(look: _Read, known: Cursor) -> bool:
    moved = (look.head["seq"], look.head["members_version"]) != (known.seq, known.members)
    return not moved and look.queues == known.queues and look.accounts == known.accounts


def _pace(head: Item, known: Cursor, now: int) -> int:
    """When to poll again: often while something is open, less and less on a quiet desk."""
    if head["open_count"]:
        return _FASTEST
    return max(_FASTEST, min(_SLOWEST, (now - known.at) // 4))


def _changed(look: _Read, known: Cursor | None, now: int) -> Poll:
    head = look.head
    agent = head["agent_id"]
    rows = list(db.query_all(table.agent(agent)["pk"]))
    mine = [m for m in db.get_many(table.meta(r["interaction_id"]) for r in rows if r["sk"].startswith("I#")) if m]
    mine = [m for m in mine if m["status"] == "open" and m.get("owner") == agent]
    mine = [m for m in mine if agents.on_account(head, m["account_id"])]
    mine.sort(key=lambda m: m["last_message_at"], reverse=True)
    offers = _offers(look, [r for r in rows if r["sk"].startswith("O#")], now)
    lines, tabs, more = _lines([m for m in mine if m.get("tab") == head["session"]][:_TABS], known, now)
    cursor = Cursor(agent, head["members_version"], head["seq"], look.queues, look.accounts, tabs, now)
    unread = sum(1 for m in mine if m["unread_count"] or "unread" in m)
    body: dict[str, Any] = {
        "lines": {interaction: [views.line(item) for item in items] for interaction, items in lines.items()},
        "presence": _presence(head, now),
        "counters": {"open": head["open_count"], "unread": unread, "offers": len(offers)},
        "offers": [views.offer(row, accounts.get_cached(row["account_id"], now)) for row in offers],
        "has_more": more,
    }
    if known is None or known.seq != head["seq"]:
        body["interactions"] = [views.interaction(m, _account_key(m, now)) for m in mine]
    busy = head["open_count"] or offers
    return Poll(body, cursor, 0 if more else _FASTEST if busy else _FASTEST * 2)


def _account_key(item: Item, now: int) -> str:
    account = accounts.get_cached(item["account_id"], now)
    return account["key"] if account else ""


def _presence(head: Item, now: int) -> Item:
    return {
        "state": agents.state(head, now),
        "pause": head.get("pause"),
        "since": rfc3339(head["since"]),
        "capacity": head["capacity"],
        "open": head["open_count"],
        "disposing": sorted(head.get("disposing", ())),
    }


def _offers(look: _Read, directed: list[Item], now: int) -> list[Item]:
    """Own offers, then what waits in the agent's common queues, then the oldest that nobody took.

    Nothing is offered of an account that is switched off.
    """
    head = look.head
    if not agents.online(head, now):
        return []
    mine = (row for row in directed if agents.on_account(head, row["account_id"]) and row["account_id"] not in look.off)
    own = sorted(mine, key=lambda row: row["since"])
    if not agents.has_slot(head):
        return own
    configured = db.get_many(table.configuration("queue", queue) for queue in look.queues)
    weights = {queue["id"]: queue.get("weight", 0) for queue in configured if queue and queues.is_common(queue)}
    common = [row for queue in weights for row in queues.derived(_on(look, table.queue(queue), "W#"), head)]
    common.sort(key=lambda row: (-weights[row["queue_id"]], row["since"]))
    on = look.accounts.keys() - look.off
    left = [row for one in on for row in queues.derived(_on(look, table.account(one), "U#"), head)[:1]]
    left.sort(key=lambda row: row["since"])
    return own + queues.derived(common, head) + left[:1]


def _on(look: _Read, line: table.Key, begins: str) -> Iterator[Item]:
    """What waits in a line, the longest first, without the accounts that are switched off."""
    rows = db.query_all(line["pk"], begins, page_of=_WAITING)
    return (row for row in rows if row["account_id"] not in look.off)


def _lines(
    open_tabs: list[Item], known: Cursor | None, now: int
) -> tuple[dict[str, list[Item]], dict[str, list[int]], bool]:
    """New and changed lines of the open tabs, at most 200, and what the client has seen with them."""
    lines: dict[str, list[Item]] = {}
    tabs: dict[str, list[int]] = {}
    room, more = _LINES, False
    for meta in open_tabs:
        interaction = meta["interaction_id"]
        unseen = [max(0, meta["n"] - _NEW_TAB), meta["status_seq"]]
        n, status_seq = known.tabs.get(interaction, unseen) if known else unseen
        if (n, status_seq) == (meta["n"], meta["status_seq"]):
            tabs[interaction] = [n, status_seq]
            continue
        if room <= 0:
            tabs[interaction], more = [n, status_seq], True
            continue
        found = conversations.lines(interaction, after=n, limit=room).items
        last = found[-1]["n"] if found else n
        more = more or last < meta["n"]
        if status_seq != meta["status_seq"]:
            numbers = [c for c in conversations.changed_lines(interaction, now - STATUS_MEMORY * 1000) if c <= n]
            changed = db.get_many(table.line(interaction, c) for c in numbers[-_LINES:])
            found = [item for item in changed if item] + found
        lines[interaction] = found
        tabs[interaction] = [last, meta["status_seq"]]
        room -= len(found)
    return {i: items for i, items in lines.items() if items}, tabs, more
