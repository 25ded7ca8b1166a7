"""The checker sees what it is there for: each thing put wrong by hand is found."""

from collections.abc import Callable

import pytest

from chalicelib.store import table
from chalicelib.store.transaction import Transaction
from tests.faults import invariants
from tests.faults.company import ANN, Company
from tests.faults.facts import gather
from tests.faults.scenarios.common import offered, queued, taken
from tests.faults.sweep import Sweep

_SENT: dict[str, object] = {"provider": "twilio", "to": ANN, "status": 201}


def _found(company: Company) -> list[str]:
    return list(invariants.in_the_end(gather(company.now, company.requests())))


def _wrong_dedup(company: Company) -> None:
    taken(company)
    line = company.thread(company.interaction(ANN)["interaction_id"])[0]
    key = table.duplicate(company.account["id"], line["provider_message_id"])
    Transaction().delete(key).commit()


def _wrong_gap(company: Company) -> None:
    Transaction().delete(table.line(taken(company), 2)).commit()


def _wrong_owner(company: Company) -> None:
    interaction = taken(company)
    Transaction().delete(table.own(company.first, interaction)).commit()


def _wrong_count(company: Company) -> None:
    taken(company)
    Transaction().update(table.agent(company.first), add={"open_count": 1}).commit()


def _wrong_row(company: Company) -> None:
    offered(company)
    meta = company.interaction(ANN)
    Transaction().delete(table.waiting(meta["queue_id"], meta["waiting_since"], meta["interaction_id"])).commit()


def _wrong_ring(company: Company) -> None:
    offered(company, queue=company.exclusive)
    Transaction().update(table.agent(company.first), put={"ringing": None}).commit()


def _wrong_due(company: Company) -> None:
    Transaction().update(table.meta(offered(company)), put={"due_at": None}).commit()


def _wrong_text(company: Company) -> None:
    (message,) = queued(company, "One")
    Transaction().delete(table.outgoing(company.account["id"], ANN, message)).commit()


def _wrong_order(company: Company) -> None:
    queued(company, "One", "Two")
    for n, text in enumerate(("Two", "One"), 1):
        company.exchange.journal._requests[n] = {**_SENT, "text": text}


def _wrong_twice(company: Company) -> None:
    queued(company, "One")
    for n in (1, 2):
        company.exchange.journal._requests[n] = {**_SENT, "text": "One"}


def _wrong_member(company: Company) -> None:
    Transaction().delete(table.member(company.beepall, company.first)).commit()


def _wrong_disposing(company: Company) -> None:
    interaction = taken(company)
    Transaction().update(table.agent(company.second), add={"disposing": {interaction}}).commit()


def _wrong_pause(company: Company) -> None:
    Transaction().update(table.agent(company.first), put={"before_disposing": {"state": "online"}}).commit()


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (_wrong_dedup, "would be stored again"),
        (_wrong_gap, "has lines [1, 3"),
        (_wrong_owner, "disagree about who owns it"),
        (_wrong_count, "HEAD counts 2"),
        (_wrong_row, "is missing"),
        (_wrong_ring, "who is not rung"),
        (_wrong_due, "is not on the due list"),
        (_wrong_text, "is queued and not on its way"),
        (_wrong_order, "left in the order"),
        (_wrong_twice, "was sent 2 times"),
        (_wrong_member, "disagree about membership"),
        (_wrong_disposing, "disposes of"),
        (_wrong_pause, "is not what they were before"),
    ],
)
def test_what_is_put_wrong_is_found(sweep: Sweep, wrong: Callable[[Company], None], words: str) -> None:
    wrong(sweep.company)
    assert any(words in found for found in _found(sweep.company)), _found(sweep.company)
