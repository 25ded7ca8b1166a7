"""Who is on an account, in a queue or in a team: the member's item and the agent's own HEAD, always changed together.

An item says in `via` why the agent is a member: `direct`, and in a queue also the teams that brought them. They stay
a member while one reason is left.
"""

from collections.abc import Iterable, Sequence
from typing import Any, Literal

from boto3.dynamodb.conditions import Attr, ConditionBase

from chalicelib.config import CONFLICT_RETRIES, ROUTING_GRACE
from chalicelib.models.errors import Refused
from chalicelib.store import db, table
from chalicelib.store.conversations import due
from chalicelib.store.db import Item
from chalicelib.store.table import Key
from chalicelib.store.transaction import EXISTS, Lost, Transaction

Of = Literal["accounts", "queues", "teams"]
DIRECT = "direct"
MOST = 90  # accounts and queues of one agent: a poll reads their HEADs in one BatchGetItem of 100 keys


class Gone(Exception):
    """A membership that depends on others is not made: one of them, the owner or the agent is not there any more."""


def sources(item: Item | None) -> set[str]:
    """Why an agent is a member; empty for no member."""
    return set(item.get("via", {DIRECT})) if item else set()


def agents_of(of: Of, identifier: str) -> list[str]:
    """Everybody who is on it."""
    return [item["agent_id"] for item in items_of(of, identifier)]


def items_of(of: Of, identifier: str) -> list[Item]:
    return list(db.query_all(_item_key(of, identifier, "")["pk"], "M#"))


def add(of: Of, identifier: str, agent_id: str, now: int, via: str = DIRECT, only_with: Sequence[Key] = ()) -> bool:
    """Put an agent on an account, in a queue or in a team; False if they were there for that reason already.

    `now` in milliseconds; `only_with` are items that must exist. Raises Gone with them, and without them Refused
    `not-found` (extra `kind`: agent, or the kind of owner); Refused `too-many-memberships`.
    """
    for _ in range(CONFLICT_RETRIES):
        head = db.get(table.agent(agent_id))
        if head is None or "deleted" in head:
            raise Gone if only_with else Refused("not-found", "There is no such agent.", kind="agent")
        item = db.get(_item_key(of, identifier, agent_id))  # read after HEAD, whose version guards it
        if via in sources(item):
            return False
        if item is None and of != "teams" and _count(head, ()) >= MOST:
            raise _too_many([agent_id])
        tx = Transaction().check(_owner_key(of, identifier), EXISTS)
        for key in only_with:
            tx.check(key, EXISTS)
        since = item["since"] if item else now
        row = {"agent_id": agent_id, "since": since, "via": sources(item) | {via}}
        tx.put(_item_key(of, identifier, agent_id), row)
        _change_head(tx, agent_id, _unmoved(head), add={of: {identifier}})
        try:
            tx.commit()
        except Lost as lost:
            _raise_if_gone(lost, of, identifier, only_with)
            continue
        return True
    raise Refused("contended", "The agent's memberships are being changed by others.")


def _raise_if_gone(lost: Lost, of: Of, identifier: str, only_with: Sequence[Key]) -> None:
    owner_is_gone = _owner_key(of, identifier) in lost
    if any(key in lost for key in only_with) or (only_with and owner_is_gone):
        raise Gone
    if owner_is_gone:
        raise Refused("not-found", f"There is no such {of[:-1]}.", kind=of[:-1])


def remove(of: Of, identifier: str, agent_id: str, via: str = DIRECT) -> bool:
    """Take one reason away, and the agent off with the last; False if they were not there for it."""
    return _remove(of, identifier, agent_id, {via})


def take_off(account_id: str, agent_id: str, now: int) -> bool:
    """Take an agent off an account; False if they were not on it. `now` in milliseconds.

    What they have of the account's conversations stands on the due list, for `routing.departures` to see to.
    """
    return _remove("accounts", account_id, agent_id, {DIRECT}, departed_at=now)


def remove_all(of: Of, identifier: str) -> None:
    """Take everybody off."""
    for item in items_of(of, identifier):
        _remove(of, identifier, item["agent_id"], sources(item))


def _remove(of: Of, identifier: str, agent_id: str, reasons: set[str], departed_at: int | None = None) -> bool:
    key = _item_key(of, identifier, agent_id)
    for _ in range(CONFLICT_RETRIES):
        head = db.get(table.agent(agent_id))
        item = db.get(key)  # read after HEAD, whose version guards it
        if item is None or not reasons & sources(item):
            return False
        left = sources(item) - reasons
        tx = Transaction().update(key, EXISTS, put={"via": left}) if left else Transaction().delete(key, EXISTS)
        if head is not None:
            _change_head(tx, agent_id, _unmoved(head), drop=None if left else {of: {identifier}})
        if departed_at is not None and not left:
            departure = table.departure(agent_id, identifier)
            row = {"agent_id": agent_id, "account_id": identifier}
            tx.put(departure, row | due(departure, departed_at + ROUTING_GRACE * 1000))
        try:
            tx.commit()
        except Lost:
            continue
        return True
    raise Refused("contended", "The agent's memberships are being changed by others.")


def item_keys(agent_id: str, accounts: Iterable[str], queues: Iterable[str]) -> list[Key]:
    """The member items of an agent on accounts and in queues, for whoever deletes the agent."""
    return [
        *(table.account_member(account, agent_id) for account in accounts),
        *(table.member(queue, agent_id) for queue in queues),
    ]


def unknown_agents(agent_ids: Iterable[str]) -> list[int]:
    """Positions of those who do not exist."""
    heads = db.get_many([table.agent(agent_id) for agent_id in agent_ids])
    return [position for position, head in enumerate(heads) if head is None or "deleted" in head]


def check_room(agent_ids: Iterable[str], queues: Iterable[str]) -> None:
    """Raises Refused `too-many-memberships` naming the `agents` for whom these queues would be too many."""
    wanted = set(queues)
    heads = db.get_many([table.agent(agent_id) for agent_id in agent_ids])
    full = [head["agent_id"] for head in heads if head and _count(head, wanted) > MOST]
    if full:
        raise _too_many(full)


def _count(head: Item, queues: Iterable[str]) -> int:
    return len(head.get("accounts", ())) + len({*head.get("queues", ()), *queues})


def _too_many(agent_ids: list[str]) -> Refused:
    detail = f"An agent may be in {MOST} accounts and queues together."
    return Refused("too-many-memberships", detail, agents=agent_ids)


def _change_head(
    tx: Transaction,
    agent_id: str,
    condition: ConditionBase,
    add: dict[str, Any] | None = None,
    drop: dict[str, set[str]] | None = None,
) -> None:
    counts = {"members_version": 1, "seq": 1, **(add or {})}
    tx.update(table.agent(agent_id), condition, add=counts, drop=drop, prove=True)


def _unmoved(head: Item) -> ConditionBase:
    return Attr("members_version").eq(head["members_version"])


def _item_key(of: Of, identifier: str, agent_id: str) -> Key:
    build = {"accounts": table.account_member, "queues": table.member, "teams": table.team_member}[of]
    return build(identifier, agent_id)


def _owner_key(of: Of, identifier: str) -> Key:
    return table.configuration(of[:-1], identifier)
