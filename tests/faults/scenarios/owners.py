"""Owners go, and supervisors give away, take back and reopen."""

from chalicelib.store import db, table
from tests.faults.company import ANN, Act, Company
from tests.faults.scenario import Event, scenario
from tests.faults.scenarios.common import directed, left_behind, offered, taken, unassigned
from tests.faults.scenarios.objects import changed, deleted, members

_MEMBERS = "POST /sms/accounts/{account_id}/agents"


def _also(event: Event, expect: Act) -> Event:
    def both() -> None:
        event.expect()
        expect()

    return Event(event.act, both)


def _looked_after(company: Company) -> Act:
    def check() -> None:
        assert company.interaction(ANN)["stage"] != "none", "nobody looks for somebody"
        head = db.get(table.agent(company.first)) or {}
        assert head["open_count"] == 0, "the tab still counts"

    return check


def _taken_off(company: Company) -> Event:
    return members(company, f"/sms/accounts/{company.account['id']}/agents", "accounts", [], [company.first])


@scenario("owners", _MEMBERS)
def an_owner_with_an_unread_text_is_taken_off_the_account(company: Company) -> Event:
    taken(company)
    company.customer_texts(ANN, "Are you there?")
    return _also(_taken_off(company), _looked_after(company))


@scenario("owners", _MEMBERS)
def the_last_owner_is_taken_off_while_it_is_offered_to_them(company: Company) -> Event:
    interaction = directed(company)

    def withdrawn() -> None:
        assert db.get(table.directed(company.first, interaction)) is None, "the offer is still there"

    return _also(_taken_off(company), withdrawn)


@scenario("owners", "POST /sms/queues/{queue_id}/agents")
def who_is_rung_leaves_the_queue(company: Company) -> Event:
    offered(company, queue=company.exclusive)
    return members(company, f"/sms/queues/{company.exclusive}/agents", "queues", [], [company.first])


@scenario("owners", "DELETE /agents/{agent_id}")
def an_owner_with_an_unread_text_is_deleted(company: Company) -> Event:
    taken(company)
    company.customer_texts(ANN, "Are you there?")
    event = deleted(company, f"/agents/{company.first}", table.configuration("agent", company.first))

    def revoked() -> None:
        left = list(db.query_all(table.configuration("token", "")["pk"]))
        assert company.first not in [item.get("agent_id") for item in left], "the token still works"

    return _also(_also(event, _looked_after(company)), revoked)


_INTERACTION = "POST /sms/interactions/{interaction_id}/"


def _supervisor(company: Company, verb: str, body: dict[str, str] | None, **then: object) -> Event:
    """The supervisor does it, and META then says `then`."""
    path = f"/sms/interactions/{company.interaction(ANN)['interaction_id']}/{verb}"

    def done() -> None:
        meta = company.interaction(ANN)
        for name, value in then.items():
            assert meta.get(name) == value, f"{name} is {meta.get(name)}"

    return Event(lambda: company.asks("supervisor", "POST", path, body), done)


@scenario("owners", _INTERACTION + "reassign")
def a_ring_is_given_to_somebody(company: Company) -> Event:
    offered(company, queue=company.exclusive)
    return _supervisor(company, "reassign", {"agent_id": company.second}, owner=company.second)


@scenario("owners", _INTERACTION + "reassign")
def what_nobody_took_is_given_to_somebody(company: Company) -> Event:
    unassigned(company)
    return _supervisor(company, "reassign", {"agent_id": company.first}, owner=company.first)


@scenario("owners", _INTERACTION + "reassign")
def a_conversation_is_sent_into_a_queue(company: Company) -> Event:
    taken(company)
    return _supervisor(company, "reassign", {"queue_id": company.exclusive}, owner=None, last_owner=company.first)


@scenario("owners", "POST /sms/interactions/reassign")
def what_lies_at_somebody_who_is_away_is_given_to_another(company: Company) -> Event:
    interaction = left_behind(company)
    company.presence(company.first, "offline")
    body = {"interactions": [interaction], "agent_id": company.second}

    def given() -> None:
        assert company.interaction(ANN)["owner"] == company.second, "the other does not have it"

    return Event(lambda: company.asks("supervisor", "POST", "/sms/interactions/reassign", body), given)


@scenario("owners", _INTERACTION + "reopen")
def a_closed_conversation_is_reopened(company: Company) -> Event:
    taken(company)
    company.does(company.first, "close", ANN, {})
    return _supervisor(company, "reopen", None, status="open", owner=company.first, closed_at=None)


@scenario("owners", _INTERACTION + "reopen")
def what_the_plan_closed_is_reopened_for_everybody(company: Company) -> Event:
    company.plan({"app": "close"})
    company.customer_texts(ANN, "Hello")
    company.steps(ANN)
    assert company.interaction(ANN)["status"] == "closed"
    return _supervisor(company, "reopen", None, status="open", owner=None, stage="none")


def _closes_after_a_day(company: Company) -> Event:
    """The administrator says so; what is in the table of it is asked for by `expect`."""
    account = company.account["id"]
    return changed(
        company, f"/sms/accounts/{account}", "account", account, close_after={"days": 1, "disposition": None}
    )


@scenario("owners", "PATCH /sms/accounts/{account_id}")
def silent_conversations_are_to_be_closed(company: Company) -> Event:
    key = table.account(company.account["id"])

    def due() -> None:
        assert "due_at" in (db.get(key) or {}), "nobody will look for them"

    return _also(_closes_after_a_day(company), due)


@scenario("owners", "reconcile")
def a_conversation_has_been_silent_for_a_day(company: Company) -> Event:
    interaction = left_behind(company)
    _closes_after_a_day(company).act()
    company.silent = frozenset({company.first, company.second, company.boss})
    company.later(86_400)

    def closed() -> None:
        assert (db.get(table.meta(interaction)) or {})["status"] == "closed", "it is still open"

    return Event(company.reconciler, closed, again_after=59)
