"""Nothing leaves faster than the account's rate."""

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.outbound import pacing
from chalicelib.store import db, table
from chalicelib.store.transaction import Transaction
from tests.outbound.scene import Scene, customer


def rows(*segments: int) -> list[dict[str, object]]:
    return [{"message_id": str(i), "segments": count} for i, count in enumerate(segments)]


@given(
    st.lists(st.integers(1, 10), min_size=1, max_size=10),
    st.none() | st.integers(0, 20_000),
    st.sampled_from([0.5, 1, 3, 10, 1000]),
)
def test_slots_never_exceed_the_rate_and_never_lie_in_the_past(
    segments: list[int], free_at: int | None, rate: float
) -> None:
    made = pacing.reserve(rows(*segments), free_at, rate, 10_000)
    at: float = max(10_000, free_at or 0)
    for count, slot in zip(segments, made.slots.values(), strict=True):
        assert slot >= at
        at = slot + count * 1000 / rate
    assert made.free_at >= at


def test_at_one_segment_a_second_one_text_leaves_one_is_waited_for_and_the_rest_goes_back(scene: Scene) -> None:
    scene.add_account(segments_per_second=1)
    messages = [scene.text(scene.conversation(customer(n)), f"text {n}") for n in range(4)]
    start = scene.clock.ms
    records = [scene.record(message, f"rec-{n}") for n, message in enumerate(messages)]
    assert scene.dispatch(records) == ["rec-2", "rec-3"]
    assert sorted(scene.attempts()) == ["text 0", "text 1"]
    assert scene.clock.ms == start + 1000
    assert [(scene.row(message) or {}).get("slot") for message in messages[2:]] == [start + 2000, start + 3000]
    assert (scene.row(messages[3]) or {})["due_at"] == start + 63_000
    shown = [given["VisibilityTimeout"] for given in scene.calls.asked("ChangeMessageVisibility")]
    assert shown == [1, 2]


def test_a_kept_slot_is_used_without_a_new_reservation(scene: Scene) -> None:
    scene.add_account(segments_per_second=1)
    messages = [scene.text(scene.conversation(customer(n))) for n in range(3)]
    records = [scene.record(message, f"rec-{n}") for n, message in enumerate(messages)]
    scene.dispatch(records)
    pace = db.get(table.pace(scene.account_id))
    scene.clock.sleep(1)
    assert scene.dispatch([records[2]]) == []
    assert scene.calls.operations == ["BatchGetItem", "TransactWriteItems", "TransactWriteItems"]
    assert db.get(table.pace(scene.account_id)) == pace


def test_a_slot_missed_by_more_than_five_seconds_is_reserved_anew(scene: Scene) -> None:
    scene.add_account(segments_per_second=1)
    messages = [scene.text(scene.conversation(customer(n))) for n in range(3)]
    records = [scene.record(message, f"rec-{n}") for n, message in enumerate(messages)]
    scene.dispatch(records)
    scene.clock.sleep(6.001)
    assert scene.dispatch([records[2]]) == []
    assert (db.get(table.pace(scene.account_id)) or {})["next_free_at"] == scene.clock.ms + 1000


def test_a_long_text_costs_its_segments(scene: Scene) -> None:
    scene.add_account(segments_per_second=2)
    scene.text(scene.conversation(), "x" * 400)
    before = scene.clock.ms
    scene.dispatch()
    assert (db.get(table.pace(scene.account_id)) or {})["next_free_at"] == before + 1500


def test_two_functions_that_reserve_at_once_get_slots_one_after_the_other(scene: Scene) -> None:
    message = scene.text(scene.conversation())
    row = scene.row(message)
    assert row
    now = scene.clock.ms
    Transaction().put(table.pace(scene.account_id), {"next_free_at": now + 500}).commit()
    assert pacing.book(scene.account_id, [row], None, 1, now) == {message: now + 500}
    assert (db.get(table.pace(scene.account_id)) or {})["next_free_at"] == now + 1500


def test_without_a_rate_of_its_own_an_account_sends_one_segment_a_second(scene: Scene) -> None:
    scene.add_account(segments_per_second=None)
    scene.text(scene.conversation())
    before = scene.clock.ms
    scene.dispatch()
    assert (db.get(table.pace(scene.account_id)) or {})["next_free_at"] == before + 1000
