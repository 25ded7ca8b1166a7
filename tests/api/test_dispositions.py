"""Dispositions over HTTP: whose they are, their three levels, and what deleting one takes along."""

from typing import Any

import pytest

from chalicelib.store import db, dispositions
from tests.api.conftest import Api

UNKNOWN = "dsp_01ARZ3NDEKTSV4RRFFQ69G5FAV"


def make(api: Api, path: str, name: str, parent: Any = None) -> Any:
    return api.must("supervisor", "POST", path, {"name": name, "parent_id": parent and parent["id"]})


def names(api: Api, path: str, who: str = "supervisor") -> list[str]:
    return [one["name"] for one in api.must(who, "GET", path)["data"]]


def test_a_disposition_knows_its_level_and_the_names_above_it(api: Api) -> None:
    sold = make(api, "/dispositions", "Sold")
    online = make(api, "/dispositions", "Online", sold)
    card = make(api, "/dispositions", "Card", online)
    assert (sold["level"], sold["path"], sold["parent_id"]) == (1, ["Sold"], None)
    assert (card["level"], card["path"], card["parent_id"]) == (3, ["Sold", "Online", "Card"], online["id"])
    assert names(api, "/dispositions") == ["Sold", "Online", "Card"]
    fourth = api("supervisor", "POST", "/dispositions", {"name": "Gold", "parent_id": card["id"]})
    assert (fourth.status, fourth.pointers) == (422, ["/parent_id"])


def test_names_are_unique_beside_each_other_only(api: Api) -> None:
    sold = make(api, "/dispositions", "Sold")
    make(api, "/dispositions", "Sold", sold)
    beside = api("supervisor", "POST", "/dispositions", {"name": "SOLD"})
    assert (beside.status, beside.pointers) == (422, ["/name"])


def test_a_repeated_creation_gets_the_same_answer(api: Api) -> None:
    first = api("supervisor", "POST", "/dispositions", {"name": "Sold"}, Idempotency_Key="k")
    again = api("supervisor", "POST", "/dispositions", {"name": "Sold"}, Idempotency_Key="k")
    assert (again.status, again.body) == (201, first.body)


def test_every_owner_has_a_tree_of_its_own(api: Api) -> None:
    account = api.account()
    queue = api.queue()
    paths = [
        "/dispositions",
        f"/sms/accounts/{account['id']}/dispositions",
        f"/lists/{account['list_id']}/dispositions",
        f"/sms/queues/{queue['id']}/dispositions",
    ]
    made = [make(api, path, "Sold") for path in paths]
    for path, own in zip(paths, made, strict=True):
        assert api.must("supervisor", "GET", path)["data"] == [own]
        for other in made:
            if other != own:
                assert api("supervisor", "DELETE", f"{path}/{other['id']}").status == 404
                foreign = api("supervisor", "POST", path, {"name": "Below", "parent_id": other["id"]})
                assert (foreign.status, foreign.pointers) == (422, ["/parent_id"])


@pytest.mark.parametrize(
    "path",
    [
        "/sms/accounts/acc_01ARZ3NDEKTSV4RRFFQ69G5FAV/dispositions",
        "/lists/lst_01ARZ3NDEKTSV4RRFFQ69G5FAV/dispositions",
        "/sms/queues/que_01ARZ3NDEKTSV4RRFFQ69G5FAV/dispositions",
    ],
)
def test_an_unknown_owner_has_none(api: Api, path: str) -> None:
    assert api("supervisor", "GET", path).status == 404
    assert api("supervisor", "POST", path, {"name": "Sold"}).status == 404


def test_deleting_one_deletes_those_below_it_and_frees_their_names(api: Api) -> None:
    sold = make(api, "/dispositions", "Sold")
    online = make(api, "/dispositions", "Online", sold)
    card = make(api, "/dispositions", "Card", online)
    make(api, "/dispositions", "Lost")
    assert api("supervisor", "DELETE", f"/dispositions/{sold['id']}").status == 204
    assert names(api, "/dispositions") == ["Lost"]
    for gone in (sold, online, card):
        assert api("supervisor", "DELETE", f"/dispositions/{gone['id']}").status == 404
    assert make(api, "/dispositions", "Sold")["level"] == 1


def test_one_that_gets_a_child_while_it_is_deleted_goes_with_the_child(api: Api, monkeypatch: Any) -> None:
    sold = make(api, "/dispositions", "Sold")
    read = db.query_all
    children = ["Online"]

    def with_a_child_afterwards(*arguments: Any) -> Any:
        yield from list(read(*arguments))
        if children:
            make(api, "/dispositions", children.pop(), sold)

    monkeypatch.setattr(db, "query_all", with_a_child_afterwards)
    assert api("supervisor", "DELETE", f"/dispositions/{sold['id']}").status == 204
    assert (names(api, "/dispositions"), children) == ([], [])


def test_a_plan_keeps_the_disposition_that_it_closes_with_and_those_above_it(api: Api) -> None:
    account = api.account()["id"]
    path, plan = f"/sms/accounts/{account}/dispositions", f"/sms/accounts/{account}/plan"
    sold = make(api, path, "Sold")
    online = make(api, path, "Online", sold)
    other = make(api, "/dispositions", "Lost")
    steps = [{"app": "close", "disposition": one["id"], "enabled": False} for one in (online, other)]
    api.must("supervisor", "PUT", plan, {"actions": steps}, If_Match="1")
    for used in (f"{path}/{sold['id']}", f"{path}/{online['id']}", f"/dispositions/{other['id']}"):
        answer = api("supervisor", "DELETE", used)
        assert (answer.status, answer.body["code"], answer.body["accounts"]) == (409, "in-use", [account])
    api.must("supervisor", "PUT", plan, {"actions": []}, If_Match="2")
    assert api("supervisor", "DELETE", f"{path}/{sold['id']}").status == 204


def test_a_deleted_account_frees_the_dispositions_of_its_plan(api: Api) -> None:
    account, other = api.account()["id"], make(api, "/dispositions", "Lost")
    steps = {"actions": [{"app": "close", "disposition": other["id"]}]}
    api.must("supervisor", "PUT", f"/sms/accounts/{account}/plan", steps, If_Match="1")
    assert api("admin", "DELETE", f"/sms/accounts/{account}").status == 204
    assert api("supervisor", "DELETE", f"/dispositions/{other['id']}").status == 204


def test_a_deleted_queue_takes_its_dispositions_along(api: Api) -> None:
    queue = api.queue()["id"]
    make(api, f"/sms/queues/{queue}/dispositions", "Sold")
    assert api("supervisor", "DELETE", f"/sms/queues/{queue}").status == 204
    assert list(db.query_all(dispositions.partition(queue))) == []


def test_closing_finds_a_disposition_in_the_scopes_of_its_interaction_only(api: Api) -> None:
    account, queue = api.account(), api.queue()["id"]
    here = make(api, f"/sms/queues/{queue}/dispositions", "Sold")
    below = make(api, f"/sms/queues/{queue}/dispositions", "Online", here)
    assert dispositions.find(below["id"], account, queue) == {"id": below["id"], "path": ["Sold", "Online"]}
    assert dispositions.find(below["id"], account) is None
    listed = make(api, f"/lists/{account['list_id']}/dispositions", "VIP")
    assert dispositions.find(listed["id"], account) == {"id": listed["id"], "path": ["VIP"]}
    assert dispositions.find(UNKNOWN, account, queue) is None


def test_agents_see_the_dispositions_of_their_accounts_lists_and_queues_only(api: Api) -> None:
    account, queue, ada = api.account(), api.queue()["id"], api.agent()
    paths = [
        f"/sms/accounts/{account['id']}/dispositions",
        f"/lists/{account['list_id']}/dispositions",
        f"/sms/queues/{queue}/dispositions",
    ]
    for path in paths:
        make(api, path, "Sold")
        assert api("Ada", "GET", path).status == 404
        assert api("Ada", "POST", path, {"name": "x"}).status == 403
    api.must("admin", "POST", f"/sms/accounts/{account['id']}/agents", {"add": [ada["id"]]})
    api.must("admin", "POST", f"/sms/queues/{queue}/agents", {"add": [ada["id"]]})
    assert [names(api, path, "Ada") for path in paths] == [["Sold"]] * 3
    assert names(api, "/dispositions", "Ada") == []
