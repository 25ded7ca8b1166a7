"""Interactions, their lines and the pointer of each address: read, and changed in one transaction.

META of an interaction (times in milliseconds): interaction_id, account_id, address, contact_id,
contact_name, status (open|closed), owner, last_owner, tab (the owner's session while it is open in a
tab), stage, queue_id, waiting_since, began_n (the inbound line that began the routing), run, epoch,
task_token, token_epoch, deadline_at, round_ends_at, ring_agent, ring_ends, rejected, turned_down (everybody in the
round who is online has rejected it), plan_version, plan_step, accepted_queue, sent_to (the queue that a supervisor gave
it to, until its round begins), given (by a supervisor to the owner, who has not been asked yet), reopened_at, replied
(actions whose one reply was sent), n (last line), status_seq, last_in_n, read_n, unread_count, unread, out_last,
started_at, last_message_at, last_direction, last_preview, closed_at, version.
"""

from dataclasses import dataclass, field
from typing import Any

from boto3.dynamodb.conditions import Attr, ConditionBase

from chalicelib.config import STATUS_MEMORY
from chalicelib.models.ids import new_id
from chalicelib.store import db, table
from chalicelib.store.db import Item
from chalicelib.store.table import Key
from chalicelib.store.transaction import EXISTS, NEW, Transaction

POINTER = ("status", "closed_at", "owner", "last_owner", "tab", "stage", "n", "out_last", "run", "waiting_since")
_GUARDED = ("n", "epoch", "owner", "tab", "stage")
_PREVIEW = 100  # characters of a text that lists and offers show


def preview(text: str) -> str:
    return text if len(text) <= _PREVIEW else text[: _PREVIEW - 1] + "…"


def due(key: Key, at: int | None) -> Item:
    """The attributes that put an item on the reconciler's list at a time, or take it off."""
    return {"due_at": at, "due_shard": None if at is None else table.due_shard(key["pk"])}


def unchanged(name: str, item: Item) -> ConditionBase:
    """The attribute still is what it was when the item was read."""
    return Attr(name).eq(item[name]) if name in item else Attr(name).not_exists()


def get(interaction: str) -> Item | None:
    return db.get(table.meta(interaction))


@dataclass
class _Head:
    """What one transaction does to a HEAD, gathered from all who ask."""

    condition: ConditionBase | None = None
    put: Item = field(default_factory=dict)
    add: Item = field(default_factory=dict)
    drop: Item = field(default_factory=dict)


class Change:
    """What happens to one interaction, written at once: its META, its pointer and its new lines.

    `base` is META or the pointer as they were read, of an open interaction unless `status` says otherwise; the commit
    is refused (Lost) when the fields that decisions rest on have moved since. Every decision appends a line, so that
    `n` has no gap and a line's `op` tells our own repeated write from a stranger's.
    """

    def __init__(self, base: Item, now: int, *, status: str = "open") -> None:
        self.base, self.now, self._status = base, now, status
        self.tx = Transaction()
        self.fields: Item = {}
        self._counts: Item = {"version": 1}
        self._lines: list[Item] = []
        self._heads: dict[tuple[str, str], _Head] = {}
        self._guard = True
        self._guarded: tuple[str, ...] = _GUARDED

    @classmethod
    def begin(cls, account_id: str, address: str, seen: Item | None, now: int) -> "Change":
        """The first change of a new interaction; `seen` is the pointer it replaces."""
        interaction = new_id("int")
        change = cls({"interaction_id": interaction, "account_id": account_id, "address": address, "n": 0}, now)
        change._guard = False
        free = NEW
        if seen:
            free = Attr("status").eq("closed") & Attr("interaction_id").eq(seen["interaction_id"])
            change.fields["out_last"] = seen.get("out_last")
        change._free = free
        change.fields |= {
            "status": "open",
            "stage": "none",
            "run": 0,
            "epoch": 0,
            "read_n": 0,
            "unread_count": 0,
            "status_seq": 0,
            "started_at": now,
            "g1pk": table.in_account(account_id),
            "g1sk": f"{now:013d}#{interaction}",
        }
        return change

    _free: ConditionBase = NEW

    @classmethod
    def reopen(cls, base: Item, now: int) -> "Change":
        """The change that opens a closed interaction again; lost once its address has a newer one."""
        return cls(base, now, status="closed").set(status="open", closed_at=None, disposition=None)

    @property
    def interaction(self) -> str:
        return self.base["interaction_id"]

    @property
    def key(self) -> Key:
        return table.meta(self.interaction)

    def get(self, name: str) -> Any:
        """A field as it will be after this change."""
        return self.fields[name] if name in self.fields else self.base.get(name)

    def set(self, **fields: Any) -> "Change":
        self.fields |= fields
        return self

    def add(self, **numbers: int) -> "Change":
        for name, number in numbers.items():
            before = self._counts.get(name)
            self._counts[name] = number if before is None else before + number
        return self

    def hold(self, *names: str) -> "Change":
        """Have the commit refused also when one of these fields has moved."""
        self._guarded = (*self._guarded, *names)
        return self

    def decide(self) -> "Change":
        """Mark a decision that a running wait must know of."""
        if "epoch" in self.base:
            return self.set(epoch=self.base["epoch"] + 1)
        return self.add(epoch=1)

    def due(self, at: int | None) -> "Change":
        return self.set(**due(self.key, at))

    def line(self, line: Item) -> int:
        """Append a line; answers its number."""
        n = self.base["n"] + len(self._lines) + 1
        self._lines.append({"created_at": self.now, **line, "n": n})
        return n

    def event(self, text: str, author: str | None = None) -> "Change":
        """Append an event line: what was decided, and why."""
        self.line({"id": new_id("evt"), "kind": "event", "text": text, "author": author, "automatic": not author})
        return self

    def rewrite(self, n: int, fields: Item, condition: ConditionBase = EXISTS) -> "Change":
        """Change a line that is there; polls that have told it tell it again."""
        self.tx.update(table.line(self.interaction, n), condition, put=fields)
        told = {"n": n, "at": self.now, "ttl": self.now // 1000 + STATUS_MEMORY}
        self.tx.put(table.status_change(self.interaction, n), told)
        return self.add(status_seq=1)

    def message(self, line: Item, *, unread: bool = True) -> int:
        """Append a message line and make it the interaction's last message; an inbound one is unread."""
        n = self.line({"kind": "message", **line})
        self.set(
            last_message_at=self.now,
            last_direction=line["direction"],
            last_preview=preview(line["text"]),
            g2sk=f"{self.now:013d}#{self.interaction}",
        )
        if line["direction"] == "in":
            self.add(in_count=1)
        if line["direction"] == "in" and unread:
            self.set(last_in_n=n).add(unread_count=1)
        return n

    def nudge(
        self,
        key: Key,
        condition: ConditionBase = EXISTS,
        *,
        put: Item | None = None,
        add: Item | None = None,
        drop: Item | None = None,
    ) -> "Change":
        """Change the HEAD of an agent, queue or account, and tell the polls that read it.

        `put` sets attributes (None removes one), `add` adds to numbers and sets, `drop` takes out of sets.
        """
        head = self._heads.setdefault((key["pk"], key["sk"]), _Head())
        head.condition = condition if head.condition is None else head.condition & condition
        head.put |= put or {}
        head.drop |= drop or {}
        for name, more in (add or {}).items():
            head.add[name] = head.add[name] + more if name in head.add else more
        return self

    def touch(self, agent: str | None) -> "Change":
        """Tell an agent's poll that something of theirs moved."""
        return self.nudge(table.agent(agent)) if agent else self

    def commit(self) -> Item:
        """Write it, and tell the owner's poll; answers the fields of META as far as they are known. Raises Lost."""
        if self._guard:
            self.touch(self.base.get("owner"))
        self.fields["n"] = self.base["n"] + len(self._lines)
        if "status" in self.fields:
            listed = table.open_in_account if self.fields["status"] == "open" else table.in_account
            self.fields["g2pk"] = listed(self.base["account_id"])
        for line in self._lines:
            self.tx.create(table.line(self.interaction, line["n"]), line)
        for (pk, sk), head in self._heads.items():
            self.tx.update(table.key(pk, sk), head.condition, put=head.put, add={"seq": 1, **head.add}, drop=head.drop)
        if self._guard:
            self._update()
        else:
            self._create()
        self.tx.commit()
        counted = {name: self.base[name] + number for name, number in self._counts.items() if name in self.base}
        return {name: value for name, value in {**self.base, **counted, **self.fields}.items() if value is not None}

    def _update(self) -> None:
        guard = Attr("status").eq(self._status)
        for name in self._guarded:
            if name in self.base or name in ("owner", "tab"):
                guard &= unchanged(name, self.base)
        self.tx.update(self.key, guard, put=self.fields, add=self._counts)
        moved = {name: self.fields[name] for name in POINTER if name in self.fields}
        mine = Attr("interaction_id").eq(self.interaction)
        self.tx.update(self.pointer, mine, put=moved)

    def _create(self) -> None:
        item = {**self.base, **self.fields}
        for name, number in self._counts.items():
            item[name] = item.get(name, 0) + number
        self.tx.put(self.key, item, NEW)
        known = ("interaction_id", "account_id", "address", *POINTER)
        self.tx.put(self.pointer, {name: item.get(name) for name in known}, self._free)

    @property
    def pointer(self) -> Key:
        return table.pointer(self.base["account_id"], self.base["address"])


def lines(interaction: str, *, after: int = 0, before: int | None = None, limit: int, newest: bool = False) -> db.Page:
    """Lines of a thread, oldest first; with `newest` the last ones before `before`."""
    pk = table.meta(interaction)["pk"]
    page = db.query(
        pk,
        "L#",
        after=table.line(interaction, after)["sk"] if after else None,
        before=table.line(interaction, before)["sk"] if before else None,
        limit=limit,
        forward=not newest,
    )
    ordered = page.items if not newest else page.items[::-1]
    return db.Page([item for item in ordered if item["sk"].startswith("L#")], page.last)


def inbound_after(interaction: str, n: int) -> int:
    """How many texts of the customer come after line `n`."""
    later = db.query_all(table.meta(interaction)["pk"], "L#")
    return sum(1 for line in later if line["n"] > n and line.get("direction") == "in")


def changed_lines(interaction: str, since: int) -> list[int]:
    """Numbers of the lines whose delivery state or text changed at or after a time."""
    found = db.query_all(table.meta(interaction)["pk"], "S#")
    return [item["n"] for item in found if item["at"] >= since]
