"""Every minute: repairs what a crash left behind, ends silent sessions, closes silent conversations, counts repairs."""

from collections.abc import Iterator
from typing import Any

from chalicelib import clock
from chalicelib.config import QUEUE_GRACE
from chalicelib.observability import count, logger
from chalicelib.outbound import due as outbound_due
from chalicelib.routing import departures, next_step, presence, silence
from chalicelib.routing.match import match
from chalicelib.store import conversations, db, table
from chalicelib.store.conversations import due
from chalicelib.store.db import Item
from chalicelib.store.table import Key
from chalicelib.store.transaction import EXISTS, Lost, Transaction

_FOREVER = 10**15  # past every due time


def handle(event: dict[str, Any]) -> dict[str, Any]:
    """Look at everything that is due. With `all_waits_due` (after the laptop's restart) at every wait there is.

    Answers how much was looked at and how many repairs ("finds") were needed; in a clean run none.
    """
    now = clock.now_ms()
    everything = bool(event.get("all_waits_due"))
    looked, finds, failed = 0, 0, 0
    for key in _due(_FOREVER if everything else now):
        looked += 1
        try:
            found = _repair(key, now, restarted=everything)
        except Exception as error:
            failed += 1
            logger.error("repair failed", extra={"kind": _kind(key), "error": type(error).__name__})
            continue
        if found:
            finds += 1
            logger.warning("repaired", extra={"kind": _kind(key)})
    if not everything:
        count("ReconcilerFinds", finds)
    if failed:
        count("ReconcilerFailures", failed)
    return {"looked": looked, "finds": finds, "failed": failed}


def _due(until: int) -> Iterator[Key]:
    for shard in table.due_shards():
        start = None
        while True:
            page = db.query_index(table.DUE, ("due_shard", shard), ("due_at", "<=", until), start=start)
            for item in page.items:
                yield table.key(item["pk"], item["sk"])
            if page.last is None:
                break
            start = page.last


def _kind(key: Key) -> str:
    return key["pk"].partition("#")[0]


def _repair(key: Key, now: int, *, restarted: bool) -> bool:
    """Whether something had to be put right. The index may lag: every repair reads the item first."""
    item = db.get(key)
    if item is None or "due_at" not in item or (item["due_at"] > now and not restarted):
        return False
    kind = _kind(key)
    if kind == "INT":
        return _interaction(item, now)
    if kind == "AGENT" and "account_id" in item:
        departures.finish(item["agent_id"], now)
        return True
    if kind == "AGENT":
        presence.end_silent(item["agent_id"], now)
        return False
    if kind == "QUEUE":
        return _queue(item, now)
    if kind == "ACC":
        silence.look(item, now)
        return False
    return outbound_due.repair(key, now)


def _interaction(meta: Item, now: int) -> bool:
    if meta["status"] != "open" or (meta["stage"] == "none" and "opening_at" not in meta):
        return False
    try:
        next_step.redrive(meta, now)
    except Lost:
        return False  # somebody else moved it meanwhile: it is not stuck
    return True


def _queue(head: Item, now: int) -> bool:
    found = match([head["queue_id"]], now) > 0
    waiting = db.query(head["pk"], "W#", limit=1).items
    key = table.queue(head["queue_id"])
    later = due(key, now + QUEUE_GRACE * 1000 if waiting else None)
    same = EXISTS & conversations.unchanged("seq", head)
    try:
        Transaction().update(key, same, put=later).commit()
    except Lost:
        logger.info("queue moved meanwhile", extra={"queue_id": head["queue_id"]})
    return found
