"""What must hold of the texts that leave: each once, in order, to those who want them, and what is told of them."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from chalicelib.inbound import messages
from chalicelib.store import table
from chalicelib.store.db import Item
from tests.faults.facts import Facts
from tests.faults.invariants import forward
from tests.model.invariants import Step, is_off
from tests.model.outside import Try
from tests.model.wire import Wire

COMPLIANCE = frozenset(messages._ANSWERS.values())
_KEYWORDS = frozenset({"STOP", "START", "HELP"})


def every_step(step: Step, wire: Wire, seen: int) -> Iterator[str]:
    """`seen`: how many tries there were before this step."""
    tries = wire.outside.tries
    for n in range(seen, len(tries)):
        yield from _may_leave(step, tries[n], tries[:n])
    yield from forward(step.before, step.after)
    yield from _unknown_is_settled(step.after)
    yield from _answered_once(step.after)
    for body in wire.queue.set_aside:
        yield f"5: {body} was set aside"


def _may_leave(step: Step, one: Try, earlier: list[Try]) -> Iterator[str]:
    """5, 6, 7: of one request that has reached the provider, given those before it."""
    where = step.after.by_key.get(_spot(table.message(one.message)))
    if where is None:
        yield f"5: {one.text} left and is nowhere"
        return
    before = _line(step.before, where)
    status = before.get("status", "queued")
    if any(other.message == one.message and not other.later for other in earlier):
        yield f"5: {one.text} is sent again, its line says {status}"
    elif status != "queued":
        yield f"5: {one.text} leaves although it is {status}"
    for other in earlier:
        there = step.after.by_key[_spot(table.message(other.message))]
        if _conversation(there) == _conversation(where) and _place(there) > _place(where):
            yield f"6: {one.text} leaves after {other.text}"
    if _is_out(step, where) and one.text not in COMPLIANCE:
        yield f"7: {one.text} leaves for {one.to}, who had opted out before"
    if is_off(step.before, where["account_id"]) and is_off(step.after, where["account_id"]):
        yield f"7: {one.text} leaves although its account was switched off before"


def _is_out(step: Step, where: Item) -> bool:
    """Whether the number was opted out before the step, and all through it."""
    key = _spot(table.opt_out(where["account_id"], where["address"]))
    before, after = step.before.by_key.get(key, {}), step.after.by_key.get(key, {})
    return before.get("state") == "out" and before == after


def _unknown_is_settled(facts: Facts) -> Iterator[str]:
    """5: a text whose outcome is unknown is not on its way any more."""
    for row in facts.of("CONV", "OUT#"):
        if _line(facts, row).get("status") == "unknown":
            yield f"5: {row['text']} is unknown and still on its way"


def _answered_once(facts: Facts) -> Iterator[str]:
    """7: a STOP, START or HELP gets one answer at most."""
    for interaction, lines in facts.lines.items():
        asked = sum(1 for line in lines if line.get("direction") == "in" and line["text"] in _KEYWORDS)
        told = sum(1 for line in lines if line.get("automatic") and line["text"] in COMPLIANCE)
        if told > asked:
            yield f"7: {interaction} has {told} answers to {asked} keywords"


@dataclass
class Posted:
    """What agents have posted."""

    replies: dict[str, bool] = field(default_factory=dict)
    """Texts, and whether the desk accepted them."""
    asked: Counter[str] = field(default_factory=Counter)
    """How often it was asked to send a text again."""
    retries: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    """The requests to send a text again that were accepted."""


def posted_once(facts: Facts, posted: Posted) -> Iterator[str]:
    """5: what an agent posted is one line if it was accepted, else one at most; a retry likewise."""
    written, again = Counter[str](), Counter[str]()
    for lines in facts.lines.values():
        for line in lines:
            if line.get("direction") == "out" and "retry_of" in line:
                again[line["retry_of"]] += 1
            elif line.get("direction") == "out":
                written[line["text"]] += 1
    for text, accepted in posted.replies.items():
        if not accepted <= written[text] <= 1:
            yield f"5: {text} was {'accepted' if accepted else 'posted'} and is stored {written[text]} times"
    for message, times in again.items():
        if times > posted.asked[message]:
            yield f"5: {message} was sent again {times} times, asked for {posted.asked[message]} times"
    for message, keys in posted.retries.items():
        if len(keys) > again[message]:
            yield f"5: {len(keys)} retries of {message} were accepted, {again[message]} are stored"


def _spot(key: table.Key) -> tuple[str, str]:
    return key["pk"], key["sk"]


def _line(facts: Facts, where: Item) -> Item:
    return facts.by_key.get(_spot(table.line(where["interaction_id"], where["n"])), {})


def _conversation(where: Item) -> tuple[str, str]:
    return where["account_id"], where["address"]


def _place(where: Item) -> tuple[str, int]:
    """Texts of a conversation sort by it; a newer interaction has the greater id."""
    return where["interaction_id"], where["n"]
