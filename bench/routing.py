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
    }


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


def rung(desk: LaptopDesk, clients: Any, address: str, but: str = "") -> tuple[str, str] | None:
    """Which agent it rings at, and the interaction."""
    for agent, client in clients.items():
        if agent != but and (interaction := desk._offer(client, address)):
            return agent, interaction
    return None


def ended(desk: LaptopDesk, interaction: str) -> int:
    """The number of states that the interaction's first run has entered, once it is over."""
    steps = desk.laptop.client("stepfunctions")
    machine = desk.laptop.outputs["StateMachineArn"]
    execution = f"{machine.replace(':stateMachine:', ':execution:')}:{interaction}-1"
    desk.until(lambda: steps.describe_execution(executionArn=execution)["status"] != "RUNNING", "the run's end")
    events = steps.get_execution_history(executionArn=execution, maxResults=1000)["events"]
    return sum("stateEnteredEventDetails" in event for event in events)
