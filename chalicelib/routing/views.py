"""Stored interactions, lines and offers in the words of the API (times RFC 3339)."""

from chalicelib.clock import rfc3339
from chalicelib.routing.alerts import alert
from chalicelib.store.db import Item


def interaction(meta: Item, account_key: str) -> Item:
    last = None
    if "last_preview" in meta:
        last = {"direction": meta["last_direction"], "preview": meta["last_preview"]}
    plain = ("account_id", "address", "contact_id", "status", "owner", "last_owner", "stage", "queue_id", "version")
    times = ("waiting_since", "deadline_at", "started_at", "last_message_at", "closed_at")
    return {
        "id": meta["interaction_id"],
        "account_key": account_key,
        "read": not meta["unread_count"] and "unread" not in meta,
        "unread_count": meta["unread_count"],
        "last_message": last,
        "tags": sorted(meta.get("tags", ())),
        "disposition": meta.get("disposition"),
        **{name: meta.get(name) for name in plain},
        **{name: rfc3339(meta.get(name)) for name in times},
    }


_LINE = ("direction", "text", "status", "status_code", "status_detail", "encoding", "segments", "author", "retry_of")


def line(item: Item) -> Item:
    return {
        "id": item["id"],
        "n": item["n"],
        "kind": item["kind"],
        "media": item.get("media", []),
        "automatic": bool(item.get("automatic")),
        "created_at": rfc3339(item["created_at"]),
        **{name: item.get(name) for name in _LINE},
    }


_OFFER = ("interaction_id", "account_id", "address", "contact_name", "stage", "queue_id", "reason", "preview")
_HANDED_OVER = ("note", "from_agent")


def offer(row: Item, account: Item | None) -> Item:
    """An offer's row; `account` is None if it was deleted meanwhile."""
    return {
        "account_key": account["key"] if account else "",
        "alert": alert(row, account),
        "deadline_at": rfc3339(row.get("deadline_at")),
        **{name: row.get(name) for name in (*_OFFER, *_HANDED_OVER)},
    }
