"""Texts on their way out, through the function behind the queue."""

from tests.faults.company import ANN, BEN, CAT, Company
from tests.faults.scenario import Event, scenario
from tests.faults.scenarios.common import line, queued, reply, taken


def _leave(company: Company, *messages: str, status: tuple[str, ...] = ("sending", "sent")) -> Event:
    """What the queue shows is dealt with. Where a claim got lost the outcome is unknown, and stays so."""
    company.receive_records()

    def told() -> None:
        for message in messages:
            found = line(company, message)["status"]
            assert found in (*status, "queued", "unknown"), f"a line says {found}"

    return Event(company.dispatch, told)


@scenario("dispatch", "dispatch")
def a_text_is_sent(company: Company) -> Event:
    return _leave(company, *queued(company, "One"))


@scenario("dispatch", "dispatch")
def three_texts_of_a_conversation_are_sent(company: Company) -> Event:
    return _leave(company, *queued(company, "One", "Two", "Three"))


@scenario("dispatch", "dispatch")
def three_conversations_and_the_middle_one_is_throttled(company: Company) -> Event:
    messages = [message for n, a in enumerate((ANN, BEN, CAT)) for message in queued(company, f"Text {n}", address=a)]
    company.behave("throttled", to=BEN, times=1)
    return _leave(company, *messages)


@scenario("dispatch", "dispatch")
def a_text_is_throttled_before_another(company: Company) -> Event:
    messages = queued(company, "One", "Two")
    company.behave("throttled", to=ANN, times=1)
    return _leave(company, *messages)


@scenario("dispatch", "dispatch")
def the_provider_never_says_what_became_of_a_text(company: Company) -> Event:
    messages = queued(company, "One", "Two")
    company.behave("garbage", to=ANN, times=1)
    return _leave(company, *messages)


@scenario("dispatch", "dispatch")
def the_provider_refuses_a_text(company: Company) -> Event:
    messages = queued(company, "One")
    company.behave("reject", to=ANN, times=1)
    return _leave(company, *messages, status=("failed",))


@scenario("dispatch", "dispatch")
def the_recipient_opts_out_before_the_text_leaves(company: Company) -> Event:
    messages = queued(company, "One")
    company.customer_texts(ANN, "STOP", OptOutType="STOP")
    event = _leave(company, *messages, status=("failed",))

    def kept() -> None:
        event.expect()
        assert company.delivered(ANN) == [], "a text went to an opted-out number"

    return Event(event.act, kept)


@scenario("dispatch", "dispatch")
def a_report_came_before_the_answer(company: Company) -> Event:
    messages = queued(company, "One")
    company.report("delivered", "SM" + "0" * 32)
    return _leave(company, *messages)


@scenario("dispatch", "dispatch")
def a_text_leaves_after_the_close(company: Company) -> Event:
    messages = queued(company, "One")
    company.does(company.first, "close", ANN, {})
    return _leave(company, *messages)


@scenario("dispatch", "dispatch")
def a_sender_was_never_heard_of_again(company: Company) -> Event:
    """The first sender died after its claim; its lease is over when the queue shows the text again."""
    taken(company)
    message = reply(company, "One")
    company.receive_records()
    company.claim(message)
    company.later(31)
    return Event(company.dispatch, lambda: _unknown(company, message))


def _unknown(company: Company, message: str) -> None:
    assert line(company, message)["status"] == "unknown", f"the line says {line(company, message)['status']}"
    assert company.requests() == [], "it was sent by a stranger"
