"""Action plans: what they may hold, and how one replaces another."""

import base64
from typing import Any

import pytest

from chalicelib.store import db, secrets, table
from tests.api.conftest import Api

UNKNOWN = "01ARZ3NDEKTSV4RRFFQ69G5FAV"
UNKNOWN_QUEUE, UNKNOWN_AGENT = f"que_{UNKNOWN}", f"agt_{UNKNOWN}"
UNBOUND = {"interval_id": None, "interval": None, "when": None}
SECRET = "whsec_" + base64.b64encode(b"k" * 32).decode()
HOOK = {"id": "hook", "app": "webhook", "url": "https://example.com/hook?x=1"}


def stored(account: dict, version: int) -> list[dict[str, Any]]:
    """The steps as the engine reads them."""
    return (db.get(table.plan(account["id"], version)) or {})["actions"]


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
    assert (agent["timeout"], agent["renotify_every"], agent["enabled"]) == (30, 10, True)
    assert sales == wanted[1] | UNBOUND
    assert reply["times"] == "once"
    assert len({one["id"] for one in plan["actions"]}) == 4
    assert set(close) == {"id", "app", "enabled", "disposition", *UNBOUND}
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
        ({"app": "agent", "agent_id": UNKNOWN_AGENT, "renotify_every": 0}, "/actions/1/renotify_every", "1 to 2147483"),
        ({"app": "queue", "queue_id": UNKNOWN_QUEUE, "timeout": 2147484}, "/actions/1/timeout", "from 1 to 2147483"),
        ({"app": "auto_reply", "text": ""}, "/actions/1/text", "at least 1"),
        ({"app": "auto_reply", "text": "x", "times": "twice"}, "/actions/1/times", "'once', 'always'"),
        ({"app": "close", "tag": "d"}, "/actions/1/tag", "Allowed: app, disposition, enabled, id, interval"),
        ({"app": "close", "disposition": f"dsp_{UNKNOWN}"}, "/actions/1/disposition", "no such disposition"),
        ({"app": "close", "interval_id": f"ivl_{UNKNOWN}"}, "/actions/1/interval_id", "no such interval"),
        ({"app": "close", "interval": {"parts": [{"type": "x"}]}}, "/actions/1/interval/parts/0/type", "'always'"),
        ({"app": "close", "interval": {"zone": "Mars", "parts": []}}, "/actions/1/interval/zone", "IANA"),
        ({"app": "close", "interval": {"parts": []}, "interval_id": f"ivl_{UNKNOWN}"}, "/actions/1/interval", "Either"),
        ({"app": "close", "when": "inside"}, "/actions/1/when", "Only together"),
        ({"app": "tag", "tag": ""}, "/actions/1/tag", "at least 1"),
        ({"app": "tag", "tag": "x" * 51}, "/actions/1/tag", "at most 50"),
        ({"app": "goto", "to": "nowhere"}, "/actions/1/to", "id of a step"),
        ({"id": "me", "app": "goto", "to": "me"}, "/actions/1", "nothing on the way waits"),
        ({**HOOK, "on_error": "nowhere"}, "/actions/1/on_error", "id of a step"),
        ({**HOOK, "url": "http://example.com"}, "/actions/1/url", "https"),
        ({**HOOK, "url": "https://10.0.0.1/hook"}, "/actions/1/url", "public host"),
        ({**HOOK, "url": "https://user@example.com"}, "/actions/1/url", "https"),
        ({**HOOK, "secret": "mine"}, "/actions/1/secret", "base64"),
        ({**HOOK, "secret": "whsec_c2hvcnQ="}, "/actions/1/secret", "24 to 64 bytes"),
        ({"app": "noop"}, "/actions/1/text", "required"),
        ({"app": "goto_if", "if": {"conditions": []}, "then": "first"}, "/actions/1/if/conditions", "at least 1"),
        ({"app": "goto_if", "unless": 1}, "/actions/1/unless", "Allowed: app, else, enabled, id, if, interval"),
        ({"app": "close", "id": "first"}, "/actions/1/id", "no other action"),
        ({"app": "close", "id": "a b"}, "/actions/1/id", "pattern"),
    ],
)
def test_a_wrong_action_is_named_with_what_is_allowed(api: Api, action: dict, pointer: str, says: str) -> None:
    path = f"/sms/accounts/{api.account()['id']}/plan"
    answer = api("supervisor", "PUT", path, {"actions": [{"id": "first", "app": "close"}, action]}, If_Match="1")
    assert answer.status == 422
    assert pointer in answer.pointers
    assert set(answer.pointers) <= {pointer, "/actions/1/if", "/actions/1/then"}  # a step may lack more
    assert says in answer.body["errors"][-1 if len(answer.pointers) > 1 else 0]["detail"]
    shown = api.must("supervisor", "GET", path)
    assert (shown["version"], shown["actions"]) == (1, [])


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


@pytest.mark.parametrize(
    ("condition", "says"),
    [
        ({"field": "message.length", "op": "eq", "value": 1}, "Unknown field"),
        ({"field": "message.text", "op": "gt", "value": "a"}, "message.text takes"),
        ({"field": "hour", "op": "between", "value": [9, 17.5]}, "two numbers"),
        ({"field": "hour", "op": "eq", "value": {"a": 1}, "enabled": False}, "whole number"),
        ({"field": "message.count", "op": "gt", "value": 10**50}, "up to 999999999"),
        ({"field": "hour", "op": "between", "value": [0, -(10**200)]}, "up to 999999999"),
        ({"field": "message.text", "op": "eq", "value": "\ud800"}, "takes a text"),
        ({"field": "message.text", "op": "in", "value": ["a", "\udfff"]}, "list of"),
    ],
)
def test_a_bad_condition_is_refused_even_when_it_is_switched_off(api: Api, condition: dict, says: str) -> None:
    path = f"/sms/accounts/{api.account()['id']}/plan"
    good = {"field": "hour", "op": "is_set"}
    step = {"app": "goto_if", "if": {"conditions": [good, condition]}, "then": "end"}
    answer = api("supervisor", "PUT", path, {"actions": [step, {"id": "end", "app": "close"}]}, If_Match="1")
    assert (answer.status, answer.pointers) == (422, ["/actions/0/if/conditions/1"])
    assert says in answer.body["errors"][0]["detail"]


def test_every_application_is_stored_under_the_names_of_the_plan(api: Api) -> None:
    account = api.account()
    path = f"/sms/accounts/{account['id']}/plan"
    interval = api.must("supervisor", "POST", "/intervals", {"name": "Nights"})["id"]
    sold = api.must("supervisor", "POST", "/dispositions", {"name": "Sold"})["id"]
    test = {"match": "any", "conditions": [{"field": "hour", "op": "in", "value": [1, 2], "enabled": False}]}
    part = {"type": "custom", "from": "09:00", "to": "12:59", "week_days": [], "month_days": [], "months": []}
    wanted: list[dict[str, Any]] = [
        {"id": "a", "app": "tag", "tag": "VIP", "interval_id": interval},
        {"id": "b", "app": "goto_if", "if": test, "then": "d", "else": None},
        {"id": "c", "app": "goto", "to": "d", "interval": {"zone": "Europe/Rome", "parts": [part]}, "when": "outside"},
        {"id": "d", "app": "noop", "text": "Here"},
        {"id": "e", "app": "close", "disposition": sold},
    ]
    shown = api.must("supervisor", "PUT", path, {"actions": wanted}, If_Match="1")
    wanted[0]["when"] = "inside"
    part["dates"] = []
    assert stored(account, 2) == [{"enabled": True, **one} for one in wanted]
    assert shown["actions"] == [{"enabled": True, **UNBOUND, **one} for one in wanted]
    assert api.must("supervisor", "GET", path) == shown
    again = api.must("supervisor", "PUT", path, {"actions": shown["actions"]}, If_Match="2")
    assert again["actions"] == shown["actions"]


def test_a_signing_secret_is_sealed_and_never_shown(api: Api) -> None:
    account = api.account()
    path = f"/sms/accounts/{account['id']}/plan"
    answer = api("supervisor", "PUT", path, {"actions": [{**HOOK, "secret": SECRET}]}, If_Match="1")
    assert answer.body["actions"][0]["secret"] == {"set": True, "value": None}
    sealed = stored(account, 2)[0]["secret"]
    assert SECRET not in str(sealed)
    assert secrets.reveal(account["id"], {"secret": sealed}) == {"secret": SECRET}


def test_a_missing_signing_secret_is_made_shown_once_and_then_kept(api: Api) -> None:
    account = api.account()
    path = f"/sms/accounts/{account['id']}/plan"
    made = api.must("supervisor", "PUT", path, {"actions": [HOOK]}, If_Match="1")["actions"][0]["secret"]["value"]
    assert len(base64.b64decode(made.removeprefix("whsec_"))) == 32
    shown = api.must("supervisor", "GET", path)
    assert shown["actions"][0]["secret"] == {"set": True, "value": None}
    for version, step in ((2, shown["actions"][0]), (3, HOOK)):  # sent back as it was read, or without
        kept = api.must("supervisor", "PUT", path, {"actions": [step]}, If_Match=str(version))["actions"][0]["secret"]
        assert kept == {"set": True, "value": None}
        assert secrets.reveal(account["id"], {"s": stored(account, version + 1)[0]["secret"]}) == {"s": made}
    other = api.must("supervisor", "PUT", path, {"actions": [{**HOOK, "id": "other"}]}, If_Match="4")
    assert other["actions"][0]["secret"]["value"] not in (None, made)


def test_a_close_step_takes_global_dispositions_and_the_accounts_own_only(api: Api) -> None:
    ours, other = api.account(), api.account(key="OTH")
    steps = {
        path: {"app": "close", "disposition": api.must("supervisor", "POST", path, {"name": "Sold"})["id"]}
        for path in (
            "/dispositions",
            f"/sms/accounts/{ours['id']}/dispositions",
            f"/sms/accounts/{other['id']}/dispositions",
            f"/lists/{ours['list_id']}/dispositions",
        )
    }
    answer = api(
        "supervisor", "PUT", f"/sms/accounts/{ours['id']}/plan", {"actions": list(steps.values())}, If_Match="1"
    )
    assert (answer.status, answer.pointers) == (422, ["/actions/2/disposition", "/actions/3/disposition"])


def test_what_may_not_be_meant_is_told_and_saved(api: Api) -> None:
    account, queue = api.account(), api.queue()["id"]
    path = f"/sms/accounts/{account['id']}/plan"
    steps = [{"app": "queue", "queue_id": queue}, {"app": "close"}, {"app": "noop", "text": "x"}]
    shown = api.must("supervisor", "PUT", path, {"actions": steps}, If_Match="1")
    assert shown["warnings"] == [{"pointer": "/actions/2", "detail": "No way leads to this step."}]
    assert api.must("supervisor", "GET", path)["warnings"] == shown["warnings"]


def test_one_change_names_no_more_than_a_transaction_holds(api: Api) -> None:
    path = f"/sms/accounts/{api.account()['id']}/plan"
    queue = api.queue()["id"]
    intervals = [api.must("supervisor", "POST", "/intervals", {"name": f"I{n}"})["id"] for n in range(96)]
    many = [{"app": "queue", "queue_id": queue, "interval_id": one} for one in intervals]
    api.must("supervisor", "PUT", path, {"actions": many[:48]}, If_Match="1")
    own = {"app": "agent", "agent_id": api.agent()["id"]}
    answer = api(
        "supervisor", "PUT", path, {"actions": [own | {"interval_id": i} for i in intervals[48:]]}, If_Match="2"
    )
    assert (answer.status, answer.body["version"]) == (200, 3)  # 48 away with a queue, 48 new with an agent: 98
    many = [{**one, "interval_id": other} for one, other in zip(many[48:], intervals[:48], strict=True)]
    many[0] |= {"app": "close"}
    del many[0]["queue_id"]
    disposition = api.must("supervisor", "POST", "/dispositions", {"name": "Sold"})["id"]
    answer = api(
        "supervisor", "PUT", path, {"actions": [{**many[0], "disposition": disposition}, *many[1:]]}, If_Match="3"
    )
    assert (answer.status, answer.pointers) == (422, ["/actions"])
