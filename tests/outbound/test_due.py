"""The reconciler's look at texts that should have left."""

from chalicelib.aws import client
from chalicelib.config import settings
from chalicelib.outbound import claims, due
from chalicelib.outbound.claims import key_of
from tests.outbound.scene import Scene


def drop_pokes() -> None:
    client("sqs").purge_queue(QueueUrl=settings().outbound_queue_url)


def test_a_dropped_poke_is_found_after_a_minute_and_the_text_leaves(scene: Scene) -> None:
    message = scene.text(scene.conversation())
    row = scene.row(message)
    assert row
    drop_pokes()
    assert due.repair(key_of(row), scene.clock.ms + 59_999) is False
    assert scene.dispatch() == []
    scene.clock.sleep(60)
    assert due.repair(key_of(row), scene.clock.ms) is True
    assert (scene.row(message) or {})["due_at"] == scene.clock.ms + 60_000
    assert scene.dispatch() == []
    assert scene.inbox() == ["Hello"]


def test_a_text_behind_another_one_is_no_find(scene: Scene) -> None:
    interaction = scene.conversation()
    scene.text(interaction, "one")
    row = scene.row(scene.text(interaction, "two"))
    assert row
    drop_pokes()
    scene.clock.sleep(60)
    assert due.repair(key_of(row), scene.clock.ms) is False
    assert scene.records() == []
    assert (scene.row(row["message_id"]) or {})["due_at"] == scene.clock.ms + 60_000


def test_a_text_that_has_left_is_no_find(scene: Scene) -> None:
    row = scene.row(scene.text(scene.conversation()))
    assert row
    scene.dispatch()
    assert due.repair(key_of(row), scene.clock.ms + 10**9) is False


def test_an_abandoned_claim_is_found_a_minute_after_its_lease_and_settled_by_the_dispatch(scene: Scene) -> None:
    message = scene.text(scene.conversation())
    row = scene.row(message)
    assert row
    drop_pokes()
    claims.take(row, scene.clock.ms)
    scene.clock.sleep(89)
    assert due.repair(key_of(row), scene.clock.ms) is False
    scene.clock.sleep(1)
    assert due.repair(key_of(row), scene.clock.ms) is True
    scene.dispatch()
    assert scene.line(message)["status"] == "unknown"
    assert scene.attempts() == []


def test_two_reconcilers_at_once_poke_once(scene: Scene) -> None:
    row = scene.row(scene.text(scene.conversation()))
    assert row
    scene.clock.sleep(60)
    found = [due.repair(key_of(row), scene.clock.ms) for _ in range(2)]
    assert found == [True, False]
