"""Queues, and the members of queues and accounts."""

import pytest

from chalicelib.store import db, table
from chalicelib.store.transaction import Transaction
from tests.api.conftest import Api

UNKNOWN = "agt_01ARZ3NDEKTSV4RRFFQ69G5FAV"


def test_a_new_queue_has_the_defaults(api: Api) -> None:
    made = api.queue()
    assert made | {"id": "", "name": ""} == {
        "id": "",
        "name": "",
        "strategy": "beepall",
        "agent_timeout": 15,
        "description": "",
        "not_responding": True,
        "weight": 0,
        "version": 1,
    }
    assert (db.get(table.queue(made["id"])) or {})["seq"] == 0
    assert api.must("supervisor", "GET", f"/sms/queues/{made['id']}") == made


def test_a_queue_has_a_strategy_and_a_weight(api: Api) -> None:
    made = api.queue(strategy="least_recent", weight=10)
    changed = api.must("supervisor", "PATCH", f"/sms/queues/{made['id']}", {"weight": 3}, If_Match="1")
    assert (changed["strategy"], changed["weight"]) == ("least_recent", 3)


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({"strategy": "random"}, "/strategy"),
        ({"agent_timeout": 0}, "/agent_timeout"),
        ({"agent_timeout": 2147484}, "/agent_timeout"),
        ({"weight": 11}, "/weight"),
        ({"weight": -1}, "/weight"),
        ({"not_responding": 1}, "/not_responding"),
        ({"name": " "}, "/name"),
    ],
)
def test_a_wrong_queue_is_refused(api: Api, fields: dict, pointer: str) -> None:
    answer = api("supervisor", "POST", "/sms/queues", {"name": "Sales", **fields})
    assert (answer.status, answer.pointers) == (422, [pointer])


def test_a_queue_name_exists_once_and_moves_with_a_change(api: Api) -> None:
    first = api.queue("Sales")
    taken = api("supervisor", "POST", "/sms/queues", {"name": "SALES"})
    assert (taken.status, taken.pointers) == (422, ["/name"])
    path = f"/sms/queues/{first['id']}"
    changed = api.must("supervisor", "PATCH", path, {"name": "Support", "agent_timeout": 20}, If_Match="1")
    assert (changed["name"], changed["agent_timeout"], changed["version"]) == ("Support", 20, 2)
    assert api.queue("Sales")
    again = api("supervisor", "PATCH", path, {"name": "sales"}, If_Match="2")
    assert (again.status, again.pointers) == (422, ["/name"])
    assert api("supervisor", "PATCH", path, {"name": "Other"}, If_Match="1").status == 412


def test_a_queue_that_a_plan_names_is_not_deleted(api: Api) -> None:
    queue, account = api.queue(), api.account()
    plan = f"/sms/accounts/{account['id']}/plan"
    api.must("supervisor", "PUT", plan, {"actions": [{"app": "queue", "queue_id": queue["id"]}]}, If_Match="1")
    answer = api("supervisor", "DELETE", f"/sms/queues/{queue['id']}")
    assert (answer.status, answer.body["code"], answer.body["accounts"]) == (409, "in-use", [account["id"]])
    api.must("supervisor", "PUT", plan, {"actions": [{"app": "close"}]}, If_Match="2")
    assert api("supervisor", "DELETE", f"/sms/queues/{queue['id']}").status == 204
    assert api("supervisor", "DELETE", f"/sms/queues/{queue['id']}").status == 404
    assert api.queue()["name"] == queue["name"]


def test_a_queue_in_which_somebody_waits_is_not_deleted(api: Api) -> None:
    queue = api.queue()
    Transaction().put(table.waiting(queue["id"], api.now, "int_1"), {}).commit()
    answer = api("supervisor", "DELETE", f"/sms/queues/{queue['id']}")
    assert (answer.status, answer.body["code"]) == (409, "in-use")


def test_members_are_added_and_removed_and_the_agent_knows(api: Api) -> None:
    ada, bob, queue = api.agent("Ada"), api.agent("Bob"), api.queue()
    path = f"/sms/queues/{queue['id']}/agents"
    added = api.must("supervisor", "POST", path, {"add": [ada["id"], bob["id"]]})
    assert (added["added"], added["removed"]) == ([ada["id"], bob["id"]], [])
    head = db.get(table.agent(ada["id"])) or {}
    assert (head["queues"], head["members_version"], head["seq"]) == ({queue["id"]}, 1, 1)
    again = api.must("supervisor", "POST", path, {"add": [ada["id"]], "remove": [bob["id"], UNKNOWN]})
    assert (again["added"], again["removed"]) == ([], [bob["id"]])
    assert [one["agent_id"] for one in api.must("supervisor", "GET", path)["data"]] == [ada["id"]]
    assert (db.get(table.agent(ada["id"])) or {})["members_version"] == 1
    head = db.get(table.agent(bob["id"])) or {}
    assert ("queues" in head, head["members_version"], head["seq"]) == (False, 2, 2)


@pytest.mark.parametrize("kind", ["account", "queue"])
def test_an_unknown_agent_is_named_and_nobody_is_added(api: Api, kind: str) -> None:
    ada = api.agent()
    path = f"/sms/{kind}s/{(api.account() if kind == 'account' else api.queue())['id']}/agents"
    answer = api("supervisor", "POST", path, {"add": [ada["id"], UNKNOWN, "me"]})
    assert (answer.status, answer.pointers) == (422, ["/add/2"])  # no identifier at all
    answer = api("supervisor", "POST", path, {"add": [ada["id"], UNKNOWN]})
    assert (answer.status, answer.pointers) == (422, ["/add/1"])
    answer = api("supervisor", "POST", path, {"add": [ada["id"]], "remove": [ada["id"]]})
    assert (answer.status, answer.pointers) == (422, ["/add/0"])
    assert api.must("supervisor", "GET", path)["data"] == []


def test_an_agent_is_in_ninety_accounts_and_queues_at_most(api: Api) -> None:
    ada = api.agent()
    many = {f"que_{n}" for n in range(90)}
    Transaction().update(table.agent(ada["id"]), put={"queues": many}).commit()
    answer = api("supervisor", "POST", f"/sms/accounts/{api.account()['id']}/agents", {"add": [ada["id"]]})
    assert (answer.status, answer.body["code"]) == (409, "too-many-memberships")


def test_members_come_page_by_page(api: Api) -> None:
    ids = [api.agent(name)["id"] for name in ("Ada", "Bob", "Cy")]
    path = f"/sms/accounts/{api.account()['id']}/agents"
    api.must("supervisor", "POST", path, {"add": ids})
    first = api.must("supervisor", "GET", f"{path}?limit=2")
    rest = api.must("supervisor", "GET", f"{path}?limit=2&cursor={first['page']['next_cursor']}")
    assert [one["agent_id"] for one in first["data"] + rest["data"]] == ids
    assert rest["page"]["has_more"] is False
