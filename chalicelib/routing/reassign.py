"""Supervisors give an interaction to an agent or into a queue, whoever has it and wherever it waits."""

from boto3.dynamodb.conditions import Attr

from chalicelib.models.errors import Refused
from chalicelib.routing import agents, rounds, steps, wake
from chalicelib.routing.answers import look, retried
from chalicelib.routing.match import match_agent
from chalicelib.store import plans, table
from chalicelib.store.conversations import Change
from chalicelib.store.db import Item


@retried
def to_agent(interaction: str, agent: str, by: str | None, now: int) -> Item:
    """Make an agent of the account the owner at once, online or not; what is unread is offered to them first.

    `by` is the agent who does it, None for a supervisor who is none; `now` in milliseconds. Twice is once.
    Raises Refused: not-found, closed, not-on-account.
    """
    meta, heads = _read_open(interaction, agent, by)
    if not agents.on_account(heads.get(agent), meta["account_id"]):
        raise Refused("not-on-account", f"{rounds.name(heads, agent)} is not on this account.")
    if meta.get("owner") == agent and "transfer" not in meta:
        return meta
    change = _taken_from_all(meta, heads, but=agent, now=now)
    change.nudge(table.agent(agent), Attr("accounts").contains(meta["account_id"]))
    change.tx.put(table.own(agent, interaction), {"interaction_id": interaction})
    change.set(owner=agent, waiting_since=None)
    in_tab = meta.get("owner") == agent and meta.get("tab") == heads[agent]["session"]
    run = None
    if meta["unread_count"] and not in_tab:
        since = meta.get("waiting_since") or meta["last_message_at"]
        change.set(waiting_since=since, began_n=meta["last_in_n"], given=True)
        run = rounds.ask(change)
    change.event(f"Assigned to {rounds.name(heads, agent)} by {_author(heads, by)}", author=by)
    return _committed(change, heads, run)


@retried
def to_queue(interaction: str, queue: Item, by: str | None, now: int) -> Item:
    """Take it from whoever has it and let it wait in a queue that has a member on the account; then for everybody.

    `by` and `now` as above. Twice is once. Raises Refused: not-found, closed, not-on-account.
    """
    meta, heads = _read_open(interaction, by)
    if not meta.get("owner") and queue["id"] in (meta.get("queue_id"), meta.get("sent_to")):
        return meta
    if steps.queue_with_members(queue["id"], meta["account_id"]) is None:
        raise Refused("not-on-account", f"Nobody in queue {queue['name']} is on this account.")
    change = _taken_from_all(meta, heads, but=None, now=now)
    if "waiting_since" not in meta:
        change.set(waiting_since=meta["last_message_at"] if meta["unread_count"] else now)
        change.set(began_n=meta.get("last_in_n"))
    run = rounds.ask(change.set(sent_to=queue["id"]))
    change.event(f"Assigned to queue {queue['name']} by {_author(heads, by)}", author=by)
    return _committed(change, heads, run)


def enter(change: Change, account: Item) -> None:
    """Enter the round of the queue that it was sent to; behind it comes the end of the plan. May raise Lost."""
    actions = plans.current(account)["actions"]
    queue = steps.queue_with_members(change.base["sent_to"], account["id"])
    change.set(sent_to=None, plan_version=account["plan_version"], plan_step=len(actions))
    if queue is None:
        change.event("Queue skipped, none of its members is on this account")
        steps.walk(change, actions, len(actions))
        return
    seconds = account["transfer"]["queue"]["timeout"]
    rounds.enter_queue(change, "plan_queue", queue, seconds, "assigned by a supervisor")
    change.event(f"Waiting in queue {queue['name']} for {seconds} s: assigned by a supervisor").commit()


def _read_open(interaction: str, *others: str | None) -> tuple[Item, rounds.Heads]:
    meta, heads = look(interaction, *(one for one in others if one))
    if meta["status"] == "closed":
        raise Refused("closed", "The interaction is closed.")
    return meta, heads


def _taken_from_all(meta: Item, heads: rounds.Heads, *, but: str | None, now: int) -> Change:
    """Out of its round, and with no owner but perhaps the one who gets it."""
    change = Change(meta, now)
    rounds.leave(change, heads)
    if meta.get("owner") != but:
        rounds.disown(change, heads)
    change.set(rejected=None, expired_for=None, transfer=None)
    return change.decide() if rounds.is_waited_for(meta) else change


def _author(heads: rounds.Heads, by: str | None) -> str:
    return rounds.name(heads, by) if by else "a supervisor"


def _committed(change: Change, heads: rounds.Heads, run: int | None) -> Item:
    """Write it, then tell the wait that was, start the one that is to be, and ring whoever came free."""
    base = change.base
    result = change.commit()
    if rounds.is_waited_for(base):
        wake.tell(change.interaction, taken=run is None)
    if run:
        wake.start(change.interaction, run)
    for agent in {base.get("owner"), base.get("ring_agent")} - {None}:  # also who was rung for it and owns it now
        match_agent(heads.get(agent), change.now)  # type: ignore[arg-type]
    return result
