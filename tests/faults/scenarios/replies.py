"""What agents write: replies, retries, notes; each asked for again under the same Idempotency-Key."""

from typing import Any

from tests.faults.company import ANN, Company
from tests.faults.scenario import Event, scenario
from tests.faults.scenarios.common import directed, line, offered, queued, taken

_PATH = "POST /sms/interactions/{interaction_id}/"


def _written(company: Company, who: str, path: str, body: Any, text: str, *, times: int = 1) -> Event:
    """The thread then has the text so many times."""
    interaction = company.interaction(ANN)["interaction_id"]
    url = f"/sms/interactions/{interaction}/{path}"

    def there() -> None:
        found = [line["text"] for line in company.thread(interaction)].count(text)
        assert found == times, f"the thread has the text {found} times"

    return Event(lambda: company.asks(who, "POST", url, body, **{"Idempotency-Key": "the-same"}), there)


@scenario("answers", _PATH + "messages")
def the_owner_replies(company: Company) -> Event:
    taken(company)
    return _written(company, company.first, "messages", {"text": "On its way"}, "On its way")


@scenario("answers", _PATH + "messages")
def the_owner_replies_twice(company: Company) -> Event:
    queued(company, "One moment")
    return _written(company, company.first, "messages", {"text": "On its way"}, "On its way")


@scenario("answers", _PATH + "messages")
def a_reply_accepts_the_offer(company: Company) -> Event:
    offered(company)
    return _owned(company, _written(company, company.first, "messages", {"text": "On its way"}, "On its way"))


@scenario("answers", _PATH + "messages")
def a_reply_of_the_last_owner_accepts(company: Company) -> Event:
    directed(company)
    return _owned(company, _written(company, company.first, "messages", {"text": "On its way"}, "On its way"))


def _owned(company: Company, event: Event) -> Event:
    def there() -> None:
        event.expect()
        assert company.interaction(ANN).get("owner") == company.first, "the reply accepted nothing"

    return Event(event.act, there)


@scenario("answers", _PATH + "messages/{message_id}/retry")
def a_failed_text_is_sent_again(company: Company) -> Event:
    (message,) = queued(company, "Hello?")
    company.behave("reject", to=ANN, times=1)
    company.receive_records()
    company.dispatch()
    assert line(company, message)["status"] == "failed"
    company.forget_provider()
    return _written(company, company.first, f"messages/{message}/retry", {}, "Hello?", times=2)


@scenario("answers", _PATH + "notes")
def a_note_is_added(company: Company) -> Event:
    taken(company)
    return _written(company, company.first, "notes", {"text": "Called before"}, "Called before")


@scenario("answers", "POST /sms/accounts/{account_id}/check/text")
def a_test_text_is_sent(company: Company) -> Event:
    path = f"/sms/accounts/{company.account['id']}/check/text"
    body = {"to": ANN, "text": "Does it work?"}

    def there() -> None:
        found = [line["text"] for line in company.thread(company.interaction(ANN)["interaction_id"])]
        assert found.count("Does it work?") == 1, f"the thread has {found}"

    return Event(lambda: company.asks("admin", "POST", path, body, **{"Idempotency-Key": "the-same"}), there)
