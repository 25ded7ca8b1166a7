"""What agents do with interactions: accept, reject, open, leave, take, read, close."""

from typing import Any

from chalicelib.store import db, table
from tests.faults.company import ANN, BEN, Company
from tests.faults.scenario import Event, scenario
from tests.faults.scenarios.common import directed, left_behind, offered, taken, unassigned

_PATH = "POST /sms/interactions/{interaction_id}/"


def _act(company: Company, agent: str, verb: str, body: Any = None, **then: object) -> Event:
    """The agent does it, and META then says `then`."""
    interaction = company.interaction(ANN)["interaction_id"]
    path = f"/sms/interactions/{interaction}/{verb}"

    def done() -> None:
        meta = company.interaction(ANN)
        for name, value in then.items():
            assert meta.get(name) == value, f"{name} is {meta.get(name)}"

    return Event(lambda: company.asks(agent, "POST", path, body), done)


def _mine(company: Company) -> dict[str, object]:
    return {"owner": company.first, "stage": "none", "unread_count": 0}


@scenario("answers", _PATH + "accept")
def an_offer_to_everybody_is_accepted(company: Company) -> Event:
    offered(company)
    return _act(company, company.first, "accept", **_mine(company))


@scenario("answers", _PATH + "accept")
def a_ring_is_accepted_while_another_waits(company: Company) -> Event:
    offered(company, queue=company.exclusive)
    company.presence(company.second, "offline")
    company.customer_texts(BEN, "Me too")
    company.waits(BEN)
    return _act(company, company.first, "accept", **_mine(company))


@scenario("answers", _PATH + "accept")
def the_last_owner_accepts(company: Company) -> Event:
    directed(company)
    return _act(company, company.first, "accept", **_mine(company))


@scenario("answers", _PATH + "open")
def what_nobody_took_is_opened(company: Company) -> Event:
    unassigned(company)
    return _act(company, company.first, "open", **_mine(company))


@scenario("answers", _PATH + "open")
def the_owner_opens_a_closed_tab(company: Company) -> Event:
    left_behind(company)
    return _act(company, company.first, "open", **_mine(company))


@scenario("answers", _PATH + "reject")
def the_only_one_there_rejects_an_offer_to_everybody(company: Company) -> Event:
    offered(company)
    company.presence(company.second, "offline")
    return _act(company, company.first, "reject", rejected={company.first})


@scenario("answers", _PATH + "reject")
def a_ring_is_rejected(company: Company) -> Event:
    """The next one is rung at once, or when the queue is looked at again."""
    offered(company, queue=company.exclusive)
    return _act(company, company.first, "reject", rejected={company.first})


@scenario("answers", _PATH + "reject")
def the_last_owner_rejects(company: Company) -> Event:
    directed(company)
    return _act(company, company.first, "reject", rejected={company.first})


@scenario("answers", _PATH + "reject")
def what_nobody_took_is_rejected(company: Company) -> Event:
    unassigned(company)
    return _act(company, company.first, "reject", rejected={company.first}, stage="none")


@scenario("answers", _PATH + "leave")
def a_tab_is_left_with_an_unread_text(company: Company) -> Event:
    taken(company)
    company.customer_texts(ANN, "Are you there?")
    return _act(company, company.first, "leave", tab=None)


@scenario("answers", _PATH + "leave")
def a_tab_is_left_with_everything_read(company: Company) -> Event:
    taken(company)
    return _act(company, company.first, "leave", tab=None, owner=company.first, stage="none")


@scenario("answers", _PATH + "take")
def a_supervisor_takes_over(company: Company) -> Event:
    taken(company)
    return _act(company, "supervisor", "take", owner=company.boss, stage="none")


@scenario("answers", _PATH + "take")
def a_supervisor_takes_what_rings(company: Company) -> Event:
    offered(company, queue=company.exclusive)
    return _act(company, "supervisor", "take", owner=company.boss, stage="none")


@scenario("answers", _PATH + "read")
def a_text_is_read(company: Company) -> Event:
    taken(company)
    company.customer_texts(ANN, "Are you there?")
    n = company.interaction(ANN)["n"]
    return _act(company, company.first, "read", {"n": n}, unread_count=0, read_n=n)


@scenario("answers", _PATH + "unread")
def a_conversation_is_marked_unread(company: Company) -> Event:
    taken(company)
    return _act(company, company.first, "unread", unread=True)


@scenario("answers", _PATH + "close")
def the_owner_closes(company: Company) -> Event:
    taken(company)
    return _act(company, company.first, "close", {}, status="closed", owner=None)


@scenario("answers", _PATH + "close")
def a_supervisor_closes_what_is_offered_again(company: Company) -> Event:
    """The owner has read the text on the way: closing ends the round, and a ring with it."""
    directed(company)
    n = company.interaction(ANN)["n"]
    company.asks(company.first, "POST", _of(company, "read"), {"n": n})
    return _act(company, "supervisor", "close", {}, status="closed", owner=None, stage="none")


def _row(company: Company) -> dict[str, Any]:
    return db.get(table.opt_out(company.account["id"], ANN)) or {}


@scenario("answers", "POST /sms/optouts")
def a_number_is_opted_out_by_a_person(company: Company) -> Event:
    taken(company)
    body = {"account_id": company.account["id"], "address": ANN, "state": "out"}

    def out() -> None:
        assert (_row(company)["state"], _row(company)["source"]) == ("out", "person")
        told = [event for event in company.events(company.interaction(ANN)["interaction_id"]) if "Opted out" in event]
        assert len(told) == 1, f"the thread says {told}"

    return Event(lambda: company.asks("supervisor", "POST", "/sms/optouts", body), out)


@scenario("answers", "POST /sms/accounts/{account_id}/blocked")
def a_number_that_rings_is_blocked(company: Company) -> Event:
    offered(company, queue=company.exclusive)
    path = f"/sms/accounts/{company.account['id']}/blocked"

    def gone() -> None:
        assert "blocked_at" in _row(company), "it is not blocked"
        meta = company.interaction(ANN)
        assert (meta["status"], meta["stage"]) == ("closed", "none")

    return Event(lambda: company.asks("supervisor", "POST", path, {"add": [ANN]}), gone)


@scenario("answers", _PATH + "transfer")
def an_interaction_is_handed_over(company: Company) -> Event:
    taken(company)
    return _act(company, company.first, "transfer", {"agent_id": company.second}, owner=company.first)


@scenario("answers", "DELETE /sms/interactions/{interaction_id}/transfer")
def a_hand_over_is_taken_back(company: Company) -> Event:
    _handed_over(company)
    path = _of(company, "transfer")

    def done() -> None:
        meta = company.interaction(ANN)
        assert (meta["stage"], meta["owner"]) == ("none", company.first)

    return Event(lambda: company.asks(company.first, "DELETE", path), done)


@scenario("answers", _PATH + "accept")
def what_is_handed_over_is_accepted(company: Company) -> Event:
    _handed_over(company)
    return _act(company, company.second, "accept", owner=company.second, stage="none")


@scenario("answers", _PATH + "reject")
def what_is_handed_over_is_rejected(company: Company) -> Event:
    _handed_over(company)
    return _act(company, company.second, "reject", owner=company.first)


def _handed_over(company: Company) -> None:
    taken(company)
    company.does(company.first, "transfer", ANN, {"agent_id": company.second})
    company.waits(ANN)


def _of(company: Company, verb: str) -> str:
    return f"/sms/interactions/{company.interaction(ANN)['interaction_id']}/{verb}"
