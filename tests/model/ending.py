"""How an example ends: everybody goes home and time passes, then all come back, and every text must find somebody."""

from collections.abc import Iterator
from typing import Any

from tests.faults.facts import Facts
from tests.faults.invariants import in_the_end
from tests.model.acts import take_what_is_shown
from tests.model.plans import OPENS_EVERY
from tests.model.world import World

_NIGHT = 420  # seconds: more than any plan takes, one repair included
_LATE = OPENS_EVERY - 10
_OFFERS = 60  # more than an example leaves waiting


def end(world: World) -> None:
    """Let the company come to rest. Raises Violation for whatever does not."""
    world.catch_up()
    for deed in world.unfinished:
        if deed.owed:
            world.step(f"again: {deed.told}", deed.act, owed=True)
    world.shut.clear()
    world.wire.outside.moods.clear()
    for agent in world.company.agents:
        _presence(world, agent, "offline")
    world.works(_night(world.company.now))
    world.fail([*in_the_end(world.facts), *_undecided(world.facts)])
    _everybody_back(world)
    for turn in range(_OFFERS):
        if not list(_left(world.facts)):
            break
        take_what_is_shown(world, turn % len(world.company.agents), 0, None)
        world.catch_up()
    world.works(1)
    world.fail(list(_left(world.facts)))
    world.check_whole_table()
    world.tally["web hooks called"] += world.wire.outside.hook_calls.total()


def _night(now: int) -> int:
    """Seconds until long after everything, and so long after the last opening of a step that what it began is over."""
    morning = now // 1000 + _NIGHT
    return _NIGHT + (_LATE - morning) % OPENS_EVERY


def _undecided(facts: Facts) -> Iterator[str]:
    """2: with nobody there every round has ended, and what is unread is visible to all."""
    for meta in facts.open:
        if meta["stage"] != "none":
            yield f"2: {meta['interaction_id']} is still in {meta['stage']}"
        elif meta["unread_count"] and meta.get("owner"):
            yield f"2: {meta['interaction_id']} is unread and stays with {meta['owner']}, who is gone"


def _left(facts: Facts) -> Iterator[str]:
    """2: what waits although everybody is there."""
    for meta in facts.open:
        if not meta.get("owner") or meta["stage"] != "none":
            yield f"2: {meta['interaction_id']} waits in {meta['stage']} and nobody is shown it"


def _everybody_back(world: World) -> None:
    """All are online, on every account, each of which is switched on, without a limit."""
    company = world.company
    for account in company.accounts:
        known = world.facts.by_key["CONFIG#account", account["id"]]
        if not known.get("enabled", True):
            tag = {"If-Match": f'"{known["version"]}"'}
            _admin(world, f"/sms/accounts/{account['id']}", "PATCH", {"enabled": True}, **tag)
        _admin(world, f"/sms/accounts/{account['id']}/agents", "POST", {"add": company.agents})
    for agent in company.agents:
        version = world.facts.by_key["CONFIG#agent", agent]["version"]
        _admin(world, f"/agents/{agent}", "PATCH", {"capacity": 0}, **{"If-Match": f'"{version}"'})
        _presence(world, agent, "online")


def _admin(world: World, path: str, method: str, body: Any, **headers: str) -> None:
    world.step(f"{method} {path}", lambda: world.company.call("admin", method, path, body, **headers))


def _presence(world: World, agent: str, state: str) -> None:
    told = f"{world.who(agent)} goes {state}"
    world.step(told, lambda: world.company.call(agent, "PUT", "/agents/me/presence", {"state": state}))
