"""The deployed reconciler looks for conversations that are silent for too long, and closes none before its time."""

from tests.stack.company import Company
from tests.stack.conftest import Stack
from tests.stack.switches import no_schedule


def test_a_conversation_of_today_stays_open_when_silence_is_looked_for(stack: Stack) -> None:
    with no_schedule(stack):
        company = Company(stack, close_after={"days": 1})
        ada = company.agent("Ada")
        company.plan_queue(ada)
        _, interaction = company.conversation(ada)
        found = stack.laptop.reconcile()
        assert (found["looked"] >= 1, found["finds"], found["failed"]) == (True, 0, 0)
        assert company.show(interaction)["status"] == "open"
        assert stack.laptop.reconcile()["failed"] == 0
        ada.must("close", interaction, {})
