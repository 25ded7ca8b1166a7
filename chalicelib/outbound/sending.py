"""One waiting text on its whole way: claimed, handed to its provider, and what became of it recorded."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from chalicelib import providers
from chalicelib.config import (
    CLAIM_RESERVE,
    MAX_AGE,
    PROVIDER_CONNECT_TIMEOUT,
    PROVIDER_READ_TIMEOUT,
    SEND_BACK,
    UNEXPECTED_ERRORS,
    settings,
)
from chalicelib.models.status import RANK
from chalicelib.observability import count, logger
from chalicelib.outbound import claims, trouble
from chalicelib.outbound.claims import GoesBack, Gone, OptedOut
from chalicelib.outbound.delivery import News
from chalicelib.outbound.identity import provider_account, public_base
from chalicelib.outbound.outcome import NOT_KNOWN, NeverSent, Outcome, settle_abandoned
from chalicelib.outbound.pacing import usable
from chalicelib.outbound.watched import Watched
from chalicelib.providers import wire
from chalicelib.providers.contract import (
    Accepted,
    HttpClient,
    MalformedRequest,
    OutboundMessage,
    Provider,
    SendError,
)
from chalicelib.providers.http import Http
from chalicelib.store import accounts
from chalicelib.store.db import Item
from chalicelib.store.exchanges import Exchange
from chalicelib.store.outage import is_outage
from chalicelib.store.transaction import Lost, Transaction

TOO_OLD = News("failed", "too_old", "The text could not be sent in time.")
OPTED_OUT = News("failed", "opted_out", "The recipient has opted out.")
BLOCKED = News("failed", "blocked", "The number was blocked before the text left.")
REFUSED = "The provider did not take the text."
ACCEPTED = "accepted"


class SetAside(Exception):
    """The text fails again and again for a reason that nobody foresaw; it is marked failed and no longer on its way."""


@dataclass(frozen=True)
class Invocation:
    """What one run of the function gives: the time in milliseconds, the seconds it has left, and the way out."""

    clock: Callable[[], int]
    remaining: Callable[[], float]
    sleep: Callable[[float], None]
    http: HttpClient


@cache
def way_out() -> HttpClient:
    """The HTTP client to the providers, one per process."""
    where = settings()
    return Http(where.provider_hosts, where.loopback_allowed, PROVIDER_CONNECT_TIMEOUT, PROVIDER_READ_TIMEOUT)


def max_age(account: Item) -> int:
    """Milliseconds after which a text is no longer sent."""
    return 1000 * (account.get("max_age") or MAX_AGE)


def send(row: Item, slot: int | None, run: Invocation) -> None:
    """Deal with one OUT row, given its reserved slot (ms); on return the text is no longer on its way.

    Raises GoesBack when it still is, Gone when somebody else has dealt with it, SetAside after too many surprises.
    """
    try:
        now = run.clock()
        if claims.abandoned(row, now):
            claims.insist(lambda: settle_abandoned(row, now))
            return
        _send(row, slot, run)
    except (Gone, GoesBack):
        raise
    except Exception as error:
        _unexpected(row, error, run.clock())


def _send(row: Item, slot: int | None, run: Invocation) -> None:
    now = run.clock()
    held = claims.held_until(row, now)
    if held:
        raise GoesBack(held)
    account = accounts.get_cached(row["account_id"], now)
    if account is None:
        NeverSent(row, News("failed", "no_account", "The account was deleted."), now).write()
        return
    if row["off"]:
        NeverSent(row, News("failed", "account_disabled", "The account was switched off before it left."), now).write()
        return
    if now - row["queued_at"] > max_age(account):
        NeverSent(row, TOO_OLD, now).write()
        return
    provider, sender = providers.get(account["type"]), provider_account(account)
    message = _message(row, account, provider)
    _wait(slot, run)
    try:
        claim_id = claims.take(row, run.clock())
    except OptedOut as out:
        NeverSent(row, BLOCKED if out.blocked else OPTED_OUT, run.clock()).write()
        return
    watched = Watched(run.http, run.clock)
    _claimed(row, claim_id, account, watched, lambda: provider.send(message, sender, watched), run)


def _wait(slot: int | None, run: Invocation) -> None:
    """Until the reserved moment; back to the queue without one, or without the time to see a send through."""
    now = run.clock()
    if slot is None:
        raise GoesBack(now + SEND_BACK * 1000)
    if slot > now:
        run.sleep((slot - now) / 1000)
    if run.remaining() < CLAIM_RESERVE or not usable(slot, run.clock()):
        raise GoesBack(run.clock())


def _message(row: Item, account: Item, provider: Provider) -> OutboundMessage:
    url, rule = None, provider.spec.reports
    if rule.how == "per_message" or (rule.per_message_too and account.get("delivery_reports")):
        url = f"{public_base(account)}/sms/accounts/{account['id']}/delivery/{account['token']}/{row['message_id']}"
    return OutboundMessage(row["message_id"], row["address"], row["text"], tuple(row["media"]), url)


def _claimed(
    row: Item,
    claim_id: str,
    account: Item,
    watched: Watched,
    hand_over: Callable[[], Accepted],
    run: Invocation,
) -> None:
    """From here on every surprise means that the text may have been sent: it is never tried again by itself."""
    provider_id, error = None, None
    try:
        accepted = hand_over()
        provider_id = _named(accepted)
        least = "sent" if _last_word(account) else "sending"
        news = News(max(least, str(accepted.status), key=lambda status: RANK[status]))
        exchange = watched.exchange(account["id"], ACCEPTED, provider_message_id=provider_id)
    except SendError as refusal:
        error = refusal
        exchange = watched.exchange(account["id"], refusal.kind, error_code=refusal.code, detail=refusal.detail)
        news = _news(row, claim_id, refusal, max_age(account), run.clock(), exchange)
    except Exception as surprise:
        logger.error("send failed", extra={"message_id": row["message_id"], "error": type(surprise).__name__})
        exchange = watched.exchange(account["id"], "unknown_outcome", error_code="unexpected")
        news = News("unknown", "unexpected", NOT_KNOWN)
    opted_out = error is not None and error.kind == "opted_out"
    _record(
        Outcome(row, claim_id, news, run.clock(), provider_id=provider_id, opted_out=opted_out, exchange=exchange), run
    )
    trouble.follow(account, error, news.status, run.clock())


def _named(accepted: Accepted) -> str | None:
    """The provider's id as its reports will name it; raises SendError for one that no report could be found by."""
    try:
        found = wire.identifier(accepted.provider_message_id)
    except MalformedRequest:
        found = None
    if found is None and accepted.provider_message_id is not None:
        raise SendError("unknown_outcome", "no_id", "The provider's answer names no message.")
    return found


def _last_word(account: Item) -> bool:
    """Whether acceptance is the last that will be heard of a text: its reports are an option that is off."""
    return providers.get(account["type"]).spec.reports.how == "pasted" and not account.get("delivery_reports")


def _record(outcome: Outcome, run: Invocation) -> None:
    """Write what became of the text, and insist."""
    try:
        claims.insist(outcome.write)
    except Exception as failure:
        message_id = outcome.where["message_id"]
        logger.error("outcome not recorded", extra={"message_id": message_id, "error": type(failure).__name__})
        count("OutcomeNotRecorded")
        # Its claim stands; once that has run out, whoever sees the text calls it unknown.
        raise GoesBack(run.clock() + SEND_BACK * 1000) from None


def _news(row: Item, claim_id: str, refusal: SendError, age: int, now: int, exchange: Exchange) -> News:
    """What a provider's refusal means; raises GoesBack when it may be tried again."""
    if refusal.retryable:
        again_at = now + claims.backoff(row["attempt"], refusal.retry_after, random.random())
        if again_at > row["queued_at"] + age:
            return TOO_OLD
        claims.release(row, claim_id, again_at, exchange)
        raise GoesBack(again_at)
    if refusal.kind == "unknown_outcome":
        return News("unknown", refusal.code or refusal.kind, refusal.detail or NOT_KNOWN)
    return News("failed", refusal.code or refusal.kind, refusal.detail or REFUSED)


def _unexpected(row: Item, error: Exception, now: int) -> None:
    """Before a claim: try again; five surprises end it. An outage of AWS is none, since it says nothing of the text."""
    logger.error("not sent", extra={"message_id": row["message_id"], "error": type(error).__name__})
    again_at = now + SEND_BACK * 1000
    if is_outage(error):
        raise GoesBack(again_at)
    count("UnexpectedSendError")
    try:
        if row.get("errors", 0) + 1 >= UNEXPECTED_ERRORS:
            NeverSent(
                row, News("failed", "unexpected", "The text could not be sent: an error on our side."), now
            ).write()
            raise SetAside
        Transaction().update(claims.key_of(row), claims.untouched(row), add={"errors": 1}).commit()
    except (Lost, GoesBack):
        pass
    raise GoesBack(again_at)
