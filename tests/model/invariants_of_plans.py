"""What must hold of the plans: steps run while their interval lets them, automatic texts come as often as stated."""

from collections import Counter
from collections.abc import Iterator

from chalicelib.clock import rfc3339
from chalicelib.config import AUTO_REPLIES_PER_HOUR
from chalicelib.store import table
from chalicelib.store.db import Item
from tests.faults.facts import Facts
from tests.model.invariants import Step
from tests.model.outside import Outside, hook_reply
from tests.model.plans import ALWAYS, FIRST, ONCE, opens, runs

_HOUR = 3_600_000
_ENDED = "The action plan ended with nobody; "


def every_step(step: Step, outside: Outside) -> Iterator[str]:
    for interaction, meta in step.after.metas.items():
        if meta == step.before.metas.get(interaction):
            continue
        yield from _entered_while_open(step, meta)
        yield from _tried_again_at_the_opening(step, meta)
        yield from _as_often_as_stated(step.after, interaction)
        yield from _as_the_hook_said(step.after, interaction, outside)
    yield from _five_an_hour(step.after)


def _plan(facts: Facts, meta: Item) -> list[Item]:
    key = table.plan(meta["account_id"], meta["plan_version"])
    plan: list[Item] = facts.by_key[key["pk"], key["sk"]]["actions"]
    return plan


def _entered_while_open(step: Step, meta: Item) -> Iterator[str]:
    """A round of the plan begins only while its step runs; one that a supervisor began is behind the plan's end."""
    if not meta["stage"].startswith("plan_"):
        return
    before, actions = step.before.metas.get(meta["interaction_id"], {}), _plan(step.after, meta)
    if before.get("round_ends_at") == meta["round_ends_at"] or meta["plan_step"] >= len(actions):
        return
    action = actions[meta["plan_step"]]
    began = meta["round_ends_at"] - action.get("timeout", 0) * 1000
    if not runs(action, began):
        yield f"plan: {meta['interaction_id']} entered step {meta['plan_step']} at {rfc3339(began)}, which was closed"


def _tried_again_at_the_opening(step: Step, meta: Item) -> Iterator[str]:
    """Where the plan ended with nobody, the thread tells when the first closed step opens."""
    interaction = meta["interaction_id"]
    known = len(step.before.lines.get(interaction, []))
    ended = [one for one in step.after.lines[interaction][known:] if one["text"].startswith(_ENDED)]
    for line in ended:
        at = opens(_plan(step.after, meta), line["created_at"])
        told = f"it is tried again at {rfc3339(at)}" if at else "open for every agent of the account"
        if line["text"] != _ENDED + told:
            yield f"plan: {interaction} says {line['text']!r}, should be {told!r}"


def _as_often_as_stated(facts: Facts, interaction: str) -> Iterator[str]:
    """An auto reply leaves once, with the first message only, or once for each text."""
    lines = facts.lines[interaction]
    told = Counter(line["text"] for line in lines if line.get("automatic"))
    came = sum(1 for line in lines if line.get("direction") == "in")
    for text, most in ((ONCE, 1), (FIRST, 1), (ALWAYS, came)):
        if told[text] > most:
            yield f"auto reply: {interaction} got {text!r} {told[text]} times, {most} at most"


def _as_the_hook_said(facts: Facts, interaction: str, outside: Outside) -> Iterator[str]:
    """What a hook answered counts once at most: its reply, its failure."""
    lines = facts.lines[interaction]
    calls = {key: times for key, times in outside.hook_calls.items() if key[0].startswith(f"{interaction}.")}
    for name in {name for name, _ in calls}:
        told = sum(1 for line in lines if line.get("automatic") and line["text"] == hook_reply(name))
        asked = sum(times for (one, mood), times in calls.items() if one == name and "reply" in mood)
        if told > asked:
            yield f"web hook: {name} asked for {asked} replies, {told} were written"
    failed = sum(1 for line in lines if line["text"].startswith("Plan: the web hook failed"))
    if failed > sum(calls.values()):
        yield f"web hook: {interaction} tells of {failed} failures of {sum(calls.values())} calls"
    if "hooked" in facts.metas[interaction].get("tags", ()) and not any(mood == "tags" for _, mood in calls):
        yield f"web hook: {interaction} is tagged and no hook said so"


def _five_an_hour(facts: Facts) -> Iterator[str]:
    """No address gets more automatic texts than that, whatever the plans say."""
    told = Counter[tuple[str, int]]()
    for interaction, lines in facts.lines.items():
        for line in lines:
            if line.get("automatic") and line["text"].startswith(("auto ", "hook ")):
                told[facts.metas[interaction]["address"], line["created_at"] // _HOUR] += 1
    for (address, _), times in told.items():
        if times > AUTO_REPLIES_PER_HOUR:
            yield f"auto reply: {address} got {times} within an hour"
