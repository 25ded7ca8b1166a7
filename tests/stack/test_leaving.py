"""Agents who go, and their unread texts, which look for somebody else."""

from tests.stack.company import Agent, Company, Customer
from tests.stack.conftest import Stack

WAIT = 1  # seconds for the agent who has left


def with_unread_text(company: Company) -> tuple[Agent, Agent, Customer, str]:
    """Ada has a conversation open in which a text has just come; Bruno shares her queue."""
    ada, bruno = company.agent("Ada"), company.agent("Bruno")
    company.plan_queue(ada, bruno)
    customer, interaction = company.conversation(ada)
    customer.text("Are you still there?")
    shown = company.show(interaction)
    assert (shown["owner"], shown["stage"], shown["unread_count"]) == (ada.id, "none", 1)
    return ada, bruno, customer, interaction


def test_closing_the_tab_over_an_unread_text_offers_it_to_the_agent_then_to_the_queue(stack: Stack) -> None:
    company = Company(stack, wait_for_assigned_agent=WAIT)
    ada, bruno, _, interaction = with_unread_text(company)
    ada.must("leave", interaction)
    assert ada.desk()["presence"]["open"] == 0
    ada.offered(interaction, "assigned_agent")
    bruno.offered(interaction, "assigned_queue")
    bruno.must("accept", interaction)
    assert company.show(interaction)["owner"] == bruno.id


def test_a_log_out_with_an_unread_text_waits_for_the_agent_and_then_goes_to_the_queue(stack: Stack) -> None:
    company = Company(stack, wait_for_assigned_agent=WAIT)
    ada, bruno, _, interaction = with_unread_text(company)
    ada.presence("offline")
    bruno.offered(interaction, "assigned_queue")
    assert f"Offered to Ada for {WAIT} s: had this customer last" in company.events(interaction)
    assert ada.desk()["offers"] == []
    bruno.must("accept", interaction)
    assert [line["text"] for line in company.thread(interaction) if line["direction"] == "in"] == [
        "Hello",
        "Are you still there?",
    ]


def test_a_tab_closed_with_everything_read_stays_with_its_agent(stack: Stack) -> None:
    company = Company(stack, wait_for_assigned_agent=WAIT)
    ada, _, customer, interaction = with_unread_text(company)
    ada.must("open", interaction)
    ada.must("leave", interaction)
    assert company.show(interaction)["stage"] == "none"
    customer.text("Back again")
    ada.offered(interaction, "assigned_agent")
    ada.must("open", interaction)
    shown = company.show(interaction)
    assert (shown["owner"], shown["stage"], shown["read"]) == (ada.id, "none", True)
