"""How a call proves where it comes from: the token in its URL, which may be changed in time, and then its signature."""

import hmac
from collections.abc import Sequence

from chalicelib import clock
from chalicelib.models.errors import invalid
from chalicelib.outbound import identity
from chalicelib.providers.contract import Provider, SignatureError, WebhookRequest
from chalicelib.store.db import Item

FAILED = "failed"
OLD_TOKENS = 3  # that may still work beside the present one
_HOUR = 3_600_000  # milliseconds
_NO_TOKEN = "0" * 32


def token_fits(account: Item | None, token: str, now: int) -> bool:
    """Whether a URL's token is the account's, or one that still works; the same work for every account and none."""
    known = [account["token"], *(old["token"] for old in _still_working(account, now))] if account else []
    filled = [*known, *[_NO_TOKEN] * (1 + OLD_TOKENS - len(known))]
    same = [hmac.compare_digest(one.encode(), token.encode()) for one in filled]
    return any(same[: len(known)])


def rotated(account: Item, token: str, overlap_hours: int, now: int) -> Item:
    """What changes on an account that gets a new token: the present one works for the overlap, none outlives it.

    Raises Refused `invalid` when too many older tokens still work.
    """
    until = now + overlap_hours * _HOUR
    old = [{"token": account["token"], "until": until}, *_still_working(account, now)]
    kept = [{**one, "until": min(one["until"], until)} for one in old] if overlap_hours else []
    if len(kept) > OLD_TOKENS:
        raise invalid("/overlap_hours", f"{OLD_TOKENS} older tokens still work; 0 ends them all.")
    return {"token": token, "old_tokens": kept or None}


def overlap_until(account: Item, now: int) -> int | None:
    """Until when (ms) an older token works; None when none does."""
    return max((old["until"] for old in _still_working(account, now)), default=None)


def bases(account: Item, now: int) -> list[str]:
    """The public bases that the provider may call: the present one, then the one before while an old token works."""
    present, before = identity.public_base(account), account.get("old_base")
    return [present, before] if before and before != present and _still_working(account, now) else [present]


def signature(provider: Provider, calls: Sequence[WebhookRequest], account: Item, now: int) -> str:
    """ "verified", "unsigned" or "failed"; each value of a rotated secret is tried on each form of the call."""
    for known in identity.candidates(account):
        for call in calls:
            try:
                return str(provider.verify(call, known, clock.aware(now)))
            except SignatureError:
                continue
    return FAILED


def _still_working(account: Item, now: int) -> list[Item]:
    return [old for old in account.get("old_tokens") or () if old["until"] > now]
