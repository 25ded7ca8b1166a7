"""What must hold of the routing after each step, given what the table held before it."""

from collections.abc import Iterator, Set
from dataclasses import dataclass

from chalicelib.routing import agents, queues
from chalicelib.store.db import Item
from tests.faults.facts import Facts, owned


class Violation(AssertionError):
    """Something that must hold did not; the text has all steps that led there."""


@dataclass(frozen=True)
class Step:
    """One step: the facts before and after it, who took something in it, and whether a person or a timer acted."""

    before: Facts
    after: Facts
    takers: frozenset[str]
    """Agents who accepted, opened, took over, or were given something by a supervisor."""
    decided: bool
    """Whether the state machine's Lambda, a reconciler or a supervisor decided."""


def every_step(step: Step) -> Iterator[str]:
    yield from owners_change_by_consent(step)
    yield from rings_go_by_waiting_time(step)


def nothing_is_lost(facts: Facts, accepted: Set[str]) -> Iterator[str]:
    """1: each text that the provider was told is accepted is there, by its id."""
    stored = {line.get("provider_message_id") for lines in facts.lines.values() for line in lines}
    for sid in sorted(accepted - stored):
        yield f"1: text {sid} was accepted and is nowhere"


def owners_change_by_consent(step: Step) -> Iterator[str]:
    """3: only who accepts becomes the owner; nobody loses one but by handing it over, a timer or a supervisor.

    On an account that is switched off a text of the customer takes it away, too.
    """
    for interaction, meta in step.after.metas.items():
        before, after = step.before.metas.get(interaction, {}).get("owner"), meta.get("owner")
        if before == after:
            continue
        if after and after not in step.takers:
            yield f"3: {after} owns {interaction} without having asked for it"
        off = is_off(step.before, meta["account_id"]) or is_off(step.after, meta["account_id"])
        if before and after is None and meta["status"] == "open" and not (step.decided or off):
            yield f"3: {before} lost {interaction} to nobody"


def is_off(facts: Facts, account: str) -> bool:
    """Whether an account is switched off."""
    return "off" in facts.by_key[f"ACC#{account}", "HEAD"]


def rings_go_by_waiting_time(step: Step) -> Iterator[str]:
    """Who is rung is rung for the longest-waiting text of the weightiest queue that they could take."""
    for agent, interaction in _new_rings(step):
        head, rung = step.after.heads[agent], step.after.metas[interaction]
        if "waiting_since" not in rung:
            yield f"2: {agent} is rung for {interaction}, which waits for nobody"
            continue
        if not _same_member(step, agent):
            continue
        mine = (-_weight(step.after, rung["queue_id"]), rung["waiting_since"])
        for row in _left_waiting(step):
            queue, since = row["queue_id"], row["since"]
            theirs = (-_weight(step.after, queue), since)
            if queue in head.get("queues", ()) and _could_take(row, head) and theirs < mine:
                yield f"order: {agent} is rung for {interaction} of {mine}, {row['interaction_id']} has {theirs}"


def nobody_free_is_left_out(step: Step) -> Iterator[str]:
    """Whoever is free and could take a waiting text is rung for one at once."""
    for row in _waiting(step.after):
        if "ringing" in row:
            continue
        members = {item["agent_id"] for item in step.after.of("QUEUE", "M#") if item["pk"] == row["pk"]}
        for agent in sorted(members):
            head = step.after.heads[agent]
            if "ringing" not in head and agents.free(head, step.after.now) and _could_take(row, head):
                yield f"2: {row['interaction_id']} waits in {row['queue_id']}, {agent} is free and not rung"


def _new_rings(step: Step) -> Iterator[tuple[str, str]]:
    for interaction, meta in step.after.metas.items():
        agent = meta.get("ring_agent")
        old = step.before.metas.get(interaction, {})
        if agent and (old.get("ring_agent"), old.get("ring_ends")) != (agent, meta.get("ring_ends")):
            yield agent, interaction


def _same_member(step: Step, agent: str) -> bool:
    old, new = step.before.heads[agent], step.after.heads[agent]
    return all(old.get(name) == new.get(name) for name in ("accounts", "queues"))


def _left_waiting(step: Step) -> Iterator[Item]:
    """Rows that were there before and after the step, and rang at no moment of it."""
    for row in _waiting(step.after):
        before = step.before.by_key.get((row["pk"], row["sk"]))
        meta, was = (facts.metas[row["interaction_id"]] for facts in (step.after, step.before))
        if before and "ringing" not in before and "ringing" not in row and meta["epoch"] == was["epoch"]:
            yield row


def _waiting(facts: Facts) -> Iterator[Item]:
    """Rows of exclusive queues whose round is not over; nobody is rung for an account that is off."""
    for row in facts.of("QUEUE", "W#"):
        meta = facts.metas[owned(row)[1]]
        going_on = meta["round_ends_at"] > facts.now and not is_off(facts, row["account_id"])
        if row["strategy"] in queues.EXCLUSIVE and going_on:
            yield row


def _could_take(row: Item, head: Item) -> bool:
    return agents.on_account(head, row["account_id"]) and head["agent_id"] not in row.get("rejected", ())


def _weight(facts: Facts, queue: str) -> int:
    return facts.by_key["CONFIG#queue", queue].get("weight", 0)


def stranded(facts: Facts) -> Iterator[str]:
    """2: interactions with an unread text that nobody has before them and that no round is looking after, right now."""
    for meta in facts.open:
        interaction = meta["interaction_id"]
        if meta.get("opening_at", facts.now + 1) <= facts.now:
            yield interaction
            continue
        if not meta["unread_count"]:
            if meta["stage"] != "none" and facts.now >= meta["deadline_at"]:
                yield interaction
            continue
        if meta["stage"] != "none":
            if facts.now >= meta["deadline_at"]:
                yield interaction
        elif meta.get("owner"):
            head = facts.heads[meta["owner"]]
            if meta.get("tab") != head["session"] or agents.state(head, facts.now) == "offline":
                yield interaction
        elif not facts.has(f"ACC#{meta['account_id']}", f"U#{meta['waiting_since']:013d}#{interaction}"):
            yield interaction
