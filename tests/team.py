"""A company at work, through the real app: admins configure, customers text, agents answer, time passes by hand."""

import base64
import hashlib
import hmac
import itertools
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit

import boto3
from chalice.test import Client

from app import app
from chalicelib import clock, config
from chalicelib.handlers import next_step, reconcile
from chalicelib.store import db, table, tokens

PHONE = "+15005550006"
AUTH_TOKEN = "12345678901234567890123456789012"
ACCOUNT_SID = "AC" + "0" * 32
_numbers = itertools.count(1)


class Team:
    """One account, its agents, queues and plan; `now` is the clock everybody sees, in milliseconds."""

    def __init__(self, monkeypatch: Any, now: int) -> None:
        self.now = now
        monkeypatch.setattr(clock, "now_ms", lambda: self.now)
        self._client = Client(app)
        tokens.bootstrap("admin-secret", now)
        self.tokens = {"admin": "admin-secret"}
        self.account: dict[str, Any] = {}

    # --- HTTP ---
    def call(self, who: str, method: str, path: str, body: Any = None, **headers: str) -> Any:
        given = {"Authorization": f"Bearer {self.tokens[who]}", "Content-Type": "application/json", **headers}
        raw = b"" if body is None else json.dumps(body).encode()
        return self._client.http.request(method, path, headers=given, body=raw)

    def must(self, who: str, method: str, path: str, body: Any = None, **headers: str) -> Any:
        answer = self.call(who, method, path, body, **headers)
        assert answer.status_code < 300, (method, path, answer.status_code, answer.body)
        return json.loads(answer.body) if answer.body else None

    # --- configuration ---
    def open_account(self, **fields: Any) -> dict[str, Any]:
        n = next(_numbers)
        body = {
            "name": f"Account {n}",
            "key": f"K{n}",
            "phone": PHONE,
            "type": "twilio",
            "credentials": {"account_sid": ACCOUNT_SID, "auth_token": AUTH_TOKEN},
            **fields,
        }
        self.account = self.must("admin", "POST", "/sms/accounts", body)
        return self.account

    def agent(self, name: str, *, capacity: int = 20, online: bool = True, on_account: bool = True) -> str:
        made = self.must("admin", "POST", "/agents", {"name": name, "capacity": capacity})
        token = self.must("admin", "POST", "/tokens", {"name": name, "role": "agent", "agent_id": made["id"]})
        self.tokens[made["id"]] = token["secret"]
        if on_account:
            self.must("admin", "POST", f"/sms/accounts/{self.account['id']}/agents", {"add": [made["id"]]})
        if online:
            self.presence(made["id"], "online")
        return made["id"]

    def queue(self, *members: str, strategy: str = "beepall", **fields: Any) -> str:
        body = {"name": f"Queue {next(_numbers)}", "strategy": strategy, **fields}
        made = self.must("admin", "POST", "/sms/queues", body)
        for member in members:  # one by one, so that the round robin knows an order
            self.now += 1
            self.must("admin", "POST", f"/sms/queues/{made['id']}/agents", {"add": [member]})
        return made["id"]

    def plan(self, *actions: dict[str, Any]) -> None:
        path = f"/sms/accounts/{self.account['id']}/plan"
        version = self.must("admin", "GET", path)["version"]
        self.must("admin", "PUT", path, {"actions": list(actions)}, **{"If-Match": f'"{version}"'})
        self._forget()

    def _forget(self) -> None:
        from tests.conftest import forget

        forget()

    # --- customers ---
    def text(self, address: str, text: str = "Hello", *, sid: str | None = None, **fields: str) -> Any:
        """A customer texts; the provider posts it. Answers the HTTP answer."""
        self.now += 1
        sid = sid or f"SM{next(_numbers):032x}"
        form = {"MessageSid": sid, "From": address, "To": PHONE, "Body": text, "ToCity": "", "NumMedia": "0", **fields}
        return self.webhook(self.account["receive_url"], form)

    def webhook(self, url: str, form: dict[str, str], *, signature: str | None = None) -> Any:
        signed = url + "".join(name + form[name] for name in sorted(form))
        digest = hmac.new(AUTH_TOKEN.encode(), signed.encode(), hashlib.sha1).digest()
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "X-Twilio-Signature": signature or base64.b64encode(digest).decode(),
        }
        return self.post(url, headers, urlencode(form).encode())

    def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Any:
        """A provider posts to one of the account's URLs."""
        path = urlsplit(url).path.removeprefix(urlsplit(config.settings().public_base).path)
        return self._client.http.request("POST", path, headers=dict(headers), body=body)

    # --- agents ---
    def presence(self, agent: str, state: str, pause: str | None = None) -> Any:
        body = {"state": state} if pause is None else {"state": state, "pause": pause}
        return self.must(agent, "PUT", "/agents/me/presence", body)

    def desk(self, agent: str, since: str | None = None) -> Any:
        """The desk as this agent's client sees it; None for 304."""
        answer = self.call(agent, "GET", "/sms/desk" + (f"?{urlencode({'since': since})}" if since else ""))
        assert answer.status_code in (200, 304), answer.body
        return json.loads(answer.body) if answer.status_code == 200 else None

    def offers(self, agent: str) -> list[str]:
        return [offer["interaction_id"] for offer in self.desk(agent)["offers"]]

    def act(self, agent: str, verb: str, interaction: str, body: Any = None) -> Any:
        return self.call(agent, "POST", f"/sms/interactions/{interaction}/{verb}", body)

    # --- what is true ---
    def meta(self, address: str) -> dict[str, Any]:
        """The present interaction of an address, while others may be changing it."""
        pointer = db.get(table.pointer(self.account["id"], address))
        assert pointer, f"nothing stored for {address}"
        meta = db.get(table.meta(pointer["interaction_id"]))
        assert meta
        return meta

    def interaction(self, address: str) -> dict[str, Any]:
        """The present interaction of an address, its pointer checked against it."""
        pointer, meta = db.get(table.pointer(self.account["id"], address)), self.meta(address)
        assert pointer
        for name in ("status", "owner", "tab", "stage", "n", "run", "waiting_since", "out_last"):
            assert pointer.get(name) == meta.get(name), f"pointer and META differ in {name}"
        return meta

    def thread(self, interaction: str) -> list[dict[str, Any]]:
        lines = list(db.query_all(table.meta(interaction)["pk"], "L#"))
        assert [line["n"] for line in lines] == list(range(1, len(lines) + 1)), "the thread has a gap"
        return lines

    def events(self, interaction: str) -> list[str]:
        return [line["text"] for line in self.thread(interaction) if line["kind"] == "event"]

    # --- the machine ---
    def step(self, address: str) -> dict[str, Any]:
        """What the state machine's Lambda answers for this address's present run."""
        meta = self.interaction(address)
        return next_step.handle({"interaction": meta["interaction_id"], "run": meta["run"]})

    def later(self, seconds: float) -> None:
        self.now += int(seconds * 1000)

    def reconcile(self, **event: Any) -> dict[str, Any]:
        return reconcile.handle(event)


def executions() -> list[str]:
    """Names of the executions that were started, oldest first."""
    sfn = boto3.client("stepfunctions")
    found = sfn.list_executions(stateMachineArn=config.settings().state_machine_arn)["executions"]
    return [one["name"] for one in sorted(found, key=lambda one: one["startDate"])]
