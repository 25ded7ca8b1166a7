"""What the routing of a conversation costs, from the history of its execution and the log of its Lambda."""

import time
from typing import Any

from bench.on_laptop import LaptopDesk, unused_number
from bench.paths import new_sid
from bench.provider import text

RING = 2  # seconds of a ring
WAIT = 3  # seconds in which nobody answers, and nothing may run


def measure(desk: LaptopDesk) -> dict[str, int]:
    """State transitions and Lambda invocations of a first offer, and of one more ring."""
    transitions, lambdas = first_offer(desk)
    second = second_ring(desk)
    return {
        "routed, first offer accepted: transitions": transitions,
        "routed, first offer accepted: Lambdas": lambdas,
        "a later ring: transitions": second[0] - transitions,
        "a later ring: Lambdas": second[1] - lambdas,
        **counted("handed over and accepted", handed_over(desk)),
        **counted("returning, all waits in vain", in_vain(desk)),
    }


def counted(scenario: str, figures: tuple[int, int]) -> dict[str, int]:
    return {f"{scenario}: transitions": figures[0], f"{scenario}: Lambdas": figures[1]}


def first_offer(desk: LaptopDesk) -> tuple[int, int]:
    """A text that waits for some seconds and is then accepted."""
    desk.renew()
    desk.call("PUT", "/agents/me/presence", {"state": "online"})
    with desk.watched() as seen:
        address = unused_number()
        desk.webhook(*text(desk.account, address, "Hello", new_sid()))
        interaction = desk.offered(address)
        time.sleep(WAIT)
        desk.call("POST", f"/sms/interactions/{interaction}/accept")
        entered = ended(desk, interaction)
    return entered, seen.invocations("next_step")


def second_ring(desk: LaptopDesk) -> tuple[int, int]:
    """A text that rings at one agent in vain and is accepted by the next."""
    pair = [desk.agent(f"Ring {n}") for n in (1, 2)]
    clients = {agent: desk.client_of(agent) for agent in pair}
    for client in clients.values():
        client.call("PUT", "/agents/me/presence", {"state": "online"})
    desk.plan({"name": "Bench ring", "strategy": "rrmemory", "agent_timeout": RING}, pair)
    desk.later(26)  # the old plan is forgotten
    for client in clients.values():
        client.call("GET", "/sms/desk")
    with desk.watched() as seen:
        address = unused_number()
        desk.webhook(*text(desk.account, address, "Hello", new_sid()))
        first = desk.until(lambda: rung(desk, clients, address), "a ring")
        second = desk.until(lambda: rung(desk, clients, address, first[0]), "a second ring")
        clients[second[0]].call("POST", f"/sms/interactions/{second[1]}/accept")
        entered = ended(desk, second[1])
    return entered, seen.invocations("next_step")


def handed_over(desk: LaptopDesk) -> tuple[int, int]:
    """A conversation that its owner gives to a colleague, who accepts."""
    desk.configure(transfer={"agent": {"enabled": True, "timeout": 60}})
    colleague = desk.agent("Colleague")
    client = desk.client_of(colleague)
    client.call("PUT", "/agents/me/presence", {"state": "online"})
    desk.plan({"name": "Bench hand-over"}, [desk.me])
    desk.later(26)  # the old plan is forgotten
    desk.renew()
    address, interaction = conversation(desk)
    with desk.watched() as seen:
        desk.call("POST", f"/sms/interactions/{interaction}/transfer", {"agent_id": colleague})
        desk.until(lambda: desk._offer(client, address), "the hand-over")
        client.call("POST", f"/sms/interactions/{interaction}/accept")
        entered = ended(desk, interaction, run=2)
    return entered, seen.invocations("next_step")


def in_vain(desk: LaptopDesk) -> tuple[int, int]:
    """A customer comes back, and neither the last owner nor the last queue nor the plan's queue answers."""
    desk.configure(wait_for_assigned_agent=1, wait_for_assigned_queue=1)
    desk.plan({"name": "Bench in vain"}, [desk.me], seconds=1)
    desk.later(26)  # the old plan is forgotten
    desk.renew()
    address, interaction = conversation(desk)
    desk.call("POST", f"/sms/interactions/{interaction}/leave")
    with desk.watched() as seen:
        desk.webhook(*text(desk.account, address, "Hello again", new_sid()))
        entered = ended(desk, interaction, run=2)
    return entered, seen.invocations("next_step")


def conversation(desk: LaptopDesk) -> tuple[str, str]:
    """A new customer's address, and the interaction that the bench's agent has accepted, its first run over."""
    desk.call("PUT", "/agents/me/presence", {"state": "online"})
    address = unused_number()
    desk.webhook(*text(desk.account, address, "Hello", new_sid()))
    interaction = desk.offered(address)
    desk.call("POST", f"/sms/interactions/{interaction}/accept")
    ended(desk, interaction)
    return address, interaction


def rung(desk: LaptopDesk, clients: Any, address: str, but: str = "") -> tuple[str, str] | None:
    """Which agent it rings at, and the interaction."""
    for agent, client in clients.items():
        if agent != but and (interaction := desk._offer(client, address)):
            return agent, interaction
    return None


def ended(desk: LaptopDesk, interaction: str, run: int = 1) -> int:
    """The number of states that a run of the interaction has entered, once it is over."""
    steps = desk.laptop.client("stepfunctions")
    machine = desk.laptop.outputs["StateMachineArn"]
    execution = f"{machine.replace(':stateMachine:', ':execution:')}:{interaction}-{run}"
    desk.until(lambda: steps.describe_execution(executionArn=execution)["status"] != "RUNNING", "the run's end")
    events = steps.get_execution_history(executionArn=execution, maxResults=1000)["events"]
    return sum("stateEnteredEventDetails" in event for event in events)
