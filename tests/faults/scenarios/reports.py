"""Delivery reports, as the provider posts them."""

from chalicelib.store import db, table
from tests.faults.company import Company
from tests.faults.scenario import Event, scenario
from tests.faults.scenarios.common import line, queued, sent

_BARE = "/sms/accounts/{account_id}/delivery/{token}"
_OURS = _BARE + "/{message_id}"


def _arrives(company: Company, told: str, *, named: bool, method: str = "POST", status: str = "delivered") -> Event:
    message, provider_id = sent(company, "Your parcel is here")
    known = message if named else None

    def there() -> None:
        assert line(company, message)["status"] == status, f"the line says {line(company, message)['status']}"

    return Event(lambda: company.report(told, provider_id, known, method), there)


@scenario("inbound", "receive", f"POST {_OURS}")
def a_report_on_the_url_of_its_message(company: Company) -> Event:
    return _arrives(company, "delivered", named=True)


@scenario("inbound", "receive", f"POST {_BARE}")
def a_report_on_the_bare_url(company: Company) -> Event:
    return _arrives(company, "undelivered", named=False, status="failed")


@scenario("inbound", "receive", f"GET {_OURS}")
def a_report_by_get(company: Company) -> Event:
    return _arrives(company, "delivered", named=True, method="GET")


@scenario("inbound", "receive", f"GET {_BARE}")
def a_report_by_get_on_the_bare_url(company: Company) -> Event:
    return _arrives(company, "delivered", named=False, method="GET")


@scenario("inbound", "receive", f"POST {_OURS}")
def a_report_after_the_close(company: Company) -> Event:
    event = _arrives(company, "delivered", named=True)
    company.does(company.first, "close", "+15005550010", {})
    return event


@scenario("inbound", "receive", f"POST {_OURS}")
def a_report_that_goes_back(company: Company) -> Event:
    event = _arrives(company, "delivered", named=True)
    message, provider_id = _last(company)
    company.report("delivered", provider_id, message)
    return Event(lambda: company.report("sent", provider_id, message), event.expect)


def _last(company: Company) -> tuple[str, str]:
    text = company.exchange.journal.inbox("+15005550010")[-1]
    where = db.get(table.provider_message(company.account["id"], str(text["provider_message_id"])))
    assert where
    return where["message_id"], str(text["provider_message_id"])


@scenario("inbound", "receive", f"POST {_BARE}")
def a_report_of_a_text_that_is_not_known_yet(company: Company) -> Event:
    queued(company, "Your parcel is here")
    key = table.provider_message(company.account["id"], "SM" + "0" * 32)

    def parked() -> None:
        assert (db.get(key) or {}).get("status") == "delivered", "the report is not kept"

    return Event(lambda: company.report("delivered", "SM" + "0" * 32), parked)
