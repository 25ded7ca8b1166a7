"""Disposing: agents are paused by it and free again after it, whatever fails on the way."""

from chalicelib.store import db, table
from tests.faults.company import ANN, BEN, Company
from tests.faults.scenario import Event, scenario
from tests.faults.scenarios.common import taken
from tests.faults.scenarios.objects import changed

_PATH = "/sms/interactions/{interaction_id}/"
_WRAP_UP = "Wrap-up"


def _with_a_pause(company: Company) -> str:
    """The account's agents have a pause while disposing; answers the pause."""
    pause = company.must("admin", "POST", "/pauses", {"name": _WRAP_UP})["id"]
    body = {"mandatory_disposition": {"pause_id": pause}}
    path = f"/sms/accounts/{company.account['id']}"
    version = company.must("admin", "GET", path)["version"]
    company.asks("admin", "PATCH", path, body, **{"If-Match": str(version)})
    company.new_process()
    return pause


def _disposing(company: Company) -> str:
    """The first agent disposes of an interaction while another customer's text waits for somebody free."""
    _with_a_pause(company)
    interaction = taken(company)
    company.does(company.first, "dispose", ANN)
    company.presence(company.second, "offline")
    company.plan({"app": "queue", "queue_id": company.exclusive, "timeout": 300})
    company.customer_texts(BEN, "Me too")
    company.waits(BEN)
    assert "ring_agent" not in company.interaction(BEN)
    return interaction


def _event(company: Company, who: str, method: str, path: str, state: str, body: object = None) -> Event:
    """Somebody calls, and the first agent then is in a state: still disposing if it is paused."""

    def so() -> None:
        head = db.get(table.agent(company.first)) or {}
        assert head["state"] == state, f"the agent is {head['state']}"
        assert bool(head.get("disposing")) == (state == "paused")

    return Event(lambda: company.asks(who, method, path, body), so)


def _of(interaction: str, verb: str) -> str:
    return f"/sms/interactions/{interaction}/{verb}"


@scenario("disposing", f"POST {_PATH}dispose")
def an_owner_disposes_while_another_text_rings(company: Company) -> Event:
    _with_a_pause(company)
    interaction = taken(company)
    company.plan({"app": "queue", "queue_id": company.exclusive, "timeout": 300})
    company.customer_texts(BEN, "Me too")
    company.waits(BEN)
    assert company.interaction(BEN)["ring_agent"] == company.first
    return _event(company, company.first, "POST", _of(interaction, "dispose"), "paused")


@scenario("disposing", f"DELETE {_PATH}dispose")
def disposing_is_cancelled(company: Company) -> Event:
    interaction = _disposing(company)
    return _event(company, company.first, "DELETE", _of(interaction, "dispose"), "online")


@scenario("disposing", f"POST {_PATH}close")
def what_is_disposed_of_is_closed(company: Company) -> Event:
    interaction = _disposing(company)
    return _event(company, company.first, "POST", _of(interaction, "close"), "online", {})


@scenario("disposing", f"POST {_PATH}take")
def what_is_disposed_of_is_taken_over(company: Company) -> Event:
    interaction = _disposing(company)
    return _event(company, "supervisor", "POST", _of(interaction, "take"), "online")


@scenario("disposing", "PUT /agents/me/presence")
def an_agent_who_disposes_logs_out(company: Company) -> Event:
    _disposing(company)
    return _event(company, company.first, "PUT", "/agents/me/presence", "offline", {"state": "offline"})


@scenario("disposing", "PATCH /sms/accounts/{account_id}")
def an_account_gets_another_pause(company: Company) -> Event:
    old = _with_a_pause(company)
    new = company.must("admin", "POST", "/pauses", {"name": "Notes"})["id"]
    identifier = company.account["id"]
    mandatory = {"enabled": False, "pause_id": new}
    path = f"/sms/accounts/{identifier}"
    event = changed(company, path, "account", identifier, mandatory_disposition=mandatory)

    def named() -> None:
        event.expect()
        users = [(db.get(table.configuration("pause", one)) or {}).get("named_by") for one in (old, new)]
        assert users == [None, {identifier}], f"the pauses are named by {users}"

    return Event(event.act, named)


@scenario("disposing", f"POST {_PATH}close")
def what_is_disposed_of_is_closed_with_the_disposition_that_is_mandatory(company: Company) -> Event:
    interaction = _disposing(company)
    sold = company.must("admin", "POST", "/dispositions", {"name": "Sold"})["id"]
    path = f"/sms/accounts/{company.account['id']}"
    company.asks("admin", "PATCH", path, {"mandatory_disposition": {"enabled": True}}, **{"If-Match": '"2"'})
    company.new_process()
    event = _event(company, company.first, "POST", _of(interaction, "close"), "online", {"disposition": sold})

    def closed() -> None:
        event.expect()
        assert company.interaction(ANN)["disposition"] == {"id": sold, "path": ["Sold"]}

    return Event(event.act, closed)


@scenario("disposing", "next_step")
def the_round_of_an_owner_who_disposes_ends_without_them(company: Company) -> Event:
    """The tab is closed, so the next text is offered to the owner, who is paused, and then to the queue."""
    _with_a_pause(company)
    company.plan({"app": "queue", "queue_id": company.exclusive, "timeout": 300})
    company.presence(company.second, "offline")
    company.customer_texts(ANN, "Hello")
    company.waits(ANN)
    for verb in ("accept", "leave", "dispose"):
        company.does(company.first, verb, ANN)
    company.customer_texts(ANN, "Hello again")
    company.waits(ANN)
    company.later(11)
    meta = company.interaction(ANN)

    def rung() -> None:
        head = db.get(table.agent(company.first)) or {}
        assert (head["state"], head.get("disposing")) == ("online", None), f"the agent is {head['state']}"
        assert company.interaction(ANN)["stage"] == "assigned_queue"

    return Event(lambda: company.next_step(meta["interaction_id"], meta["run"]), rung)


@scenario("disposing", "reconcile")
def an_agent_who_disposes_falls_silent(company: Company) -> Event:
    _disposing(company)
    company.silent = frozenset({company.first})
    company.later(61)

    def over() -> None:
        head = db.get(table.agent(company.first)) or {}
        assert (head.get("disposing"), head["open_count"]) == (None, 0), "the session is not over"

    return Event(company.reconciler, over, again_after=59)
