"""Owners go, and supervisors give away, take back and reopen."""

from chalicelib.store import db, table
from tests.faults.company import ANN, Act, Company
from tests.faults.scenario import Event, scenario
from tests.faults.scenarios.common import directed, offered, taken
from tests.faults.scenarios.objects import deleted, members

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
