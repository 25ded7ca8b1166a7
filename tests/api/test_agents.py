"""Agents, their presence and their end."""

import pytest

from chalicelib.store import db, table
from tests.api.conftest import Api


def head(agent_id: str) -> dict:
    found = db.get(table.agent(agent_id))
    assert found is not None
    return found


def test_a_new_agent_is_offline_with_room_for_twenty(api: Api) -> None:
    made = api.agent("Ada Lovelace", alias="Ada")
    assert made["presence"] == {
        "state": "offline",
        "pause": None,
        "since": "2026-01-01T00:00:00.000Z",
        "capacity": 20,
        "open": 0,
        "disposing": [],
    }
    found = head(made["id"])
    assert (found["name"], found["session"], found["members_version"], found["seq"]) == ("Ada", 1, 0, 0)
    assert api.must("supervisor", "GET", f"/agents/{made['id']}") == made


def test_a_changed_name_and_capacity_reach_the_work_of_the_agent(api: Api) -> None:
    made = api.agent("Ada", alias="A")
    path = f"/agents/{made['id']}"
    api.must("admin", "PATCH", path, {"alias": None, "capacity": 0}, If_Match="1")
    assert (head(made["id"])["name"], head(made["id"])["capacity"], head(made["id"])["seq"]) == ("Ada", 0, 1)
    assert api("admin", "PATCH", path, {"name": "B"}, If_Match="1").status == 412
    assert head(made["id"])["name"] == "Ada"
    for fields in ({"capacity": -1}, {"capacity": "5"}, {"state": "online"}, {"name": ""}):
        answer = api("admin", "PATCH", path, fields, If_Match="2")
        assert (answer.status, answer.pointers) == (422, [f"/{next(iter(fields))}"])


def test_agents_go_online_paused_and_offline(api: Api) -> None:
    made = api.agent()
    online = api.must("Ada", "PUT", "/agents/me/presence", {"state": "online"})
    assert (online["state"], online["pause"]) == ("online", None)
    paused = api.must("supervisor", "PUT", f"/agents/{made['id']}/presence", {"state": "paused", "pause": "Lunch"})
    assert (paused["state"], paused["pause"]) == ("paused", "Lunch")
    assert api.must("Ada", "GET", f"/agents/{made['id']}")["presence"]["pause"] == "Lunch"
    assert api.must("Ada", "PUT", "/agents/me/presence", {"state": "offline"})["state"] == "offline"


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"state": "not_responding"}, "/state"),
        ({}, "/state"),
        ({"state": "paused"}, "/pause"),
        ({"state": "online", "pause": "Lunch"}, "/pause"),
        ({"state": "online", "session": 3}, "/session"),
    ],
)
def test_a_presence_that_makes_no_sense_is_refused(api: Api, body: dict, pointer: str) -> None:
    answer = api("nobody", "PUT", "/agents/me/presence", body)
    assert (answer.status, answer.pointers) == (422, [pointer])


def test_a_token_without_an_agent_has_no_presence_of_its_own(api: Api) -> None:
    answer = api("supervisor", "PUT", "/agents/me/presence", {"state": "online"})
    assert (answer.status, answer.body["code"]) == (403, "no-agent")


def test_a_deleted_agent_leaves_no_membership_and_no_token_behind(api: Api) -> None:
    ada, account, queue = api.agent(), api.account(), api.queue()
    for path in (f"/sms/accounts/{account['id']}", f"/sms/queues/{queue['id']}"):
        api.must("admin", "POST", f"{path}/agents", {"add": [ada["id"]]})
    assert api("admin", "DELETE", f"/agents/{ada['id']}").status == 204
    for path in (f"/sms/accounts/{account['id']}", f"/sms/queues/{queue['id']}"):
        assert api.must("admin", "GET", f"{path}/agents")["data"] == []
    left = head(ada["id"])
    assert (left["deleted"], left["name"], left["state"]) == (True, "Ada", "offline")
    assert {"accounts", "queues", "due_at"} & left.keys() == set()
    assert api("admin", "GET", f"/agents/{ada['id']}").status == 404
    again = api("admin", "POST", f"/sms/accounts/{account['id']}/agents", {"add": [ada["id"]]})
    assert (again.status, again.pointers) == (422, ["/add/0"])
    api.later(26)
    assert api("Ada", "GET", "/lists").status == 401
    assert api("admin", "DELETE", f"/agents/{ada['id']}").status == 404


def test_an_agent_whom_a_plan_names_is_not_deleted(api: Api) -> None:
    ada, account = api.agent(), api.account()
    plan = f"/sms/accounts/{account['id']}/plan"
    api.must("admin", "PUT", plan, {"actions": [{"app": "agent", "agent_id": ada["id"]}]}, If_Match="1")
    named = api("admin", "DELETE", f"/agents/{ada['id']}")
    assert (named.status, named.body["code"], named.body["accounts"]) == (409, "in-use", [account["id"]])
    api.must("admin", "PUT", plan, {"actions": []}, If_Match="2")
    assert api("admin", "DELETE", f"/agents/{ada['id']}").status == 204


def test_agents_are_listed_with_their_presence(api: Api) -> None:
    ada = api.agent()
    found = api.must("supervisor", "GET", "/agents")["data"]
    assert ada in found
    assert [one["name"] for one in found] == ["nobody", "Ada"]
