"""The demo: a Twilio account, three agents, a beepall and an rrmemory queue, a plan, and a token for everybody.

Everything goes through the API as an administrator would do it; what is there already stays as it is.
"""

import uuid
from typing import Any

import requests

from dev import demo_accounts

AGENTS = ("Ada", "Bruno", "Chiara")
CREDENTIALS = demo_accounts.of("twilio").credentials
ACCOUNT = demo_accounts.of("twilio").body(name="Demo", key="DEMO", phone="+15550100000")
QUEUES = (("Everyone", "beepall"), ("In turn", "rrmemory"))
AUTO_REPLY = {
    "app": "auto_reply",
    "text": "Thank you for your message. Nobody is free right now; we will answer as soon as we can.",
    "times": "once",
}
SECONDS = 30  # per call; the first one starts a function


class SeedError(Exception):
    """The API refused a part of the demo; the text is its answer."""


class Desk:
    """The API with one token."""

    def __init__(self, api: str, token: str) -> None:
        self.api = api
        self.headers = {"Authorization": f"Bearer {token}"}

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """The answer's JSON; None without a body. SeedError for anything but success."""
        answer = requests.request(
            method, self.api + path, json=body, headers={**self.headers, **headers}, timeout=SECONDS
        )
        if not answer.ok:
            raise SeedError(f"{method} {path}: {answer.status_code} {answer.text}")
        return answer.json() if answer.content else None

    def find(self, path: str, field: str, value: str) -> dict[str, Any] | None:
        """The object of a list whose field has this value."""
        cursor = ""
        while True:
            page = self.call("GET", f"{path}?limit=200{cursor}")
            for item in page["data"]:
                if item[field] == value:
                    return item
            if not page["page"]["has_more"]:
                return None
            cursor = f"&cursor={page['page']['next_cursor']}"

    def ensure(self, path: str, field: str, body: dict[str, Any]) -> dict[str, Any]:
        """The object with this name, made when it is missing."""
        found = self.find(path, field, body[field])
        return found or self.call("POST", path, body, **{"Idempotency-Key": str(uuid.uuid4())})


def demo(api: str, admin: str, simulator: str, tokens: dict[str, Any]) -> dict[str, Any]:
    """Make what is missing, and answer with what .local/dev.json says; `tokens` are those of an earlier start."""
    desk = Desk(api, admin)
    agents = [desk.ensure("/agents", "name", {"name": name})["id"] for name in AGENTS]
    account = ensure_account(desk, agents)
    register(simulator, account)
    return {
        "api": api,
        "tokens": {
            "admin": admin,
            "supervisor": tokens.get("supervisor") or new_token(desk, "supervisor", None),
            "agents": {
                agent: tokens.get("agents", {}).get(agent) or new_token(desk, "agent", agent) for agent in agents
            },
        },
        "accounts": {account["type"]: account["id"]},
        "simulator": simulator,
    }


def ensure_account(desk: Desk, agents: list[str]) -> dict[str, Any]:
    """The demo account with its members and its plan; the plan comes last, so that an empty one means unfinished."""
    account = desk.ensure("/sms/accounts", "key", ACCOUNT)
    path = f"/sms/accounts/{account['id']}"
    plan = desk.call("GET", f"{path}/plan")
    if not plan["actions"]:
        desk.call("POST", f"{path}/agents", {"add": agents})
        actions = [*(queue_action(desk, *queue, agents) for queue in QUEUES), AUTO_REPLY]
        desk.call("PUT", f"{path}/plan", {"actions": actions}, **{"If-Match": f'"{plan["version"]}"'})
    return desk.call("GET", path)


def queue_action(desk: Desk, name: str, strategy: str, agents: list[str]) -> dict[str, Any]:
    """A step of the plan that offers to a queue with these members, for 30 s."""
    queue = desk.ensure("/sms/queues", "name", {"name": name, "strategy": strategy})
    desk.call("POST", f"/sms/queues/{queue['id']}/agents", {"add": agents})
    return {"app": "queue", "queue_id": queue["id"], "timeout": 30}


def new_token(desk: Desk, role: str, agent: str | None) -> str:
    body = {"role": role, "name": f"demo {role}", **({"agent_id": agent} if agent else {})}
    return desk.call("POST", "/tokens", body)["secret"]


def register(simulator: str, account: dict[str, Any]) -> None:
    """Tell the simulator what stands in the provider's console: the number, the credentials, the URLs to call."""
    console = demo_accounts.of(account["type"]).console(account)
    answer = requests.put(f"{simulator}/accounts/{account['id']}", json=console, timeout=SECONDS)
    if not answer.ok:
        raise SeedError(f"the simulator refused the account: {answer.text}")
