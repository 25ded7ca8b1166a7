"""Parts of one long text that its provider leaves apart: shown as they come, and joined in one line.

Nothing waits for a part: the first to come is stored and routed like any text, each later one is written into its
line. A row of parts (times in milliseconds): interaction_id, n (the line), texts {number: text}, at (when the first
came), marks (fingerprints of those that have come), op (who wrote it last), ttl.
"""

from boto3.dynamodb.conditions import Attr

from chalicelib.config import PART_MEMORY
from chalicelib.inbound.arrivals import Arrival, Seen
from chalicelib.providers.contract import Part
from chalicelib.routing import rounds, wake
from chalicelib.store import conversations, db, table
from chalicelib.store.conversations import Change, preview, unchanged
from chalicelib.store.db import Item
from chalicelib.store.transaction import NEW, Lost

_MISSING = "…"


def is_repeated(arrival: Arrival, seen: Seen) -> bool:
    """Whether this very part has come already, under another id: the network has sent it twice."""
    row = _recent(arrival, seen)
    return bool(row) and row["texts"].get(_number(arrival)) == arrival.message.text  # type: ignore[index]


def is_continued(arrival: Arrival, seen: Seen) -> bool:
    """Whether the text belongs into a line of the sender's open interaction.

    A number that is taken by another text says that the reference is used again, for a new text.
    """
    row = _recent(arrival, seen)
    if not row or _number(arrival) in row["texts"]:
        return False
    return seen.open and seen.pointer["interaction_id"] == row["interaction_id"]


def _recent(arrival: Arrival, seen: Seen) -> Item | None:
    row = seen.parts
    return row if row and arrival.now - row["at"] <= PART_MEMORY * 1000 else None


def _number(arrival: Arrival) -> str:
    return str(arrival.part.number) if arrival.part else ""


def text_of(arrival: Arrival) -> str:
    """What the line of a text shows at first."""
    part = arrival.part
    return shown({str(part.number): arrival.message.text}, part.total) if part else arrival.message.text


def shown(texts: dict[str, str], total: int) -> str:
    """The parts in their order, with one ellipsis for each gap."""
    told = ""
    for number in range(1, total + 1):
        if str(number) in texts:
            told += texts[str(number)]
        elif number == 1 or str(number - 1) in texts:
            told += _MISSING
    return told


def begin(change: Change, arrival: Arrival, seen: Seen, n: int) -> None:
    """Remember that line `n` shows the first part of a text; nothing to do for a whole one."""
    if arrival.part:
        row = {"interaction_id": change.interaction, "n": n, "at": arrival.now, "marks": list(arrival.marks[:1])}
        _remember(change, arrival, arrival.part, seen.parts, {**row, "texts": {_number(arrival): arrival.message.text}})


def _remember(change: Change, arrival: Arrival, part: Part, before: Item | None, row: Item) -> None:
    """Write the row, unless another part has come since it was read."""
    key = table.parts(arrival.account_id, arrival.address, part.reference, part.total)
    row = {**row, "op": change.tx.op, "ttl": row["at"] // 1000 + PART_MEMORY}
    change.tx.put(key, row, unchanged("op", before) if before else NEW)


def join(arrival: Arrival, seen: Seen, part: Part, row: Item) -> None:
    """Write a later part into its text's line, in one transaction.

    Who has read the line has it unread again, and an owner who has closed its tab is asked back. Raises Lost when the
    interaction moved since `seen`.
    """
    owner = seen.pointer.get("owner")
    keys = [table.meta(row["interaction_id"])] + ([table.agent(owner)] if owner else [])
    meta, *heads = db.get_many(keys)
    if meta is None or meta["status"] != "open" or meta.get("owner") != owner:
        raise Lost({})
    change, n = Change(meta, arrival.now), row["n"]
    before, marks = shown(row["texts"], part.total), [*row["marks"], arrival.marks[0]]
    texts = {**row["texts"], _number(arrival): arrival.message.text}
    text = shown(texts, part.total)
    _remember(change, arrival, part, row, {**row, "texts": texts, "marks": marks})
    arrival.mark(change)
    change.rewrite(n, {"text": text, "marks": marks})
    if meta["last_direction"] == "in" and meta["last_preview"] == preview(before):
        change.set(last_preview=preview(text))
    _unread_again(change, n)
    run = _tell(change, n, preview(text), heads[0] if heads else None)
    change.commit()
    if run or meta["stage"] == "starting":
        wake.start(change.interaction, run or meta["run"])


def _unread_again(change: Change, n: int) -> None:
    base = change.hold("read_n").base
    if n <= base["read_n"]:
        later = conversations.inbound_after(change.interaction, n) if base["last_in_n"] > n else 0
        change.set(read_n=n - 1, unread_count=later + 1)


def _tell(change: Change, n: int, begins: str, head: Item | None) -> int | None:
    """Whose desk shows the text hears of it; an owner who has closed it is asked back: answers the run for that."""
    meta = change.base
    if meta["stage"] != "none" or head is None:
        if meta.get("began_n") == n:
            rounds.tell_preview(change, begins)
        change.touch(meta.get("owner"))
        return None
    is_there = head["state"] != "offline" and meta["account_id"] in head.get("accounts", ())
    if is_there and meta.get("tab") == head["session"]:
        there = Attr("session").eq(head["session"]) & Attr("state").ne("offline")
        change.nudge(table.agent(head["agent_id"]), there & Attr("accounts").contains(meta["account_id"]))
        return None
    change.touch(head["agent_id"]).set(began_n=n, waiting_since=change.now)
    return rounds.ask(change)
