"""A batch of pokes from the queue: their texts are sent, conversations side by side, each one's texts in order."""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from chalicelib import providers
from chalicelib.config import SEGMENTS_PER_SECOND, SEND_BACK
from chalicelib.observability import count, logger
from chalicelib.outbound import claims, pacing, sending
from chalicelib.outbound.claims import GoesBack, Gone
from chalicelib.outbound.sending import Invocation, SetAside
from chalicelib.store import accounts, db, table
from chalicelib.store.db import Item

_SIDE_BY_SIDE = 10  # the queue's batch size


@dataclass(frozen=True)
class Poke:
    """One record of the queue: its id and receipt, and the text that it names."""

    record_id: str
    receipt: str = field(repr=False)
    account_id: str
    address: str = field(repr=False)
    message_id: str

    @property
    def conversation(self) -> tuple[str, str]:
        return self.account_id, self.address


@dataclass
class Result:
    """What is not done: pokes that go back with the time to show them again (ms), and those for the dead letters."""

    back: list[tuple[Poke, int]] = field(default_factory=list)
    set_aside: list[Poke] = field(default_factory=list)


@dataclass(frozen=True)
class _Batch:
    """The texts on their way, by message, the slots reserved for them, and when that was.

    A row has two attributes more: `owner`, and `off`, whether its account is switched off.
    """

    rows: dict[str, Item]
    slots: dict[str, int]
    now: int


def work(pokes: list[Poke], run: Invocation) -> Result:
    """Send what the pokes name. Never raises: what cannot be dealt with goes back."""
    result = Result()
    try:
        batch = _prepare(pokes, run.clock())
    except Exception as error:
        logger.error("batch not read", extra={"error": type(error).__name__})
        count("BatchNotRead")
        until = run.clock() + SEND_BACK * 1000
        result.back = [(poke, until) for poke in pokes]
        return result
    groups = _conversations(pokes)
    with ThreadPoolExecutor(_SIDE_BY_SIDE) as threads:
        # Appending to the result's lists is atomic; the order among conversations means nothing.
        list(threads.map(lambda group: _in_order(group, batch, run, result), groups))
    return result


def _conversations(pokes: Iterable[Poke]) -> list[list[Poke]]:
    groups: dict[tuple[str, str], list[Poke]] = {}
    for poke in pokes:
        groups.setdefault(poke.conversation, []).append(poke)
    return list(groups.values())


def _prepare(pokes: list[Poke], now: int) -> _Batch:
    """One read of all rows, whose they are, the accounts' HEADs and paces; then one reservation for each account."""
    named = list({poke.message_id: poke for poke in pokes}.values())
    account_ids = list(dict.fromkeys(poke.account_id for poke in named))
    rows_at = [table.outgoing(poke.account_id, poke.address, poke.message_id) for poke in named]
    owners_at = [table.message(poke.message_id) for poke in named]
    heads_at = [table.account(one) for one in account_ids]
    found = db.get_many([*rows_at, *owners_at, *heads_at, *(table.pace(one) for one in account_ids)])
    rows, known, rest = found[: len(named)], found[len(named) : 2 * len(named)], found[2 * len(named) :]
    heads, paces = rest[: len(account_ids)], rest[len(account_ids) :]
    off = {head["account_id"] for head in heads if head and "off" in head}
    owned = [{**row, "owner": (where or {}).get("owner")} for row, where in zip(rows, known, strict=True) if row]
    by_message = {row["message_id"]: {**row, "off": row["account_id"] in off} for row in owned}
    slots: dict[str, int] = {}
    for account_id, pace in zip(account_ids, paces, strict=True):
        wanting = [row for row in _ready(named, by_message, now) if row["account_id"] == account_id]
        slots |= _slots(account_id, wanting, pace, now)
    return _Batch(by_message, slots, now)


def _ready(pokes: list[Poke], rows: dict[str, Item], now: int) -> list[Item]:
    """The rows that may be sent now as far as one can see: in each conversation up to the first that is held."""
    held: set[tuple[str, str]] = set()
    ready = []
    for poke in pokes:
        row = rows.get(poke.message_id)
        if row is None or poke.conversation in held or claims.abandoned(row, now):
            continue
        if claims.held_until(row, now):
            held.add(poke.conversation)
        else:
            ready.append(row)
    return ready


def _slots(account_id: str, rows: list[Item], pace: Item | None, now: int) -> dict[str, int]:
    """Slots by message; what could not be reserved is missing, and its text goes back."""
    kept = {row["message_id"]: row["slot"] for row in rows if pacing.usable(row.get("slot"), now)}
    fresh = [row for row in rows if row["message_id"] not in kept]
    if not fresh:
        return kept
    try:
        account = accounts.get_cached(account_id, now)
        if account is None:
            return dict.fromkeys((row["message_id"] for row in rows), now)
        return kept | pacing.book(account_id, fresh, pace, _rate(account), now)
    except Exception as error:
        # Whatever it is, it shows again with each text alone, where it is counted.
        logger.warning("no slots", extra={"account_id": account_id, "error": type(error).__name__})
        return kept


def _rate(account: Item) -> float:
    """Segments per second: the account's own, else what its provider documents, else the default."""
    return (
        account.get("segments_per_second")
        or providers.get(account["type"]).spec.segments_per_second
        or SEGMENTS_PER_SECOND
    )


def _in_order(pokes: list[Poke], batch: _Batch, run: Invocation, result: Result) -> None:
    """One conversation's pokes; once one goes back, all after it do, so that the queue frees their group in time."""
    until = None
    done: set[str] = set()
    for poke in pokes:
        if until is None and poke.message_id not in done:
            until = _work_one(poke, batch, run, result)
            done.add(poke.message_id)
        if until is not None:
            result.back.append((poke, until))


def _work_one(poke: Poke, batch: _Batch, run: Invocation, result: Result) -> int | None:
    """Deal with one text; answers when to show its poke again, None if it is done."""
    row = batch.rows.get(poke.message_id)
    if row is None:
        return None
    slot = batch.slots.get(poke.message_id)
    if slot and slot > batch.now + pacing.WAIT_HERE:
        return slot
    try:
        sending.send(row, slot, run)
    except GoesBack as back:
        return back.until
    except Gone:
        return None
    except SetAside:
        result.set_aside.append(poke)
    except Exception as error:
        logger.error("not dealt with", extra={"message_id": poke.message_id, "error": type(error).__name__})
        return run.clock() + SEND_BACK * 1000
    return None
