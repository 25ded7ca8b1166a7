"""Replies on their way out: in order, past a throttled neighbour, past a failure, with reports in any order."""

from typing import Any

from tests.stack.company import Company, eventually
from tests.stack.conftest import Stack
from tests.stack.switches import dead_letters, no_dispatch, waiting_pokes

BACKOFF = 2  # seconds that the provider asks to wait


def status_is(company: Company, interaction: str, message: dict[str, Any], status: str) -> None:
    """The message comes to have this status."""
    eventually(lambda: company.message(interaction, message["id"])["status"] == status, seconds=90)


def outcomes(stack: Stack, company: Company) -> list[str]:
    """What became of the account's delivery reports, in the order in which they came."""
    lines = stack.log("receive", "provider event")
    return [line["is"] for line in lines if (line["account_id"], line["event"]) == (company.id, "DeliveryReport")]


def test_a_throttled_conversation_keeps_its_order_and_holds_up_no_other(stack: Stack) -> None:
    company = Company(stack)
    ada = company.agent("Ada")
    company.plan_queue(ada)
    talks = [company.conversation(ada) for _ in range(3)]
    customers = [customer for customer, _ in talks]
    held = customers[1]
    company.behave("throttled", to=held.number, times=1, seconds=BACKOFF)
    with no_dispatch(stack):
        replies = [(i, ada.reply(i, text)) for text in ("one", "two") for _, i in talks]
        assert waiting_pokes(stack) == len(replies)
    for interaction, reply in replies:
        status_is(company, interaction, reply, "delivered")

    sends = company.sends(*customers)
    assert [(s["text"], s["status"]) for s in sends if s["to"] == held.number] == [
        ("one", 429),
        ("one", 201),
        ("two", 201),
    ]
    for customer in (customers[0], customers[2]):
        assert [(s["text"], s["status"]) for s in sends if s["to"] == customer.number] == [("one", 201), ("two", 201)]
    assert {s["to"] for s in sends[-2:]} == {held.number}, "the others waited for the throttled conversation"
    assert [customer.inbox() for customer in customers] == [["one", "two"]] * 3


def test_reports_in_the_wrong_order_end_at_delivered(stack: Stack) -> None:
    company = Company(stack)
    ada = company.agent("Ada")
    company.plan_queue(ada)
    customer, interaction = company.conversation(ada)
    company.behave("reports_reversed", to=customer.number, times=1)
    reply = ada.reply(interaction, "Hello to you")

    def both_are_in() -> bool:
        company.customer().text("Hello")  # what MiniStack read too late of a log comes with the function's next call
        return outcomes(stack, company) == ["applied", "ignored"]

    eventually(both_are_in)
    assert company.message(interaction, reply["id"])["status"] == "delivered"


def test_reports_on_the_bare_url_before_the_sends_own_answer_are_kept_until_it_is_known(stack: Stack) -> None:
    company = Company(stack)
    ada = company.agent("Ada")
    company.plan_queue(ada)
    customer, interaction = company.conversation(ada)
    company.behave("reports_before_answer", to=customer.number, times=1, bare_url=True)
    reply = ada.reply(interaction, "Hello to you")
    status_is(company, interaction, reply, "delivered")
    assert "applied" not in outcomes(stack, company)
    assert customer.inbox() == ["Hello to you"]


def test_five_surprises_set_a_text_aside_and_the_next_one_goes_on(stack: Stack) -> None:
    company = Company(stack)
    ada = company.agent("Ada")
    company.plan_queue(ada)
    customer, interaction = company.conversation(ada)
    with no_dispatch(stack):
        broken, sound = (ada.reply(interaction, text) for text in ("one", "two"))
        spoil(stack, company, customer.number, broken["id"])
    status_is(company, interaction, broken, "failed")
    assert company.message(interaction, broken["id"])["status_code"] == "unexpected"
    status_is(company, interaction, sound, "delivered")
    assert customer.inbox() == ["two"]
    assert broken["id"] in eventually(lambda: dead_letters(stack))
    assert [line["message_id"] for line in stack.log("dispatch", "not sent")].count(broken["id"]) == 5


def spoil(stack: Stack, company: Company, number: str, message: str) -> None:
    """Take a field from a text that waits to be sent, as no part of the product would."""
    stack.client("dynamodb").update_item(
        TableName=stack.outputs["TableName"],
        Key={"pk": {"S": f"CONV#{company.id}#{number}"}, "sk": {"S": f"OUT#{message}"}},
        UpdateExpression="REMOVE media",
        ConditionExpression="attribute_exists(media)",
    )
