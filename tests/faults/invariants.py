"""What must hold whatever failed: each function answers the violations that it finds, in words.

The numbers are those of the design: 1 each accepted text once, 2 never stranded, 3 one owner, 4 statuses go
forward, 5 nothing is sent twice, 6 a conversation's texts leave in order.
"""

from collections import Counter
from collections.abc import Iterator

from chalicelib.inbound.keywords import classify
from chalicelib.models.status import advances
from chalicelib.store.conversations import POINTER
from tests.faults.facts import Facts, owned
from tests.faults.invariants_of_configuration import configuration


def always(facts: Facts, *, whole: bool = True) -> Iterator[str]:
    """What holds at every moment, in the middle of everything; `whole` with what is configured."""
    for check in (once, threads, pointers, owners, tabs, disposing, waiting_rows, rings, messages, sent_once, in_order):
        yield from check(facts)
    if whole:
        yield from configuration(facts)


def in_the_end(facts: Facts) -> Iterator[str]:
    """What holds once the sender's retry, some time and one run of the reconciler have passed."""
    yield from always(facts)
    for check in (visible, unread_are_looked_after, rings_have_ended_or_ring, everything_left):
        yield from check(facts)


def once(facts: Facts) -> Iterator[str]:
    """1: a text of the provider is one line, each part of a long one in one line, and the line is known as its own."""
    ids = Counter(
        (facts.metas[interaction]["account_id"], mark)
        for interaction, lines in facts.lines.items()
        for line in lines
        if line.get("direction") == "in" and "provider_message_id" in line
        for mark in line.get("marks", [line["provider_message_id"]])
    )
    for (account, provider_id), times in ids.items():
        if times != 1:
            yield f"1: text {provider_id} is stored {times} times"
        if not facts.has(f"DEDUP#{account}#{provider_id}", "DEDUP"):
            yield f"1: text {provider_id} would be stored again"
    for item in facts.of("DEDUP"):
        _, account, provider_id = item["pk"].split("#", 2)
        if not ids[account, provider_id]:
            yield f"1: text {provider_id} counts as stored and is nowhere"


def threads(facts: Facts) -> Iterator[str]:
    """1: a thread has no gap, and META counts it rightly."""
    for interaction in facts.metas.keys() | facts.lines.keys():
        numbers = [line["n"] for line in facts.lines[interaction]]
        meta = facts.metas.get(interaction, {})
        if numbers != list(range(1, meta.get("n", 0) + 1)):
            yield f"1: thread of {interaction} has lines {numbers}, META counts {meta.get('n')}"
        if meta.get("read_n", 0) == 0 and "first_in_n" in meta and meta["status"] == "open":
            there = [line for line in facts.lines[interaction] if line.get("direction") == "in"]
            unread = sum(1 for line in there if "marks" in line or classify(line["text"]) is None)
            if unread != meta["unread_count"]:
                yield f"1: {interaction} has {unread} unread texts, META counts {meta['unread_count']}"


def pointers(facts: Facts) -> Iterator[str]:
    """Pointer and META agree, and what is open is what the pointer shows."""
    shown = {pointer["interaction_id"] for pointer in facts.pointers}
    for pointer in facts.pointers:
        meta = facts.metas.get(pointer["interaction_id"], {})
        for name in POINTER:
            if pointer.get(name) != meta.get(name):
                yield f"pointer and META differ in {name}: {pointer.get(name)}, {meta.get(name)}"
    for meta in facts.open:
        if meta["interaction_id"] not in shown:
            yield f"1: {meta['interaction_id']} is open and no pointer leads there"


def owners(facts: Facts) -> Iterator[str]:
    """3: an agent has exactly the interactions that name them as owner."""
    have = {owned(item) for item in facts.of("AGENT", "I#")}
    named = {(meta["owner"], meta["interaction_id"]) for meta in facts.open if meta.get("owner")}
    for agent, interaction in have ^ named:
        yield f"3: {interaction} and {agent} disagree about who owns it"
    for meta in facts.metas.values():
        if meta["status"] == "closed" and (meta.get("owner") or meta["stage"] != "none"):
            yield f"3: {meta['interaction_id']} is closed and still has an owner or a stage"


def tabs(facts: Facts) -> Iterator[str]:
    """open_count is the number of own interactions in a tab of this session."""
    for agent, head in facts.heads.items():
        there = [m for m in facts.open if m.get("owner") == agent and m.get("tab") == head["session"]]
        if head["open_count"] != len(there):
            yield f"3: {agent} has {len(there)} open, HEAD counts {head['open_count']}"


def disposing(facts: Facts) -> Iterator[str]:
    """3: an agent disposes of open interactions of their own, and is what they were before when there is none left."""
    for agent, head in facts.heads.items():
        for interaction in head.get("disposing", ()):
            meta = facts.metas.get(interaction, {})
            if (meta.get("status"), meta.get("owner")) != ("open", agent):
                yield f"3: {agent} disposes of {interaction}, which is {meta.get('status')} and {meta.get('owner')}'s"
        if "before_disposing" in head and not head.get("disposing"):
            yield f"3: {agent} disposes of nothing and is not what they were before"


def waiting_rows(facts: Facts) -> Iterator[str]:
    """2: who waits has the row that shows it, and no row shows who does not wait."""
    expected = set()
    for meta in facts.open:
        interaction, since = meta["interaction_id"], meta.get("waiting_since") or 0
        stage = meta["stage"]
        if "queue_id" in meta:
            expected.add((f"QUEUE#{meta['queue_id']}", f"W#{since:013d}#{interaction}"))
        rejected = meta.get("offered_to") in meta.get("rejected", ())
        if "offered_to" in meta and not rejected:
            expected.add((f"AGENT#{meta['offered_to']}", f"O#{interaction}"))
        if meta.get("ring_agent"):
            expected.add((f"AGENT#{meta['ring_agent']}", f"O#{interaction}"))
        if stage == "none" and not meta.get("owner"):
            expected.add((f"ACC#{meta['account_id']}", f"U#{since:013d}#{interaction}"))
    rows = {
        (item["pk"], item["sk"])
        for kind, prefix in (("QUEUE", "W#"), ("AGENT", "O#"), ("ACC", "U#"))
        for item in facts.of(kind, prefix)
    }
    for pk, sk in expected - rows:
        yield f"2: row {sk} of {pk} is missing"
    for pk, sk in rows - expected:
        yield f"2: row {sk} of {pk} shows what does not wait"


def rings(facts: Facts) -> Iterator[str]:
    """3: META, its waiting row and the HEAD of a ring name each other; a HEAD may have let go a moment before."""
    for agent, head in facts.heads.items():
        rung = facts.metas.get(head.get("ringing", ""), {})
        if "ringing" in head and (rung.get("status"), rung.get("ring_agent")) != ("open", agent):
            yield f"3: {agent} is kept by a ring that is none"
    for item in facts.of("QUEUE", "W#"):
        meta = facts.metas.get(owned(item)[1], {})
        if item.get("ringing") != meta.get("ring_agent"):
            yield f"3: row {item['sk']} rings {item.get('ringing')}, META {meta.get('ring_agent')}"


def rings_have_ended_or_ring(facts: Facts) -> Iterator[str]:
    for meta in facts.open:
        agent = meta.get("ring_agent")
        if agent and facts.heads[agent].get("ringing") != meta["interaction_id"]:
            yield f"3: {meta['interaction_id']} rings at {agent}, who is not rung"


def visible(facts: Facts) -> Iterator[str]:
    """2: what is being routed has an execution that was started, and stands on the due list."""
    for meta in facts.open:
        interaction = meta["interaction_id"]
        if meta["stage"] == "none":
            continue
        if f"{interaction}-{meta['run']}" not in facts.started:
            yield f"2: {interaction} waits in {meta['stage']} and run {meta['run']} was never started"
        if "due_at" not in meta or "due_shard" not in meta:
            yield f"2: {interaction} waits in {meta['stage']} and is not on the due list"
        elif meta["due_at"] <= facts.now:
            yield f"2: {interaction} waits in {meta['stage']}, overdue by {facts.now - meta['due_at']} ms"


def unread_are_looked_after(facts: Facts) -> Iterator[str]:
    """2: an unread text whose owner has no tab open is being routed."""
    for meta in facts.open:
        owner = meta.get("owner")
        at_rest = meta["stage"] == "none" and meta["unread_count"]
        if owner and at_rest and meta.get("tab") != facts.heads[owner]["session"]:
            yield f"2: {meta['interaction_id']} has unread texts, {owner} has closed it, nobody is asked"


def messages(facts: Facts) -> Iterator[str]:
    """Every outbound line is known under its id; a row on its way has its line, and stands on the due list."""
    for interaction, lines in facts.lines.items():
        for line in lines:
            where = facts.by_key.get((f"MSG#{line['id']}", "MSG"), {})
            if line.get("direction") == "out" and (where.get("interaction_id"), where.get("n")) != (
                interaction,
                line["n"],
            ):
                yield f"5: text {line['id']} is not known under its id"
    for row in facts.of("CONV", "OUT#"):
        line = facts.by_key.get((f"INT#{row['interaction_id']}", f"L#{row['n']:08d}"), {})
        if line.get("id") != row["message_id"]:
            yield f"5: {row['sk']} has no line"
        if "due_at" not in row or "due_shard" not in row:
            yield f"5: {row['sk']} is not on the due list"


def everything_left(facts: Facts) -> Iterator[str]:
    """5: nothing is left on its way, and what is queued is on its way."""
    rows = {row["message_id"] for row in facts.of("CONV", "OUT#")}
    for row in rows:
        yield f"5: text {row} is still on its way"
    for lines in facts.lines.values():
        for line in lines:
            if line.get("status") == "queued" and line["id"] not in rows:
                yield f"5: text {line['id']} is queued and not on its way"


def sent_once(facts: Facts) -> Iterator[str]:
    """5: a text reaches the provider once, refusals that say "later" aside."""
    tries = Counter((one["to"], one["text"]) for one in facts.sent if one["status"] not in (429, 503))
    for (to, _), times in tries.items():
        if times > 1:
            yield f"5: a text to {to} was sent {times} times"


def in_order(facts: Facts) -> Iterator[str]:
    """6: the provider gets a conversation's texts in the order of their lines."""
    for interaction, lines in facts.lines.items():
        address = facts.metas[interaction]["address"] if interaction in facts.metas else ""
        place = {line["text"]: line["n"] for line in lines if line.get("direction") == "out"}
        left = [place[one["text"]] for one in facts.sent if one["to"] == address and one["text"] in place]
        if left != sorted(left):
            yield f"6: texts to {address} left in the order {left}"


def forward(before: Facts, after: Facts) -> Iterator[str]:
    """4: no status went back."""
    for interaction, lines in after.lines.items():
        known = {line["id"]: line.get("status") for line in before.lines.get(interaction, [])}
        for line in lines:
            old, new = known.get(line["id"]), line.get("status")
            if old and new and old != new and not advances(old, new):
                yield f"4: text {line['id']} went from {old} to {new}"
