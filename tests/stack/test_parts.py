"""Long texts that a provider leaves in pieces are one text at the desk, end to end."""

import pytest

from dev import demo_accounts
from dev.simulator.contract import LEAVE_APART
from tests.stack.company import eventually
from tests.stack.conftest import Stack
from tests.stack.test_providers import CompanyOf

LONG = "It began on Monday, and by Tuesday the whole street was under water. " * 6
LEFT_APART = [demo for demo in demo_accounts.ACCOUNTS if demo.type in LEAVE_APART]


@pytest.mark.parametrize("order", ["in_order", "reversed"])
@pytest.mark.parametrize("demo", LEFT_APART, ids=lambda demo: demo.type)
def test_the_pieces_of_a_long_text_are_one_text(stack: Stack, demo: demo_accounts.DemoAccount, order: str) -> None:
    company = CompanyOf(stack, demo)
    customer = company.customer()
    assert customer.post(LONG, pieces=order)["statuses"] == [200, 200, 200]
    eventually(lambda: company.texts(customer) == [LONG])
    assert len(company.interactions(customer)) == 1
