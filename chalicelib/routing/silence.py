"""Conversations in which nobody has written for days are closed, where their account wants that.

The account's HEAD stands on the due list at the time of its next look. A look begins with the longest silent of the
open conversations, so that it sees those of before the setting as well, and no conversation carries anything for it.
"""

from itertools import islice

from chalicelib.config import ROUTING_GRACE, SILENCE_BATCH, SILENCE_LOOK
from chalicelib.observability import logger
from chalicelib.routing import rounds
from chalicelib.routing.closing import requires_disposition
from chalicelib.routing.match import match_agent
from chalicelib.store import accounts, by_last, conversations, dispositions, table
from chalicelib.store.conversations import Change, due
from chalicelib.store.db import Item
from chalicelib.store.transaction import Lost, Transaction

_DAY = 86_400_000


def look(head: Item, now: int) -> int:
    """Close what is silent for too long on the account of a due HEAD; answers how many were. `now` in milliseconds.

    At most `SILENCE_BATCH` are looked at; the next look, soon after, goes on behind them. Where nothing is closed
    without a disposition and theirs was deleted, they stay open.
    """
    account = accounts.get(head["account_id"])
    days = account["close_after"]["days"] if account and "close_after" in account else 0
    if not account or not days:
        _next_look(head, None)
        return 0
    oldest = list(islice(by_last.open_of(account["id"], after=head.get("silent_after")), SILENCE_BATCH))
    until = now - days * _DAY
    ending = _ending(account)
    if ending[0] is None and requires_disposition(account):
        logger.warning("silent conversations stay open", extra={"account_id": account["id"]})
        _next_look(head, now + SILENCE_LOOK[1] * 1000)
        return 0
    closed = sum(_close(row["interaction_id"], ending, until, now) for row in oldest if _since(row) <= until)
    if len(oldest) == SILENCE_BATCH and oldest[-1]["last_message_at"] <= until:
        _next_look(head, now + ROUTING_GRACE * 1000, behind=oldest[-1]["g2sk"])
    else:
        soonest, latest = (now + seconds * 1000 for seconds in SILENCE_LOOK)
        ripe = [_since(row) + days * _DAY for row in oldest if _since(row) > until]
        _next_look(head, max(soonest, min([latest, *ripe])))
    return closed


def _since(meta: Item) -> int:
    """Since when it is silent: a reopening counts as a word."""
    return max(meta["last_message_at"], meta.get("reopened_at", 0))


def _ending(account: Item) -> tuple[Item | None, str]:
    """As what its silent conversations are closed, and the event line that says so."""
    days, named = account["close_after"]["days"], account["close_after"]["disposition"]
    found = dispositions.find(named, account) if named else None
    how = f" as {' / '.join(found['path'])}" if found else ", its disposition was deleted" if named else ""
    return found, f"Closed after {days} {'day' if days == 1 else 'days'} of silence{how}"


def _close(interaction: str, ending: tuple[Item | None, str], until: int, now: int) -> bool:
    """Close one, unless it is being routed, holds something unread, or was written in meanwhile."""
    meta = conversations.get(interaction)
    if not meta or meta["status"] != "open" or rounds.is_waited_for(meta) or _since(meta) > until:
        return False
    if meta["unread_count"] or "unread" in meta:
        return False
    disposition, words = ending
    heads = rounds.heads_of(meta)
    change = Change(meta, now)
    rounds.leave(change, heads)
    rounds.disown(change, heads)
    change.set(owner=None, status="closed", closed_at=now, waiting_since=None, rejected=None).decide()
    change.set(disposition=disposition)
    try:
        change.event(words).commit()
    except Lost:
        return False
    match_agent(heads.get(meta.get("owner") or ""), now)
    return True


def _next_look(head: Item, at: int | None, *, behind: str | None = None) -> None:
    """Put HEAD where its next look is, unless somebody changed the setting meanwhile."""
    key = table.account(head["account_id"])
    unmoved = conversations.unchanged("due_at", head)
    try:
        Transaction().update(key, unmoved, put={**due(key, at), "silent_after": behind}, prove=True).commit()
    except Lost:
        logger.info("account moved meanwhile", extra={"account_id": head["account_id"]})
