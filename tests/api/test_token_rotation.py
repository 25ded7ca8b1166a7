"""The token of an account's URLs: generated, replaced by an admin, never set by a request."""

from typing import Any

import pytest

from chalicelib.clock import rfc3339
from chalicelib.store import db, table
from tests.api.conftest import Api

HOURS = 3_600_000


def stored(account_id: str) -> dict[str, Any]:
    return db.get(table.configuration("account", account_id))  # type: ignore[return-value]


def test_a_rotation_shows_the_new_urls_and_how_long_the_old_ones_work(api: Api) -> None:
    made = api.account()
    path = f"/sms/accounts/{made['id']}"
    after = api.must("admin", "POST", f"{path}/token/rotate")
    assert after["receive_url"] != made["receive_url"]
    assert after["old_token_until"] == rfc3339(api.now + 24 * HOURS)
    assert after["version"] == 2
    assert api.must("admin", "GET", path) == {name: value for name, value in after.items() if name != "old_token_until"}
    assert len(stored(made["id"])["token"]) == 32


def test_an_overlap_of_no_hours_ends_every_older_token(api: Api) -> None:
    made = api.account()
    path = f"/sms/accounts/{made['id']}/token/rotate"
    api.must("admin", "POST", path, {"overlap_hours": 168})
    assert api.must("admin", "POST", path, {"overlap_hours": 0})["old_token_until"] is None
    assert "old_tokens" not in stored(made["id"])


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"overlap_hours": -1}, "/overlap_hours"),
        ({"overlap_hours": 169}, "/overlap_hours"),
        ({"overlap_hours": "1"}, "/overlap_hours"),
        ({"token": "mine"}, "/token"),
    ],
)
def test_no_request_sets_a_token_or_a_longer_overlap(api: Api, body: dict[str, Any], pointer: str) -> None:
    made = api.account()
    answer = api("admin", "POST", f"/sms/accounts/{made['id']}/token/rotate", body)
    assert (answer.status, answer.pointers) == (422, [pointer])
    assert stored(made["id"])["token"] in made["receive_url"]


def test_a_repeated_rotation_rotates_once_and_its_stored_answer_holds_no_url(api: Api) -> None:
    made = api.account()
    path = f"/sms/accounts/{made['id']}/token/rotate"
    first = api.must("admin", "POST", path, {}, Idempotency_Key="k1")
    again = api.must("admin", "POST", path, {}, Idempotency_Key="k1")
    assert stored(made["id"])["token"] in first["receive_url"]
    assert (again["receive_url"], again["version"]) == (None, 2)


def test_only_an_admin_rotates(api: Api) -> None:
    made = api.account()
    assert api("supervisor", "POST", f"/sms/accounts/{made['id']}/token/rotate", {}).status == 403
    assert api("admin", "POST", "/sms/accounts/acc_none/token/rotate", {}).status == 404
