"""The function behind the outbound queue, with the real handler, moto's table and the simulated provider over HTTP."""

from chalicelib.store import db, table
from tests.outbound.scene import Scene, customer


def test_a_text_reaches_the_customer_and_its_line_says_so(scene: Scene) -> None:
    interaction = scene.conversation()
    message = scene.text(interaction, "Hello there")
    assert scene.dispatch() == []
    assert scene.inbox() == ["Hello there"]
    assert scene.line(message)["status"] == "sending"
    assert scene.row(message) is None
    known = db.get(table.provider_message(scene.account_id, scene.provider_id()))
    assert known
    assert (known["message_id"], known["interaction_id"]) == (message, interaction)


def test_one_text_takes_four_calls(scene: Scene) -> None:
    scene.text(scene.conversation())
    records = scene.records()
    scene.warm()
    scene.dispatch(records)
    assert scene.calls.operations == [
        "BatchGetItem",
        "TransactWriteItems",
        "TransactWriteItems",
        "TransactWriteItems",
    ]


def test_ten_conversations_take_twenty_two_calls(scene: Scene) -> None:
    for n in range(10):
        scene.text(scene.conversation(customer(n)))
    records = scene.records()
    assert len(records) == 10
    scene.warm()
    assert scene.dispatch(records) == []
    assert len(scene.calls.operations) == 22
    assert [scene.inbox(customer(n)) for n in range(10)] == [["Hello"]] * 10


def test_the_poll_is_told_that_the_status_moved(scene: Scene) -> None:
    interaction = scene.conversation()
    message = scene.text(interaction)
    before = scene.head()["seq"]
    scene.dispatch()
    n = scene.line(message)["n"]
    change = db.get(table.status_change(interaction, n))
    assert change
    assert change["at"] == scene.clock.ms
    assert change["ttl"] == scene.clock.ms // 1000 + 3600
    assert scene.meta(interaction)["status_seq"] == 1
    assert scene.head()["seq"] == before + 1


def test_a_new_owners_poll_is_told_even_if_the_row_names_the_old_one(scene: Scene) -> None:
    interaction = scene.conversation()
    scene.text(interaction)
    other = "agt_2"
    scene.add_agent(other, "Bob")
    from chalicelib.store.conversations import Change

    Change(scene.meta(interaction), scene.clock.ms).set(owner=other).commit()
    before = scene.head()["seq"]
    scene.dispatch()
    assert (scene.head(other)["seq"], scene.head()["seq"]) == (1, before)
