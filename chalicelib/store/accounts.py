"""SMS accounts: their configuration, the key that exists once, and who is on them.

Configuration item (times in milliseconds): id, name, key, type, phone, description, domain, enabled, list_id,
credentials (secret ones sealed), base_url, sender, delivery_reports, options, wait_for_assigned_agent,
wait_for_assigned_queue, transfer {agent, queue}, close_after {days, disposition}, segments_per_second, max_age (waits
and ages in seconds), reopen_hours, opt_out_reply, signature (enforce | monitor), token, old_tokens [{token, until}],
old_base (the public base before the last change of the domain), trouble, mandatory_disposition {enabled, pause_id},
notification {enabled, title, body, sound, shake}, plan_version, created_at, version.
An account's HEAD: account_id, seq, off (while it is not enabled), due_at (when its conversations are looked through).
"""

from collections.abc import Sequence
from typing import Any

from boto3.dynamodb.conditions import Attr

from chalicelib.config import CONFIG_CACHE, CONFLICT_RETRIES
from chalicelib.models.errors import Refused, invalid
from chalicelib.store import by_last, configured, conversations, db, dispositions, idempotency, members, plans, table
from chalicelib.store.db import Item
from chalicelib.store.idempotency import Once
from chalicelib.store.memory import Memory
from chalicelib.store.transaction import EXISTS, Lost, Transaction

_KIND = "account"
_KNOWN: Memory[Item] = Memory(CONFIG_CACHE)
PARTITION = table.configuration(_KIND, "")["pk"]


def get(account_id: str) -> Item | None:
    return configured.get(_KIND, account_id)


def get_cached(account_id: str, now: int) -> Item | None:
    """The account as it was at most 25 s ago; `now` in milliseconds."""
    return _KNOWN.get(account_id, now, lambda: get(account_id))


def is_enabled(account: Item) -> bool:
    """Whether its texts are routed and sent, as the configuration says."""
    return bool(account.get("enabled", True))


def is_off(account_id: str) -> bool:
    """Whether the account is switched off at this moment, however old a cached configuration is."""
    return "off" in (db.get(table.account(account_id)) or {})


def require(account_id: str) -> Item:
    """The account; raises Refused `not-found`."""
    return configured.require(_KIND, account_id)


def not_found() -> Refused:
    return configured.not_found(_KIND)


def get_many(account_ids: Sequence[str]) -> list[Item]:
    return configured.get_many(_KIND, account_ids)


def create(account: Item, once: Once | None, now: int) -> None:
    """Write a new account with its HEAD, its key and an empty plan. Raises Refused for a taken key or unknown list."""
    identifier = account["id"]
    taken = _key_key(account["key"])
    contact_list = table.configuration("list", account["list_id"])
    tx = Transaction().create(table.configuration(_KIND, identifier), account)
    off = None if is_enabled(account) else True
    head = {"account_id": identifier, "seq": 0, "off": off, **_look_for_silence(account, now)}
    tx.create(table.account(identifier), head)
    tx.create(taken, {"account_id": identifier})
    tx.create(table.plan(identifier, 1), {"version": 1, "actions": []})
    tx.check(contact_list, EXISTS)
    pause = _pause_key(account)
    if pause:
        tx.update(pause, EXISTS, add={"named_by": {identifier}})
    idempotency.action(tx, once, now)
    try:
        tx.commit()
    except Lost as lost:
        idempotency.raise_if_replayed(lost, once, now)
        _raise_if_invalid(lost, taken, contact_list, pause)
        raise


def change(account: Item, version: int, changes: dict[str, Any], now: int) -> None:
    """Change an account that was read as `account`, at `version`; a None removes a field. Raises Refused."""
    identifier = account["id"]
    taken = contact_list = None
    same_plan = Attr("plan_version").eq(account["plan_version"]) if "mandatory_disposition" in changes else None
    tx = configured.update(Transaction(), _KIND, identifier, version, changes, same_plan)
    old, new = _key_key(account["key"]), _key_key({**account, **changes}["key"])
    if new != old:
        taken = new
        tx.create(new, {"account_id": identifier})
        tx.delete(old, Attr("account_id").eq(identifier))
    head = _head_after(account, changes, now)
    if head:
        tx.update(table.account(identifier), EXISTS, put=head, add={"seq": 1})
    if "list_id" in changes:
        contact_list = table.configuration("list", changes["list_id"])
        tx.check(contact_list, EXISTS)
    pause = _name_pause(tx, account, {**account, **changes})
    try:
        tx.commit()
    except Lost as lost:
        _raise_if_plan_moved(lost, identifier, version)
        configured.raise_if_moved(lost, _KIND, identifier)
        _raise_if_invalid(lost, taken, contact_list, pause)
        raise
    _KNOWN.cache_clear()


def _head_after(account: Item, changes: Item, now: int) -> Item:
    """What of an account's changes its HEAD says too."""
    head: Item = {}
    if "enabled" in changes:
        head["off"] = None if changes["enabled"] else True
    if "close_after" in changes:
        head |= _look_for_silence({**account, **changes}, now)
    return head


def _look_for_silence(account: Item, now: int) -> Item:
    """What HEAD says about silent conversations: when the reconciler looks for them next, and behind which.

    Conversations of before count too, so the first look is at once.
    """
    wanted = account.get("close_after", {}).get("days")
    return {**conversations.due(table.account(account["id"]), now if wanted else None), "silent_after": None}


def rotate(account: Item, changes: Item, once: Once | None, now: int) -> None:
    """Give an account that was read as `account` another token. Raises Refused `contended` and `not-found`."""
    identifier = account["id"]
    tx = configured.update(Transaction(), _KIND, identifier, account["version"], changes)
    idempotency.action(tx, once, now)
    try:
        tx.commit()
    except Lost as lost:
        idempotency.raise_if_replayed(lost, once, now)
        if lost.item(table.configuration(_KIND, identifier)) is None:
            raise not_found() from None
        raise Refused("contended", "The account was changed at the same moment.") from None
    _KNOWN.cache_clear()


def _key_key(key: str) -> table.Key:
    return table.unique("account_key", key.lower())


def _pause_key(account: Item) -> table.Key | None:
    """The pause that an account's agents are in while disposing."""
    pause_id = account.get("mandatory_disposition", {}).get("pause_id")
    return table.configuration("pause", pause_id) if pause_id else None


def _name_pause(tx: Transaction, before: Item, after: Item) -> table.Key | None:
    """Have the pauses know which account names them; answers the one that it names from now on."""
    old, new = _pause_key(before), _pause_key(after)
    mine = {"named_by": {before["id"]}}
    if old and old != new:
        tx.update(old, EXISTS, drop=mine)
    if new and old != new:
        tx.update(new, EXISTS, add=mine)
        return new
    return None


def _raise_if_plan_moved(lost: Lost, identifier: str, version: int) -> None:
    """The account is as it was read, its plan is not: what was checked against the plan has to be checked again."""
    key = table.configuration(_KIND, identifier)
    item = lost.item(key) if key in lost else None
    if item and item["version"] == version:
        raise Refused("contended", "The action plan was changed at the same moment. Try again.")


def _raise_if_invalid(
    lost: Lost, taken: table.Key | None, contact_list: table.Key | None, pause: table.Key | None
) -> None:
    if taken and taken in lost:
        raise invalid("/key", "Another account has this key; upper and lower case count as the same.")
    if contact_list and contact_list in lost:
        raise invalid("/list_id", "There is no such list.")
    if pause and pause in lost:
        raise invalid("/mandatory_disposition/pause_id", "There is no such pause.")


def delete(account_id: str) -> None:
    """Delete an account without open interactions, then whoever is on it.

    Raises Refused `in-use` with `open`, and `not-found`; where an earlier try was cut off, it tidies up first.
    """
    for _ in range(CONFLICT_RETRIES):
        account = get(account_id)
        if account is None:
            members.remove_all("accounts", account_id)
            raise not_found()
        if _deleted(account):
            _KNOWN.cache_clear()
            members.remove_all("accounts", account_id)
            dispositions.remove_all(account_id)
            return
    raise Refused("contended", "The account is being changed by others.")


def _deleted(account: Item) -> bool:
    count = _open_interactions(account["id"])
    if count:
        raise Refused("in-use", f"The account has {count} open interactions.", open=count)
    unmoved = Attr("version").eq(account["version"]) & Attr("plan_version").eq(account["plan_version"])
    tx = Transaction().delete(table.configuration(_KIND, account["id"]), unmoved)
    tx.delete(table.account(account["id"]))
    tx.delete(table.unique("account_key", account["key"].lower()), Attr("account_id").eq(account["id"]))
    plans.forget(tx, account)
    _name_pause(tx, account, {"id": account["id"]})
    try:
        tx.commit()
    except Lost:
        return False
    return True


def _open_interactions(account_id: str) -> int:
    """How many are open, counted through an index: a counter would be the one item that every burst writes."""
    return sum(1 for _ in by_last.open_of(account_id))


def change_members(account_id: str, add: Sequence[str], remove: Sequence[str], now: int) -> tuple[list[str], list[str]]:
    """Put agents on the account and take others off; answers who really was. Raises Refused."""
    added = [one for one in add if members.add("accounts", account_id, one, now)]
    return added, [one for one in remove if members.take_off(account_id, one, now)]
