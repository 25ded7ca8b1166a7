"""A desk on moto: the real handlers called one by one, and the provider simulator behind the dispatch function."""

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import boto3
import pytest
from moto import mock_aws
from moto.core.models import botocore_stubber

from bench.provider import Account
from bench.recorded import table_items
from chalicelib import aws, config
from chalicelib.handlers import dispatch
from chalicelib.recorder import items
from dev.simulator import contract, providers
from dev.simulator.accounts import Accounts
from dev.simulator.behaviour import Behaviour
from dev.simulator.exchange import Exchange
from dev.simulator.server import Server
from tests.conftest import NOW, create_table, forget, settings_of_an_empty_aws
from tests.team import ACCOUNT_SID, AUTH_TOKEN, PHONE, Team

SERVICES = ("dynamodb", "sqs", "stepfunctions", "kms")


@dataclass(eq=False)
class Seen:
    """What one look saw: (function, operation, items) of every request, and every call of a handler."""

    calls: list[tuple[str, str, int]] = field(default_factory=list)
    runs: list[str] = field(default_factory=list)

    def operations(self, function: str) -> list[str]:
        return [operation for name, operation, _ in self.calls if name == function]

    def items(self, function: str) -> tuple[int, int]:
        return table_items((operation, n) for name, operation, n in self.calls if name == function)

    def invocations(self, function: str) -> int:
        return self.runs.count(function)


class Context:
    """Lambda's context, as far as it is used."""

    @staticmethod
    def get_remaining_time_in_millis() -> int:
        return 30_000


class MotoDesk:
    """The desk of bench.paths on moto's table; time passes when told to."""

    def __init__(self, team: Team, exchange: Exchange) -> None:
        self.team, self.exchange = team, exchange
        self.running, self.looks = "", [Seen()]
        found = team.open_account(segments_per_second=1000)
        url = found["receive_url"]
        self.account = Account(PHONE, ACCOUNT_SID, AUTH_TOKEN, url, url.replace("/receive/", "/delivery/"))
        self.me = team.agent("Ada")
        team.plan({"app": "queue", "queue_id": team.queue(self.me), "timeout": 300})
        credentials = {"account_sid": ACCOUNT_SID, "auth_token": AUTH_TOKEN}
        exchange.accounts.put(contract.Account(found["id"], "twilio", PHONE, credentials, url, None))
        exchange.behaviours.put("twilio", Behaviour("no_reports"))
        self.lock = threading.Lock()
        for service in SERVICES:
            events = aws.client(service).meta.events
            events.unregister("before-send", botocore_stubber)
            events.register("before-send", self._send)

    def _send(self, request: Any, event_name: str, **rest: Any) -> Any:
        """In moto's place: note the call, then let moto carry it out, one at a time since it knows no threads."""
        with self.lock:
            for look in self.looks:
                look.calls.append((self.running, event_name.rsplit(".", 1)[-1], items(json.loads(request.body))))
            return botocore_stubber(event_name, request, **rest)

    @contextmanager
    def _as(self, function: str) -> Iterator[None]:
        self.running = function
        for look in self.looks:
            look.runs.append(function)
        yield
        self.running = ""

    @contextmanager
    def watched(self) -> Iterator[Seen]:
        seen = Seen()
        self.looks.append(seen)
        yield seen
        self.looks.remove(seen)

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        with self._as("api"):
            answer = self.team.call(self.me, method, path, body, **headers)
        assert answer.status_code < 300 or answer.status_code == 304, (method, path, answer.body)
        return json.loads(answer.body) if answer.body else None

    def as_admin(self, method: str, path: str, body: Any = None) -> Any:
        return self.team.must("admin", method, path, body)

    def webhook(self, url: str, body: bytes, headers: Mapping[str, str]) -> None:
        path = urlsplit(url).path.removeprefix("/api")
        with self._as("receive"):
            answer = self.team._client.http.request("POST", path, headers=dict(headers), body=body)
        assert answer.status_code == 200, answer.body

    def offered(self, address: str) -> str:
        with self._as("next_step"):
            self.team.step(address)
        return self.team.meta(address)["interaction_id"]

    def sent(self, address: str, words: str) -> str:
        self._dispatch()
        found = [text for text in self.exchange.journal.inbox(address) if text["text"] == words]
        return str(found[-1]["provider_message_id"])

    @contextmanager
    def held(self) -> Iterator[None]:
        yield
        self._dispatch()

    def _dispatch(self) -> None:
        """What the queue shows, in one batch."""
        queue, url = boto3.client("sqs"), config.settings().outbound_queue_url
        records: list[dict[str, Any]] = []
        while found := queue.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
            records += found
        event = [{"messageId": r["MessageId"], "receiptHandle": r["ReceiptHandle"], "body": r["Body"]} for r in records]
        with self._as("dispatch"):
            answer = dispatch.handle({"Records": event}, Context())
        assert answer == {"batchItemFailures": []}, answer
        for record in records:
            queue.delete_message(QueueUrl=url, ReceiptHandle=record["ReceiptHandle"])

    def renew(self) -> None:
        body = {"name": "bench", "role": "agent", "agent_id": self.me}
        self.team.tokens[self.me] = self.as_admin("POST", "/tokens", body)["secret"]

    def later(self, seconds: float) -> None:
        self.team.later(seconds)


@contextmanager
def desk() -> Iterator[MotoDesk]:
    """An empty AWS with one company on it."""
    server = Server(0, Exchange(providers.load(), Accounts()))
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    with pytest.MonkeyPatch.context() as patch, mock_aws(), settings_of_an_empty_aws(patch):
        patch.setenv("STAGE", "local")
        patch.setenv("PROVIDER_HOSTS", json.dumps({"api.twilio.com": f"{server.url}/twilio"}))
        forget()
        create_table()
        role = boto3.client("iam").create_role(RoleName="states", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
        definition = json.dumps({"StartAt": "Idle", "States": {"Idle": {"Type": "Succeed"}}})
        name = config.settings().state_machine_arn.rsplit(":", 1)[-1]
        boto3.client("stepfunctions").create_state_machine(name=name, definition=definition, roleArn=role)
        team = Team(patch, NOW)
        patch.setattr(dispatch, "sleep", team.later)
        yield MotoDesk(team, server.exchange)
    server.stop()
    server.server_close()
