"""Customers' texts, as the provider posts them to the receive function."""

from chalicelib.store import db, table
from chalicelib.store.transaction import Transaction
from tests.faults.company import ANN, Company
from tests.faults.scenario import Event, scenario
from tests.faults.scenarios.common import left_behind, offered, plan_with_queue, taken, texts, unassigned

_POST = ("receive", "POST /sms/accounts/{account_id}/receive/{token}")
_GET = ("receive", "GET /sms/accounts/{account_id}/receive/{token}")


def _arrives(company: Company, text: str, *thread: str, **fields: str) -> Event:
    """The text is the last of the address's thread, which is as given before it."""

    def stored() -> None:
        assert texts(company) == [*thread, text], f"the thread is {texts(company)}"

    return Event(lambda: company.customer_texts(ANN, text, **fields), stored)


@scenario("inbound", *_POST)
def a_first_text(company: Company) -> Event:
    plan_with_queue(company, company.beepall)
    return _arrives(company, "Hello")


@scenario("inbound", *_GET)
def a_first_text_by_get(company: Company) -> Event:
    event = _arrives(company, "Hello")
    return Event(lambda: company.customer_texts(ANN, "Hello", "GET"), event.expect)


@scenario("inbound", *_POST)
def a_text_of_a_customer_whose_agent_has_left(company: Company) -> Event:
    left_behind(company)
    return _arrives(company, "Hello again", f"Hello from {ANN}")


@scenario("inbound", *_POST)
def a_text_into_an_open_tab(company: Company) -> Event:
    taken(company)
    return _arrives(company, "Are you there?", f"Hello from {ANN}")


@scenario("inbound", *_POST)
def a_text_into_a_tab_whose_agent_logged_out(company: Company) -> Event:
    taken(company)
    company.presence(company.first, "offline")
    return _arrives(company, "Are you there?", f"Hello from {ANN}")


@scenario("inbound", *_POST)
def a_text_that_joins_a_round(company: Company) -> Event:
    offered(company)
    return _arrives(company, "Anybody?", f"Hello from {ANN}")


@scenario("inbound", *_POST)
def a_text_that_joins_before_the_round_begins(company: Company) -> Event:
    plan_with_queue(company, company.beepall)
    company.customer_texts(ANN, "Hello")
    return _arrives(company, "Anybody?", "Hello")


@scenario("inbound", *_POST)
def a_text_that_came_before(company: Company) -> Event:
    plan_with_queue(company, company.beepall)
    company.customer_texts(ANN, "Hello")
    return _arrives(company, "Hello")


@scenario("inbound", *_POST)
def a_text_into_what_nobody_took(company: Company) -> Event:
    unassigned(company)
    return _arrives(company, "Anybody?", f"Hello from {ANN}")


@scenario("inbound", *_POST)
def a_text_after_the_close(company: Company) -> Event:
    taken(company)
    company.does(company.first, "close", ANN, {})
    return _arrives(company, "One more thing")


@scenario("inbound", *_POST)
def a_text_soon_after_the_close(company: Company) -> Event:
    interaction = taken(company)
    company.does(company.first, "close", ANN, {})
    path = f"/sms/accounts/{company.account['id']}"
    company.must("admin", "PATCH", path, {"reopen_hours": 1}, **{"If-Match": '"1"'})
    event = _arrives(company, "One more thing", f"Hello from {ANN}")

    def reopened() -> None:
        event.expect()
        meta = company.interaction(ANN)
        assert (meta["interaction_id"], meta["owner"]) == (interaction, company.first), "it is not the same again"

    return Event(event.act, reopened)


@scenario("inbound", *_POST)
def a_text_to_an_account_that_is_switched_off(company: Company) -> Event:
    left_behind(company)
    path = f"/sms/accounts/{company.account['id']}"
    company.must("admin", "PATCH", path, {"enabled": False}, **{"If-Match": '"1"'})
    event = _arrives(company, "Hello again", f"Hello from {ANN}")

    def unassigned() -> None:
        event.expect()
        meta = company.interaction(ANN)
        assert (meta["stage"], meta.get("owner")) == ("none", None), "it is routed"

    return Event(event.act, unassigned)


@scenario("inbound", *_POST)
def a_text_of_a_blocked_number(company: Company) -> Event:
    plan_with_queue(company, company.beepall)
    path = f"/sms/accounts/{company.account['id']}/blocked"
    company.must("supervisor", "POST", path, {"add": [ANN]})
    event = _arrives(company, "Buy this")

    def aside() -> None:
        event.expect()
        assert company.interaction(ANN)["status"] == "closed", "it is open"

    return Event(event.act, aside)


def _parts(company: Company, *before: int, agent: bool) -> Event:
    """The second part of three comes to an account whose provider leaves them apart, after those `before`."""
    Transaction().update(table.configuration("account", company.account["id"]), put={"type": "csctelecom"}).commit()
    plan_with_queue(company, company.beepall)
    words = {1: "One ", 2: "two ", 3: "three"}
    for number in before:
        company.customer_texts_part(ANN, words[number], number, 3)
    if agent:
        company.waits(ANN)
        company.does(company.first, "accept", ANN)

    def stored() -> None:
        there = {*before, 2}
        text = "".join(words[number] if number in there else "…" for number in (1, 2, 3))
        assert texts(company) == [text], f"the thread is {texts(company)}"
        meta = company.interaction(ANN)
        assert (meta["unread_count"], meta["last_preview"]) == (1, text), "it is read, or shown otherwise"

    return Event(lambda: company.customer_texts_part(ANN, words[2], 2, 3), stored)


@scenario("inbound", *_POST)
def the_first_part_of_a_long_text(company: Company) -> Event:
    return _parts(company, agent=False)


@scenario("inbound", *_POST)
def a_part_of_a_text_that_is_being_routed(company: Company) -> Event:
    return _parts(company, 1, agent=False)


@scenario("inbound", *_POST)
def the_last_part_of_a_text_that_was_read(company: Company) -> Event:
    return _parts(company, 3, 1, agent=True)


def _keyword(company: Company, text: str, state: str | None, *thread: str) -> Event:
    event = _arrives(company, text, *thread, OptOutType=text)

    def written() -> None:
        event.expect()
        ledger = db.get(table.opt_out(company.account["id"], ANN)) or {}
        assert ledger.get("state") == state, f"the ledger says {ledger.get('state')}"
        assert len(company.delivered(ANN)) <= 1

    return Event(event.act, written)


@scenario("inbound", *_POST)
def a_stop_of_a_stranger(company: Company) -> Event:
    return _keyword(company, "STOP", "out")


@scenario("inbound", *_POST)
def a_stop_that_the_desk_answers(company: Company) -> Event:
    taken(company)
    path = f"/sms/accounts/{company.account['id']}"
    company.must("admin", "PATCH", path, {"opt_out_reply": "desk"}, **{"If-Match": '"1"'})
    return _keyword(company, "STOP", "out", f"Hello from {ANN}")


@scenario("inbound", *_POST)
def a_start_after_a_stop(company: Company) -> Event:
    company.customer_texts(ANN, "STOP", OptOutType="STOP")
    return _keyword(company, "START", "in")


@scenario("inbound", *_POST)
def a_call_for_help_in_a_round(company: Company) -> Event:
    offered(company)
    return _keyword(company, "HELP", None, f"Hello from {ANN}")
