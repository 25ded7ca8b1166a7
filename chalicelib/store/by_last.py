"""An account's interactions in the order of their last message, as an index has them: to be shown, never to decide.

Open and closed ones have partitions of their own, so that what is open is found without what is past.
"""

from collections.abc import Iterator

from chalicelib.store import db, table
from chalicelib.store.db import Item


def newest(account_id: str, status: str | None, *, before: str | None, limit: int) -> tuple[list[Item], bool]:
    """The newest message first, and whether there are more; `before` is a `g2sk`."""
    partitions = {"open": [table.open_in_account(account_id)], "closed": [table.in_account(account_id)]}
    older = ("g2sk", "<", before) if before else None
    pages = [
        db.query_index(table.BY_LAST, ("g2pk", one), older, limit=limit, forward=False)
        for one in partitions.get(status or "", [*partitions["open"], *partitions["closed"]])
    ]
    # Where a page ends early, what the other partition has beyond that point waits for the next one.
    reached = max((page.items[-1]["g2sk"] for page in pages if page.last and page.items), default="")
    found = {item["pk"]: item for page in pages for item in page.items if item["g2sk"] >= reached}
    items = sorted(found.values(), key=lambda item: item["g2sk"], reverse=True)
    return items[:limit], len(items) > limit or any(page.last for page in pages)


def open_of(account_id: str, *, after: str | None = None) -> Iterator[Item]:
    """The open ones, the longest silent first; `after` is a `g2sk`."""
    partition, start = ("g2pk", table.open_in_account(account_id)), None
    condition = ("g2sk", ">", after) if after else None
    while True:
        page = db.query_index(table.BY_LAST, partition, condition, start=start)
        yield from (item for item in page.items if item["status"] == "open")
        if page.last is None:
            return
        start = page.last
