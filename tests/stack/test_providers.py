"""Every type of account the whole way: a customer's text, the answer, what became of it, and the customer's stop."""

import secrets
from typing import Any

import pytest
import requests

from dev import demo_accounts, seed
from dev.demo_accounts import DemoAccount
from tests.stack.company import CALL_SECONDS, Agent, Api, Company, Customer, eventually, new_number
from tests.stack.conftest import Stack

QUESTION = "È pronta? 😀 a+b&c=d <ok>"
ANSWER = "Sì, dalle 15 👍 a+b&c=d <ok>"
REPORTED = 30  # seconds
TYPES = pytest.mark.parametrize("demo", demo_accounts.ACCOUNTS, ids=lambda demo: demo.type)


class CompanyOf(Company):
    """A company with an account of any type, that agrees with the provider's console."""

    def __init__(self, stack: Stack, demo: DemoAccount, **fields: Any) -> None:
        self.stack = stack
        self.admin = Api(stack.api, stack.tokens["admin"])
        body = demo.body(name=demo.type, key=secrets.token_hex(3)[:5], phone=new_number(), segments_per_second=50)
        self.account = self.admin.must("POST", "/sms/accounts", body | fields)
        self.id = self.account["id"]
        seed.register(stack.simulator, self.account)

    def accepted(self) -> tuple[Agent, Customer, str]:
        """A customer's text that an agent took."""
        agent, customer = self.agent("Ada"), self.customer()
        self.plan_queue(agent)
        customer.text(QUESTION)
        interaction = self.interaction(customer)["id"]
        agent.offered(interaction, "plan_queue")
        agent.must("accept", interaction)
        return agent, customer, interaction

    def ends_as(self, interaction: str, message: str, status: str) -> None:
        eventually(lambda: self.message(interaction, message)["status"] == status, REPORTED)

    def mismatches(self) -> list[dict[str, Any]]:
        """What the provider would not like of the answers to its calls for this account."""
        found = requests.get(f"{self.stack.simulator}/mismatches", timeout=CALL_SECONDS).json()["data"]
        return [one for one in found if one["account_id"] == self.id]


def test_there_is_an_account_of_every_type(stack: Stack) -> None:
    types = Api(stack.api, stack.tokens["admin"]).must("GET", "/sms/providers")["data"]
    assert [one["name"] for one in types] == [demo.type for demo in demo_accounts.ACCOUNTS]


@TYPES
def test_a_text_is_answered_delivered_and_stopped(stack: Stack, demo: DemoAccount) -> None:
    company = CompanyOf(stack, demo)
    assert company.admin.must("POST", f"/sms/accounts/{company.id}/check")["state"] in ("ok", "unproven")
    agent, customer, interaction = company.accepted()
    assert company.texts(customer) == [QUESTION]
    answer = agent.reply(interaction, ANSWER)["id"]
    company.ends_as(interaction, answer, "delivered")
    assert customer.inbox() == [ANSWER]

    customer.text("STOP")
    refused = agent.act("messages", interaction, {"text": "Are you sure?"})
    assert (refused.status_code, refused.json()["code"]) == (409, "opted-out")
    if company.account["opt_out_reply"] == "desk":
        eventually(lambda: len(customer.inbox()) == 2)
        confirmation = company.thread(interaction)[-1]
        assert customer.inbox()[1] == confirmation["text"]
        company.ends_as(interaction, confirmation["id"], "delivered")
    assert company.mismatches() == []


@TYPES
def test_a_forged_text_is_refused(stack: Stack, demo: DemoAccount) -> None:
    company = CompanyOf(stack, demo)
    customer = company.customer()
    assert customer.post(QUESTION, signature="bad")["status"] == (403 if demo.signed else 404)
    assert company.interactions(customer) == []


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("connectel", {}),
        ("custom", {}),
        ("skebby", {"credentials": {**demo_accounts.of("skebby").credentials, "method": "classic"}}),
    ],
)
def test_an_answer_of_which_nothing_more_will_be_heard_is_sent(stack: Stack, name: str, fields: dict[str, Any]) -> None:
    company = CompanyOf(stack, demo_accounts.of(name), delivery_reports=False, **fields)
    agent, customer, interaction = company.accepted()
    company.ends_as(interaction, agent.reply(interaction, ANSWER)["id"], "sent")
    assert customer.inbox() == [ANSWER]
    assert company.mismatches() == []
