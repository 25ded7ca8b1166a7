"""Intervals over HTTP: what they may hold, what is there from the start, and when they hold."""

import pytest

from chalicelib.store import intervals
from tests.api.conftest import Api

UNKNOWN = "ivl_01ARZ3NDEKTSV4RRFFQ69G5FAV"
NIGHT = {"type": "custom", "from": "22:00", "to": "05:59", "week_days": ["fri"]}


def test_a_new_interval_is_in_the_zone_of_the_deployment_and_its_parts_are_complete(api: Api) -> None:
    made = api.must("supervisor", "POST", "/intervals", {"name": "Nights", "parts": [NIGHT, {"type": "always"}]})
    assert (made["zone"], made["description"], made["version"]) == ("UTC", "", 1)
    assert made["parts"] == [{**NIGHT, "month_days": [], "months": [], "dates": []}, {"type": "always"}]
    assert api.must("supervisor", "GET", f"/intervals/{made['id']}") == made
    assert made in api.must("supervisor", "GET", "/intervals")["data"]


def test_working_time_and_holidays_are_there_from_the_start_and_made_once(api: Api) -> None:
    intervals.ensure_defaults(api.now)
    intervals.ensure_defaults(api.now)
    working, holidays = sorted(api.must("supervisor", "GET", "/intervals")["data"], key=lambda one: -len(one["parts"]))
    assert (working["name"], holidays["name"], holidays["parts"]) == ("working time", "holidays", [])
    at = "?at=2026-01-01T17:59:59Z"  # a Thursday
    held = api.must("supervisor", "GET", f"/intervals/{working['id']}/preview{at}")
    assert held == {
        "at": "2026-01-01T17:59:59.000Z",
        "zone": "UTC",
        "holds": True,
        "changes_at": "2026-01-01T18:00:00.000Z",
    }
    assert api("supervisor", "DELETE", f"/intervals/{holidays['id']}").status == 204
    intervals.ensure_defaults(api.now)
    assert len(api.must("supervisor", "GET", "/intervals")["data"]) == 1


def test_a_default_leaves_a_name_that_is_taken_as_it_is(api: Api) -> None:
    own = {"id": UNKNOWN, "name": "Holidays", "description": "Ours", "zone": "UTC", "parts": [], "version": 1}
    intervals.create(own, None, api.now)
    intervals.ensure_defaults(api.now)
    found = {one["name"]: one["description"] for one in api.must("supervisor", "GET", "/intervals")["data"]}
    assert found == {"working time": "", "Holidays": "Ours"}


def test_the_defaults_are_there_before_the_first_own_one(api: Api) -> None:
    taken = api("supervisor", "POST", "/intervals", {"name": "HOLIDAYS"})
    assert (taken.status, taken.pointers) == (422, ["/name"])


@pytest.mark.parametrize(
    ("fields", "pointer", "says"),
    [
        ({"zone": "Mars/Olympus"}, "/zone", "IANA"),
        ({"zone": "../etc/passwd"}, "/zone", "IANA"),
        ({"parts": [{"type": "never"}]}, "/parts/0/type", "'always', 'custom'"),
        ({"parts": [{"type": "always", "from": "09:00"}]}, "/parts/0/from", "Unknown field"),
        ({"parts": [{"type": "custom", "from": "24:00"}]}, "/parts/0/from", "pattern"),
        ({"parts": [{"type": "custom", "to": "24:01"}]}, "/parts/0/to", "pattern"),
        ({"parts": [{"type": "custom", "until": "x"}]}, "/parts/0/until", "Allowed: dates, from, month_days"),
        ({"parts": [{"type": "custom", "week_days": ["monday"]}]}, "/parts/0/week_days/0", "'mon'"),
        ({"parts": [{"type": "custom", "month_days": [32]}]}, "/parts/0/month_days/0", "31"),
        ({"parts": [{"type": "custom", "months": [0]}]}, "/parts/0/months/0", "1"),
        ({"parts": [{"type": "custom", "dates": ["2026-02-30"]}]}, "/parts/0/dates/0", "A date such as"),
        ({"parts": [{"type": "custom", "dates": ["20260203"]}]}, "/parts/0/dates/0", "pattern"),
        ({"parts": [{"type": "always"}] * 21}, "/parts", "20"),
    ],
)
def test_a_wrong_interval_is_refused(api: Api, fields: dict, pointer: str, says: str) -> None:
    answer = api("supervisor", "POST", "/intervals", {"name": "Nights", **fields})
    assert (answer.status, answer.pointers) == (422, [pointer])
    assert says in answer.body["errors"][0]["detail"]


def test_an_interval_changes_at_the_version_that_was_read_and_keeps_its_name_to_itself(api: Api) -> None:
    made = api.must("supervisor", "POST", "/intervals", {"name": "Nights"})
    path = f"/intervals/{made['id']}"
    changed = api.must("supervisor", "PATCH", path, {"zone": "Europe/Rome", "parts": [NIGHT]}, If_Match="1")
    assert (changed["zone"], changed["parts"][0]["from"], changed["version"]) == ("Europe/Rome", "22:00", 2)
    assert api.must("supervisor", "GET", path) == changed
    assert api("supervisor", "PATCH", path, {"name": "x"}, If_Match="1").status == 412
    taken = api("supervisor", "PATCH", path, {"name": "HOLIDAYS"}, If_Match="2")
    assert (taken.status, taken.pointers) == (422, ["/name"])


def test_a_preview_is_of_now_unless_a_time_is_named(api: Api) -> None:
    part = {"type": "custom", "from": "22:00", "to": "05:59", "week_days": ["wed"]}
    made = api.must("supervisor", "POST", "/intervals", {"name": "Nights", "zone": "Europe/Rome", "parts": [part]})
    path = f"/intervals/{made['id']}/preview"
    now = api.must("supervisor", "GET", path)  # 2026-01-01T00:00Z, 01:00 of the night that began on Wednesday
    assert (now["holds"], now["changes_at"], now["zone"]) == (True, "2026-01-01T05:00:00.000Z", "Europe/Rome")
    later = api.must("supervisor", "GET", f"{path}?at=2026-01-01T06:00:00%2B01:00")
    assert (later["at"], later["holds"]) == ("2026-01-01T05:00:00.000Z", False)
    assert later["changes_at"] == "2026-01-07T21:00:00.000Z"
    never = api.must("supervisor", "POST", "/intervals", {"name": "Never"})
    assert api.must("supervisor", "GET", f"/intervals/{never['id']}/preview")["changes_at"] is None


@pytest.mark.parametrize("at", ["today", "2026-01-01T00:00:00", "9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z"])
def test_a_preview_at_no_time_is_refused(api: Api, at: str) -> None:
    made = api.must("supervisor", "POST", "/intervals", {"name": "Nights", "parts": [NIGHT]})
    answer = api("supervisor", "GET", f"/intervals/{made['id']}/preview?at={at}")
    assert (answer.status, answer.pointers) == (422, ["at"])


def test_an_interval_that_a_plan_names_is_not_deleted(api: Api) -> None:
    made = api.must("supervisor", "POST", "/intervals", {"name": "Nights"})
    account = api.account()["id"]
    plan, step = f"/sms/accounts/{account}/plan", {"app": "close", "interval_id": made["id"], "when": "outside"}
    api.must("supervisor", "PUT", plan, {"actions": [step]}, If_Match="1")
    refused = api("supervisor", "DELETE", f"/intervals/{made['id']}")
    assert (refused.status, refused.body["code"], refused.body["accounts"]) == (409, "in-use", [account])
    api.must("supervisor", "PUT", plan, {"actions": []}, If_Match="2")
    assert api("supervisor", "DELETE", f"/intervals/{made['id']}").status == 204
    assert api("supervisor", "DELETE", f"/intervals/{made['id']}").status == 404
    assert api("supervisor", "GET", f"/intervals/{UNKNOWN}/preview").status == 404
