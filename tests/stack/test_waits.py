"""Waits end by the state machine alone, in real seconds: the reconciler's schedule is off."""

import json
from collections.abc import Iterator

import pytest

from chalicelib.config import RINGS_PER_RUN
from tests.stack.company import Company, at, eventually
from tests.stack.conftest import Stack
from tests.stack.switches import no_schedule

STEP = 2  # seconds of every wait
LONG = 600  # seconds: longer than any test looks


@pytest.fixture(autouse=True)
def schedule_off(stack: Stack) -> Iterator[None]:
    with no_schedule(stack):
        yield


def test_a_returning_customer_waits_for_the_agent_then_the_queue_then_the_plan(stack: Stack) -> None:
    company = Company(stack, wait_for_assigned_agent=STEP, wait_for_assigned_queue=STEP)
    ada, bruno = company.agent("Ada"), company.agent("Bruno")
    queue = company.queue(ada, bruno)
    name = company.admin.must("GET", f"/sms/queues/{queue}")["name"]
    reply = {"app": "auto_reply", "text": "We will answer soon."}
    company.plan({"app": "queue", "queue_id": queue, "timeout": STEP}, reply)
    customer, interaction = company.conversation(ada)
    ada.must("leave", interaction)
    before = len(company.thread(interaction))
    customer.text("One more thing")

    assert ada.offered(interaction, "assigned_agent")["reason"] == "had this customer last"
    assert interaction not in bruno.offers()
    assert bruno.offered(interaction, "assigned_queue")["queue_id"] == queue
    bruno.offered(interaction, "plan_queue")
    eventually(lambda: customer.inbox() == ["We will answer soon."])
    eventually(lambda: company.in_stage(interaction, "none"))

    asked, *lines = company.thread(interaction)[before:]
    assert [(line["kind"], line["text"]) for line in lines] == [
        ("event", f"Offered to Ada for {STEP} s: had this customer last"),
        ("event", "Ada did not answer in time"),
        ("event", f"Offered to everybody in queue {name} for {STEP} s: queue of the last agent"),
        ("event", "Nobody accepted in time"),
        ("event", f"Plan: offered to everybody in queue {name} for {STEP} s"),
        ("event", "Nobody accepted in time"),
        ("message", "We will answer soon."),
        ("event", "The action plan ended with nobody; open for every agent of the account"),
    ]
    assert at(lines[0]) >= at(asked)
    for begun, ended in ((0, 1), (2, 3), (4, 5)):
        assert at(lines[ended]) - at(lines[begun]) >= STEP
    shown = company.show(interaction)
    assert (shown["owner"], shown["last_owner"], shown["status"], shown["read"]) == (None, ada.id, "open", False)
    assert {agent.offered(interaction, "none")["queue_id"] for agent in (ada, bruno)} == {None}


def test_a_rejection_goes_on_at_once(stack: Stack) -> None:
    company = Company(stack, wait_for_assigned_agent=LONG, wait_for_assigned_queue=LONG)
    ada, bruno = company.agent("Ada"), company.agent("Bruno")
    company.plan_queue(ada, bruno, timeout=LONG)
    customer, interaction = company.conversation(ada)
    ada.must("leave", interaction)
    customer.text("One more thing")

    ada.offered(interaction, "assigned_agent")
    ada.must("reject", interaction)
    bruno.offered(interaction, "assigned_queue")
    assert interaction not in ada.offers()
    bruno.must("reject", interaction)
    bruno.offered(interaction, "plan_queue")
    assert ada.offered(interaction, "plan_queue")


def test_a_ring_that_nobody_answers_goes_to_the_next_agent(stack: Stack) -> None:
    company = Company(stack)
    ada, bruno = company.agent("Ada"), company.agent("Bruno")
    company.plan_queue(ada, bruno, timeout=LONG, strategy="rrmemory", agent_timeout=STEP)
    customer = company.customer()
    customer.text("Hello")
    interaction = company.interaction(customer)["id"]

    ada.offered(interaction)
    assert interaction not in bruno.offers()
    bruno.offered(interaction)
    assert ada.desk()["presence"]["state"] == "not_responding"
    bruno.must("accept", interaction)
    lines = company.thread(interaction)
    rung = next(line for line in lines if line["text"].startswith("Offered to Ada"))
    missed = next(line for line in lines if line["text"] == "Rang out at Ada")
    assert at(missed) - at(rung) >= STEP
    assert company.show(interaction)["owner"] == bruno.id


def test_a_run_with_a_long_history_goes_on_in_a_fresh_execution(stack: Stack) -> None:
    company = Company(stack)
    ada = company.agent("Ada")
    company.plan_queue(ada, timeout=LONG)
    customer = company.customer()
    customer.text("Hello")
    interaction = company.interaction(customer)["id"]
    ada.offered(interaction)
    eventually(lambda: executions(stack, interaction) == {f"{interaction}-1": "RUNNING"})

    long_run = {"interaction": interaction, "run": 1, "laps": RINGS_PER_RUN}
    functions = stack.client("lambda")
    answer = functions.invoke(FunctionName=stack.outputs["NextStepName"], Payload=json.dumps(long_run))
    assert json.loads(answer["Payload"].read())["wait"] == "done"
    eventually(
        lambda: executions(stack, interaction) == {f"{interaction}-1": "SUCCEEDED", f"{interaction}-2": "RUNNING"}
    )
    ada.must("accept", interaction)
    eventually(lambda: set(executions(stack, interaction).values()) == {"SUCCEEDED"})


def executions(stack: Stack, interaction: str) -> dict[str, str]:
    """The state of each execution of this interaction, by name."""
    pages = stack.client("stepfunctions").get_paginator("list_executions")
    found = pages.paginate(stateMachineArn=stack.outputs["StateMachineArn"]).search("executions[]")
    return {one["name"]: one["status"] for one in found if one["name"].startswith(interaction)}
