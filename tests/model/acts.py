"""What people, providers and machines may do next: each act picks whom it concerns from what the table holds."""

from collections.abc import Callable
from typing import Any

from chalicelib.store.db import Item
from tests.model import configuring, sending, timers
from tests.model.company import ADDRESSES
from tests.model.timers import IDLE, pick_one
from tests.model.wire import Trouble
from tests.model.world import World

Act = Callable[[World, int, int, Trouble | None], str | None]
"""Does something for `who` (0 to 3) with the `pick`-th of what there is; "idle" where there is nothing to do."""
_STATES = ("online", "online", "online", "offline", "paused")
_KEYWORDS = ("STOP", "START", "STOP", "HELP")


# --- customers and their provider ------------------------------------------------------------------
def text(world: World, who: int, pick: int, trouble: Trouble | None) -> None:
    """A customer writes."""
    _writes(world, who, pick, f"text {len(world.posted):04}", trouble)


def keyword(world: World, who: int, pick: int, trouble: Trouble | None) -> None:
    """A customer wants no texts any more, or wants them again, or asks what this is; who is about to get one first."""
    said = _KEYWORDS[pick // len(ADDRESSES) % len(_KEYWORDS)]
    row = pick_one(world.facts.of("CONV", "OUT#"), pick)
    if row:
        who = [account["id"] for account in world.company.accounts].index(row["account_id"])
        pick = ADDRESSES.index(row["address"])
    _writes(world, who, pick, said, trouble)


def _writes(world: World, who: int, pick: int, said: str, trouble: Trouble | None) -> None:
    company = world.company
    account, address = company.accounts[who % 2], ADDRESSES[pick % len(ADDRESSES)]
    sid = f"SM{len(world.posted):032x}"

    def post() -> Any:
        company.account = account
        answer = company.text(address, said, sid=sid)
        if answer.status_code == 200:
            world.accepted.add(sid)
        return answer

    told = f"{address[-2:]} writes {said!r} to account {who % 2}"
    world.posted.append((told, post))
    world.step(told, post, trouble, owed=True)


def duplicate(world: World, who: int, pick: int, trouble: Trouble | None) -> str | None:
    """The provider posts an earlier text again."""
    if not world.posted:
        return IDLE
    told, post = world.posted[-1 - pick % min(len(world.posted), 6)]
    world.step(f"again: {told}", post, trouble, owed=True)
    return None


# --- agents ----------------------------------------------------------------------------------------
def _asks(world: World, who: str, path: str, method: str = "POST", body: Any = None, **headers: str) -> Any:
    return world.company.call(who, method, path, body, **headers)


def _on(world: World, agent: str, meta: Item, verb: str, trouble: Trouble | None, body: Any = None) -> None:
    interaction = meta["interaction_id"]

    def act() -> Any:
        if verb in ("accept", "open", "take"):
            world.takes(agent)
        caller = world.company.boss if verb == "take" else agent
        method, name = _CANCELS.get(verb, ("POST", verb))
        return _asks(world, caller, f"/sms/interactions/{interaction}/{name}", method, body)

    world.step(f"{world.who(agent)}: {verb} {interaction.lstrip('int_0')} {body or ''}".rstrip(), act, trouble)


_CANCELS = {"take back": ("DELETE", "transfer"), "go on": ("DELETE", "dispose")}


def _offered(world: World, agent: str) -> list[Item]:
    """What the agent might accept, and now and then what not."""
    head = world.facts.heads[agent]
    found = []
    for meta in world.facts.open:
        mine = agent in (meta.get("ring_agent"), meta.get("offered_to"))
        common = meta.get("queue_id") in head.get("queues", ()) or (not meta.get("owner") and meta["stage"] == "none")
        if mine or common:
            found.append(meta)
    return found


def _own(world: World, agent: str, *, tab: bool | None = None) -> list[Item]:
    session = world.facts.heads[agent]["session"]
    mine = [m for m in world.facts.open if m.get("owner") == agent]
    return [m for m in mine if tab is None or (m.get("tab") == session) is tab]


def _disposes(world: World, agent: str, meta: Item) -> bool:
    return meta["interaction_id"] in world.facts.heads[agent].get("disposing", ())


def _agent_act(verb: str, choose: Callable[[World, str], list[Item]]) -> Act:
    def act(world: World, who: int, pick: int, trouble: Trouble | None) -> str | None:
        agent = world.company.agents[who]
        meta = pick_one(choose(world, agent), pick)
        if meta is None:
            return IDLE
        body = {"n": meta["n"]} if verb == "read" else {} if verb == "close" else None
        _on(world, agent, meta, verb, trouble, body)
        return None

    return act


accept = _agent_act("accept", _offered)
reject = _agent_act("reject", _offered)
accept_anything = _agent_act("accept", lambda world, _agent: world.facts.open)
open_again = _agent_act("open", lambda world, agent: _own(world, agent, tab=False))
leave = _agent_act("leave", lambda world, agent: _own(world, agent, tab=True))
read = _agent_act("read", lambda world, agent: [m for m in _own(world, agent) if m["unread_count"]])
unread = _agent_act("unread", _own)
close = _agent_act("close", lambda world, agent: [m for m in _own(world, agent) if not m["unread_count"]])
dispose = _agent_act("dispose", _own)
go_on = _agent_act("go on", lambda world, agent: [m for m in _own(world, agent) if _disposes(world, agent, m)])
take_back = _agent_act("take back", lambda world, agent: [m for m in _own(world, agent) if "transfer" in m])


def take(world: World, who: int, pick: int, trouble: Trouble | None) -> str | None:
    """A supervisor, who is an agent too, takes something over."""
    meta = pick_one(world.facts.open, pick)
    if meta is None:
        return IDLE
    _on(world, world.company.agents[2], meta, "take", trouble)
    return None


def reassign(world: World, who: int, pick: int, trouble: Trouble | None) -> str | None:
    """A supervisor gives something to an agent or into a queue."""
    meta = pick_one(world.facts.open, pick)
    if meta is None:
        return IDLE
    path = f"/sms/interactions/{meta['interaction_id']}/reassign"
    target = {"agent_id": world.company.agents[who]} if pick % 2 else {"queue_id": world.company.queues[pick % 3]}

    def act() -> Any:
        world.reassigns(target.get("agent_id"))
        return _asks(world, world.company.boss, path, body=target)

    told = world.who(target["agent_id"]) if "agent_id" in target else f"queue {pick % 3}"
    world.step(f"{meta['interaction_id'].lstrip('int_0')} is given to {told}", act, trouble)
    return None


def take_what_is_shown(world: World, who: int, pick: int, trouble: Trouble | None) -> str | None:
    """An agent accepts what the desk shows: nobody else was faster, so it must be given."""
    agent = world.company.agents[who]
    if world.facts.heads[agent]["state"] == "offline":
        return IDLE
    world.polls(agent)
    offer = pick_one(world.clients[agent].shown["offers"], pick % 2)
    if offer is None:
        return IDLE

    def act() -> Any:
        world.takes(agent)
        return _asks(world, agent, f"/sms/interactions/{offer['interaction_id']}/accept")

    answer = world.step(f"{world.who(agent)} takes {offer['interaction_id'].lstrip('int_0')} as shown", act, trouble)
    full = answer is not None and b"at-capacity" in answer.body  # by something else, while it rang
    if answer is not None and answer.status_code != 200 and trouble is None and not full:
        world.fail([f"{offer['interaction_id']} is shown to {agent} and refused: {answer.body!r}"])
    return None


def transfer(world: World, who: int, pick: int, trouble: Trouble | None) -> str | None:
    """The owner hands something over, to somebody or to a queue."""
    agent = world.company.agents[who]
    meta = pick_one([m for m in _own(world, agent) if m["stage"] == "none"], pick)
    if meta is None:
        return IDLE
    targets = [{"agent_id": one} for one in world.company.agents if one != agent]
    targets += [{"queue_id": one} for one in world.company.queues]
    _on(world, agent, meta, "transfer", trouble, targets[pick % len(targets)])
    return None


def presence(world: World, who: int, pick: int, trouble: Trouble | None) -> None:
    """An agent comes, goes, or pauses."""
    agent, state = world.company.agents[who], _STATES[pick % len(_STATES)]
    body = {"state": state, "pause": "lunch"} if state == "paused" else {"state": state}
    world.shut.discard(agent)
    told = f"{world.who(agent)} goes {state}"
    world.step(told, lambda: _asks(world, agent, "/agents/me/presence", "PUT", body), trouble)


def shut(world: World, who: int, pick: int, trouble: Trouble | None) -> str | None:
    """An agent's laptop is shut: no poll comes any more."""
    agent = world.company.agents[who]
    if agent in world.shut or world.facts.heads[agent]["state"] == "offline":
        return IDLE
    world.shut.add(agent)
    world.trace.append(f"     {world.who(agent)} shuts the laptop")
    return None


def poll(world: World, who: int, pick: int, trouble: Trouble | None) -> None:
    """An agent's client polls, after a silence or not."""
    agent = world.company.agents[who]
    world.shut.discard(agent)
    world.polls(agent, trouble)


ACTS: dict[str, Act] = {
    "text": text,
    "keyword": keyword,
    "duplicate": duplicate,
    "accept": accept,
    "reject": reject,
    "accept_anything": accept_anything,
    "open_again": open_again,
    "leave": leave,
    "read": read,
    "unread": unread,
    "close": close,
    "dispose": dispose,
    "go_on": go_on,
    "take_back": take_back,
    "take": take,
    "reassign": reassign,
    "take_what_is_shown": take_what_is_shown,
    "transfer": transfer,
    "presence": presence,
    "shut": shut,
    "poll": poll,
    "capacity": configuring.capacity,
    "membership": configuring.membership,
    "plan": configuring.plan,
    "switch": configuring.switch,
    "machine_moves": timers.machine_moves,
    "machine_catches_up": timers.machine_catches_up,
    "timer_again": timers.timer_again,
    "timer_lost": timers.timer_lost,
    "reconciler": timers.reconciler,
    "again": timers.again,
    "moments_pass": timers.moments_pass,
    "work_goes_on": timers.work_goes_on,
    "reply": sending.reply,
    "retry": sending.retry,
    "texts_leave": sending.texts_leave,
    "poke_again": sending.poke_again,
    "poke_lost": sending.poke_lost,
    "report": sending.report,
}
"""Every rule of the run by its name."""
BREAKING = frozenset({"timer_lost", "poke_lost"})
"""Acts after which only the reconciler can help."""
_INSTEAD = ("machine_moves", "accept", "texts_leave", "transfer", "read", "close", "leave", "reply", "text")


def instead(world: World, who: int, pick: int, trouble: Trouble | None) -> str:
    """Where an act has nothing to do, something else that has; answers which."""
    if world.facts.heads[world.company.agents[who]]["state"] != "online":
        presence(world, who, 0, trouble)
        return "presence"
    begin = pick % len(_INSTEAD)
    names = (*_INSTEAD[begin:], *_INSTEAD[:begin])
    return next(name for name in names if ACTS[name](world, who, pick, trouble) != IDLE)
