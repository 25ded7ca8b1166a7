"""A company for the sweep: the team of the other tests, the simulated provider, and every handler as AWS calls it."""

import base64
import hashlib
import hmac
import json
import sys
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode, urlsplit

import app as product
from chalicelib import aws, config, providers
from chalicelib.aws import client
from chalicelib.outbound import claims, sending
from chalicelib.routing import presence
from chalicelib.store import db, table
from chalicelib.store.conversations import due
from chalicelib.store.transaction import Transaction
from dev.simulator.behaviour import Behaviour
from dev.simulator.contract import Account
from dev.simulator.server import Server
from tests.faults import moto_state
from tests.team import ACCOUNT_SID, AUTH_TOKEN, PHONE, Team

ANN, BEN, CAT = "+15005550010", "+15005550011", "+15005550012"  # customers
_KEPT = (aws.client, config.settings, providers.get, sending.way_out)
"""Caches that a new process would fill with the same again, without a call."""


TOO_EARLY = 425  # how records that go back to their queue are told: neither done nor wrong


class Refused(Exception):
    """A handler failed, so that whoever sent the event sends it again; `status` is the HTTP status, 500 for others."""

    def __init__(self, status: int, body: Any = "") -> None:
        super().__init__(f"{status} {body}")
        self.status = status


class _Context:
    """Lambda's context, as far as it is used."""

    def get_remaining_time_in_millis(self) -> int:
        return 30_000


class Company(Team):
    """Two agents and a supervisor on one account, a beepall queue, and an exclusive one; everybody is online."""

    def __init__(self, monkeypatch: Any, now: int, server: Server) -> None:
        super().__init__(monkeypatch, now)
        self.server = server
        monkeypatch.setattr("chalicelib.handlers.dispatch.sleep", self.later)
        rule = {"enabled": True, "timeout": 30}
        waits = {"wait_for_assigned_agent": 10, "wait_for_assigned_queue": 10}
        self.open_account(**waits, transfer={"agent": rule, "queue": rule})
        self.first, self.second = self.agent("First"), self.agent("Second")
        self.boss = self.agent("Boss")
        token = {"name": "Boss", "role": "supervisor", "agent_id": self.boss}
        self.tokens["supervisor"] = self.must("admin", "POST", "/tokens", token)["secret"]
        self.beepall = self.queue(self.first, self.second)
        self.exclusive = self.queue(self.first, self.second, strategy="rrmemory", agent_timeout=15)
        self.records: list[dict[str, Any]] = []
        self.silent: frozenset[str] = frozenset()
        """Agents whose laptops are shut."""
        credentials = {"account_sid": ACCOUNT_SID, "auth_token": AUTH_TOKEN}
        self.exchange = server.exchange
        self.exchange.accounts.put(Account(self.account["id"], "twilio", PHONE, credentials, "https://unused/r", None))
        self.behave("no_reports")

    # --- processes ---
    def new_process(self) -> None:
        """Forget what a process remembers; clients and settings stay, since making them calls nobody."""
        for name, module in list(sys.modules.items()):
            if name.startswith("chalicelib"):
                for value in list(vars(module).values()):
                    clear = getattr(value, "cache_clear", None)
                    if callable(clear) and not isinstance(value, type) and value not in _KEPT:
                        clear()

    # --- the provider ---
    def behave(self, mode: str, **more: Any) -> None:
        self.exchange.behaviours.put("twilio", Behaviour(mode, **more))  # type: ignore[arg-type]

    def posts(self, url: str, form: dict[str, str], method: str = "POST") -> None:
        """The provider calls a URL of ours; raises Refused unless it is told that all is well."""
        query, body = ("", urlencode(form)) if method == "POST" else (f"?{urlencode(form)}", "")
        signed = url + query + "".join(name + form[name] for name in sorted(form) if body)
        digest = hmac.new(AUTH_TOKEN.encode(), signed.encode(), hashlib.sha1).digest()
        path = urlsplit(url).path.removeprefix(urlsplit(config.settings().public_base).path)
        names = ("account_id", "token", "message_id")
        given = dict(zip(names, [part for n, part in enumerate(path.split("/")) if n in (3, 5, 6)], strict=False))
        resource = "/sms/accounts/{account_id}/" + path.split("/")[4] + "/{token}"
        event: dict[str, Any] = {
            "resource": resource + ("/{message_id}" if "message_id" in given else ""),
            "headers": {
                "content-type": "application/x-www-form-urlencoded",
                "x-twilio-signature": base64.b64encode(digest).decode(),
            },
            "pathParameters": given,
            "multiValueQueryStringParameters": None if body else {name: [value] for name, value in form.items()},
            "body": base64.b64encode(body.encode()).decode(),
            "isBase64Encoded": True,
            "stageVariables": None,
        }
        event["requestContext"] = {"httpMethod": method, "resourcePath": event["resource"], "identity": {}}
        answer: Any = product.receive(event, _Context())
        if answer["statusCode"] >= 300:
            raise Refused(answer["statusCode"], answer["body"])

    def customer_texts(self, address: str, text: str, method: str = "POST", **fields: str) -> None:
        """The provider posts a customer's text, under an id that follows from the text."""
        sid = "SM" + hashlib.sha256(text.encode()).hexdigest()[:32]
        form = {"MessageSid": sid, "From": address, "To": PHONE, "Body": text, "NumMedia": "0", **fields}
        self.posts(self.account["receive_url"], form, method)

    def customer_texts_part(self, address: str, text: str, number: int, total: int) -> None:
        """A provider of declared type, which leaves long texts apart, posts one part."""
        path = urlsplit(self.account["receive_url"]).path.removeprefix(urlsplit(config.settings().public_base).path)
        segment = {"message": text, "msgRefNum": 7, "sequenceSize": total, "sequenceNumber": number}
        document = {"id": f"part-{number}", "from": address, "to": PHONE, "segmentedMessage": segment}
        resource = "/sms/accounts/{account_id}/receive/{token}"
        event: dict[str, Any] = {
            "resource": resource,
            "headers": {"content-type": "application/json"},
            "pathParameters": {"account_id": self.account["id"], "token": path.split("/")[5]},
            "multiValueQueryStringParameters": None,
            "body": base64.b64encode(json.dumps(document).encode()).decode(),
            "isBase64Encoded": True,
            "stageVariables": None,
            "requestContext": {"httpMethod": "POST", "resourcePath": resource, "identity": {}},
        }
        answer: Any = product.receive(event, _Context())
        if answer["statusCode"] >= 300:
            raise Refused(answer["statusCode"], answer["body"])

    def report(self, status: str, provider_id: str, message: str | None = None, method: str = "POST") -> None:
        url = self.account["receive_url"].replace("/receive/", "/delivery/") + (f"/{message}" if message else "")
        form = {"MessageSid": provider_id, "MessageStatus": status, "To": ANN, "From": PHONE, "AccountSid": ACCOUNT_SID}
        self.posts(url, form, method)

    def delivered(self, address: str) -> list[str]:
        """The texts that reached a customer, in order."""
        return [str(text["text"]) for text in self.exchange.journal.inbox(address)]

    def requests(self) -> list[dict[str, Any]]:
        return self.exchange.journal.requests("twilio")

    def provider_memory(self) -> list[dict[Any, Any]]:
        """What the simulated provider was asked, whom it told, and how it is to behave."""
        journal = self.exchange.journal
        inboxes = {number: list(texts) for number, texts in journal._inboxes.items()}
        return [dict(journal._requests), inboxes, dict(self.exchange.behaviours._rules)]

    def remind_provider(self, memory: list[dict[Any, Any]]) -> None:
        journal = self.exchange.journal
        requests, inboxes, rules = memory
        journal._requests = dict(requests)
        journal._inboxes = {number: list(texts) for number, texts in inboxes.items()}
        self.exchange.behaviours._rules = dict(rules)

    def forget_provider(self) -> None:
        """What was sent so far is no concern of the scenario."""
        self.exchange.journal.forget_requests()

    # --- people ---
    def asks(self, who: str, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """A call of the API; raises Refused for an error."""
        answer = self.call(who, method, path, body, **headers)
        if answer.status_code >= 300:
            raise Refused(answer.status_code, answer.body)
        return json.loads(answer.body) if answer.body else None

    def does(self, agent: str, verb: str, address: str, body: Any = None, **headers: str) -> Any:
        """Something with an address's interaction, as an agent's client asks for it."""
        interaction = self.interaction(address)["interaction_id"]
        return self.asks(agent, "POST", f"/sms/interactions/{interaction}/{verb}", body, **headers)

    # --- machines ---
    def machine(self) -> None:
        """The state machine: what was started and whose wait is over is asked for its next step."""
        for name in moto_state.executions():
            interaction, _, run = name.rpartition("-")
            meta = db.get(table.meta(interaction))
            waits = meta and meta["run"] == int(run) and meta["status"] == "open" and meta["stage"] != "none"
            if meta and waits and (meta["stage"] == "starting" or meta["deadline_at"] <= self.now):
                self.next_step(interaction, int(run))

    def next_step(self, interaction: str, run: int) -> Any:
        return product.next_step({"interaction": interaction, "run": run}, _Context())

    def waits(self, address: str) -> None:
        """The state machine has got as far as a wait, whose token is stored as routing.asl.json does."""
        meta = self.interaction(address)
        answer = self.next_step(meta["interaction_id"], meta["run"])
        assert answer["wait"] not in ("done", "failed"), answer
        client("dynamodb").update_item(
            TableName=config.settings().table,
            Key=db.pack(table.meta(meta["interaction_id"])),
            UpdateExpression="SET task_token = :token, token_epoch = :epoch",
            ExpressionAttributeValues={
                ":token": {"S": f"token of {answer['epoch']}"},
                ":epoch": {"N": str(answer["epoch"])},
            },
        )

    def steps(self, address: str) -> None:
        meta = self.interaction(address)
        self.next_step(meta["interaction_id"], meta["run"])

    def receive_records(self) -> None:
        """The queue shows its messages to the dispatch function, which has not dealt with them yet."""
        answer = client("sqs").receive_message(
            QueueUrl=config.settings().outbound_queue_url, MaxNumberOfMessages=10, VisibilityTimeout=600
        )
        messages = answer["Messages"]
        self.records = [_record(m["MessageId"], m["ReceiptHandle"], m["Body"]) for m in messages]
        assert self.records

    def dispatch(self) -> None:
        """The queue's records; raises Refused with TOO_EARLY while some of them go back."""
        back = self._dispatch(self.records)
        if back:
            raise Refused(TOO_EARLY, f"{len(back)} go back")

    def _dispatch(self, records: list[dict[str, Any]]) -> list[dict[str, Any]]:
        answer: Any = product.dispatch({"Records": records}, _Context())
        names = {failure["itemIdentifier"] for failure in answer["batchItemFailures"]}
        return [record for record in records if record["messageId"] in names]

    def drain(self) -> None:
        """The outbound queue's pokes are dealt with, each at most three times."""
        for n in range(3):
            bodies = moto_state.take_messages()
            if not bodies:
                return
            back = self._dispatch([_record(f"again {n} {k}", "gone", body) for k, body in enumerate(bodies)])
            for record in back:
                client("sqs").send_message(
                    QueueUrl=config.settings().outbound_queue_url,
                    MessageBody=record["body"],
                    MessageGroupId="again",
                    MessageDeduplicationId=f"{self.now} {n} {record['messageId']}",
                )
            self.later(6)

    def reconciler(self) -> Any:
        event: dict[str, Any] = dict.fromkeys(("version", "account", "region", "source", "time", "id", "resources"), "")
        answer: Any = product.reconcile({**event, "detail": {}, "detail-type": ""}, _Context())
        if answer["failed"]:
            raise Refused(500, answer)
        return answer

    def claim(self, message: str) -> None:
        """A sender has claimed a text, and is not heard of any more."""
        where = db.get(table.message(message)) or {}
        row = db.get(table.outgoing(where["account_id"], where["address"], message))
        assert row
        claims.take(row, self.now)

    def come_online_unnoticed(self, agent: str) -> None:
        """The agent's HEAD says online, and whoever wrote it died before looking for waiting texts."""
        head = {"state": "online", "seen_at": self.now, **due(table.agent(agent), self.now + 60_000)}
        Transaction().update(table.agent(agent), put=head).commit()

    # --- time ---
    def some_time_passes(self) -> None:
        """More than any deadline and its grace: people are at work, and so are the state machine and the queue."""
        for _ in range(2):
            self.work_goes_on(59)
            self.machine()
            self.drain()

    def work_goes_on(self, seconds: int) -> None:
        """Those who are at work have polled when the time is over."""
        self.later(seconds)
        for head in db.get_many(table.agent(agent) for agent in (self.first, self.second, self.boss)):
            if head and head["agent_id"] not in self.silent:
                presence.seen(head, self.now)


def _record(name: str, receipt: str, body: str) -> dict[str, Any]:
    return {"messageId": name, "receiptHandle": receipt, "body": body}


Act = Callable[[], object]
