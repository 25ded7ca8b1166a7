"""Who may be offered a text: read from an agent's HEAD, decided without touching anything.

HEAD: agent_id, name, state (online|offline|paused|not_responding), pause, since, session, seen_at,
open_count, capacity (0 = unlimited), ringing (interaction), ring_ends, accounts, queues,
members_version, seq; due_at while not offline; disposing (interactions about to be closed), before_disposing
{state, pause, paused}: what the agent was before disposing put them into the pause `paused`. Times in milliseconds.
"""

from boto3.dynamodb.conditions import Attr, ConditionBase

from chalicelib.config import SILENCE
from chalicelib.store.conversations import unchanged
from chalicelib.store.db import Item

_RING_FORGOTTEN = 30_000  # a ring this long past its end no longer holds its agent


def silent(head: Item, now: int) -> bool:
    """Whether no poll came for so long that the session is over."""
    return head["state"] != "offline" and head["seen_at"] <= now - SILENCE * 1000


def state(head: Item, now: int) -> str:
    """The state as others see it: who is silent is offline."""
    return "offline" if silent(head, now) else head["state"]


def online(head: Item, now: int) -> bool:
    return state(head, now) == "online"


def slots(head: Item) -> int | None:
    """How many more interactions the agent may have open; None without a limit."""
    return max(0, head["capacity"] - head["open_count"]) if head["capacity"] else None


def has_slot(head: Item) -> bool:
    return slots(head) != 0


def ringing(head: Item, now: int) -> bool:
    return "ringing" in head and head["ring_ends"] + _RING_FORGOTTEN > now


def free(head: Item, now: int) -> bool:
    """Whether a queue may ring this agent now."""
    return online(head, now) and not ringing(head, now) and has_slot(head)


def is_free(now: int) -> ConditionBase:
    """`free` as a condition on HEAD, judged at the moment of writing."""
    seen = Attr("state").eq("online") & Attr("seen_at").gt(now - SILENCE * 1000)
    quiet = Attr("ringing").not_exists() | Attr("ring_ends").lte(now - _RING_FORGOTTEN)
    return seen & quiet & slot_left()


def slot_left() -> ConditionBase:
    return Attr("capacity").eq(0) | Attr("open_count").lt(Attr("capacity"))


def is_away(head: Item | None, account_id: str, now: int) -> bool:
    """Whether an owner would not see the account's texts: offline, not on the account any more, or deleted."""
    return head is None or state(head, now) == "offline" or not on_account(head, account_id)


def on_account(head: Item | None, account_id: str) -> bool:
    return bool(head) and account_id in head.get("accounts", ())  # type: ignore[union-attr]


def disposes(head: Item, interaction: str) -> bool:
    """Whether the agent is about to close the interaction."""
    return interaction in head.get("disposing", ())


def after_disposing(head: Item, interaction: str, now: int) -> Item:
    """What else changes on HEAD when one of `disposing` is done with: the state before, after the last one.

    An agent who is in another state by now has chosen it, and keeps it.
    """
    if set(head["disposing"]) != {interaction} or "before_disposing" not in head:
        return {}
    before = head["before_disposing"]
    kept = (head["state"], head.get("pause")) != ("paused", before["paused"])
    back = {} if kept else {"state": before["state"], "pause": before.get("pause"), "since": now}
    return {"before_disposing": None, **back}


def disposing_unmoved(head: Item, interaction: str) -> ConditionBase:
    """That what `after_disposing` found is still so: whether it is the last one, and the state."""
    same = Attr("disposing").contains(interaction) & Attr("disposing").size().eq(len(head["disposing"]))
    return same & unchanged("state", head) & unchanged("pause", head)
