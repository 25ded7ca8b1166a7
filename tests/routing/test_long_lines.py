"""What an agent may have is found behind any number of texts that are not for them."""

from typing import Any

import pytest

from chalicelib.store import db, table
from tests.team import Team

ANN = "+15005550010"
MANY = 210


@pytest.fixture
def agent(team: Team) -> str:
    return team.agent("Ann")


def put_before(key: Any, **fields: Any) -> None:
    """Older rows in a line, as `rounds` writes them, that an agent may not have; `key` names one by its number."""
    for n in range(MANY):
        interaction = f"int_other{n}"
        row = {"interaction_id": interaction, "address": "+15005550099", "since": n, "stage": "plan_queue", **fields}
        db.put(key(n, interaction), row)


def test_a_common_queue_that_is_full_of_another_accounts_texts_still_shows_this_ones(team: Team, agent: str) -> None:
    queue = team.queue(agent)
    put_before(lambda n, one: table.waiting(queue, n, one), account_id="acc_other", queue_id=queue, strategy="beepall")
    team.plan({"app": "queue", "queue_id": queue, "timeout": 60})
    team.text(ANN)
    team.step(ANN)
    assert team.offers(agent) == [team.interaction(ANN)["interaction_id"]]


def test_who_has_turned_down_the_oldest_is_shown_the_next_that_nobody_took(team: Team, agent: str) -> None:
    account = team.account["id"]
    put_before(lambda n, one: table.unassigned(account, n, one), account_id=account, rejected={agent})
    team.text(ANN)
    team.step(ANN)
    assert team.offers(agent) == [team.interaction(ANN)["interaction_id"]]
