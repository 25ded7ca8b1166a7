"""Action plans: what they may hold, and how one replaces another."""

import pytest

from chalicelib.store import db, table
from tests.api.conftest import Api

UNKNOWN_QUEUE = "que_01ARZ3NDEKTSV4RRFFQ69G5FAV"
UNKNOWN_AGENT = "agt_01ARZ3NDEKTSV4RRFFQ69G5FAV"


def test_a_plan_gets_ids_and_defaults_and_old_versions_stay(api: Api) -> None:
    account, queue, ada = api.account(), api.queue(), api.agent()
    path = f"/sms/accounts/{account['id']}/plan"
    wanted = [
        {"app": "agent", "agent_id": ada["id"]},
        {"id": "sales", "app": "queue", "queue_id": queue["id"], "timeout": 5, "enabled": False},
        {"app": "auto_reply", "text": "Later."},
        {"app": "close"},
    ]
    plan = api.must("supervisor", "PUT", path, {"actions": wanted}, If_Match="1")
    assert plan["version"] == 2
    agent, sales, reply, close = plan["actions"]
    assert (agent["timeout"], agent["enabled"]) == (30, True)
    assert sales == wanted[1]
    assert reply["times"] == "once"
    assert len({one["id"] for one in plan["actions"]}) == 4
    assert set(close) == {"id", "app", "enabled"}
    assert api.must("supervisor", "GET", path) == plan
    assert (db.get(table.plan(account["id"], 1)) or {})["actions"] == []
    assert api.must("admin", "GET", f"/sms/accounts/{account['id']}")["version"] == 1


@pytest.mark.parametrize(
    ("action", "pointer", "says"),
    [
        ({"app": "dance"}, "/actions/1/app", "'agent', 'queue', 'auto_reply', 'close'"),
        ({}, "/actions/1/app", "discriminator"),
        ({"app": "queue"}, "/actions/1/queue_id", "required"),
        ({"app": "queue", "queue_id": "x"}, "/actions/1/queue_id", "identifier"),
        ({"app": "queue", "queue_id": UNKNOWN_QUEUE}, "/actions/1/queue_id", "no such queue"),
        ({"app": "agent", "agent_id": UNKNOWN_AGENT}, "/actions/1/agent_id", "no such agent"),
        ({"app": "agent", "agent_id": UNKNOWN_AGENT, "timeout": 0}, "/actions/1/timeout", "from 1 to 2147483"),
        ({"app": "agent", "agent_id": UNKNOWN_AGENT, "renotify_every": 10}, "/actions/1/renotify_every", "timeout"),
        ({"app": "auto_reply", "text": ""}, "/actions/1/text", "at least 1"),
        ({"app": "auto_reply", "text": "x", "times": "twice"}, "/actions/1/times", "'once', 'always'"),
        ({"app": "close", "disposition": "d"}, "/actions/1/disposition", "Allowed: app, enabled, id"),
        ({"app": "close", "interval": "i"}, "/actions/1/interval", "Unknown field"),
        ({"app": "close", "id": "first"}, "/actions/1/id", "no other action"),
        ({"app": "close", "id": "a b"}, "/actions/1/id", "pattern"),
    ],
)
def test_a_wrong_action_is_named_with_what_is_allowed(api: Api, action: dict, pointer: str, says: str) -> None:
    path = f"/sms/accounts/{api.account()['id']}/plan"
    answer = api("supervisor", "PUT", path, {"actions": [{"id": "first", "app": "close"}, action]}, If_Match="1")
    assert answer.status == 422
    assert answer.pointers == [pointer]
    assert says in answer.body["errors"][0]["detail"]
    assert api.must("supervisor", "GET", path) == {"version": 1, "actions": []}


def test_a_plan_is_replaced_at_the_version_that_was_read(api: Api) -> None:
    path = f"/sms/accounts/{api.account()['id']}/plan"
    assert api("supervisor", "PUT", path, {"actions": []}).status == 428
    api.must("supervisor", "PUT", path, {"actions": [{"app": "close"}]}, If_Match="1")
    late = api("supervisor", "PUT", path, {"actions": []}, If_Match="1")
    assert (late.status, late.body["code"]) == (412, "version-conflict")
    early = api("supervisor", "PUT", path, {"actions": []}, If_Match="9")
    assert early.status == 412
    assert len(api.must("supervisor", "GET", path)["actions"]) == 1


def test_a_plan_has_as_many_actions_as_one_transaction_can_change(api: Api) -> None:
    path = f"/sms/accounts/{api.account()['id']}/plan"
    answer = api("supervisor", "PUT", path, {"actions": [{"app": "close"}] * 49}, If_Match="1")
    assert (answer.status, answer.pointers) == (422, ["/actions"])
