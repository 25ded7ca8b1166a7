"""Acts around texts that leave: agents reply, pokes come, and the provider answers and reports as it likes."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from chalicelib import config
from chalicelib.outbound.replies import RETRYABLE
from chalicelib.store.db import Item
from tests.model.outside import HOOK_MOODS, PROVIDER_MOODS
from tests.model.pokes import BATCH, Poke
from tests.model.timers import IDLE, pick_one
from tests.model.wire import Trouble
from tests.model.world import World

_REPORTS = ("delivered", "sent", "undelivered")


# --- agents ----------------------------------------------------------------------------------------
def reply(world: World, who: int, pick: int, trouble: Trouble | None) -> str | None:
    """An agent answers what is theirs, or takes what is offered by answering it."""
    agent = world.company.agents[who]
    mine = [meta for meta in world.facts.open if agent in (meta.get("owner"), meta.get("ring_agent"))]
    meta = pick_one(mine or [meta for meta in world.facts.open if agent == meta.get("offered_to")], pick)
    if meta is None:
        return IDLE
    text = f"reply {len(world.replies):04}"
    world.replies[text] = False

    def accepted() -> None:
        world.replies[text] = True

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
    message, key = line["id"], f"retry {sum(world.retries_asked.values())}"
    world.retries_asked[message] += 1

    def accepted() -> None:
        world.retries[message].add(key)

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

    world.step(told, act, trouble)


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


# --- those outside ---------------------------------------------------------------------------------
def provider_is_moody(world: World, who: int, pick: int, trouble: Trouble | None) -> None:
    """The provider will answer the next text otherwise."""
    mood = PROVIDER_MOODS[pick % len(PROVIDER_MOODS)]
    world.wire.outside.moods += [mood] * (1 + who % 2)
    world.trace.append(f"     the provider's mood: {mood}")


def hook_is_moody(world: World, who: int, pick: int, trouble: Trouble | None) -> None:
    """The web hook will have something to say, or fail."""
    mood = HOOK_MOODS[pick % len(HOOK_MOODS)]
    world.wire.outside.hook_moods += [mood] * (1 + who % 2)
    world.trace.append(f"     the hook's mood: {mood}")


def report(world: World, who: int, pick: int, trouble: Trouble | None) -> str | None:
    """The provider tells what became of a text: in any order, twice, with or without our id."""
    sent = pick_one(world.wire.outside.taken[-6:], pick)
    if sent is None:
        return IDLE
    status = _REPORTS[pick % 7 % len(_REPORTS)]
    url, headers, body = world.wire.outside.report(sent, status, bare=who % 2 == 0)
    path = urlsplit(url).path.removeprefix(urlsplit(config.settings().public_base).path)
    told = f"report {'without our id' if who % 2 == 0 else 'with our id'}: {sent.text} is {status}"
    world.step(told, lambda: world.company.posted(path, headers, body), trouble)
    return None
