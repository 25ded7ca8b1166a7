"""Delivery reports: forward only, once, in two calls, whatever their order and whatever URL they came to."""

from collections.abc import Iterator
from itertools import permutations
from typing import Any

import pytest

from chalicelib.inbound import reports
from chalicelib.models.status import FINAL, RANK, advances
from chalicelib.providers.contract import DeliveryReport, Status
from chalicelib.store import db, table
from chalicelib.store.conversations import Change
from chalicelib.store.transaction import Transaction
from tests.outbound.aws_calls import always, no_fault
from tests.outbound.scene import Scene, customer, start


@pytest.fixture
def scene(table: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    """An account, an agent and the simulated provider on an empty table."""
    found, server = start(monkeypatch)
    yield found
    server.stop()
    server.server_close()


def sent(scene: Scene) -> tuple[str, str]:
    """A text that the provider has accepted: our id and the provider's."""
    message = scene.text(scene.conversation())
    scene.dispatch()
    return message, scene.provider_id()


def apply(scene: Scene, status: str, message: str | None = None, provider_id: str | None = None, **more: Any) -> str:
    report = DeliveryReport(provider_id, message, Status(status), **more)
    return reports.apply({"id": scene.account_id}, report, scene.clock.ms)


def test_a_report_on_the_messages_url_moves_the_line_and_tells_the_poll(scene: Scene) -> None:
    message, provider_id = sent(scene)
    before, interaction = scene.head()["seq"], scene.interaction_of(message)
    scene.calls.forget()
    assert apply(scene, "delivered", message, provider_id) == "applied"
    assert scene.calls.operations == ["BatchGetItem", "TransactWriteItems"]
    line = scene.line(message)
    assert line["status"] == "delivered"
    assert scene.meta(interaction)["status_seq"] == 2
    assert scene.head()["seq"] == before + 1
    change = db.get(table.status_change(interaction, line["n"]))
    assert change
    assert (change["n"], change["at"]) == (line["n"], scene.clock.ms)


def test_a_report_on_the_bare_url_is_found_by_the_providers_id_in_two_calls(scene: Scene) -> None:
    message, provider_id = sent(scene)
    scene.calls.forget()
    assert apply(scene, "undelivered", None, provider_id, code="30005", detail="Unknown.") == "applied"
    assert len(scene.calls.operations) == 2
    line = scene.line(message)
    assert (line["status"], line["status_code"], line["status_detail"]) == ("undelivered", "30005", "Unknown.")


@pytest.mark.parametrize("order", sorted(set(permutations(("sent", "delivered", "sent")))))
def test_the_order_of_reports_does_not_matter(scene: Scene, order: tuple[str, ...]) -> None:
    message, provider_id = sent(scene)
    for status in order:
        apply(scene, status, message, provider_id)
    assert scene.line(message)["status"] == "delivered"


def test_a_repeated_report_changes_nothing(scene: Scene) -> None:
    message, provider_id = sent(scene)
    apply(scene, "delivered", message, provider_id)
    before = (scene.line(message), scene.meta(scene.interaction_of(message)), scene.head())
    assert apply(scene, "delivered", message, provider_id) == "ignored"
    assert apply(scene, "failed", message, provider_id) == "ignored"
    assert (scene.line(message), scene.meta(scene.interaction_of(message)), scene.head()) == before


@pytest.mark.parametrize("old", list(RANK))
def test_the_stored_condition_is_the_rule_of_the_models(scene: Scene, old: str) -> None:
    message, _ = sent(scene)
    where = db.get(table.message(message))
    assert where
    key = table.line(where["interaction_id"], where["n"])
    for new in RANK:
        if RANK[new] == 0 or new == "unknown":
            continue
        Transaction().update(key, put={"status": old, "rank": RANK[old]}).commit()
        outcome = apply(scene, new, message)
        assert (outcome == "applied") is advances(old, new), (old, new)
        assert scene.line(message)["status"] == (new if advances(old, new) else old)


def test_only_delivered_replaces_expired() -> None:
    assert [status for status in FINAL if advances("expired", status)] == ["delivered"]


def test_an_unmapped_status_is_kept_with_the_line_and_leaves_its_state(scene: Scene) -> None:
    message, provider_id = sent(scene)
    before = scene.line(message)
    raw = {"MessageStatus": "teleported", "x": "y" * 5000}
    assert apply(scene, "unknown", message, provider_id, code="99", raw=raw) == "applied"
    after = scene.line(message)
    assert "teleported" in after["status_raw"]
    assert len(after["status_raw"]) == 2000
    assert after["status_code"] == "99"
    assert (after["status"], after["rank"]) == (before["status"], before["rank"])


def test_the_words_of_an_unmapped_status_reach_the_owners_poll(scene: Scene) -> None:
    message, provider_id = sent(scene)
    meta, head = scene.meta(scene.interaction_of(message)), scene.head()
    assert apply(scene, "unknown", message, provider_id, raw={"said": "something"}) == "applied"
    assert (scene.meta(scene.interaction_of(message)), scene.head()) == (meta, head)  # nothing of it is shown
    assert apply(scene, "unknown", message, provider_id, detail="teleported") == "applied"
    assert scene.meta(scene.interaction_of(message))["status_seq"] == meta["status_seq"] + 1
    assert scene.head()["seq"] == head["seq"] + 1


def test_an_unmapped_status_takes_no_final_states_reason_away(scene: Scene) -> None:
    message, provider_id = sent(scene)
    assert apply(scene, "failed", message, provider_id, code="30003", detail="Out of reach") == "applied"
    assert apply(scene, "unknown", message, provider_id, detail="teleported", raw={"said": "teleported"}) == "applied"
    line = scene.line(message)
    assert (line["status"], line["status_code"], line["status_detail"]) == ("failed", "30003", "Out of reach")
    assert "teleported" in line["status_raw"]


def test_a_report_of_another_accounts_message_is_not_applied(scene: Scene) -> None:
    message, provider_id = sent(scene)
    report = DeliveryReport(provider_id, message, Status.delivered)
    assert reports.apply({"id": "acc_other"}, report, scene.clock.ms) == "parked"
    assert scene.line(message)["status"] == "sending"
    assert reports.apply({"id": "acc_other"}, DeliveryReport(None, message, Status.failed), scene.clock.ms) == "ignored"


def test_a_report_before_its_text_is_known_is_parked_at_its_furthest(scene: Scene) -> None:
    scene.calls.forget()
    assert apply(scene, "sent", None, "SM9") == "parked"
    assert scene.calls.operations == ["BatchGetItem", "TransactWriteItems"]
    assert apply(scene, "delivered", None, "SM9", code="0") == "parked"
    assert apply(scene, "sent", None, "SM9") == "ignored"
    parked = db.get(table.provider_message(scene.account_id, "SM9"))
    assert parked
    assert (parked["status"], parked["status_code"]) == ("delivered", "0")
    assert parked["ttl"] == scene.clock.ms // 1000 + 7 * 86400


def test_a_report_that_meets_the_record_of_its_send_is_applied(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    message, provider_id = sent(scene)
    real, reads = db.get_many, []

    def first_blind(keys: Any) -> list[Any]:
        reads.append(1)
        return [None] if len(reads) == 1 else real(keys)

    monkeypatch.setattr("chalicelib.inbound.reports.db.get_many", first_blind)
    assert apply(scene, "delivered", None, provider_id) == "applied"
    assert scene.line(message)["status"] == "delivered"


def test_a_report_without_any_id_or_news_is_ignored(scene: Scene) -> None:
    message, provider_id = sent(scene)
    assert apply(scene, "delivered") == "ignored"
    assert apply(scene, "queued", message, provider_id) == "ignored"
    assert apply(scene, "unknown", None, "SM-nobody-knows") == "ignored"


def test_a_new_owner_is_found_with_a_third_call(scene: Scene) -> None:
    message, provider_id = sent(scene)
    scene.add_agent("agt_2", "Bob")
    Change(scene.meta(scene.interaction_of(message)), scene.clock.ms).set(owner="agt_2").commit()
    before = scene.head()["seq"]
    scene.calls.forget()
    assert apply(scene, "delivered", message, provider_id) == "applied"
    assert len(scene.calls.operations) == 3
    assert (scene.head("agt_2")["seq"], scene.head()["seq"]) == (1, before)


def test_a_closed_conversations_text_is_followed_to_its_end(scene: Scene) -> None:
    message, provider_id = sent(scene)
    interaction = scene.interaction_of(message)
    Change(scene.meta(interaction), scene.clock.ms).set(status="closed", owner=None).commit()
    before = scene.head()["seq"]
    assert apply(scene, "delivered", message, provider_id) == "applied"
    assert scene.line(message)["status"] == "delivered"
    assert scene.head()["seq"] == before


def test_a_deleted_owner_is_no_obstacle(scene: Scene) -> None:
    message, provider_id = sent(scene)
    Transaction().delete(table.agent(scene.agent_id)).commit()
    assert apply(scene, "delivered", message, provider_id) == "applied"
    assert db.get(table.agent(scene.agent_id)) is None


@pytest.mark.parametrize("parked", [False, True])
def test_a_lost_answer_of_aws_changes_nothing(scene: Scene, parked: bool) -> None:
    message, provider_id = sent(scene)
    scene.calls.forget()
    scene.calls.fault = always("TransactWriteItems", "after", 1, 1)
    found = apply(scene, "delivered", None if parked else message, "SM9" if parked else provider_id)
    assert found == ("parked" if parked else "applied")
    assert len(scene.calls.operations) == 3
    scene.calls.fault = no_fault
    assert scene.meta(scene.interaction_of(message))["status_seq"] == (1 if parked else 2)


def test_a_report_that_could_not_be_stored_raises_so_that_the_provider_tries_again(scene: Scene) -> None:
    message, provider_id = sent(scene)
    scene.calls.fault = always("TransactWriteItems", "before")
    with pytest.raises(Exception, match="timeout"):
        apply(scene, "delivered", message, provider_id)
    scene.calls.fault = no_fault
    assert apply(scene, "delivered", message, provider_id) == "applied"


@pytest.mark.parametrize(("opt", "state"), [("stop", "out"), ("start", "in")])
def test_what_a_report_says_of_an_opt_out_stands_in_the_ledger(scene: Scene, opt: Any, state: str) -> None:
    message, provider_id = sent(scene)
    apply(scene, "failed", message, provider_id, opt=opt)
    ledger = db.get(table.opt_out(scene.account_id, customer()))
    assert ledger
    assert (ledger["state"], ledger["source"], ledger["at"]) == (state, "provider", scene.clock.ms)


def test_a_report_settles_a_text_whose_outcome_was_unknown(scene: Scene) -> None:
    scene.behave("garbage", times=1)
    message = scene.text(scene.conversation())
    scene.dispatch()
    assert scene.line(message)["status"] == "unknown"
    assert apply(scene, "sent", message) == "applied"
    assert scene.line(message)["status"] == "sent"
