"""A test text takes the way of every text, is followed to delivery, and asks nobody to answer."""

from typing import Any

import pytest

from chalicelib.models.errors import Refused
from chalicelib.outbound import replies, trial
from chalicelib.store import conversations, db, table
from chalicelib.store.db import Item
from chalicelib.store.idempotency import Once, Replayed
from chalicelib.store.transaction import Transaction
from tests.outbound.scene import Scene, customer
from tests.team import Team

ONCE = Once("token-1 text", "key-1", "hash-1")


def present(line: Item) -> dict[str, Any]:
    return {"id": line["id"], "interaction_id": line["interaction_id"]}


def send(scene: Scene, text: str = "This is a test text.", once: Once | None = None) -> Item:
    return trial.send(scene.account_id, customer(), text, None, once, scene.clock.ms, present=present)


def test_it_reaches_the_phone_and_its_interaction_is_closed_from_the_start(scene: Scene) -> None:
    line = send(scene)
    scene.dispatch()
    assert scene.inbox() == ["This is a test text."]
    meta = scene.meta(line["interaction_id"])
    assert (meta["status"], meta["stage"], meta.get("owner")) == ("closed", "none", None)
    assert scene.line(line["id"])["status"] == "sending"


def test_it_joins_a_conversation_that_is_open_and_leaves_it_as_it_is(scene: Scene) -> None:
    interaction = scene.conversation()
    assert send(scene)["interaction_id"] == interaction
    assert scene.head()["seq"] == 1
    meta = scene.meta(interaction)
    assert (meta["status"], meta["owner"], meta["tab"]) == ("open", scene.agent_id, 1)
    assert [line["text"] for line in conversations.lines(interaction, limit=9).items][1:] == [
        "This is a test text.",
        "The text above tries the account out",
    ]
    scene.dispatch()
    assert scene.inbox() == ["This is a test text."]


def test_the_same_request_again_sends_nothing_more(scene: Scene) -> None:
    line = send(scene, once=ONCE)
    with pytest.raises(Replayed) as replayed:
        send(scene, once=ONCE)
    assert replayed.value.stored.answer["id"] == line["id"]
    scene.dispatch()
    assert len(scene.inbox()) == 1


def test_a_number_that_has_opted_out_gets_none(scene: Scene) -> None:
    Transaction().put(table.opt_out(scene.account_id, customer()), {"state": "out"}).commit()
    with pytest.raises(Refused, match="opted-out"):
        send(scene)
    assert db.get(table.pointer(scene.account_id, customer())) is None


def test_attachments_are_refused_before_they_are_queued_where_the_provider_takes_none(scene: Scene) -> None:
    scene.add_account(type="clickatell")
    interaction = scene.conversation()

    def reply(media: list[str]) -> Item:
        return replies.reply(
            interaction, scene.agent_id, "Look", media, None, scene.clock.ms, accept=print, present=dict
        )

    with pytest.raises(Refused) as refused:
        reply(["https://example.org/a.png"])
    assert refused.value.extra["errors"][0]["pointer"] == "/media_urls"
    assert "out_last" not in scene.meta(interaction)
    assert reply([])["status"] == "queued"


def test_supervisors_send_one_by_the_api_and_follow_its_thread(team: Team) -> None:
    account = team.open_account()
    path, body = f"/sms/accounts/{account['id']}/check/text", {"to": "+1 500 555 0188"}
    line = team.must("admin", "POST", path, body, **{"Idempotency-Key": "one"})
    assert (line["status"], line["text"], line["direction"]) == ("queued", "This is a test text.", "out")
    thread = team.must("admin", "GET", f"/sms/interactions/{line['interaction_id']}/messages")["data"]
    assert thread[0] == {name: value for name, value in line.items() if name != "interaction_id"}
    shown = team.must("admin", "GET", f"/sms/interactions/{line['interaction_id']}")
    assert (shown["address"], shown["status"], shown["contact_id"]) == ("+15005550188", "closed", None)
    refused = team.call("admin", "POST", path, {"to": "5550188"}, **{"Idempotency-Key": "two"})
    assert (refused.status_code, b"/to" in refused.body) == (422, True)
    assert team.call("admin", "POST", path, body).status_code == 400
    assert team.text("+15005550188").status_code == 200
    assert team.interaction("+15005550188")["interaction_id"] != line["interaction_id"]
