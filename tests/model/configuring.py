"""Acts of administrators and supervisors who change what the desk goes by."""

from typing import Any

from tests.model.timers import IDLE
from tests.model.wire import Trouble
from tests.model.world import World

_CAPACITIES = (0, 1, 2, 3)


def _asks(world: World, path: str, method: str = "POST", body: Any = None, **headers: str) -> Any:
    return world.company.call("admin", method, path, body, **headers)


def capacity(world: World, who: int, pick: int, trouble: Trouble | None) -> None:
    """A supervisor sets how many an agent may have open."""
    agent, most = world.company.agents[who], _CAPACITIES[pick % len(_CAPACITIES)]

    def act() -> Any:
        version = world.facts.by_key["CONFIG#agent", agent]["version"]
        return _asks(world, f"/agents/{agent}", "PATCH", {"capacity": most}, **{"If-Match": f'"{version}"'})

    world.step(f"{world.who(agent)} may have {most} open", act, trouble)


def membership(world: World, who: int, pick: int, trouble: Trouble | None) -> None:
    """An agent is put on an account or into a queue, or taken off."""
    agent = world.company.agents[who]
    places = [("accounts", account["id"]) for account in world.company.accounts]
    places += [("queues", queue) for queue in world.company.queues]
    attribute, identifier = places[pick % len(places)]
    verb = "remove" if identifier in world.facts.heads[agent].get(attribute, ()) else "add"
    told = f"{verb} {world.who(agent)}: {attribute} {places.index((attribute, identifier))}"
    path = f"/sms/{attribute}/{identifier}/agents"
    world.step(told, lambda: _asks(world, path, body={verb: [agent]}), trouble)


def plan(world: World, who: int, pick: int, trouble: Trouble | None) -> None:
    """A supervisor changes an account's plan."""
    account = world.company.accounts[who % 2]["id"]
    plans = world.company.plans(who % 2)
    actions = plans[pick % len(plans)]

    def act() -> Any:
        version = world.facts.by_key["CONFIG#account", account]["plan_version"]
        tag = {"If-Match": f'"{version}"'}
        return _asks(world, f"/sms/accounts/{account}/plan", "PUT", {"actions": actions}, **tag)

    world.step(f"plan {pick % len(plans)} for account {who % 2}", act, trouble)


def switch(world: World, who: int, pick: int, trouble: Trouble | None) -> str | None:
    """An administrator switches an account off, or sooner or later on again."""
    account = world.company.accounts[who % 2]["id"]
    enabled = pick % 3 > 0
    if enabled is world.facts.by_key["CONFIG#account", account].get("enabled", True):
        return IDLE

    def act() -> Any:
        version = world.facts.by_key["CONFIG#account", account]["version"]
        tag = {"If-Match": f'"{version}"'}
        return _asks(world, f"/sms/accounts/{account}", "PATCH", {"enabled": enabled}, **tag)

    world.step(f"account {who % 2} is switched {'on' if enabled else 'off'}", act, trouble)
    return None
