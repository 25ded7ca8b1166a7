"""Mandatory dispositions: the pause that an account has for disposing, and what may not be closed without one."""

import pytest

from tests.api.conftest import ACCOUNT, Answer, Api
from tests.calls import before

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


def test_a_close_step_names_one(api: Api) -> None:
    account = api.account(mandatory_disposition={"enabled": True})
    path = f"/sms/accounts/{account['id']}/plan"
    sold = api.must("supervisor", "POST", "/dispositions", {"name": "Sold"})["id"]
    steps = [{"app": "noop", "text": "x"}, {"app": "close"}, {"app": "close", "disposition": sold}]
    refused = api("supervisor", "PUT", path, {"actions": steps}, If_Match="1")
    assert (refused.status, refused.pointers) == (422, ["/actions/1/disposition"])
    assert api("supervisor", "PUT", path, {"actions": [steps[0], steps[2]]}, If_Match="1").status == 200


def test_it_is_not_switched_on_while_the_plan_closes_without_one(api: Api) -> None:
    account = api.account()
    path = f"/sms/accounts/{account['id']}/plan"
    sold = api.must("supervisor", "POST", "/dispositions", {"name": "Sold"})["id"]
    steps = [
        {"id": "night", "app": "close", "interval": {"parts": []}},
        {"id": "sold", "app": "close", "disposition": sold},
        {"id": "end", "app": "close", "enabled": False},
    ]
    api.must("supervisor", "PUT", path, {"actions": steps}, If_Match="1")
    refused = patch(api, account["id"], 1, enabled=True)
    assert (refused.status, refused.pointers) == (422, ["/mandatory_disposition/enabled"] * 2)
    assert [mistake["detail"] for mistake in refused.body["errors"]] == [
        "Step night of the plan closes without one.",
        "Step end of the plan closes without one.",
    ]
    assert patch(api, account["id"], 1, enabled=False).status == 200
    api.must("supervisor", "PUT", path, {"actions": steps[1:2]}, If_Match="2")
    assert patch(api, account["id"], 2, enabled=True).status == 200


def test_a_plan_that_is_saved_at_the_moment_of_switching_on_is_looked_at_again(api: Api) -> None:
    account = api.account()
    plan = {"actions": [{"app": "close"}]}
    path = f"/sms/accounts/{account['id']}/plan"
    with before("TransactWriteItems", lambda: api.must("supervisor", "PUT", path, plan, If_Match="1")):
        answer = patch(api, account["id"], 1, enabled=True)
    assert (answer.status, answer.body["code"], answer.body["retryable"]) == (503, "contended", True)
    assert patch(api, account["id"], 1, enabled=True).pointers == ["/mandatory_disposition/enabled"]


def test_switching_on_at_the_moment_of_saving_a_plan_has_the_plan_looked_at_again(api: Api) -> None:
    account = api.account()
    plan = {"actions": [{"app": "close"}]}
    path = f"/sms/accounts/{account['id']}/plan"
    api.must("supervisor", "GET", path)  # the token's first use is written down
    with before("TransactWriteItems", lambda: patch(api, account["id"], 1, enabled=True)):
        answer = api("supervisor", "PUT", path, plan, If_Match="1")
    assert (answer.status, answer.body["code"]) == (503, "contended")
    assert api("supervisor", "PUT", path, plan, If_Match="1").pointers == ["/actions/0/disposition"]
