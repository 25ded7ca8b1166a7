"""Acts around texts that leave: agents reply, pokes come, and the provider answers and reports as it likes."""

from collections.abc import Callable
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from chalicelib import config
from chalicelib.outbound.replies import RETRYABLE
from chalicelib.store.db import Item
from tests.model.pokes import BATCH, Poke
from tests.model.timers import IDLE, pick_one
from tests.model.wire import Trouble
from tests.model.world import World

_REPORTS = (("sent", "delivered"), ("delivered", "sent"), ("delivered",), ("undelivered", "delivered"), ("sent",))


# --- agents ----------------------------------------------------------------------------------------
def reply(world: World, who: int, pick: int, trouble: Trouble | None) -> str | None:
    """An agent answers what is theirs, or takes what is offered by answering it."""
    agent = world.company.agents[who]
    mine = [meta for meta in world.facts.open if agent in (meta.get("owner"), meta.get("ring_agent"))]
    meta = pick_one(mine or [meta for meta in world.facts.open if agent == meta.get("offered_to")], pick)
    if meta is None:
        return IDLE
    text = f"reply {len(world.by_agents.replies):04}"
    world.by_agents.replies[text] = False

    def accepted() -> None:
        world.by_agents.replies[text] = True

    told = f"{world.who(agent)}: {text} in {meta['interaction_id'].lstrip('int_0')}"
    _posts(world, agent, told, f"{meta['interaction_id']}/messages", {"text": text}, text, accepted, trouble)
    return None


def retry(world: World, who: int, pick: int, trouble: Trouble | None) -> str | None:
    """The owner sends a text again that did not arrive, or may not have."""
    failed = [
        (meta, line)
        for meta in world.facts.open
        for line in world.facts.lines[meta["interaction_id"]]
        if line.get("status") in RETRYABLE and meta.get("owner")
    ]
    if not failed:
        return IDLE
    meta, line = pick_one(failed, pick)
    message, key = line["id"], f"retry {sum(world.by_agents.asked.values())}"
    world.by_agents.asked[message] += 1

    def accepted() -> None:
        world.by_agents.retries[message].add(key)

    told = f"{world.who(meta['owner'])} sends {message} again"
    path = f"{meta['interaction_id']}/messages/{message}/retry"
    _posts(world, meta["owner"], told, path, None, key, accepted, trouble)
    return None


def _posts(
    world: World,
    agent: str,
    told: str,
    path: str,
    body: Item | None,
    key: str,
    accepted: Callable[[], None],
    trouble: Trouble | None,
) -> None:
    def act() -> Any:
        world.takes(agent)
        headers = {"Idempotency-Key": key.replace(" ", "-")}
        answer = world.company.call(agent, "POST", f"/sms/interactions/{path}", body, **headers)
        if answer.status_code == 201:
            accepted()
        return answer

    world.step(told, act, trouble, owed=True)


# --- the queue and the function behind it ----------------------------------------------------------
def texts_leave(world: World, who: int, pick: int, trouble: Trouble | None) -> str | None:
    """The queue shows what it has, in an order that nobody chose."""
    pokes = world.wire.queue.visible()
    if not pokes:
        return IDLE
    begin = pick % len(pokes)
    world.texts_leave([*pokes[begin:], *pokes[:begin]][: 1 + pick % BATCH], trouble)
    return None


def poke_again(world: World, who: int, pick: int, trouble: Trouble | None) -> str | None:
    """A poke comes once more, while its text is on its way or long after."""
    body = pick_one(world.poked, pick)
    if body is None:
        return IDLE
    world.texts_leave([Poke("again", body, world.company.now)], trouble)
    return None


def poke_lost(world: World, who: int, pick: int, trouble: Trouble | None) -> str | None:
    poke = pick_one(world.wire.queue.pokes.values(), pick)
    if poke is None:
        return IDLE
    del world.wire.queue.pokes[poke.name]
    world.trace.append(f"     the poke of {poke.message} is lost")
    world.disturb()
    return None


# --- the provider ------------------------------------------------------------------------------------
def report(world: World, who: int, pick: int, trouble: Trouble | None) -> str | None:
    """The provider tells what became of a text: in any order, twice, with or without our id."""
    sent = pick_one(world.wire.outside.taken[-6:], pick)
    if sent is None:
        return IDLE
    bare = who % 2 == 0
    for status in _REPORTS[pick % len(_REPORTS)]:
        url, headers, body = world.wire.outside.report(sent, status, bare=bare)
        path = urlsplit(url).path.removeprefix(urlsplit(config.settings().public_base).path)
        told = f"report {'without' if bare else 'with'} our id: {sent.text!r} is {status}"
        world.step(told, partial(world.company.posted, path, headers, body), trouble)
        trouble = None
    return None
