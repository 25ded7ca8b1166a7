"""A wrongly closed interaction is opened again, as long as the customer has begun no newer one."""

from boto3.dynamodb.conditions import Attr

from chalicelib.clock import rfc3339
from chalicelib.models.errors import Refused
from chalicelib.routing import agents, rounds, wake
from chalicelib.routing.answers import look, retried
from chalicelib.store import accounts, db, table
from chalicelib.store.conversations import Change
from chalicelib.store.db import Item
from chalicelib.store.transaction import EXISTS


@retried
def reopen(interaction: str, agent: str | None, now: int, *, supervisor: bool) -> Item:
    """Open it again for the agent who had it last, or for everybody if that one is not on the account any more.

    `agent` is who asks, None for a supervisor who is none; `now` in milliseconds. Twice is once. Raises Refused:
    not-found, not-owner, newer-interaction (with its `interaction_id`).
    """
    meta, _ = look(interaction)
    if meta["status"] == "open":
        return meta
    last = meta.get("last_owner")
    heads = rounds.heads_of(meta, *(one for one in (agent, last) if one))
    if not supervisor and agent != last:
        raise Refused("not-owner", "Only the agent who had it last, or a supervisor, may reopen it.")
    _require_newest(meta)
    change = Change.reopen(meta, now).set(reopened_at=now).decide()
    owner = last if agents.on_account(heads.get(last or ""), meta["account_id"]) else None
    run = None
    if owner:
        run = _give_back(change, owner)
    else:
        _offer_to_all(change)
    who = rounds.name(heads, agent) if agent else "a supervisor"
    change.event(f"Reopened by {who}; it was closed at {rfc3339(meta['closed_at'])}{_how(meta)}", author=agent)
    result = change.commit()
    if run:
        wake.start(interaction, run)
    return result


def _require_newest(meta: Item) -> None:
    pointer = db.get(table.pointer(meta["account_id"], meta["address"])) or {}
    if pointer.get("interaction_id") != meta["interaction_id"]:
        detail = "The customer has begun a newer interaction since."
        raise Refused("newer-interaction", detail, interaction_id=pointer.get("interaction_id"))
    if accounts.get(meta["account_id"]) is None:
        raise Refused("not-found", "Its account was deleted.")


def _give_back(change: Change, owner: str) -> int | None:
    """The owner has it again, without a tab; what is unread is offered to them. Answers the run to start."""
    base = change.base
    change.nudge(table.agent(owner), Attr("accounts").contains(base["account_id"]))
    change.tx.put(table.own(owner, change.interaction), {"interaction_id": change.interaction})
    change.set(owner=owner)
    if not base["unread_count"]:
        return None
    change.set(waiting_since=base["last_message_at"], began_n=base["last_in_n"])
    return rounds.ask(change)


def _offer_to_all(change: Change) -> None:
    base = change.base
    change.set(waiting_since=change.now, began_n=base.get("last_in_n"))
    row = rounds.offer(change, "none", "reopened")
    change.tx.put(table.unassigned(base["account_id"], change.now, change.interaction), row)
    change.nudge(table.account(base["account_id"]), EXISTS)


def _how(meta: Item) -> str:
    disposition = meta.get("disposition")
    return f" as {' / '.join(disposition['path'])}" if disposition else ""
