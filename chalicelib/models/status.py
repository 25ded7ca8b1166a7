"""Delivery states of a message and the order in which they may follow each other."""

FINAL = ("delivered", "undelivered", "failed", "rejected", "expired")
RANK = {"queued": 0, "sending": 1, "unknown": 2, "sent": 2, **dict.fromkeys(FINAL, 3)}


def advances(old: str, new: str) -> bool:
    """Whether a message in state `old` takes a reported state `new`: only forward.

    Two exceptions: `delivered` replaces `expired`, and a report at least as far as
    `sent` settles `unknown`.
    """
    if old == "expired":
        return new == "delivered"
    if old == "unknown":
        return new != "unknown" and RANK[new] >= RANK["sent"]
    return RANK[new] > RANK[old]
