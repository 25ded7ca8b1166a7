"""The company that the run plays with: two accounts, three queues, four agents; founded anew for each example."""

import itertools
import os
import sys
from typing import Any

import boto3

from chalicelib import config
from chalicelib.handlers import dispatch
from chalicelib.models import ids
from chalicelib.store.memory import Memory
from tests.conftest import create_table
from tests.model.plans import plans
from tests.team import Team

ADDRESSES = tuple(f"+1500555{n:04d}" for n in range(1, 6))
_TRANSFER = {"agent": {"enabled": True, "timeout": 20}, "queue": {"enabled": True, "timeout": 20}}


class Company(Team):
    """`now` is the clock everybody sees, in milliseconds. Cat's client is a supervisor's, too."""

    def __init__(self, monkeypatch: Any, now: int) -> None:
        numbers = itertools.count(1)
        monkeypatch.setattr(ids, "ULID", lambda: f"{next(numbers):026d}")  # the same in every run of a seed
        monkeypatch.setattr(dispatch, "sleep", self.later)
        create_table()
        super().__init__(monkeypatch, now)
        self._restored = 0
        self.must("admin", "POST", "/pauses", {"name": "Lunch"})
        self._pause = self.must("admin", "POST", "/pauses", {"name": "Wrap-up"})["id"]
        self.accounts = [self._account(answers) for answers in ("provider", "desk")]
        self.agents = [self._member(name, capacity) for name, capacity in zip("ABCD", (2, 1, 3, 0), strict=True)]
        a, b, c, d = self.agents
        self.boss = "boss"
        token = {"name": "Boss", "role": "supervisor", "agent_id": c}
        self.tokens[self.boss] = self.must("admin", "POST", "/tokens", token)["secret"]
        self.queues = [
            self.queue(a, b, strategy="rrmemory", agent_timeout=15),
            self.queue(b, c, d, strategy="least_recent", agent_timeout=10, weight=5),
            self.queue(a, c, d, weight=1),
        ]
        self._put_on(0, a, b, c)
        self._put_on(1, b, c, d)
        for n in range(2):
            self.account = self.accounts[n]
            self.must("admin", "PUT", self._plan_path, {"actions": self.plans(n)[0]}, **{"If-Match": '"1"'})
        for agent in self.agents:
            self.presence(agent, "online")
        self.start, self._kept = self.now, self._everything()

    def _account(self, answers: str) -> dict[str, Any]:
        waits = {"wait_for_assigned_agent": 10, "wait_for_assigned_queue": 10, "opt_out_reply": answers}
        return self.open_account(**waits, transfer=_TRANSFER, mandatory_disposition={"pause_id": self._pause})

    def _member(self, name: str, capacity: int) -> str:
        return self.agent(name, capacity=capacity, online=False, on_account=False)

    def _put_on(self, account: int, *agents: str) -> None:
        path = f"/sms/accounts/{self.accounts[account]['id']}/agents"
        self.must("admin", "POST", path, {"add": list(agents)})

    @property
    def _plan_path(self) -> str:
        return f"/sms/accounts/{self.account['id']}/plan"

    def plans(self, account: int) -> list[list[dict[str, Any]]]:
        return plans(self.queues, self.agents[2], account)

    def posted(self, path: str, headers: dict[str, str], body: bytes) -> Any:
        """The provider calls a URL of ours; answers the HTTP answer."""
        return self._client.http.request("POST", path, headers=headers, body=body)

    # --- examples ---
    def restart(self) -> None:
        """Everything as it was when the company had just been made, in a table of its own."""
        old = config.settings().table
        self._restored += 1
        os.environ["TABLE_NAME"] = f"smsdesk-{self._restored}"
        config.settings.cache_clear()
        create_table()
        client = boto3.client("dynamodb")
        for n in range(0, len(self._kept), 25):
            puts = [{"PutRequest": {"Item": item}} for item in self._kept[n : n + 25]]
            client.batch_write_item(RequestItems={config.settings().table: puts})
        client.delete_table(TableName=old)
        self.now = self.start
        self.new_process()

    def _everything(self) -> list[dict[str, Any]]:
        return boto3.client("dynamodb").scan(TableName=config.settings().table)["Items"]

    def new_process(self) -> None:
        """Forget what a process remembers of the table."""
        for name, module in list(sys.modules.items()):
            if name.startswith("chalicelib"):
                for value in list(vars(module).values()):
                    if isinstance(value, Memory):
                        value.cache_clear()
