"""Texts that come twice, at once, against a close, or while the API cannot run: each is stored exactly once."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Barrier
from typing import Any

import pytest
import requests

from tests.conftest import Tell
from tests.stack.company import Company, eventually
from tests.stack.conftest import Stack
from tests.stack.switches import no_room
from tests.stack.webhooks import form, posted

ROUNDS = 10
AT_ONCE = 4


def together(*acts: Callable[[], Any]) -> list[Any]:
    """What these answer, begun at the same moment."""
    start = Barrier(len(acts))

    def run(act: Callable[[], Any]) -> Any:
        start.wait()
        return act()

    with ThreadPoolExecutor(len(acts)) as threads:
        return list(threads.map(run, acts))


@pytest.fixture
def company(stack: Stack) -> Company:
    """With enough of the receive function running: all of it starting at once can take longer than Twilio waits."""
    another = Company(stack)
    greetings = [partial(another.customer().post, "Hello") for _ in range(AT_ONCE)]
    eventually(lambda: {answer["status"] for answer in together(*greetings)} == {200})
    return Company(stack)


def test_a_text_that_the_provider_posts_again_and_again_is_stored_once(stack: Stack) -> None:
    company = Company(stack)
    customer = company.customer()
    first = customer.post("Hello", times=3)
    assert first["statuses"] == [200, 200, 200]
    again = customer.post("Hello", message_sid=first["provider_message_id"])
    assert again["status"] == 200
    customer.text("Hello")  # the same words with an id of their own are another text
    assert company.texts(customer) == ["Hello", "Hello"]
    assert len(company.interactions(customer)) == 1


def test_copies_of_a_text_that_come_at_the_same_moment_are_stored_once(company: Company) -> None:
    customers = [company.customer() for _ in range(ROUNDS)]
    for n, customer in enumerate(customers):
        copies = [partial(customer.post, "Hello", message_sid=f"SM{n:032x}")] * AT_ONCE
        assert [answer["status"] for answer in together(*copies)] == [200] * AT_ONCE
        assert company.texts(customer) == ["Hello"]


def test_two_first_texts_at_the_same_moment_are_one_conversation(company: Company) -> None:
    for _ in range(ROUNDS):
        customer = company.customer()
        together(partial(customer.text, "one"), partial(customer.text, "two"))
        assert len(company.interactions(customer)) == 1
        assert sorted(company.texts(customer)) == ["one", "two"]


def test_a_text_against_a_close_is_in_the_old_conversation_or_begins_a_new_one(company: Company, tell: Tell) -> None:
    ada = company.agent("Ada", capacity=0)
    company.plan_queue(ada)
    seen: Counter[str] = Counter()
    for _ in range(ROUNDS):
        customer, interaction = company.conversation(ada)
        answer, _ = together(partial(ada.act, "close", interaction), partial(customer.text, "Wait!"))
        assert company.texts(customer) == ["Hello", "Wait!"]
        newest = company.interaction(customer)
        assert newest["status"] == "open"
        if answer.status_code == 200:
            seen["closed first"] += 1
            assert newest["id"] != interaction
            assert company.show(interaction)["status"] == "closed"
            ada.offered(newest["id"])
        else:
            seen["text first"] += 1
            assert (answer.status_code, answer.json()["code"]) == (409, "new-message")
            assert (newest["id"], newest["owner"], newest["unread_count"]) == (interaction, ada.id, 1)
    tell(f"text against close: {dict(seen)}")


def test_a_text_without_an_id_is_stored_once_however_often_it_comes_within_a_minute(stack: Stack) -> None:
    company = Company(stack)
    customer = company.customer()
    unnamed = form(company, From=customer.number)
    del unnamed["MessageSid"]
    assert [posted(company, unnamed).status_code for _ in range(2)] == [200, 200]
    assert posted(company, unnamed | {"Body": "Another"}).status_code == 200
    assert company.texts(customer) == ["Hello", "Another"]


def test_a_text_after_the_plans_end_begins_a_new_round(stack: Stack) -> None:
    company = Company(stack)
    ada = company.agent("Ada")
    company.plan_queue(ada, timeout=1)
    customer = company.customer()
    customer.text("Hello")
    interaction = company.interaction(customer)["id"]
    assert ada.offered(interaction, "none")["preview"] == "Hello"
    customer.text("Hello?")
    assert ada.offered(interaction, "plan_queue")["preview"] == "Hello?"
    assert len(company.interactions(customer)) == 1


def test_a_stop_is_confirmed_once_routed_to_nobody_and_ends_the_texts(stack: Stack) -> None:
    company = Company(stack, opt_out_reply="desk")
    ada = company.agent("Ada")
    company.plan_queue(ada)
    customer, interaction = company.conversation(ada)
    stop = customer.post("STOP", times=2)
    assert stop["statuses"] == [200, 200]
    (confirmed,) = eventually(customer.inbox)
    assert "unsubscribed" in confirmed
    refused = ada.act("messages", interaction, {"text": "Are you sure?"})
    assert (refused.status_code, refused.json()["code"]) == (409, "opted-out")
    customer.text("START")
    eventually(lambda: len(customer.inbox()) == 2)
    assert ada.reply(interaction, "Welcome back")["status"] == "queued"
    eventually(lambda: customer.inbox()[2:] == ["Welcome back"])
    assert company.in_stage(interaction, "none")


def test_a_text_is_stored_while_the_api_may_not_run(stack: Stack) -> None:
    company = Company(stack)
    ada = company.agent("Ada")
    company.plan_queue(ada)
    customer = company.customer()
    with no_room(stack, stack.outputs["APIHandlerName"]):
        refused = requests.get(f"{stack.api}/health", timeout=60)
        assert refused.status_code in (429, 503)
        customer.text("Can you hear me?")
    assert eventually(lambda: requests.get(f"{stack.api}/health", timeout=60).ok)
    assert company.texts(customer) == ["Can you hear me?"]
    ada.offered(company.interaction(customer)["id"])
