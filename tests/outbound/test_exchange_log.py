"""What leaves is in the exchange log: the provider's answer, written with the outcome, and nothing of the text."""

import json

from chalicelib import providers
from chalicelib.outbound import sending
from chalicelib.store import db, exchanges, secrets, table
from chalicelib.store.db import Item
from tests.outbound.scene import AUTH_TOKEN, PHONE, Scene, customer

SAID = "the secret recipe"


def rows(scene: Scene) -> list[Item]:
    return exchanges.newest(scene.account_id, scene.clock.ms, 10)


def test_an_accepted_text_has_a_row_within_the_four_calls(scene: Scene) -> None:
    scene.text(scene.conversation())
    scene.warm()
    scene.dispatch()
    assert scene.calls.operations == ["BatchGetItem", *["TransactWriteItems"] * 3]
    (row,) = rows(scene)
    assert (row["direction"], row["method"], row["status"], row["outcome"]) == ("out", "POST", 201, "accepted")
    assert row["provider_message_id"] == scene.provider_id()
    assert row["fields"] == ["To", "From", "Body", "StatusCallback"]


def test_a_refusal_and_a_try_that_goes_back_have_rows_with_the_reason(scene: Scene) -> None:
    scene.text(scene.conversation())
    scene.behave("throttled")
    scene.dispatch()
    assert [(row["outcome"], row["status"]) for row in rows(scene)] == [("throttled", 429)]
    scene.clock.sleep(400)
    scene.behave("garbage")
    record = scene.record(db.get(table.message(rows_message(scene)))["message_id"])  # type: ignore[index]
    scene.dispatch([record])
    assert rows(scene)[0]["outcome"] == "unknown_outcome"
    assert rows(scene)[0]["detail"]


def rows_message(scene: Scene) -> str:
    interaction = db.get(table.pointer(scene.account_id, customer()))["interaction_id"]  # type: ignore[index]
    lines = list(db.query_all(table.meta(interaction)["pk"], "L#"))
    return str(lines[-1]["id"])


def test_a_row_tells_nothing_of_the_text_the_number_and_the_secrets(scene: Scene) -> None:
    scene.text(scene.conversation(), SAID)
    scene.dispatch()
    found = json.dumps(rows(scene), default=str)
    assert [one for one in (SAID, customer()[1:], PHONE[1:], AUTH_TOKEN, "t" * 32) if one in found] == []


def test_the_first_value_of_a_rotated_secret_is_sent_with(scene: Scene) -> None:
    values = secrets.seal(scene.account_id, {"auth_token": [AUTH_TOKEN, "the-one-before"]}, {"auth_token"})
    scene.add_account(credentials={"account_sid": "AC" + "0123456789abcdef" * 2, **values})
    scene.text(scene.conversation())
    scene.dispatch()
    assert rows(scene)[0]["outcome"] == "accepted"


def test_a_provider_that_takes_the_url_with_each_text_gets_it_while_reports_are_wanted(scene: Scene) -> None:
    row = {"message_id": "msg_1", "address": customer(), "text": SAID, "media": []}
    account = {"id": "acc_1", "token": "t", "domain": "https://desk.example.com/x"}
    for kind, wanted, given in (("custom", True, True), ("custom", False, False), ("csctelecom", True, False)):
        message = sending._message(row, {**account, "delivery_reports": wanted}, providers.get(kind))
        url = "https://desk.example.com/x/sms/accounts/acc_1/delivery/t/msg_1"
        assert message.delivery_url == (url if given else None)
