"""Simulating a plan over HTTP: the stored plan, the real staff, and nothing touched."""

from typing import Any

import boto3
import pytest

from chalicelib.config import settings
from chalicelib.store import table
from chalicelib.store.transaction import Transaction
from tests.api.conftest import Api

SENDER = "+393331234567"
ASKED = {"at": "2026-01-02T10:00:00+01:00", "sender": SENDER, "text": "My bill is wrong"}


@pytest.fixture
def account(api: Api) -> dict[str, Any]:
    """With Ada and Bob, who are offline, in a queue that the plan asks outside of working time first."""
    made, queue = api.account(), api.queue()["id"]
    agents = {"add": [api.agent("Ada")["id"], api.agent("Bob")["id"]]}
    api.must("admin", "POST", f"/sms/accounts/{made['id']}/agents", agents)
    api.must("admin", "POST", f"/sms/queues/{queue}/agents", agents)
    holiday = api.must("supervisor", "POST", "/intervals", {"name": "Party", "parts": [{"type": "always"}]})["id"]
    test = {"conditions": [{"field": "message.text", "op": "contains", "value": "BILL"}]}
    steps = [
        {"id": "party", "app": "close", "interval_id": holiday, "when": "outside"},
        {"id": "bill", "app": "goto_if", "if": test, "then": "sales"},
        {"id": "other", "app": "close"},
        {"id": "sales", "app": "queue", "queue_id": queue, "timeout": 60},
    ]
    api.must("supervisor", "PUT", f"/sms/accounts/{made['id']}/plan", {"actions": steps}, If_Match="1")
    return {**made, "agents": agents["add"]}


def everything() -> list[Any]:
    found = boto3.client("dynamodb").scan(TableName=settings().table)["Items"]
    return sorted((item for item in found if not item["pk"]["S"].startswith(("TOKEN#", "CONFIG#token"))), key=str)


def test_it_lists_the_steps_with_reasons_and_touches_nothing(api: Api, account: dict[str, Any]) -> None:
    before = everything()
    asked = {**ASKED, "agents": {account["agents"][1]: "online"}}
    found = api.must("supervisor", "POST", f"/sms/accounts/{account['id']}/plan/simulate", asked)
    assert [(step["id"], step["runs"], step["reason"]) for step in found["steps"]] == [
        ("party", False, "inside Party"),
        ("bill", True, "goes on with sales"),
        ("sales", True, "waits in queue Sales; online: Bob"),
    ]
    assert found["steps"][2]["offered_to"] == [account["agents"][1]]
    assert (found["steps"][2]["at"], found["steps"][2]["seconds"]) == ("2026-01-02T09:00:00.000Z", 60)
    assert (found["plan_version"], found["end"]["at"], found["end"]["status"]) == (
        2,
        "2026-01-02T09:01:00.000Z",
        "open",
    )
    assert everything() == before


def test_agents_are_in_their_present_states_unless_others_are_named(api: Api, account: dict[str, Any]) -> None:
    api.must("Ada", "PUT", "/agents/me/presence", {"state": "online"})
    path = f"/sms/accounts/{account['id']}/plan/simulate"
    assert api.must("supervisor", "POST", path, ASKED)["steps"][2]["offered_to"] == [account["agents"][0]]
    away = {**ASKED, "agents": {account["agents"][0]: "paused"}}
    assert api.must("supervisor", "POST", path, away)["steps"][2]["reason"].endswith("nobody is online")


def test_conditions_know_the_contact_of_the_sender(api: Api, account: dict[str, Any]) -> None:
    contact = {"id": "con_1", "list_id": "lst_vip", "name": "Zoe", "phones": [SENDER]}
    tx = Transaction().put(table.contact("con_1"), contact)
    tx.put(table.phone(SENDER), {"contact_id": "con_1", "lists": {"lst_vip": "con_1"}}).commit()
    wanted = [{"field": f"contact.{name}", "op": "eq", "value": contact[name]} for name in ("id", "name", "list_id")]
    wanted += [{"field": "interaction.address", "op": "eq", "value": SENDER}]
    wanted += [{"field": "interaction.account_key", "op": "eq", "value": "SUP"}]
    steps = [
        {"app": "goto_if", "if": {"conditions": wanted}, "then": "known"},
        {"app": "close"},
        {"id": "known", "app": "noop", "text": "x"},
    ]
    path = f"/sms/accounts/{account['id']}/plan"
    api.must("supervisor", "PUT", path, {"actions": steps}, If_Match="2")
    assert api.must("supervisor", "POST", f"{path}/simulate", ASKED)["end"]["status"] == "open"
    stranger = {**ASKED, "sender": "+15005550101"}
    assert api.must("supervisor", "POST", f"{path}/simulate", stranger)["end"]["status"] == "closed"


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({"at": "2026-01-02T10:00:00"}, "/at"),
        ({"at": "now"}, "/at"),
        ({"at": "0001-01-01T00:00:00+14:00"}, "/at"),
        ({"at": "9999-12-31T23:59:59Z"}, "/at"),
        ({"sender": ""}, "/sender"),
        ({"text": "x" * 1601}, "/text"),
        ({"agents": {"agt_01ARZ3NDEKTSV4RRFFQ69G5FAV": "online"}}, "/agents/agt_01ARZ3NDEKTSV4RRFFQ69G5FAV"),
        ({"agents": {"agt_01ARZ3NDEKTSV4RRFFQ69G5FAV": "asleep"}}, "/agents/agt_01ARZ3NDEKTSV4RRFFQ69G5FAV"),
        ({"actions": []}, "/actions"),
    ],
)
def test_a_wrong_question_is_refused(api: Api, account: dict[str, Any], fields: dict, pointer: str) -> None:
    answer = api("supervisor", "POST", f"/sms/accounts/{account['id']}/plan/simulate", {**ASKED, **fields})
    assert (answer.status, answer.pointers) == (422, [pointer])
