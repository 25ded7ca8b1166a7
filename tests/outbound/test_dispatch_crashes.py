"""Crashes between any two steps of a send: nothing is sent twice, nothing is lost from sight."""

import pytest
from botocore.exceptions import ReadTimeoutError

from chalicelib.inbound import reports
from chalicelib.outbound import claims, due
from chalicelib.outbound.delivery import News
from chalicelib.outbound.outcome import Outcome
from chalicelib.providers.contract import DeliveryReport, Status
from chalicelib.store import conversations, db, table
from chalicelib.store.db import Item
from tests.outbound.aws_calls import always, no_fault
from tests.outbound.scene import Scene, customer


def row_of(scene: Scene, message: str) -> Item:
    row = scene.row(message)
    assert row
    return row


def events(interaction: str) -> list[str]:
    return [line["text"] for line in conversations.lines(interaction, limit=50).items if line["kind"] == "event"]


# The function's transactions: the slot, the claim, the record.
@pytest.mark.parametrize("number", [1, 2, 3])
def test_a_lost_answer_of_aws_changes_nothing(scene: Scene, number: int) -> None:
    interaction = scene.conversation()
    message = scene.text(interaction)
    records = scene.records()
    scene.warm()
    scene.calls.fault = always("TransactWriteItems", "after", number, number)
    assert scene.dispatch(records) == []
    assert len(scene.calls.operations) == 5
    assert scene.inbox() == ["Hello"]
    assert scene.line(message)["status"] == "sending"
    assert scene.row(message) is None
    assert scene.meta(interaction)["status_seq"] == 1


@pytest.mark.parametrize("number", [1, 2, 3])
def test_all_answers_from_a_point_on_lost_still_send_once(scene: Scene, number: int) -> None:
    message = scene.text(scene.conversation())
    poke = scene.record(message)
    scene.calls.fault = always("TransactWriteItems", "after", number)
    scene.dispatch([poke])
    scene.calls.fault = no_fault
    for _ in range(3):
        scene.clock.sleep(31)
        scene.dispatch([poke])
    assert scene.row(message) is None
    assert len(scene.attempts()) <= 1
    sent_and_known = (scene.inbox(), scene.line(message)["status"])
    assert sent_and_known in [(["Hello"], "sending"), ([], "unknown"), (["Hello"], "unknown")]


@pytest.mark.parametrize("lasting", [False, True])
@pytest.mark.parametrize("mode", ["before", "after"])
@pytest.mark.parametrize("k", [1, 2, 3, 4])
def test_a_fault_at_any_call_sends_at_most_once_and_strands_nothing(
    scene: Scene, k: int, mode: str, lasting: bool
) -> None:
    interaction = scene.conversation()
    message, second = scene.text(interaction, "one"), scene.text(interaction, "two")
    scene.dispatch([])
    poke = scene.record(message)
    scene.warm()
    scene.calls.fault = lambda *_: mode if (at := len(scene.calls.operations)) == k or (lasting and at > k) else None
    scene.dispatch([poke])
    scene.calls.fault = no_fault
    for _ in range(3):
        scene.clock.sleep(91)
        for row in filter(None, (scene.row(message), scene.row(second))):
            due.repair(claims.key_of(row), scene.clock.ms)
        for _ in range(3):
            scene.dispatch()
    assert (scene.row(message), scene.row(second)) == (None, None)
    assert scene.attempts() in (["one", "two"], ["two"])
    told = scene.line(message)["status"]
    assert told in ("sending", "unknown")
    assert told == "unknown" or "one" in scene.inbox()
    assert scene.line(second)["status"] == "sending"


def test_a_text_whose_record_failed_is_unknown_once_its_lease_is_over_and_never_sent_again(scene: Scene) -> None:
    interaction = scene.conversation()
    message = scene.text(interaction)
    poke = scene.record(message)
    scene.warm()
    scene.calls.fault = always("TransactWriteItems", "before", 3)
    assert scene.dispatch([poke]) == ["rec-1"]
    scene.calls.fault = no_fault
    assert scene.dispatch([poke]) == ["rec-1"]
    assert scene.calls.asked("ChangeMessageVisibility")[0]["VisibilityTimeout"] == 30
    scene.clock.sleep(30)
    assert scene.dispatch([poke]) == []
    assert scene.line(message)["status"] == "unknown"
    assert events(interaction) == ["It is not known whether the text was sent. It will not be sent again by itself."]
    assert scene.row(message) is None
    assert scene.attempts() == ["Hello"]


def test_the_group_goes_on_after_an_abandoned_text(scene: Scene) -> None:
    interaction = scene.conversation()
    first, second = scene.text(interaction, "one"), scene.text(interaction, "two")
    claims.take(row_of(scene, first), scene.clock.ms)
    scene.clock.sleep(31)
    assert scene.dispatch([scene.record(first), scene.record(second, "rec-2")]) == []
    assert scene.line(first)["status"] == "unknown"
    assert scene.inbox() == ["two"]


def test_an_abandoned_text_of_a_closed_conversation_is_settled_too(scene: Scene) -> None:
    interaction = scene.conversation()
    message = scene.text(interaction)
    claims.take(row_of(scene, message), scene.clock.ms)
    conversations.Change(scene.meta(interaction), scene.clock.ms).set(status="closed").commit()
    scene.clock.sleep(31)
    assert scene.dispatch([scene.record(message)]) == []
    assert (scene.line(message)["status"], scene.row(message)) == ("unknown", None)


def test_a_text_that_somebody_else_is_sending_goes_back_until_their_lease_ends(scene: Scene) -> None:
    message = scene.text(scene.conversation())
    stale = row_of(scene, message)
    claims.take(stale, scene.clock.ms)
    with pytest.raises(claims.GoesBack) as back:
        claims.take(stale, scene.clock.ms + 1)
    assert back.value.until == scene.clock.ms + 30_000
    assert scene.dispatch([scene.record(message)]) == ["rec-1"]
    assert scene.attempts() == []


def test_a_try_from_before_a_backoff_does_not_jump_it(scene: Scene) -> None:
    scene.behave("throttled", seconds=60)
    message = scene.text(scene.conversation())
    stale = row_of(scene, message)
    scene.dispatch()
    with pytest.raises(claims.GoesBack) as back:
        claims.take(stale, scene.clock.ms)
    assert back.value.until == scene.clock.ms + 60_000


def test_a_late_recorder_still_makes_the_providers_id_known(scene: Scene) -> None:
    interaction = scene.conversation()
    message = scene.text(interaction)
    row = row_of(scene, message)
    claim_id = claims.take(row, scene.clock.ms)
    scene.clock.sleep(31)
    scene.dispatch([scene.record(message)])
    assert scene.line(message)["status"] == "unknown"
    Outcome(row, claim_id, News("sending"), scene.clock.ms, provider_id="SM1").write()
    assert scene.line(message)["status"] == "unknown"
    account = {"id": scene.account_id}
    assert reports.apply(account, DeliveryReport("SM1", None, Status.delivered), scene.clock.ms) == "applied"
    assert scene.line(message)["status"] == "delivered"


def test_a_report_before_the_sends_own_answer_keeps_its_word(scene: Scene) -> None:
    message = scene.text(scene.conversation())
    row = row_of(scene, message)
    claim_id = claims.take(row, scene.clock.ms)
    account = {"id": scene.account_id}
    assert reports.apply(account, DeliveryReport("SM1", message, Status.delivered), scene.clock.ms) == "applied"
    Outcome(row, claim_id, News("sending"), scene.clock.ms, provider_id="SM1").write()
    assert (scene.line(message)["status"], scene.row(message)) == ("delivered", None)
    known = db.get(table.provider_message(scene.account_id, "SM1"))
    assert known
    assert known["message_id"] == message


def test_a_parked_report_is_merged_into_the_record(scene: Scene) -> None:
    message = scene.text(scene.conversation())
    row = row_of(scene, message)
    claim_id = claims.take(row, scene.clock.ms)
    account = {"id": scene.account_id}
    report = DeliveryReport("SM1", None, Status.undelivered, "30005", "Unknown number.")
    assert reports.apply(account, report, scene.clock.ms) == "parked"
    Outcome(row, claim_id, News("sending"), scene.clock.ms, provider_id="SM1").write()
    line = scene.line(message)
    assert (line["status"], line["status_code"], line["status_detail"]) == ("undelivered", "30005", "Unknown number.")
    known = db.get(table.provider_message(scene.account_id, "SM1"))
    assert known
    assert "ttl" not in known


def test_a_provider_that_gives_an_id_twice_does_not_hijack_the_first_text(scene: Scene) -> None:
    first, second = (scene.text(scene.conversation(customer(n))) for n in (1, 2))
    for message in (first, second):
        row = row_of(scene, message)
        claim_id = claims.take(row, scene.clock.ms)
        Outcome(row, claim_id, News("sending"), scene.clock.ms, provider_id="SM1").write()
    known = db.get(table.provider_message(scene.account_id, "SM1"))
    assert known
    assert known["message_id"] == first
    assert (scene.line(second)["status"], scene.row(second)) == ("sending", None)


def test_a_claim_whose_answer_never_came_raises_and_is_not_sent(scene: Scene) -> None:
    message = scene.text(scene.conversation())
    row = row_of(scene, message)
    scene.calls.fault = always("TransactWriteItems", "after")
    scene.calls.forget()
    with pytest.raises(ReadTimeoutError):
        claims.take(row, scene.clock.ms)
    assert len(scene.calls.operations) == 8
