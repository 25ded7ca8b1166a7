"""The texts of a conversation leave in order, conversations do not hold each other up, and no batch blocks a group."""

import time

from chalicelib.aws import client
from chalicelib.config import settings
from chalicelib.store import table
from chalicelib.store.transaction import Transaction
from tests.outbound.aws_calls import always, no_fault
from tests.outbound.scene import Scene, customer


def shown_after(scene: Scene) -> list[int]:
    return [given["VisibilityTimeout"] for given in scene.calls.asked("ChangeMessageVisibility")]


def test_the_texts_of_a_conversation_leave_in_order(scene: Scene) -> None:
    interaction = scene.conversation()
    for text in ("one", "two", "three"):
        scene.text(interaction, text)
    assert scene.dispatch() == []
    assert scene.inbox() == ["one", "two", "three"]


def test_a_text_waits_while_the_one_before_it_is_on_its_way(scene: Scene) -> None:
    interaction = scene.conversation()
    first, second = scene.text(interaction, "one"), scene.text(interaction, "two")
    assert scene.dispatch([scene.record(second)]) == ["rec-1"]
    assert shown_after(scene) == [5]
    assert scene.attempts() == []
    scene.dispatch([scene.record(first)])
    assert scene.dispatch([scene.record(second)]) == []
    assert scene.inbox() == ["one", "two"]


def test_a_throttled_conversation_goes_back_whole_and_the_others_do_not(scene: Scene) -> None:
    scene.behave("throttled", to=customer(2), seconds=7)
    messages = {n: scene.text(scene.conversation(customer(n)), f"to {n}") for n in (1, 2, 3)}
    later = [scene.text(scene.interaction_of(messages[2]), text) for text in ("second", "third")]
    everything = [messages[1], messages[2], messages[3], *later]
    records = [scene.record(message, f"rec-{i}") for i, message in enumerate(everything)]
    assert sorted(scene.dispatch(records)) == ["rec-1", "rec-3", "rec-4"]
    assert shown_after(scene) == [7, 7, 7]
    assert (scene.inbox(customer(1)), scene.inbox(customer(3))) == (["to 1"], ["to 3"])
    assert scene.attempts().count("to 2") == 1
    assert "second" not in scene.attempts()
    scene.behave("no_reports", to=customer(2))
    scene.clock.sleep(8)
    assert scene.dispatch([scene.record(one, f"rec-{i}") for i, one in enumerate([messages[2], *later])]) == []
    assert scene.inbox(customer(2)) == ["to 2", "second", "third"]


def test_the_queue_shows_a_text_that_went_back_again(scene: Scene) -> None:
    scene.behave("throttled", times=1, seconds=0)
    scene.text(scene.conversation())
    [record] = scene.records()
    assert scene.dispatch([record]) == [record["messageId"]]
    client("sqs").change_message_visibility(
        QueueUrl=settings().outbound_queue_url, ReceiptHandle=record["receiptHandle"], VisibilityTimeout=0
    )
    scene.clock.sleep(4)
    assert scene.dispatch() == []
    assert scene.inbox() == ["Hello"]


def test_a_slow_provider_holds_up_only_the_conversation_it_is_slow_for(scene: Scene) -> None:
    scene.behave("slow", seconds=0.5)
    messages = [scene.text(scene.conversation(customer(n))) for n in range(6)]
    records = [scene.record(message, f"rec-{n}") for n, message in enumerate(messages)]
    scene.warm()
    began = time.monotonic()
    assert scene.dispatch(records) == []
    assert time.monotonic() - began < 6 * 0.5
    assert len(scene.attempts()) == 6


def test_a_text_poked_twice_in_a_batch_is_sent_once(scene: Scene) -> None:
    message = scene.text(scene.conversation())
    records = [scene.record(message, "rec-1"), scene.record(message, "rec-2")]
    scene.warm()
    assert scene.dispatch(records) == []
    assert scene.attempts() == ["Hello"]
    assert len(scene.calls.operations) == 4


def test_a_poke_for_a_text_that_has_left_is_done(scene: Scene) -> None:
    message = scene.text(scene.conversation())
    scene.dispatch([scene.record(message)])
    poke = scene.record(message)
    assert scene.dispatch([poke]) == []
    assert scene.calls.operations == ["BatchGetItem"]
    assert scene.attempts() == ["Hello"]


def test_without_the_time_to_see_a_send_through_nothing_is_claimed(scene: Scene) -> None:
    scene.context.milliseconds = 14_999
    message = scene.text(scene.conversation())
    assert scene.dispatch([scene.record(message)]) == ["rec-1"]
    row = scene.row(message)
    assert row
    assert "claim_id" not in row
    assert scene.attempts() == []
    scene.context.milliseconds = 15_000
    assert scene.dispatch([scene.record(message)]) == []


def test_an_opted_out_recipient_gets_nothing_but_the_compliance_answer(scene: Scene) -> None:
    interaction = scene.conversation()
    Transaction().put(table.opt_out(scene.account_id, customer()), {"state": "out"}).commit()
    refused = scene.text(interaction, "an offer")
    answer = scene.text(interaction, "You are unsubscribed", compliance=True)
    assert scene.dispatch() == []
    assert scene.inbox() == ["You are unsubscribed"]
    assert (scene.line(refused)["status"], scene.line(refused)["status_code"]) == ("failed", "opted_out")
    assert scene.line(answer)["status"] == "sending"


def test_who_opted_in_again_gets_texts(scene: Scene) -> None:
    Transaction().put(table.opt_out(scene.account_id, customer()), {"state": "in"}).commit()
    scene.text(scene.conversation())
    scene.dispatch()
    assert scene.inbox() == ["Hello"]


def test_a_closed_conversations_text_is_still_sent(scene: Scene) -> None:
    interaction = scene.conversation()
    message = scene.text(interaction)
    put = {"status": "closed", "owner": None}
    Transaction().update(table.meta(interaction), put=put).commit()
    assert scene.dispatch() == []
    assert scene.line(message)["status"] == "sending"
    assert scene.head()["seq"] == 1  # the reply's own


def test_a_record_that_names_nothing_ends_with_the_dead_letters(scene: Scene) -> None:
    records = [
        {"messageId": f"rec-{i}", "receiptHandle": "r", "body": body} for i, body in enumerate(["{", "[]", '{"a": 1}'])
    ]
    assert scene.dispatch(records) == []
    assert len(scene.calls.asked("SendMessage")) == 3


def test_when_the_table_cannot_be_read_everything_goes_back(scene: Scene) -> None:
    messages = [scene.text(scene.conversation(customer(n))) for n in (1, 2)]
    records = [scene.record(message, f"rec-{i}") for i, message in enumerate(messages)]
    scene.calls.fault = always("BatchGetItem", "before")
    assert scene.dispatch(records) == ["rec-0", "rec-1"]
    assert shown_after(scene) == [5, 5]
    scene.calls.fault = no_fault
    assert scene.dispatch(records) == []
    assert scene.attempts() == ["Hello", "Hello"]
