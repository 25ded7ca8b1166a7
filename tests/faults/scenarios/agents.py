"""Agents come, go and poll."""

from chalicelib.store import db, table
from tests.faults.company import ANN, BEN, Company
from tests.faults.scenario import Event, scenario
from tests.faults.scenarios.common import offered, plan_with_queue, taken

_OWN = "PUT /agents/me/presence"


def _goes(company: Company, state: str, pause: str | None = None) -> Event:
    body = {"state": state} if pause is None else {"state": state, "pause": pause}

    def there() -> None:
        head = db.get(table.agent(company.first))
        assert head, "the agent is gone"
        assert head["state"] == state, f"the agent is {head['state']}"

    return Event(lambda: company.asks(company.first, "PUT", "/agents/me/presence", body), there)


@scenario("agents", _OWN)
def an_agent_comes_online_to_waiting_texts(company: Company) -> Event:
    for agent in (company.first, company.second):
        company.presence(agent, "offline")
    plan_with_queue(company, company.exclusive)
    for address in (ANN, BEN):
        company.customer_texts(address, f"Hello from {address}")
        company.waits(address)
    event = _goes(company, "online")

    def rung() -> None:
        event.expect()
        assert company.interaction(ANN).get("ring_agent") == company.first, "the oldest text does not ring"

    return Event(event.act, rung)


@scenario("agents", _OWN)
def an_agent_logs_out_with_an_unread_text(company: Company) -> Event:
    taken(company)
    company.customer_texts(ANN, "Are you there?")
    return _goes(company, "offline")


@scenario("agents", _OWN)
def an_agent_logs_out_with_everything_read(company: Company) -> Event:
    taken(company)
    return _goes(company, "offline")


@scenario("agents", _OWN)
def an_agent_pauses_while_it_rings(company: Company) -> Event:
    offered(company, queue=company.exclusive)
    return _goes(company, "paused", "lunch")


@scenario("agents", _OWN)
def an_agent_logs_out_while_it_rings(company: Company) -> Event:
    offered(company, queue=company.exclusive)
    return _goes(company, "offline")


@scenario("agents", "PUT /agents/{agent_id}/presence")
def a_supervisor_logs_an_agent_out(company: Company) -> Event:
    taken(company)
    company.customer_texts(ANN, "Are you there?")
    event = _goes(company, "offline")
    path = f"/agents/{company.first}/presence"
    return Event(lambda: company.asks("supervisor", "PUT", path, {"state": "offline"}), event.expect)


@scenario("agents", "GET /sms/desk")
def a_poll_that_renews_presence(company: Company) -> Event:
    offered(company)
    company.later(25)

    def fresh() -> None:
        head = db.get(table.agent(company.first))
        assert head, "the agent is gone"
        assert head["seen_at"] == company.now, "the poll was not noted"

    return Event(lambda: company.desk(company.first), fresh)


@scenario("agents", "GET /sms/desk")
def the_first_poll_after_a_silence(company: Company) -> Event:
    taken(company)
    company.customer_texts(ANN, "Are you there?")
    company.later(61)

    def over() -> None:
        head = db.get(table.agent(company.first))
        assert head, "the agent is gone"
        assert (head["open_count"], head["seen_at"]) == (0, company.now), "the old session goes on"

    return Event(lambda: company.desk(company.first), over)
