"""The API as its callers see it: the real app on moto, with a clock that tests set."""

import json
from dataclasses import dataclass, field
from typing import Any

import pytest
from chalice.test import Client

from app import app
from chalicelib import clock
from chalicelib.store import tokens

AUTH_TOKEN = "0123456789abcdef0123456789abcdef"
ACCOUNT: dict[str, Any] = {
    "name": "Support",
    "key": "SUP",
    "type": "twilio",
    "phone": "+15005550006",
    "credentials": {"account_sid": "AC" + "0" * 32, "auth_token": AUTH_TOKEN},
}


@dataclass
class Answer:
    status: int
    body: Any
    headers: dict[str, str]

    @property
    def pointers(self) -> list[str]:
        """Where the mistakes are."""
        return [mistake.get("pointer", mistake.get("parameter")) for mistake in self.body["errors"]]


@dataclass
class Api:
    """Calls with a role's token; `now` is the clock in milliseconds."""

    now: int
    client: Client = field(default_factory=lambda: Client(app))
    secrets: dict[str, str] = field(default_factory=dict)

    def __call__(self, who: str | None, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        raw = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        given = {"Content-Type": "application/json", **{k.replace("_", "-"): v for k, v in headers.items()}}
        if who is not None:
            given["Authorization"] = f"Bearer {self.secrets.get(who, who)}"
        answer = self.client.http.request(method, path, headers=given, body=raw)
        text = answer.body.decode()
        is_json = "json" in answer.headers.get("Content-Type", "")
        return Answer(answer.status_code, json.loads(text) if is_json else text, dict(answer.headers))

    def must(self, who: str, method: str, path: str, body: Any = None, **headers: str) -> Any:
        answer = self(who, method, path, body, **headers)
        assert answer.status < 300, (method, path, answer)
        return answer.body

    def account(self, **fields: Any) -> dict[str, Any]:
        return self.must("admin", "POST", "/sms/accounts", {**ACCOUNT, **fields})

    def agent(self, name: str = "Ada", **fields: Any) -> dict[str, Any]:
        """An agent, who can then call by name."""
        made = self.must("admin", "POST", "/agents", {"name": name, **fields})
        self.enrol(name, "agent", made["id"])
        return made

    def enrol(self, who: str, role: str, agent_id: str | None = None) -> None:
        """Give somebody a token."""
        token, self.secrets[who] = tokens.new(role, agent_id, who, None, self.now)
        tokens.save(token, None, self.now)

    def queue(self, name: str = "Sales", **fields: Any) -> dict[str, Any]:
        return self.must("admin", "POST", "/sms/queues", {"name": name, **fields})

    def later(self, seconds: int) -> None:
        self.now += seconds * 1000


@pytest.fixture
def api(table: str, now: int, monkeypatch: pytest.MonkeyPatch) -> Api:
    """With the tokens `admin`, `supervisor` and `nobody` (role agent, of an agent on no account)."""
    made = Api(now)
    monkeypatch.setattr(clock, "now_ms", lambda: made.now)
    made.secrets["admin"] = "first-secret"
    tokens.bootstrap("first-secret", now)
    made.enrol("supervisor", "supervisor")
    made.agent("nobody")
    return made
