"""The alert with which an offer calls for attention, as its account words it. Pure."""

from chalicelib.models import templates
from chalicelib.store.db import Item


def alert(row: Item, account: Item | None) -> Item | None:
    """`{title, body, sound, shake}` for an offer's row; None where its account wants none."""
    wanted = (account or {}).get("notification")
    if not account or not wanted or not wanted["enabled"]:
        return None
    values = {
        "account.key": account["key"],
        "account.name": account["name"],
        "contact.name": row.get("contact_name"),
        "contact.phone": row["address"],
        "message.preview": row.get("preview"),
        "queue.name": row.get("queue_name"),
    }
    told = {name: templates.render(wanted[name], values) for name in ("title", "body")}
    return {**told, "sound": wanted["sound"], "shake": wanted["shake"]}
