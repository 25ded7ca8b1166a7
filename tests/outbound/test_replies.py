"""Replies, retries and notes: who may write, exactly once, in three calls."""

from typing import Any

import pytest

from chalicelib.models.errors import Refused
from chalicelib.outbound import replies
from chalicelib.store import accounts, conversations, db, table
from chalicelib.store.conversations import Change
from chalicelib.store.db import Item
from chalicelib.store.idempotency import Once, Replayed
from chalicelib.store.transaction import Transaction
from tests.outbound.aws_calls import always, no_fault
from tests.outbound.scene import Scene, customer


def present(line: Item) -> dict[str, Any]:
    return {"id": line["id"], "n": line["n"]}


def never(*_: Any) -> None:
    raise AssertionError("nothing is offered here")


def reply(scene: Scene, interaction: str, text: str = "Hello", agent: str | None = None, **more: Any) -> Item:
    once = more.pop("once", None)
    accept = more.pop("accept", never)
    media = more.pop("media", ())
    agent = agent or scene.agent_id
    return replies.reply(interaction, agent, text, media, once, scene.clock.ms, accept=accept, present=present)


def retry(scene: Scene, interaction: str, message: str, **more: Any) -> Item:
    agent = more.pop("agent", scene.agent_id)
    return replies.retry(interaction, message, agent, more.pop("once", None), scene.clock.ms, present=present)


def warm(scene: Scene) -> None:
    """The account is known to the process; calls are counted from now on."""
    accounts.get_cached(scene.account_id, scene.clock.ms)
    scene.calls.forget()


def once(key: str = "key-1", asked: str = "hash-1") -> Once:
    return Once("token-1 reply", key, asked)


def texts(interaction: str) -> list[str]:
    return [line["text"] for line in conversations.lines(interaction, limit=50).items]


def test_a_reply_is_queued_and_reaches_the_customer(scene: Scene) -> None:
    interaction = scene.conversation()
    line = reply(scene, interaction, "How can I help?")
    assert (line["status"], line["n"], line["author"], line["direction"]) == ("queued", 2, scene.agent_id, "out")
    meta = scene.meta(interaction)
    assert (meta["last_preview"], meta["out_last"]) == ("How can I help?", line["id"])
    assert scene.head()["seq"] == 1
    scene.dispatch()
    assert scene.inbox() == ["How can I help?"]


def test_a_reply_takes_three_calls(scene: Scene) -> None:
    interaction = scene.conversation()
    warm(scene)
    reply(scene, interaction, once=once())
    assert scene.calls.operations == ["BatchGetItem", "TransactWriteItems", "SendMessage"]


def test_a_repeated_request_gets_the_same_answer_and_sends_nothing(scene: Scene) -> None:
    interaction = scene.conversation()
    line = reply(scene, interaction, once=once())
    with pytest.raises(Replayed) as replayed:
        reply(scene, interaction, once=once())
    assert (replayed.value.stored.status, replayed.value.stored.answer) == (201, {"id": line["id"], "n": 2})
    with pytest.raises(Refused, match="idempotency-mismatch"):
        reply(scene, interaction, "other", once=once(asked="hash-2"))
    assert texts(interaction) == ["Hi", "Hello"]


def test_a_reply_whose_answer_was_lost_is_written_once(scene: Scene) -> None:
    interaction = scene.conversation()
    scene.calls.forget()
    scene.calls.fault = always("TransactWriteItems", "after", 1, 1)
    reply(scene, interaction, once=once())
    assert texts(interaction) == ["Hi", "Hello"]


def test_a_reply_whose_answers_were_all_lost_is_replayed_to_the_next_try(scene: Scene) -> None:
    interaction = scene.conversation()
    scene.calls.fault = always("TransactWriteItems", "after")
    with pytest.raises(Exception, match="timeout"):
        reply(scene, interaction, once=once())
    scene.calls.fault = no_fault
    with pytest.raises(Replayed):
        reply(scene, interaction, once=once())
    assert texts(interaction) == ["Hi", "Hello"]


def test_a_lost_poke_does_not_fail_the_reply(scene: Scene) -> None:
    interaction = scene.conversation()
    scene.calls.fault = always("SendMessage", "before")
    line = reply(scene, interaction)
    assert scene.row(line["id"])


def test_a_text_that_comes_in_meanwhile_is_no_obstacle(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    interaction = scene.conversation()
    stale = scene.meta(interaction)
    scene.text(interaction, "from another tab")
    real, reads = db.get_many, []

    def first_stale(keys: Any) -> list[Item | None]:
        reads.append(1)
        found = real(keys)
        return [stale, *found[1:]] if len(reads) == 1 else found

    monkeypatch.setattr("chalicelib.outbound.replies.db.get_many", first_stale)
    reply(scene, interaction)
    assert texts(interaction) == ["Hi", "from another tab", "Hello"]


def test_only_the_owner_may_reply(scene: Scene) -> None:
    interaction = scene.conversation()
    scene.add_agent("agt_2", "Bob")
    with pytest.raises(Refused) as refused:
        reply(scene, interaction, agent="agt_2")
    assert (refused.value.code, refused.value.extra) == ("not-owner", {"owner": "Ada"})
    assert texts(interaction) == ["Hi"]


def test_for_an_agent_who_is_not_on_the_account_nothing_exists(scene: Scene) -> None:
    interaction = scene.conversation()
    scene.add_agent("agt_2", "Eve", accounts={"acc_other"})
    message = scene.text(interaction)
    now = scene.clock.ms
    for act in (
        lambda: reply(scene, interaction, agent="agt_2"),
        lambda: retry(scene, interaction, message, agent="agt_2"),
        lambda: replies.note(interaction, "agt_2", "psst", None, now, present=present),
        lambda: reply(scene, "int_nowhere"),
    ):
        with pytest.raises(Refused) as refused:
            act()
        assert refused.value.code == "not-found"


def test_who_is_taken_off_the_account_at_that_moment_does_not_send(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    interaction = scene.conversation()
    meta, head = scene.meta(interaction), scene.head()
    scene.add_agent(scene.agent_id, "Ada", accounts=None)
    real, reads = db.get_many, []

    def first_stale(keys: Any) -> list[Item | None]:
        reads.append(1)
        return [meta, head] if len(reads) == 1 else real(keys)

    monkeypatch.setattr("chalicelib.outbound.replies.db.get_many", first_stale)
    with pytest.raises(Refused, match="not-found"):
        reply(scene, interaction)
    assert texts(interaction) == ["Hi"]


def test_replying_to_an_unowned_conversation_accepts_it_first(scene: Scene) -> None:
    interaction = scene.conversation(owner=None)
    accepted = []

    def accept(name: str, agent: str, now: int) -> None:
        accepted.append((name, agent))
        Change(scene.meta(name), now).set(owner=agent, tab=1).commit()

    reply(scene, interaction, accept=accept)
    assert accepted == [(interaction, scene.agent_id)]
    assert texts(interaction) == ["Hi", "Hello"]


def test_an_owner_who_is_asked_to_come_back_accepts_by_replying(scene: Scene) -> None:
    interaction = scene.conversation()
    Change(scene.meta(interaction), scene.clock.ms).set(stage="assigned_agent").commit()

    def accept(name: str, agent: str, now: int) -> None:
        Change(scene.meta(name), now).set(stage="none").commit()

    reply(scene, interaction, accept=accept)
    assert scene.meta(interaction)["stage"] == "none"
    assert texts(interaction) == ["Hi", "Hello"]


def test_what_accepting_refuses_the_reply_refuses(scene: Scene) -> None:
    interaction = scene.conversation(owner=None)

    def accept(*_: Any) -> None:
        raise Refused("not-offered", "It is not offered to you.")

    with pytest.raises(Refused, match="not-offered"):
        reply(scene, interaction, accept=accept)
    assert texts(interaction) == ["Hi"]


def test_a_closed_conversation_takes_no_reply_and_no_note(scene: Scene) -> None:
    interaction = scene.conversation()
    Change(scene.meta(interaction), scene.clock.ms).set(status="closed", owner=None).commit()
    with pytest.raises(Refused, match="closed"):
        reply(scene, interaction)
    with pytest.raises(Refused, match="closed"):
        replies.note(interaction, scene.agent_id, "psst", None, scene.clock.ms, present=present)


def test_an_opted_out_recipient_is_told_at_once_without_a_further_call(scene: Scene) -> None:
    interaction = scene.conversation()
    Transaction().put(table.opt_out(scene.account_id, customer()), {"state": "out"}).commit()
    warm(scene)
    with pytest.raises(Refused, match="opted-out"):
        reply(scene, interaction)
    assert scene.calls.operations == ["BatchGetItem", "TransactWriteItems"]
    assert texts(interaction) == ["Hi"]


def test_a_retry_is_a_new_text_and_the_old_one_keeps_its_state(scene: Scene) -> None:
    interaction = scene.conversation()
    scene.behave("reject", code=30005, times=1)
    media = ("https://media.example.com/a.png",)
    failed = reply(scene, interaction, "Hello", media=media)
    scene.dispatch()
    again = retry(scene, interaction, failed["id"])
    assert (again["retry_of"], again["text"], again["media"]) == (failed["id"], "Hello", [{"url": media[0]}])
    scene.behave("no_reports")
    scene.dispatch()
    assert (scene.line(failed["id"])["status"], scene.line(again["id"])["status"]) == ("failed", "sending")
    assert scene.inbox() == ["Hello"]


def test_a_text_that_is_on_its_way_or_arrived_cannot_be_retried(scene: Scene) -> None:
    interaction = scene.conversation()
    message = reply(scene, interaction)["id"]
    inbound = conversations.lines(interaction, limit=1).items[0]["id"]
    Transaction().put(table.message(inbound), {"interaction_id": interaction, "n": 1}).commit()
    for name in (message, inbound):
        with pytest.raises(Refused, match="not-retryable"):
            retry(scene, interaction, name)
    with pytest.raises(Refused, match="not-found"):
        retry(scene, scene.conversation(customer(2)), message)


def test_only_the_owner_may_retry(scene: Scene) -> None:
    interaction = scene.conversation()
    scene.add_agent("agt_2", "Bob")
    message = reply(scene, interaction)["id"]
    with pytest.raises(Refused, match="not-owner"):
        retry(scene, interaction, message, agent="agt_2")


def test_a_note_of_any_agent_of_the_account_stays_inside(scene: Scene) -> None:
    interaction = scene.conversation()
    scene.add_agent("agt_2", "Bob")
    line = replies.note(interaction, "agt_2", "He called before.", once(), scene.clock.ms, present=present)
    assert (line["kind"], line["author"], line["n"]) == ("note", "agt_2", 2)
    assert scene.head()["seq"] == 1
    assert scene.meta(interaction)["last_preview"] == "Hi"
    scene.dispatch()
    assert scene.attempts() == []
    with pytest.raises(Replayed):
        replies.note(interaction, "agt_2", "He called before.", once(), scene.clock.ms, present=present)


def test_a_supervisor_without_an_agent_may_write_a_note_anywhere(scene: Scene) -> None:
    interaction = scene.conversation()
    line = replies.note(interaction, None, "Well done.", None, scene.clock.ms, present=present, members_only=False)
    assert texts(interaction) == ["Hi", "Well done."]
    assert line["author"] is None
