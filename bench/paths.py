"""The paths whose AWS calls are counted, walked on any desk: moto's in a test, the deployed one in the bench."""

import uuid
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from itertools import takewhile
from typing import Any, Protocol

from bench.provider import Account, delivered, nothing, text

TEN = 10
HISTORY = "+1555021"  # numbers of the conversations that only fill the table


class Watched(Protocol):
    """What happened while somebody looked: the operations of each function, and how often it ran."""

    def operations(self, function: str) -> list[str]: ...

    def items(self, function: str) -> tuple[int, int]:
        """Items of the table that were read and written by key."""

    def invocations(self, function: str) -> int: ...


class Desk(Protocol):
    """A desk with one account, one agent (`me`) on it and in the queue of its plan."""

    account: Account
    me: str

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """The agent's call; its JSON, None for an answer without one."""

    def as_admin(self, method: str, path: str, body: Any = None) -> Any:
        """An administrator's call."""

    def webhook(self, url: str, body: bytes, headers: Mapping[str, str]) -> None:
        """The provider's call; it must be answered with 200."""

    def watched(self) -> AbstractContextManager[Watched]:
        """Look at what the functions call inside the block; complete when it has ended."""

    def offered(self, address: str) -> str:
        """Let the routing come to the offer; the interaction's id."""

    def sent(self, address: str, words: str) -> str:
        """Let the text with these words leave; the provider's id of it."""

    def held(self) -> AbstractContextManager[None]:
        """Hold texts back inside the block and let them leave in one batch at its end."""

    def renew(self) -> None:
        """Call with a new token from now on, which the API then remembers for 25 s from its first use."""

    def later(self, seconds: float) -> None:
        """Let time pass."""


@dataclass(frozen=True)
class Pass:
    """One pass of a path: its AWS calls, and the items of the table that it read and wrote by key."""

    calls: int
    read: int
    written: int

    def __str__(self) -> str:
        return f"items: {self.read} read, {self.written} written"


class Paths:
    """Walks every path once; `prefix` of the customers' numbers keeps one walk apart from another."""

    def __init__(self, desk: Desk, prefix: str) -> None:
        self.desk, self.prefix = desk, prefix
        self.passes: dict[str, Pass] = {}

    def customer(self, n: int) -> str:
        return f"{self.prefix}{n:04d}"

    def walk(self) -> dict[str, Pass]:
        """What a pass of each path cost."""
        self.desk.renew()
        self.desk.call("PUT", "/agents/me/presence", {"state": "online"})
        self.inbound(self.customer(1))
        self.outbound(self.customer(1))
        self.comes_back(self.customer(1))
        self.polls()
        self.batch()
        return self.passes

    def inbound(self, address: str) -> None:
        self.text(self.customer(0), "warms the caches")
        self.close(self.take(self.customer(0)))
        self.count("inbound, new", "receive", lambda: self.text(address, "Hello"))
        interaction = self.desk.offered(address)
        self.count("inbound, joins a round", "receive", lambda: self.text(address, "Anybody there?"))
        self.desk.call("POST", f"/sms/interactions/{interaction}/accept")
        sid = new_sid()
        self.count("inbound, open and answered", "receive", lambda: self.text(address, "Thanks", sid))
        self.count("duplicate inbound", "receive", lambda: self.text(address, "Thanks", sid))

    def outbound(self, address: str) -> None:
        interaction = self.mine(address)
        self.reply(interaction, "First")
        self.desk.sent(address, "First")  # warms the caches of what sends
        self.desk.renew()
        self.desk.call("GET", f"/sms/interactions/{interaction}")
        with self.desk.watched() as sending:
            with self.desk.watched() as replying:
                line = self.reply(interaction, "Second")
            sid = self.desk.sent(address, "Second")
        self.note("reply accepted by the API", replying, "api")
        self.note("dispatch of one text", sending, "dispatch")
        url, body, headers = delivered(self.desk.account, line["id"], sid, address)
        self.count("delivery report", "receive", lambda: self.desk.webhook(url, body, headers))

    def comes_back(self, address: str) -> None:
        interaction = self.mine(address)
        self.read(interaction)  # leaving with an unread text would begin a round, which the next text joins
        self.desk.call("POST", f"/sms/interactions/{interaction}/leave")
        self.count("inbound, returning", "receive", lambda: self.text(address, "Still there?"))
        self.take(address)
        # A log-out ends the tab without touching the conversation, which inbound then finds out too late.
        for state in ("offline", "online"):
            self.desk.call("PUT", "/agents/me/presence", {"state": state})
        self.count("inbound, after a lost race", "receive", lambda: self.text(address, "Hello again"))
        self.close(self.take(address))

    def polls(self) -> None:
        self.desk.renew()
        since = self.poll("")
        self.desk.later(20.5)
        self.count("empty poll that refreshes presence", "api", lambda: self.poll(since))
        self.desk.renew()
        since = self.poll("")
        self.count("empty poll", "api", lambda: self.poll(since))
        queue = self.desk.as_admin("POST", "/sms/queues", {"name": f"Bench {uuid.uuid4().hex}"})["id"]
        self.desk.renew()
        since = self.poll("")
        self.desk.as_admin("POST", f"/sms/queues/{queue}/agents", {"add": [self.desk.me]})
        with self.desk.watched() as seen:
            self.poll(since)
        # Such a poll is not empty: it goes on to read the offers that the new queue may bring.
        heads = list(takewhile(lambda operation: operation == "BatchGetItem", seen.operations("api")))
        self.passes["poll after a change of membership: HEADs"] = Pass(len(heads), *seen.items("api"))
        self.desk.as_admin("POST", f"/sms/queues/{queue}/agents", {"remove": [self.desk.me]})

    def poll(self, since: str) -> str:
        answer = self.desk.call("GET", f"/sms/desk?since={since}" if since else "/sms/desk")
        return answer["next"] if answer else since

    def batch(self) -> None:
        addresses = [self.customer(100 + n) for n in range(TEN)]
        for address in addresses:
            self.text(address, "Hello")
        interactions = [self.take(address) for address in addresses]
        self.reply(interactions[0], "First")
        self.desk.sent(addresses[0], "First")  # warms the caches of what sends
        with self.desk.watched() as seen, self.desk.held():
            for interaction in interactions:
                self.reply(interaction, "Hi")
        if seen.invocations("dispatch") != 1:
            raise AssertionError(f"the batch came in {seen.invocations('dispatch')} parts")
        self.note("dispatch of ten texts", seen, "dispatch")
        for interaction in interactions:
            self.close(interaction)

    # --- steps ---
    def count(self, name: str, function: str, act: Any) -> None:
        if function == "receive":
            self.desk.webhook(*nothing(self.desk.account))  # warms its caches, where they are over
        with self.desk.watched() as seen:
            act()
        self.note(name, seen, function)

    def note(self, name: str, seen: Watched, function: str) -> None:
        self.passes[name] = Pass(len(seen.operations(function)), *seen.items(function))

    def text(self, address: str, words: str, sid: str | None = None) -> None:
        url, body, headers = text(self.desk.account, address, words, sid or new_sid())
        self.desk.webhook(url, body, headers)

    def take(self, address: str) -> str:
        interaction = self.desk.offered(address)
        self.desk.call("POST", f"/sms/interactions/{interaction}/accept")
        return interaction

    def mine(self, address: str) -> str:
        """The agent's open interaction with this customer."""
        return next(
            one["id"] for one in self.desk.call("GET", "/sms/desk")["interactions"] if one["address"] == address
        )

    def reply(self, interaction: str, words: str) -> Any:
        key = {"Idempotency-Key": uuid.uuid4().hex}
        return self.desk.call("POST", f"/sms/interactions/{interaction}/messages", {"text": words}, **key)

    def read(self, interaction: str) -> None:
        line = self.desk.call("GET", f"/sms/interactions/{interaction}/messages")["data"][-1]
        self.desk.call("POST", f"/sms/interactions/{interaction}/read", {"n": line["n"]})

    def close(self, interaction: str) -> None:
        self.read(interaction)
        self.desk.call("POST", f"/sms/interactions/{interaction}/close", {})


def fill(desk: Desk, rows: int) -> None:
    """Conversations of other customers of the same account: a HELP from each, which is stored and closed at once."""
    for n in range(rows):
        desk.webhook(*text(desk.account, f"{HISTORY}{n:04d}", "HELP", new_sid()))


def new_sid() -> str:
    return f"SM{uuid.uuid4().hex}"
