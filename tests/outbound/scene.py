"""A Twilio account with an agent, customers in open conversations, the simulated provider, and a clock of its own."""

import json
import threading
from dataclasses import dataclass, field
from typing import Any

import boto3
import pytest

from chalicelib.aws import client
from chalicelib.config import settings
from chalicelib.handlers import dispatch as handler
from chalicelib.models.ids import new_id
from chalicelib.outbound import claims, compose, identity
from chalicelib.store import accounts, db, secrets, table
from chalicelib.store.conversations import Change
from chalicelib.store.db import Item
from chalicelib.store.transaction import Transaction
from dev.simulator import providers
from dev.simulator.accounts import Accounts
from dev.simulator.behaviour import Behaviour
from dev.simulator.contract import Account
from dev.simulator.exchange import Exchange
from dev.simulator.server import Server
from tests.conftest import NOW, forget
from tests.outbound.aws_calls import AwsCalls

SID, AUTH_TOKEN = "AC" + "0123456789abcdef" * 2, "an-auth-token-of-the-test-account"
PHONE = "+15005550006"


def customer(n: int = 1) -> str:
    return f"+1555000{n:04d}"


@dataclass
class Clock:
    """Milliseconds that pass only when told to, or slept."""

    ms: int = NOW
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def now_ms(self) -> int:
        return self.ms

    def sleep(self, seconds: float) -> None:
        with self._lock:
            self.ms += round(seconds * 1000)


@dataclass
class Context:
    """Lambda's context, as far as it is used."""

    milliseconds: int = 30_000

    def get_remaining_time_in_millis(self) -> int:
        return self.milliseconds


class Scene:
    """Everything a test of the way out needs."""

    def __init__(self, server: Server, clock: Clock) -> None:
        self.exchange, self.clock = server.exchange, clock
        self.account_id, self.agent_id = new_id("acc"), new_id("agt")
        self.context = Context()
        self.calls = AwsCalls()
        self.add_account()
        self.add_agent(self.agent_id, "Ada")
        self.calls.watch("dynamodb", "sqs", "kms")

    # --- what is there ---
    def add_account(self, **changes: Any) -> None:
        credentials = {"account_sid": SID, "auth_token": AUTH_TOKEN}
        account = {
            "id": self.account_id,
            "key": "TW",
            "type": "twilio",
            "phone": PHONE,
            "credentials": secrets.seal(self.account_id, credentials, {"auth_token"}),
            "options": {},
            "delivery_reports": False,
            "segments_per_second": 1000,
            "token": "t" * 32,
            "version": 1,
        }
        Transaction().put(table.configuration("account", self.account_id), {**account, **changes}).commit()
        accounts.get_cached.__globals__["_KNOWN"].cache_clear()
        self.exchange.accounts.put(
            Account(self.account_id, "twilio", PHONE, credentials, "https://desk.example.com/r", None)
        )

    def add_agent(self, agent_id: str, name: str, **changes: Any) -> None:
        head = {"agent_id": agent_id, "name": name, "state": "online", "session": 1, "seq": 0, "open_count": 0}
        head |= {"capacity": 20, "seen_at": self.clock.ms, "accounts": {self.account_id}}
        Transaction().put(table.agent(agent_id), head | changes).commit()

    def conversation(self, address: str | None = None, owner: str | None = "") -> str:
        """An open interaction with one inbound text, which the agent owns unless said otherwise."""
        change = Change.begin(self.account_id, address or customer(), None, self.clock.ms)
        change.message({"id": new_id("msg"), "direction": "in", "text": "Hi", "media": [], "automatic": False})
        agent = self.agent_id if owner == "" else owner
        change.set(owner=agent, tab=1 if agent else None).commit()
        return change.interaction

    def text(self, interaction: str, text: str = "Hello", **more: Any) -> str:
        """A text on its way in a conversation, poked; answers its id."""
        meta = self.meta(interaction)
        change = Change(meta, self.clock.ms)
        line = compose.add_message(change, text, author=meta.get("owner"), **more)
        change.touch(meta.get("owner")).commit()
        compose.poke(meta["account_id"], meta["address"], line["id"])
        return line["id"]

    def warm(self) -> None:
        """Fill the caches, then forget the calls so far."""
        account = accounts.get_cached(self.account_id, self.clock.ms)
        assert account
        identity.provider_account(account)
        self.calls.forget()

    # --- what happens ---
    def records(self) -> list[dict[str, Any]]:
        """What the queue shows now, as Lambda hands it over."""
        found: list[dict[str, Any]] = []
        while len(found) < 10:
            answer = client("sqs").receive_message(
                QueueUrl=settings().outbound_queue_url, MaxNumberOfMessages=10 - len(found), AttributeNames=["All"]
            )
            if "Messages" not in answer:
                break
            found += answer["Messages"]
        return [{"messageId": m["MessageId"], "receiptHandle": m["ReceiptHandle"], "body": m["Body"]} for m in found]

    def record(self, message: str, record_id: str = "rec-1") -> dict[str, Any]:
        """A record that pokes a message, whatever the queue holds."""
        where = db.get(table.message(message))
        assert where
        names = {name: where[name] for name in ("account_id", "address", "message_id")}
        return {"messageId": record_id, "receiptHandle": "r-" + record_id, "body": json.dumps(names)}

    def dispatch(self, records: list[dict[str, Any]] | None = None) -> list[str]:
        """Run the handler as Lambda does, with what the queue shows or other records; answers those that go back."""
        shown = self.records() if records is None else []
        self.calls.forget()
        answer = handler.handle({"Records": shown if records is None else records}, self.context)
        back = [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]
        queue = boto3.client("sqs")  # not watched: Lambda deletes, not the handler
        for record in shown:
            if record["messageId"] not in back:
                queue.delete_message(QueueUrl=settings().outbound_queue_url, ReceiptHandle=record["receiptHandle"])
        return back

    def behave(self, mode: str, **more: Any) -> None:
        self.exchange.behaviours.put("twilio", Behaviour(mode, **more))  # type: ignore[arg-type]

    # --- what came of it ---
    def meta(self, interaction: str) -> Item:
        item = db.get(table.meta(interaction))
        assert item
        return item

    def line(self, message: str) -> Item:
        where = db.get(table.message(message))
        assert where
        item = db.get(table.line(where["interaction_id"], where["n"]))
        assert item
        return item

    def interaction_of(self, message: str) -> str:
        """The interaction of a message."""
        where = db.get(table.message(message))
        assert where
        return str(where["interaction_id"])

    def row(self, message: str) -> Item | None:
        where = db.get(table.message(message))
        assert where
        return db.get(table.outgoing(where["account_id"], where["address"], message))

    def head(self, agent_id: str | None = None) -> Item:
        item = db.get(table.agent(agent_id or self.agent_id))
        assert item
        return item

    def inbox(self, address: str | None = None) -> list[str]:
        """The texts that a customer has got, in order."""
        return [str(text["text"]) for text in self.exchange.journal.inbox(address or customer())]

    def attempts(self) -> list[str]:
        """The texts of all send requests that reached the provider, in order."""
        return [str(request["text"]) for request in self.exchange.journal.requests("twilio")]

    def provider_id(self, address: str | None = None) -> str:
        return str(self.exchange.journal.inbox(address or customer())[-1]["provider_message_id"])


def start(monkeypatch: pytest.MonkeyPatch) -> tuple[Scene, Server]:
    """A scene on the table of the test; stop the server at the end."""
    server = Server(0, Exchange(providers.load(), Accounts(), report_delay=0.01))
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    monkeypatch.setenv("STAGE", "local")
    monkeypatch.setenv("PROVIDER_HOSTS", json.dumps({"api.twilio.com": f"{server.url}/twilio"}))
    forget()
    clock = Clock()
    monkeypatch.setattr("chalicelib.clock.now_ms", clock.now_ms)
    monkeypatch.setattr("chalicelib.handlers.dispatch.sleep", clock.sleep)
    monkeypatch.setattr(claims, "PAUSES", (0.0, 0.0, 0.0))
    scene = Scene(server, clock)
    scene.behave("no_reports")
    return scene, server
