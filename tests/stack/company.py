"""A company of a test's own on the running desk: an account, agents, queues, a plan, and customers who text it."""

import secrets
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar
from urllib.parse import quote

import requests

from tests.stack.conftest import Stack

T = TypeVar("T")
CALL_SECONDS = 60
LOOK_AGAIN = 0.15  # seconds between two looks


def eventually(look: Callable[[], T | None], seconds: float = 60) -> T:
    """What `look` answers once it is true; fails with its last answer after `seconds`."""
    until = time.monotonic() + seconds
    while not (seen := look()):
        assert time.monotonic() < until, f"still {seen!r} after {seconds} s"
        time.sleep(LOOK_AGAIN)
    return seen


def at(line: dict[str, Any]) -> float:
    """When a line was written, in seconds since the epoch."""
    return datetime.fromisoformat(line["created_at"]).timestamp()


@dataclass(frozen=True)
class Api:
    """The HTTP API with one token."""

    base: str
    token: str = field(repr=False)

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> requests.Response:
        """The answer, whatever it is. Replies get an Idempotency-Key of their own."""
        given = {"Authorization": f"Bearer {self.token}", "Idempotency-Key": uuid.uuid4().hex, **headers}
        return requests.request(method, self.base + path, json=body, headers=given, timeout=CALL_SECONDS)

    def must(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """The JSON of a successful answer."""
        answer = self.call(method, path, body, **headers)
        assert answer.ok, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None


@dataclass(frozen=True)
class Agent:
    """An agent of the company at the desk."""

    id: str
    name: str
    api: Api

    def presence(self, state: str) -> None:
        self.api.must("PUT", "/agents/me/presence", {"state": state})

    def desk(self) -> dict[str, Any]:
        """The whole desk; looking at it is a poll, so the agent is not silent."""
        return self.api.must("GET", "/sms/desk")

    def offers(self) -> dict[str, dict[str, Any]]:
        """What is offered now, by interaction, the first on top."""
        return {offer["interaction_id"]: offer for offer in self.desk()["offers"]}

    def offered(self, interaction: str, stage: str | None = None) -> dict[str, Any]:
        """The offer of this interaction, in this stage, waited for."""

        def look() -> dict[str, Any] | None:
            offer = self.offers().get(interaction)
            return offer if offer and stage in (None, offer["stage"]) else None

        return eventually(look)

    def act(self, verb: str, interaction: str, body: Any = None) -> requests.Response:
        return self.api.call("POST", f"/sms/interactions/{interaction}/{verb}", body)

    def must(self, verb: str, interaction: str, body: Any = None) -> Any:
        return self.api.must("POST", f"/sms/interactions/{interaction}/{verb}", body)

    def reply(self, interaction: str, text: str) -> dict[str, Any]:
        return self.must("messages", interaction, {"text": text})


@dataclass(frozen=True)
class Customer:
    """A phone in a customer's hand."""

    number: str
    account_id: str
    simulator: str

    def post(self, text: str, **how: Any) -> dict[str, Any]:
        """Let the provider post this text; answers the simulator's account of it."""
        body = {"account_id": self.account_id, "text": text, **how}
        answer = requests.post(self._url, json=body, timeout=CALL_SECONDS)
        assert answer.status_code == 202, answer.text
        return answer.json()

    def text(self, text: str) -> None:
        """Text the company; the desk takes it."""
        assert self.post(text)["status"] == 200

    def inbox(self) -> list[str]:
        """The texts that the customer has, oldest first."""
        return [one["text"] for one in requests.get(self._url, timeout=CALL_SECONDS).json()["data"]]

    @property
    def _url(self) -> str:
        return f"{self.simulator}/customers/{quote(self.number)}/messages"


class Company:
    """One account with its people; nobody else's tests see it."""

    def __init__(self, stack: Stack, **fields: Any) -> None:
        """`fields` are of the account. Its pace is fast, so that a test waits for what it is about."""
        self.stack = stack
        self.admin = Api(stack.api, stack.tokens["admin"])
        credentials = {"account_sid": f"AC{secrets.token_hex(16)}", "auth_token": secrets.token_hex(16)}
        account: dict[str, Any] = {
            "name": "Company",
            "key": secrets.token_hex(3)[:5],
            "type": "twilio",
            "phone": new_number(),
        }
        account |= {"credentials": credentials, "segments_per_second": 50}
        self.account = self.admin.must("POST", "/sms/accounts", account | fields)
        self.id: str = self.account["id"]
        self.auth_token = credentials["auth_token"]
        console = {"provider": "twilio", "phone": account["phone"], "credentials": credentials}
        console |= {name: self.account[name] for name in ("receive_url", "delivery_url")}
        answer = requests.put(f"{stack.simulator}/accounts/{self.id}", json=console, timeout=CALL_SECONDS)
        assert answer.ok, answer.text

    def agent(self, name: str, *, capacity: int = 20, online: bool = True) -> Agent:
        """An agent on the account."""
        identifier = self.admin.must("POST", "/agents", {"name": name, "capacity": capacity})["id"]
        token = {"name": name, "role": "agent", "agent_id": identifier}
        agent = Agent(identifier, name, Api(self.stack.api, self.admin.must("POST", "/tokens", token)["secret"]))
        self.admin.must("POST", f"/sms/accounts/{self.id}/agents", {"add": [identifier]})
        if online:
            agent.presence("online")
        return agent

    def queue(self, *members: Agent, strategy: str = "beepall", **fields: Any) -> str:
        """A queue; its members join one after the other, so that a round robin knows their order."""
        name = f"Queue {secrets.token_hex(4)}"
        made = self.admin.must("POST", "/sms/queues", fields | {"name": name, "strategy": strategy})
        for member in members:
            self.admin.must("POST", f"/sms/queues/{made['id']}/agents", {"add": [member.id]})
        return made["id"]

    def plan(self, *actions: dict[str, Any]) -> None:
        path = f"/sms/accounts/{self.id}/plan"
        version = self.admin.must("GET", path)["version"]
        self.admin.must("PUT", path, {"actions": list(actions)}, **{"If-Match": f'"{version}"'})

    def plan_queue(self, *members: Agent, timeout: int = 300, strategy: str = "beepall", **fields: Any) -> str:
        """A plan of one step: this new queue."""
        queue = self.queue(*members, strategy=strategy, **fields)
        self.plan({"app": "queue", "queue_id": queue, "timeout": timeout})
        return queue

    def customer(self) -> Customer:
        return Customer(new_number(), self.id, self.stack.simulator)

    def conversation(self, agent: Agent) -> tuple[Customer, str]:
        """A new customer's conversation, opened and read by this agent."""
        customer = self.customer()
        customer.text("Hello")
        interaction = self.interaction(customer)["id"]
        agent.offered(interaction)
        agent.must("accept", interaction)
        return customer, interaction

    def interactions(self, customer: Customer) -> list[dict[str, Any]]:
        """All interactions of a customer, the newest first."""
        path = f"/sms/interactions?account_id={self.id}&sort=started&limit=200"
        return [one for one in self.admin.must("GET", path)["data"] if one["address"] == customer.number]

    def interaction(self, customer: Customer) -> dict[str, Any]:
        """The newest interaction of a customer."""
        return self.interactions(customer)[0]

    def show(self, interaction: str) -> dict[str, Any]:
        return self.admin.must("GET", f"/sms/interactions/{interaction}")

    def in_stage(self, interaction: str, stage: str) -> bool:
        return self.show(interaction)["stage"] == stage

    def thread(self, interaction: str) -> list[dict[str, Any]]:
        """All lines, which have no gaps."""
        lines = self.admin.must("GET", f"/sms/interactions/{interaction}/messages?after=0&limit=200")["data"]
        assert [line["n"] for line in lines] == list(range(1, len(lines) + 1)), "the thread has a gap"
        return lines

    def events(self, interaction: str) -> list[str]:
        return [line["text"] for line in self.thread(interaction) if line["kind"] == "event"]

    def texts(self, customer: Customer) -> list[str]:
        """The customer's texts as they are stored, over all interactions, oldest first."""
        threads = [self.thread(one["id"]) for one in reversed(self.interactions(customer))]
        return [line["text"] for lines in threads for line in lines if line["direction"] == "in"]

    def message(self, interaction: str, message_id: str) -> dict[str, Any]:
        """One line of a thread, as it is now."""
        return next(line for line in self.thread(interaction) if line["id"] == message_id)

    def behave(self, mode: str, **how: Any) -> None:
        """How the provider behaves from now on; `to` limits it to a customer, `times` to so many sends."""
        body = {"provider": "twilio", "mode": mode, **how}
        answer = requests.put(f"{self.stack.simulator}/behaviour", json=body, timeout=CALL_SECONDS)
        assert answer.ok, answer.text

    def sends(self, *customers: Customer) -> list[dict[str, Any]]:
        """The send requests to these customers in the order in which the provider got them."""
        found = requests.get(f"{self.stack.simulator}/requests", timeout=CALL_SECONDS).json()["data"]
        numbers = {customer.number for customer in customers}
        return [one for one in sorted(found, key=lambda one: one["n"]) if one["to"] in numbers]


def new_number() -> str:
    """A number that no other test has."""
    return f"+1555{secrets.randbelow(10**7):07d}"
