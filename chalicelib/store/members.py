"""Who is on an account or in a queue: the member's item and the agent's own HEAD, always changed together."""

from collections.abc import Iterable
from typing import Literal

from boto3.dynamodb.conditions import Attr, ConditionBase

from chalicelib.config import CONFLICT_RETRIES
from chalicelib.models.errors import Refused
from chalicelib.store import db, table
from chalicelib.store.table import Key
from chalicelib.store.transaction import EXISTS, Lost, Transaction

Of = Literal["accounts", "queues"]
MOST = 90  # accounts and queues of one agent: a poll reads their HEADs in one BatchGetItem of 100 keys


def add(of: Of, identifier: str, agent_id: str, now: int) -> bool:
    """Put an agent on an account or in a queue; False if they were on it. `now` in milliseconds.

    Raises Refused `not-found` (extra `kind`: agent, or the kind of owner) and `too-many-memberships`.
    """
    for _ in range(CONFLICT_RETRIES):
        head = db.get(table.agent(agent_id))
        if head is None:
            raise Refused("not-found", "There is no such agent.", kind="agent")
        if identifier in head.get(of, ()):
            return False
        if len(head.get("accounts", ())) + len(head.get("queues", ())) >= MOST:
            raise Refused("too-many-memberships", f"An agent may be in {MOST} accounts and queues together.")
        tx = Transaction().create(_item_key(of, identifier, agent_id), {"agent_id": agent_id, "since": now})
        tx.check(_owner_key(of, identifier), EXISTS)
        _change_head(tx, agent_id, _unmoved(head), add={of: {identifier}})
        try:
            tx.commit()
        except Lost as lost:
            if _owner_key(of, identifier) in lost:
                raise Refused("not-found", f"There is no such {of[:-1]}.", kind=of[:-1]) from None
            continue
        return True
    raise Refused("contended", "The agent's memberships are being changed by others.")


def remove(of: Of, identifier: str, agent_id: str) -> bool:
    """Take an agent off an account or out of a queue; False if they were not on it."""
    for _ in range(CONFLICT_RETRIES):
        item, head = db.get_many([_item_key(of, identifier, agent_id), table.agent(agent_id)])
        if item is None:
            return False
        tx = Transaction().delete(_item_key(of, identifier, agent_id), EXISTS)
        if head is not None:
            _change_head(tx, agent_id, _unmoved(head), drop={of: {identifier}})
        try:
            tx.commit()
        except Lost:
            continue
        return True
    raise Refused("contended", "The agent's memberships are being changed by others.")


def remove_all(of: Of, identifier: str) -> None:
    """Take everybody off."""
    for item in list(db.query_all(_item_key(of, identifier, "")["pk"], "M#")):
        remove(of, identifier, item["agent_id"])


def item_keys(agent_id: str, accounts: Iterable[str], queues: Iterable[str]) -> list[Key]:
    """The member items of an agent, for whoever deletes the agent."""
    return [
        *(table.account_member(account, agent_id) for account in accounts),
        *(table.member(queue, agent_id) for queue in queues),
    ]


def unknown_agents(agent_ids: Iterable[str]) -> list[int]:
    """Positions of those who do not exist."""
    heads = db.get_many([table.agent(agent_id) for agent_id in agent_ids])
    return [position for position, head in enumerate(heads) if head is None]


def _change_head(
    tx: Transaction,
    agent_id: str,
    condition: ConditionBase,
    add: dict[str, set[str]] | None = None,
    drop: dict[str, set[str]] | None = None,
) -> None:
    counts = {"members_version": 1, "seq": 1, **(add or {})}
    tx.update(table.agent(agent_id), condition, add=counts, drop=drop, prove=True)


def _unmoved(head: db.Item) -> ConditionBase:
    return Attr("members_version").eq(head["members_version"])


def _item_key(of: Of, identifier: str, agent_id: str) -> Key:
    build = table.account_member if of == "accounts" else table.member
    return build(identifier, agent_id)


def _owner_key(of: Of, identifier: str) -> Key:
    return table.configuration(of[:-1], identifier)
