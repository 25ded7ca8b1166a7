"""A company with three accounts: one that Ada is on, one that is Bob's, and one that Ada was taken off."""

import itertools
import json
from collections.abc import Iterable
from typing import Any

import boto3

from chalicelib import config
from tests.access.operations import Operation
from tests.team import Team

ADDRESSES = {"ours": "+15005550101", "theirs": "+15005550102", "left": "+15005550103"}
WAITING = {"ours": "+15005550201", "theirs": "+15005550202", "left": "+15005550203"}
UNKNOWN = "01ARZ3NDEKTSV4RRFFQ69G5FAV"
_keys = itertools.count(1)


class Company:
    """Objects by the account they belong to and the name of their path parameter."""

    def __init__(self, team: Team) -> None:
        self.team = team
        self.objects: dict[str, dict[str, str]] = {}
        self.waiting: dict[str, str] = {}
        self.open("ours")
        self.ada = self.worker("Ada", "ours")
        self.open("theirs")
        self.bob = self.worker("Bob", "theirs")
        self.open("left")
        self.carl = self.worker("Carl", "left", "Ada")
        left = self.objects["left"]
        for group in (f"/sms/accounts/{left['account_id']}", f"/sms/queues/{left['queue_id']}"):
            team.must("admin", "POST", f"{group}/agents", {"remove": [self.ada]})
        self.shared: dict[str, str] = {}
        self.staff("supervisor")
        self.staff("admin")

    def open(self, name: str) -> None:
        """An account with a contact list of its own."""
        made = self.team.must("admin", "POST", "/lists", {"name": f"List of {name}"})
        account = self.team.open_account(list_id=made["id"])
        token = account["receive_url"].rsplit("/", 1)[-1]
        self.objects[name] = {"account_id": account["id"], "list_id": made["id"], "token": token}

    def worker(self, name: str, account: str, first: str | None = None) -> str:
        """An agent of an account who has answered one customer, while another one waits.

        `first` is who has the conversation instead; called before that agent is taken off the account.
        """
        team, found = self.team, self.objects[account]
        agent = team.agent(name)
        owner = agent
        if first:
            owner = self.ada
            team.must("admin", "POST", f"/sms/accounts/{found['account_id']}/agents", {"add": [owner]})
        queue = team.queue(agent, owner) if first else team.queue(agent)
        team.plan({"app": "queue", "queue_id": queue, "timeout": 300})
        address = ADDRESSES[account]
        team.text(address, f"A secret of {account}")
        team.step(address)
        interaction = team.interaction(address)["interaction_id"]
        path = f"/sms/interactions/{interaction}"
        team.must(owner, "POST", f"{path}/accept")
        line = team.must(owner, "POST", f"{path}/messages", {"text": "Hello"}, **{"Idempotency-Key": account})
        found |= {"queue_id": queue, "agent_id": agent, "interaction_id": interaction, "message_id": line["id"]}
        found["contact_id"] = team.interaction(address)["contact_id"]
        team.text(WAITING[account], f"A secret of {account}")
        team.step(WAITING[account])
        self.waiting[account] = team.interaction(WAITING[account])["interaction_id"]
        return agent

    def staff(self, role: str) -> None:
        """A supervisor or an admin who is also an agent on our account, and one who is no agent."""
        team, ours = self.team, self.objects["ours"]
        made = team.must("admin", "POST", "/agents", {"name": role})
        team.must("admin", "POST", f"/sms/accounts/{ours['account_id']}/agents", {"add": [made["id"]]})
        for name, agent in ((role, {}), (f"{role} and agent", {"agent_id": made["id"]})):
            token = team.must("admin", "POST", "/tokens", {"name": name, "role": role, **agent})
            team.tokens[name] = token["secret"]
            self.shared["token_id"] = token["id"]

    def of(self, account: str, **other: str) -> dict[str, str]:
        """The objects of an account, with a key that nothing has yet."""
        return {**self.shared, **self.objects[account], "key": f"N{next(_keys)}", **other}

    def unknown(self) -> dict[str, str]:
        """Ids as they look, of nothing."""
        objects = {name: f"{name[:3]}_{UNKNOWN}" for name in {*self.shared, *self.objects["ours"]}}
        return {**objects, "token": "x" * 32, "key": f"N{next(_keys)}"}

    def marks(self, account: str) -> list[str]:
        """What must not be in an answer to somebody who is not of the account."""
        return [
            *self.objects[account].values(),
            self.waiting[account],
            ADDRESSES[account],
            WAITING[account],
            f"A secret of {account}",
        ]

    def ask(self, who: str | None, operation: Operation, objects: dict[str, str], query: dict[str, str]) -> Any:
        """The HTTP answer to a call of the operation; `who` is None for a call without a token."""
        url, body, headers = operation.call(objects, query)
        if who is not None:
            return self.team.call(who, operation.method, url, body, **headers)
        raw = b"" if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json", **headers}
        return self.team._client.http.request(operation.method, url, headers=headers, body=raw)

    def removable(self, operation: Operation, objects: dict[str, str]) -> dict[str, str]:
        """A fresh object for an operation that deletes one."""
        name, key = operation.objects[-1], f"D{next(_keys)}"
        if name == "account_id":
            return {name: self.team.open_account(key=key)["id"]}
        collection = operation.path.rsplit("/", 1)[0].format(**objects)
        return {name: self.create(collection, key)}

    def create(self, collection: str, name: str) -> str:
        """A new object of the company's, by its name alone."""
        role = {"role": "supervisor"} if collection == "/tokens" else {}
        return self.team.must("admin", "POST", collection, {"name": name, **role})["id"]

    def share(self, walk: Iterable[Operation]) -> None:
        """One object of each further kind that a path names; these belong to no account."""
        for operation in walk:
            for name in operation.objects:
                if name not in self.objects["ours"] and name not in self.shared:
                    self.shared[name] = self.create(operation.path.split("/{")[0], f"One {name}")


def code(answer: Any) -> tuple[int, str | None]:
    """Status, and the problem's code where it is one."""
    is_problem = answer.headers.get("Content-Type") == "application/problem+json"
    return answer.status_code, json.loads(answer.body)["code"] if is_problem else None


def everything() -> str:
    """The whole table, to see that nothing changed."""
    pages = boto3.client("dynamodb").get_paginator("scan").paginate(TableName=config.settings().table)
    return json.dumps(sorted((item for page in pages for item in page["Items"]), key=str), default=str)
