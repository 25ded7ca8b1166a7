"""What supervisors watch: how many conversations each account has open, who waits, and what lies at absent agents.

Read through an index that may lag by a moment: for looking at, never for deciding.
"""

from collections.abc import Iterable, Sequence
from itertools import islice

from chalicelib.clock import rfc3339
from chalicelib.config import REALTIME_MOST
from chalicelib.routing import agents, rounds
from chalicelib.store import by_last
from chalicelib.store.db import Item


def of_accounts(accounts: Sequence[Item], now: int) -> list[Item]:
    """The figures of each account; `now` in milliseconds.

    Of one account at most `REALTIME_MOST` open interactions are counted, the longest silent first; `truncated` says
    that there are more.
    """
    known: rounds.Heads = {}
    return [_figures(account, known, now) for account in accounts]


def _figures(account: Item, known: rounds.Heads, now: int) -> Item:
    found = list(islice(by_last.open_of(account["id"]), REALTIME_MOST + 1))
    counted = found[:REALTIME_MOST]
    waiting = [meta for meta in counted if meta["stage"] != "none"]
    unassigned = [meta for meta in counted if meta["stage"] == "none" and not meta.get("owner")]
    since = [meta["waiting_since"] for meta in (*waiting, *unassigned) if "waiting_since" in meta]
    return {
        "account_id": account["id"],
        "account_key": account["key"],
        "open": len(counted),
        "waiting": len(waiting),
        "longest_wait_since": rfc3339(min(since, default=None)),
        "unassigned": len(unassigned),
        "open_at_offline_agents": len(at_offline_agents(counted, known, now)),
        "truncated": len(found) > len(counted),
    }


def at_offline_agents(metas: Iterable[Item], known: rounds.Heads, now: int) -> list[Item]:
    """Those that are open and whose owner is away; `known` are HEADs read before, and gets those read now."""
    owned = [meta for meta in metas if meta["status"] == "open" and meta.get("owner")]
    missing = {meta["owner"] for meta in owned} - known.keys()
    known.update(rounds.read_heads(missing) if missing else {})
    return [meta for meta in owned if agents.is_away(known.get(meta["owner"]), meta["account_id"], now)]
