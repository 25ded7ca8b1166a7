"""Mandatory dispositions: the pause that an account has for disposing, and what may not be closed without one."""

import pytest

from tests.api.conftest import ACCOUNT, Answer, Api

UNKNOWN = "01ARZ3NDEKTSV4RRFFQ69G5FAV"
OFF = {"enabled": False, "pause_id": None}


def patch(api: Api, account: str, version: int, **mandatory: object) -> Answer:
    return api(
        "admin", "PATCH", f"/sms/accounts/{account}", {"mandatory_disposition": mandatory}, If_Match=str(version)
    )


def test_it_is_off_and_without_a_pause_unless_it_is_asked_for(api: Api) -> None:
    account = api.account()
    assert account["mandatory_disposition"] == OFF
    pause = api.must("supervisor", "POST", "/pauses", {"name": "Wrap-up"})["id"]
    other = api.account(key="TWO", mandatory_disposition={"enabled": True, "pause_id": pause})
    assert other["mandatory_disposition"] == {"enabled": True, "pause_id": pause}
    assert api.must("admin", "GET", f"/sms/accounts/{other['id']}") == other


def test_the_pause_must_exist(api: Api) -> None:
    unknown = {"pause_id": f"pau_{UNKNOWN}"}
    made = api("admin", "POST", "/sms/accounts", {**ACCOUNT, "mandatory_disposition": unknown})
    assert (made.status, made.pointers) == (422, ["/mandatory_disposition/pause_id"])
    account = api.account()
    changed = patch(api, account["id"], 1, **unknown)
    assert (changed.status, changed.pointers) == (422, ["/mandatory_disposition/pause_id"])
    assert api.must("admin", "GET", f"/sms/accounts/{account['id']}")["version"] == 1


@pytest.mark.parametrize("way", ["another pause", "no pause", "account deleted"])
def test_a_pause_that_an_account_names_is_kept(api: Api, way: str) -> None:
    pause, other = (api.must("supervisor", "POST", "/pauses", {"name": n})["id"] for n in ("Wrap-up", "Notes"))
    account = api.account(mandatory_disposition={"pause_id": pause})
    refused = api("supervisor", "DELETE", f"/pauses/{pause}")
    assert (refused.status, refused.body["code"], refused.body["accounts"]) == (409, "in-use", [account["id"]])
    if way == "account deleted":
        api.must("admin", "DELETE", f"/sms/accounts/{account['id']}")
    else:
        wanted = other if way == "another pause" else None
        assert patch(api, account["id"], 1, pause_id=wanted).status == 200
    assert api("supervisor", "DELETE", f"/pauses/{pause}").status == 204
    assert api("supervisor", "DELETE", f"/pauses/{other}").status == (409 if way == "another pause" else 204)


def test_a_change_of_something_else_keeps_the_pause(api: Api) -> None:
    pause = api.must("supervisor", "POST", "/pauses", {"name": "Wrap-up"})["id"]
    account = api.account(mandatory_disposition={"pause_id": pause})
    changed = api.must("admin", "PATCH", f"/sms/accounts/{account['id']}", {"description": "x"}, If_Match="1")
    assert changed["mandatory_disposition"]["pause_id"] == pause
    assert api("supervisor", "DELETE", f"/pauses/{pause}").status == 409
