"""Many interactions wait at once, each by its own execution: none is missed, early or done twice.

By default a small sample; with WAITING=200 the full run (`make waiting`). How late the timers are is printed.
"""

import os
import statistics
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.conftest import Tell
from tests.stack.company import Company, Customer, at, eventually
from tests.stack.conftest import Stack
from tests.stack.switches import no_schedule

MANY = int(os.environ.get("WAITING", "20"))
A_SECOND = 5  # customers who text
SPREAD = MANY / A_SECOND  # seconds over which the deadlines lie
OVERLAP = 20  # seconds in which all of them wait
TIMEOUT = int(SPREAD) + OVERLAP


@pytest.fixture(autouse=True)
def schedule_off(stack: Stack) -> Iterator[None]:
    with no_schedule(stack):
        yield


def test_every_wait_ends_once_and_not_before_its_time(stack: Stack, tell: Tell) -> None:
    company = Company(stack)
    away = company.agent("Away", online=False)
    company.plan_queue(away, timeout=TIMEOUT)
    customers = [company.customer() for _ in range(MANY)]
    warm_up(company)

    begun = time.monotonic()
    for n, customer in enumerate(customers):
        time.sleep(max(0.0, begun + n / A_SECOND - time.monotonic()))
        customer.text(f"Question {n}")
    posted = time.monotonic() - begun
    eventually(lambda: stages(company, customers).count("plan_queue") == MANY, SPREAD + OVERLAP)
    eventually(lambda: stages(company, customers) == ["none"] * MANY, TIMEOUT + SPREAD + 120)

    late = [lateness(company, one["id"]) for one in interactions(company, customers)]
    assert min(late) >= 0, f"a wait ended {-min(late)} s early"
    late.sort()
    lateness_seen = f"late: median {statistics.median(late):.2f} s, p99 {late[int(0.99 * MANY)]:.2f} s"
    tell(f"{MANY} waiting at once, texted within {posted:.0f} s: none missing, early or doubled; {lateness_seen}")


def warm_up(company: Company) -> None:
    """One interaction on the whole way until it waits."""
    first = company.customer()
    first.text("Hello")
    eventually(lambda: company.interaction(first)["stage"] == "plan_queue")


def stages(company: Company, customers: list[Customer]) -> list[str]:
    return [one["stage"] for one in interactions(company, customers)]


def interactions(company: Company, customers: list[Customer]) -> list[dict[str, Any]]:
    """Those of these customers, of each the newest first."""
    numbers = {customer.number for customer in customers}
    path = f"/sms/interactions?account_id={company.id}&sort=started&limit=200"
    found: list[dict[str, Any]] = []
    cursor: str | None = ""
    while cursor is not None:
        page = company.admin.must("GET", path + (f"&cursor={cursor}" if cursor else ""))
        found += [one for one in page["data"] if one["address"] in numbers]
        cursor = page["page"]["next_cursor"]
    return found


def lateness(company: Company, interaction: str) -> float:
    """Seconds between the deadline of its one wait and the end of it."""
    lines = company.thread(interaction)
    assert [line["kind"] for line in lines].count("message") == 1
    (entered,) = (line for line in lines if line["text"].startswith("Plan: offered to everybody in queue"))
    (ended,) = (line for line in lines if line["text"] == "Nobody accepted in time")
    assert [line["text"][:22] for line in lines].count("The action plan ended ") == 1
    return at(ended) - at(entered) - TIMEOUT
