"""What a provider's refusals, its silence and our own mistakes do to a text."""

import io
import json
import logging

import pytest

from chalicelib import providers
from chalicelib.aws import client
from chalicelib.config import settings
from chalicelib.observability import logger
from chalicelib.outbound.claims import backoff
from chalicelib.providers.contract import Accepted, Status
from chalicelib.store import db, table
from chalicelib.store.transaction import Transaction
from tests.outbound.aws_calls import always, no_fault
from tests.outbound.scene import Scene, customer


def state(scene: Scene, message: str) -> tuple[str, str | None]:
    line = scene.line(message)
    return line["status"], line.get("status_code")


def dead_letters() -> list[dict[str, str]]:
    answer = client("sqs").receive_message(QueueUrl=settings().dead_letter_queue_url, MaxNumberOfMessages=10)
    return [json.loads(message["Body"]) for message in answer.get("Messages", [])]


def test_a_throttled_text_is_tried_again_after_the_time_that_was_asked_for(scene: Scene) -> None:
    scene.behave("throttled", seconds=30)
    message = scene.text(scene.conversation())
    poke = scene.record(message)
    assert scene.dispatch([poke]) == ["rec-1"]
    row = scene.row(message)
    assert row
    assert (row["attempt"], row["next_try_at"]) == (1, scene.clock.ms + 30_000)
    assert row["due_at"] == row["next_try_at"] + 60_000
    assert "claim_id" not in row
    assert state(scene, message) == ("queued", None)
    scene.clock.sleep(29)
    assert scene.dispatch([poke]) == ["rec-1"]
    assert len(scene.attempts()) == 1
    scene.behave("no_reports")
    scene.clock.sleep(2)
    assert scene.dispatch([poke]) == []
    assert scene.inbox() == ["Hello"]


def test_each_try_waits_longer_up_to_five_minutes() -> None:
    assert [backoff(attempt, None, 1) // 1000 for attempt in range(10)] == [2, 4, 8, 16, 32, 64, 128, 256, 300, 300]
    assert backoff(5, None, 0) == 32_000
    assert backoff(100, None, 1) == 300_000
    assert backoff(0, 90.5, 0) == 90_500


def test_a_text_that_grew_too_old_is_given_up(scene: Scene) -> None:
    scene.add_account(max_age=60)
    message = scene.text(scene.conversation())
    scene.clock.sleep(61)
    assert scene.dispatch() == []
    assert state(scene, message) == ("failed", "too_old")
    assert scene.row(message) is None
    assert scene.attempts() == []


def test_a_text_is_not_kept_waiting_for_a_try_that_would_be_too_late(scene: Scene) -> None:
    scene.add_account(max_age=60)
    scene.behave("throttled", seconds=61)
    message = scene.text(scene.conversation())
    assert scene.dispatch() == []
    assert state(scene, message) == ("failed", "too_old")


def test_a_refused_text_fails_with_the_providers_code_and_words(scene: Scene) -> None:
    scene.behave("reject", code=21211)
    message = scene.text(scene.conversation())
    assert scene.dispatch() == []
    assert state(scene, message) == ("failed", "21211")
    assert scene.line(message)["status_detail"]
    assert scene.row(message) is None


@pytest.mark.parametrize("named", ["", "  ", "x" * 201, "x" * 5000])
def test_an_answer_whose_id_names_nothing_that_can_be_found_leaves_the_outcome_unknown(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, named: str
) -> None:
    accepted = Accepted(named, Status.queued)
    monkeypatch.setattr(type(providers.get("twilio")), "send", lambda *_: accepted)
    message = scene.text(scene.conversation())
    assert scene.dispatch() == []
    assert state(scene, message) == ("unknown", "no_id")
    assert scene.row(message) is None


def test_an_id_is_kept_as_its_reports_name_it(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(providers.get("twilio")), "send", lambda *_: Accepted(" id-1\n", Status.queued))
    message = scene.text(scene.conversation())
    assert scene.dispatch() == []
    assert db.get(table.provider_message(scene.account_id, "id-1"))
    assert state(scene, message)[0] == "sending"


def test_an_unreadable_answer_leaves_the_outcome_unknown_and_is_never_repeated(scene: Scene) -> None:
    scene.behave("garbage", times=1)
    message = scene.text(scene.conversation())
    poke = scene.record(message)
    assert scene.dispatch([poke]) == []
    assert state(scene, message)[0] == "unknown"
    assert scene.dispatch([poke]) == []
    assert len(scene.attempts()) == 1


def test_a_recipient_who_opted_out_at_the_provider_stands_in_the_ledger(scene: Scene) -> None:
    scene.behave("reject", code=21610)
    interaction = scene.conversation()
    message = scene.text(interaction)
    scene.dispatch()
    assert state(scene, message) == ("failed", "21610")
    ledger = db.get(table.opt_out(scene.account_id, customer()))
    assert ledger
    assert (ledger["state"], ledger["source"]) == ("out", "provider")
    scene.behave("no_reports")
    scene.text(interaction)
    scene.dispatch()
    assert scene.inbox() == []


def test_refused_credentials_mark_the_account_until_a_text_is_accepted(
    scene: Scene, capsys: pytest.CaptureFixture[str]
) -> None:
    scene.behave("reject", code=20003, times=1)
    interaction = scene.conversation()
    scene.text(interaction)
    scene.dispatch()
    key = table.configuration("account", scene.account_id)
    account = db.get(key)
    assert account
    assert account["trouble"] == {"kind": "credentials", "code": "20003", "at": scene.clock.ms}
    assert account["version"] == 1
    [metric] = [json.loads(line) for line in capsys.readouterr().out.splitlines() if "AccountTrouble" in line]
    assert metric["AccountTrouble"] == [1.0]
    assert metric["_aws"]["CloudWatchMetrics"][0]["Dimensions"] == [[]]
    scene.behave("no_reports")
    scene.text(interaction)
    scene.dispatch()
    assert "trouble" not in (db.get(key) or {})


def test_five_surprises_before_a_claim_end_with_the_dead_letters_and_the_group_goes_on(scene: Scene) -> None:
    interaction = scene.conversation()
    message, second = scene.text(interaction), scene.text(interaction, "behind it")
    scene.add_account(credentials={"account_sid": "AC1", "auth_token": {"sealed": "bm90IGEgY2lwaGVydGV4dA=="}})
    poke, behind = scene.record(message), scene.record(second, "rec-2")
    for n in range(1, 5):
        assert scene.dispatch([poke, behind]) == ["rec-1", "rec-2"]
        assert (scene.row(message) or {})["errors"] == n
    assert scene.dispatch([poke, behind]) == ["rec-2"]
    assert state(scene, message) == ("failed", "unexpected")
    assert [letter["message_id"] for letter in dead_letters()] == [message]
    scene.add_account()
    scene.clock.sleep(10)
    assert scene.dispatch([behind]) == []
    assert scene.inbox() == ["behind it"]


def test_an_outage_of_aws_is_no_surprise_and_ends_no_text(scene: Scene) -> None:
    message = scene.text(scene.conversation())
    poke = scene.record(message)
    # The slot is reserved, then all four tries of the claim, two attempts each, fail; what comes after would work.
    scene.calls.fault = always("TransactWriteItems", "before", 2, 9)
    for _ in range(6):
        assert scene.dispatch([poke]) == ["rec-1"]
        assert scene.calls.operations.count("TransactWriteItems") == 9
    assert "errors" not in (scene.row(message) or {})
    scene.calls.fault = no_fault
    assert scene.dispatch([poke]) == []
    assert scene.inbox() == ["Hello"]


def test_a_deleted_accounts_text_fails(scene: Scene) -> None:
    message = scene.text(scene.conversation())
    Transaction().delete(table.configuration("account", scene.account_id)).commit()
    assert scene.dispatch() == []
    assert state(scene, message) == ("failed", "no_account")


def test_no_log_line_holds_the_text_the_number_or_a_secret(scene: Scene, capsys: pytest.CaptureFixture[str]) -> None:
    log = io.StringIO()
    handler = logging.StreamHandler(log)
    handler.setFormatter(logger.registered_formatter)
    logging.getLogger(logger.name).addHandler(handler)
    for n, mode in enumerate(("reject", "garbage", "throttled", "down")):
        scene.behave(mode, times=1)
        scene.text(scene.conversation(customer(n)), f"private words {n}")
        scene.dispatch()
    scene.add_account(credentials={"account_sid": "AC1", "auth_token": {"sealed": "bm90IGEgY2lwaGVydGV4dA=="}})
    scene.text(scene.conversation(customer(9)), "private words 9")
    scene.dispatch()
    logging.getLogger(logger.name).removeHandler(handler)
    metrics = capsys.readouterr()
    logged = log.getvalue() + metrics.out + metrics.err
    assert "not sent" in logged
    for secret in ("private words", customer(0)[2:8], "an-auth-token", "t" * 32, "bm90IGEg"):
        assert secret not in logged


def test_a_surprise_after_the_claim_leaves_the_outcome_unknown(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    def send(*_: object) -> None:
        raise KeyError("a mistake in the provider's module")

    monkeypatch.setattr("chalicelib.providers.twilio.Twilio.send", send)
    message = scene.text(scene.conversation())
    poke = scene.record(message)
    assert scene.dispatch([poke]) == []
    assert state(scene, message) == ("unknown", "unexpected")
    assert scene.row(message) is None
