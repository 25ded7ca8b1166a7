"""The notification of an account: what may be saved."""

from typing import Any

import pytest

from tests.api.conftest import ACCOUNT, Api

DEFAULT = {
    "enabled": False,
    "title": "{{account.name}}",
    "body": "{{contact.name|New customer}} ({{contact.phone}}): {{message.preview}}",
    "sound": False,
    "shake": False,
}


def test_it_is_off_with_a_text_that_can_be_used(api: Api) -> None:
    assert api.account()["notification"] == DEFAULT


def test_it_is_changed_as_a_whole(api: Api) -> None:
    account = api.account(notification={"enabled": True, "title": "SMS", "shake": True})
    assert account["notification"] == {**DEFAULT, "enabled": True, "title": "SMS", "shake": True}
    change = {"notification": {"enabled": True, "sound": "chime"}}
    changed = api.must("admin", "PATCH", f"/sms/accounts/{account['id']}", change, If_Match="1")
    assert changed["notification"] == {**DEFAULT, "enabled": True, "sound": "chime"}
    assert api.must("admin", "GET", f"/sms/accounts/{account['id']}") == changed


@pytest.mark.parametrize(
    ("given", "pointer", "allowed"),
    [
        ({"title": "{{contact.secret}}"}, "title", "Variables: account.key, account.name, contact.name"),
        ({"body": "{{contact.name"}, "body", "is written {{name}}"),
        ({"title": ""}, "title", "at least 1"),
        ({"title": "x" * 101}, "title", "at most 100"),
        ({"body": "x" * 501}, "body", "at most 500"),
        ({"sound": 1}, "sound", "true, false, or the name"),
        ({"sound": "x" * 51}, "sound", "1 to 50"),
        ({"shake": "yes"}, "shake", "boolean"),
        ({"colour": "red"}, "colour", "Allowed: body, enabled, shake, sound, title"),
    ],
)
def test_what_cannot_be_shown_is_refused_with_its_place(
    api: Api, given: dict[str, Any], pointer: str, allowed: str
) -> None:
    refused = api("admin", "POST", "/sms/accounts", {**ACCOUNT, "notification": given})
    assert (refused.status, refused.pointers) == (422, [f"/notification/{pointer}"])
    assert allowed in refused.body["errors"][0]["detail"]
