"""A desk on the laptop's stack: the deployed functions, which write each of their AWS calls into their logs."""

import json
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import requests

from bench import recorded
from bench.provider import Account
from dev import seed
from dev.laptop import Laptop

PHONE = "+15550100001"
QUIET = 0.7  # seconds without a new line in any log, after which nothing runs any more
PATIENCE = 60
FLUSHED = ("api", "receive", "dispatch")


@dataclass
class Seen:
    """The AWS calls and the starts of each function within a look."""

    calls: dict[str, list[recorded.Call]] = field(default_factory=dict)
    starts: dict[str, int] = field(default_factory=dict)

    def operations(self, function: str) -> list[str]:
        return [call.operation for call in self.calls[function]]

    def items(self, function: str) -> tuple[int, int]:
        return recorded.table_items((call.operation, call.items) for call in self.calls[function])

    def invocations(self, function: str) -> int:
        return self.starts[function]


class LaptopDesk:
    """The desk of bench.paths on MiniStack: an account, an agent and a queue of its own beside the demo's."""

    def __init__(self, laptop: Laptop, dev: Mapping[str, Any]) -> None:
        self.laptop, self.logs = laptop, laptop.client("logs")
        self.admin = seed.Desk(dev["api"], dev["tokens"]["admin"])
        body = {**seed.ACCOUNT, "name": "Bench", "key": "BENCH", "phone": PHONE, "segments_per_second": 1000}
        found = self.as_admin("POST", "/sms/accounts", {**body, "credentials": seed.CREDENTIALS})
        self.account_id, url = found["id"], found["receive_url"]
        sid, token = seed.CREDENTIALS["account_sid"], seed.CREDENTIALS["auth_token"]
        self.account = Account(PHONE, sid, token, url, url.replace("/receive/", "/delivery/"))
        seed.register(dev["simulator"], found)
        self.simulator = dev["simulator"]
        requests.put(f"{self.simulator}/behaviour", json={"provider": "twilio", "mode": "no_reports"}, timeout=10)
        self.me = self.agent("Bench")
        self.renew()
        self.plan({"name": "Bench queue"}, [self.me])

    # --- configuration ---
    def agent(self, name: str) -> str:
        made = self.as_admin("POST", "/agents", {"name": name})["id"]
        self.as_admin("POST", f"/sms/accounts/{self.account_id}/agents", {"add": [made]})
        return made

    def configure(self, **fields: Any) -> None:
        """Change the account."""
        path = f"/sms/accounts/{self.account_id}"
        version = self.as_admin("GET", path)["version"]
        self.admin.call("PATCH", path, fields, **{"If-Match": f'"{version}"'})

    def plan(self, queue: Mapping[str, Any], members: list[str], seconds: int = 300) -> None:
        """A plan that offers to one new queue."""
        made = self.as_admin("POST", "/sms/queues", queue)["id"]
        self.as_admin("POST", f"/sms/queues/{made}/agents", {"add": members})
        path = f"/sms/accounts/{self.account_id}/plan"
        version = self.as_admin("GET", path)["version"]
        actions = [{"app": "queue", "queue_id": made, "timeout": seconds}]
        self.admin.call("PUT", path, {"actions": actions}, **{"If-Match": f'"{version}"'})

    def client_of(self, agent: str) -> seed.Desk:
        """The API with a new token of an agent."""
        return seed.Desk(self.admin.api, seed.new_token(self.admin, "agent", agent))

    # --- bench.paths.Desk ---
    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        return self.mine.call(method, path, body, **headers)

    def as_admin(self, method: str, path: str, body: Any = None) -> Any:
        return self.admin.call(method, path, body)

    def webhook(self, url: str, body: bytes, headers: Mapping[str, str]) -> None:
        answer = requests.post(url, data=body, headers=dict(headers), timeout=30)
        assert answer.status_code == 200, (answer.status_code, answer.text)

    @contextmanager
    def watched(self) -> Iterator[Seen]:
        self.quiet()
        since, seen = round(time.time() * 1000), Seen()
        yield seen
        until = round(time.time() * 1000)
        self.quiet()
        self.flush()
        for name, group in recorded.GROUPS.items():
            lines = list(recorded.messages(self.logs, group, since))
            # What is called over HTTP has ended when its answer is there; the others go on by themselves.
            last = until if name in ("api", "receive") else since + 10**9
            seen.calls[name] = [call for call in recorded.calls(iter(lines)) if since <= call.at <= last]
            seen.starts[name] = sum(line.startswith(recorded.STARTED) for line in lines) - (name in FLUSHED)

    def flush(self) -> None:
        """Run what answers calls and what sends once more: a line that comes late is logged with the next run."""
        requests.get(f"{self.admin.api}/health", timeout=30)
        requests.get(f"{self.admin.api}/sms/accounts/nobody/receive/{'x' * 32}", timeout=30)
        name = self.laptop.outputs["DispatchName"]
        self.laptop.client("lambda").invoke(FunctionName=name, Payload=json.dumps({"Records": []}))

    def quiet(self) -> None:
        """Wait until no function writes anything any more; the reconciler's minute does not count."""
        last, since = -1, time.monotonic()
        end, recent = since + PATIENCE, round(time.time() * 1000) - 1000
        while time.monotonic() - since < QUIET:
            count = sum(1 for name in recorded.GROUPS for _ in self.lines(name, recent) if name != "reconcile")
            if count != last:
                last, since = count, time.monotonic()
            assert time.monotonic() < end, "the functions do not come to rest"
            time.sleep(0.1)

    def lines(self, name: str, since: int) -> Iterator[str]:
        """What a function has logged since a time in milliseconds."""
        return recorded.messages(self.logs, recorded.GROUPS[name], since)

    def offered(self, address: str) -> str:
        return self.until(lambda: self._offer(self.mine, address), f"an offer of {address}")

    def _offer(self, client: seed.Desk, address: str) -> str | None:
        offers = client.call("GET", "/sms/desk")["offers"]
        return next((offer["interaction_id"] for offer in offers if offer["address"] == address), None)

    def sent(self, address: str, words: str) -> str:
        return self.until(lambda: self._inbox(address).get(words), f"{words} at {address}")

    def _inbox(self, address: str) -> dict[str, str]:
        texts = requests.get(f"{self.simulator}/customers/{address}/messages", timeout=10).json()["data"]
        return {text["text"]: text["provider_message_id"] for text in texts}

    @contextmanager
    def held(self) -> Iterator[None]:
        client, name = self.laptop.client("lambda"), self.laptop.outputs["DispatchName"]
        mapping = client.list_event_source_mappings(FunctionName=name)["EventSourceMappings"][0]["UUID"]
        client.update_event_source_mapping(UUID=mapping, Enabled=False)
        time.sleep(2)  # a poll of the queue that is on its way comes back
        yield
        client.update_event_source_mapping(UUID=mapping, Enabled=True)
        queue = self.laptop.client("sqs")
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        url = self.laptop.outputs["OutboundQueueUrl"]

        def empty() -> bool:
            answer = queue.get_queue_attributes(QueueUrl=url, AttributeNames=names)
            return not any(int(value) for value in answer["Attributes"].values())

        self.until(empty, "an empty queue")

    def renew(self) -> None:
        self.mine = self.client_of(self.me)

    def later(self, seconds: float) -> None:
        time.sleep(seconds)

    def until(self, found: Any, what: str) -> Any:
        """What `found` answers once it is there."""
        end = time.monotonic() + PATIENCE
        while not (answer := found()):
            assert time.monotonic() < end, f"{what} did not come"
            time.sleep(0.2)
        return answer


def unused_number() -> str:
    """A customer nobody has heard of."""
    return f"+1555{uuid.uuid4().int % 10**7:07d}"
