"""SMS accounts: what is taken, what is refused and why, what is shown to whom."""

from typing import Any

import boto3
import pytest

from chalicelib.store import db, table
from chalicelib.store.conversations import Change
from tests.api.conftest import ACCOUNT, AUTH_TOKEN, Api
from tests.conftest import NOW

PATH = "/sms/accounts"


def refused(api: Api, **fields: Any) -> Any:
    body = {name: value for name, value in {**ACCOUNT, **fields}.items() if value is not ...}
    answer = api("admin", "POST", PATH, body)
    assert answer.status == 422, answer
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.body["code"] == "invalid"
    return answer


def test_a_new_account_has_the_defaults_its_urls_and_an_empty_plan(api: Api) -> None:
    made = api.account()
    assert made["wait_for_assigned_agent"] == made["wait_for_assigned_queue"] == 10
    assert (made["max_age"], made["segments_per_second"], made["opt_out_reply"]) == (14400, 1, "provider")
    assert made["version"] == 1
    token = db.get(table.configuration("account", made["id"]))["token"]  # type: ignore[index]
    assert len(token) == 32
    assert made["receive_url"] == f"https://desk.example.com/api/sms/accounts/{made['id']}/receive/{token}"
    assert made["delivery_url"] is None  # Twilio gets it with each message
    plan = api.must("admin", "GET", f"{PATH}/{made['id']}/plan")
    assert (plan["version"], plan["actions"]) == (1, [])
    assert api.must("admin", "GET", f"{PATH}/{made['id']}") == made
    lists = api.must("admin", "GET", "/lists")["data"]
    assert [one["name"] for one in lists] == ["Default"]
    assert made["list_id"] == lists[0]["id"]


@pytest.mark.parametrize(
    ("fields", "pointer", "says"),
    [
        ({"colour": "red"}, "/colour", "Unknown field. Allowed: base_url, close_after"),
        ({"token": "mine"}, "/token", "Unknown field"),
        ({"colour": "red"}, "/colour", "Unknown field"),
        ({"name": ...}, "/name", "required"),
        ({"name": 7}, "/name", "string"),
        ({"name": ""}, "/name", "at least 1"),
        ({"name": "a\nb"}, "/name", "Printable"),
        ({"name": "\ud800"}, "/name", "Unicode"),
        ({"key": ...}, "/key", "required"),
        ({"key": "SIXSIX"}, "/key", "{1,5}"),
        ({"key": "A-B"}, "/key", "A-Za-z0-9"),
        ({"key": ""}, "/key", "{1,5}"),
        ({"phone": ...}, "/phone", "required"),
        ({"phone": "0123"[:2]}, "/phone", "+15005550006"),
        ({"phone": "+1500"}, "/phone", "short code"),
        ({"type": "pigeon"}, "/type", "twilio"),
        ({"wait_for_assigned_agent": 0}, "/wait_for_assigned_agent", "from 1 to 2147483"),
        ({"wait_for_assigned_queue": 2147484}, "/wait_for_assigned_queue", "from 1 to 2147483"),
        ({"wait_for_assigned_queue": "10"}, "/wait_for_assigned_queue", "from 1 to 2147483"),
        ({"wait_for_assigned_queue": True}, "/wait_for_assigned_queue", "from 1 to 2147483"),
        ({"delivery_reports": "yes"}, "/delivery_reports", "boolean"),
        ({"delivery_reports": True}, "/delivery_reports", "always come"),
        ({"sender": "ACME"}, "/sender", "no sender string"),
        ({"domain": "http://x.example"}, "/domain", "https"),
        ({"domain": "https://u:p@x.example"}, "/domain", "without user"),
        ({"domain": "https://x.example:port"}, "/domain", "https"),
        ({"domain": "https://x.example?a=b"}, "/domain", "query"),
        ({"list_id": "lst_01ARZ3NDEKTSV4RRFFQ69G5FAV"}, "/list_id", "no such list"),
        ({"list_id": "default"}, "/list_id", "identifier"),
        ({"credentials": "secret"}, "/credentials", "dictionary"),
        ({"credentials": {}}, "/credentials/account_sid", "required"),
        ({"credentials": {**ACCOUNT["credentials"], "pin": "1"}}, "/credentials/pin", "account_sid, auth_token"),
        ({"credentials": {**ACCOUNT["credentials"], "account_sid": "AC1"}}, "/credentials/account_sid", "32 hex"),
        ({"credentials": {"account_sid": 1}}, "/credentials/account_sid", "string"),
        ({"options": {"api": "rest"}}, "/options/api", "messaging_service_sid"),
        ({"opt_out_reply": "maybe"}, "/opt_out_reply", "'provider', 'desk' or 'none'"),
        ({"max_age": 10**9}, "/max_age", "from 60 to 604800"),
    ],
)
def test_what_is_wrong_is_named_with_what_is_allowed(api: Api, fields: dict[str, Any], pointer: str, says: str) -> None:
    answer = refused(api, **fields)
    details = {mistake["pointer"]: mistake["detail"] for mistake in answer.body["errors"]}
    assert pointer in details
    assert says in details[pointer]
    assert api.must("admin", "GET", PATH)["data"] == []


def test_all_mistakes_are_named_at_once(api: Api) -> None:
    answer = refused(api, key="TOOLONG", wait_for_assigned_agent=0, colour="red")
    assert sorted(answer.pointers) == ["/colour", "/key", "/wait_for_assigned_agent"]


@pytest.mark.parametrize("body", [[], "text", 7, None])
def test_a_body_that_is_no_object_is_refused(api: Api, body: Any) -> None:
    answer = api("admin", "POST", PATH, b"null" if body is None else body)
    assert answer.status == 422
    assert answer.pointers[0] in ("", "/name")


def test_a_key_exists_once_whatever_its_case_and_is_free_after_a_deletion(api: Api) -> None:
    first = api.account(key="Sup")
    assert refused(api, key="sUP").pointers == ["/key"]
    assert api("admin", "DELETE", f"{PATH}/{first['id']}").status == 204
    assert api.account(key="sUP")["key"] == "sUP"


def test_a_changed_key_frees_the_old_one_and_holds_the_new_one(api: Api) -> None:
    first = api.account(key="OLD")
    api.account(key="USED")
    path = f"{PATH}/{first['id']}"
    taken = api("admin", "PATCH", path, {"key": "used"}, If_Match="1")
    assert (taken.status, taken.pointers) == (422, ["/key"])
    assert api.must("admin", "PATCH", path, {"key": "old"}, If_Match="1")["key"] == "old"  # its own, in other case
    assert api.must("admin", "PATCH", path, {"key": "NEW"}, If_Match="2")["key"] == "NEW"
    assert refused(api, key="new").pointers == ["/key"]
    assert api.account(key="OLD")


def test_the_phone_is_stored_in_one_form(api: Api) -> None:
    assert api.account(phone="+1 (500) 555-0006")["phone"] == "+15005550006"
    assert api.account(key="SHORT", phone="12345")["phone"] == "12345"


def test_secret_credentials_are_encrypted_for_their_account_and_never_shown(api: Api) -> None:
    made = api.account()
    assert made["credentials"] == {"account_sid": "AC" + "0" * 32, "auth_token": {"set": True}}
    rows = boto3.client("dynamodb").scan(TableName="smsdesk")["Items"]
    assert AUTH_TOKEN not in str(rows)
    from chalicelib.store import secrets

    stored = db.get(table.configuration("account", made["id"]))["credentials"]  # type: ignore[index]
    assert secrets.reveal(made["id"], stored)["auth_token"] == AUTH_TOKEN
    with pytest.raises(boto3.client("kms").exceptions.InvalidCiphertextException):
        secrets.reveal("acc_another", stored)


def test_those_who_are_no_admins_see_no_urls_and_no_credential_at_all(api: Api) -> None:
    made = api.account()
    shown = api.must("supervisor", "GET", f"{PATH}/{made['id']}")
    assert shown["credentials"] == {"account_sid": {"set": True}, "auth_token": {"set": True}}
    assert shown["receive_url"] is None
    assert shown["name"] == "Support"


def test_a_patch_keeps_what_it_does_not_name(api: Api) -> None:
    made = api.account(description="first", options={"messaging_service_sid": "MG" + "a" * 32})
    path = f"{PATH}/{made['id']}"
    changed = api.must("admin", "PATCH", path, {"credentials": {"account_sid": "AC" + "1" * 32}}, If_Match='"1"')
    assert changed["credentials"] == {"account_sid": "AC" + "1" * 32, "auth_token": {"set": True}}
    assert changed["description"] == "first"
    assert changed["options"] == {"messaging_service_sid": "MG" + "a" * 32}
    from chalicelib.store import secrets

    stored = db.get(table.configuration("account", made["id"]))["credentials"]  # type: ignore[index]
    assert secrets.reveal(made["id"], stored) == {"account_sid": "AC" + "1" * 32, "auth_token": AUTH_TOKEN}
    assert api.must("admin", "GET", path) == changed


def test_a_null_takes_an_optional_field_away_and_others_refuse_it(api: Api) -> None:
    made = api.account(domain="https://proxy.example.com/sms/")
    path = f"{PATH}/{made['id']}"
    assert made["receive_url"].startswith("https://proxy.example.com/sms/sms/accounts/")
    changed = api.must("admin", "PATCH", path, {"domain": None, "segments_per_second": None}, If_Match="1")
    assert changed["domain"] is None
    assert changed["receive_url"].startswith("https://desk.example.com/api/")
    assert changed["segments_per_second"] == 1
    assert api("admin", "PATCH", path, {"name": None}, If_Match="2").pointers == ["/name"]


def test_a_patch_is_checked_like_a_new_account(api: Api) -> None:
    path = f"{PATH}/{api.account()['id']}"
    for fields, pointer in (
        ({"type": "plivo"}, "/type"),
        ({"key": "TOOLONG"}, "/key"),
        ({"wait_for_assigned_agent": 2147484}, "/wait_for_assigned_agent"),
        ({"sender": "ACME"}, "/sender"),
        ({"credentials": {"pin": "1"}}, "/credentials/pin"),
        ({"phone": "nonsense"}, "/phone"),
        ({"list_id": "lst_01ARZ3NDEKTSV4RRFFQ69G5FAV"}, "/list_id"),
    ):
        answer = api("admin", "PATCH", path, fields, If_Match="1")
        assert (answer.status, answer.pointers) == (422, [pointer])
    assert api.must("admin", "GET", path)["version"] == 1


def test_a_change_needs_the_version_that_was_read(api: Api) -> None:
    path = f"{PATH}/{api.account()['id']}"
    assert api("admin", "PATCH", path, {"name": "New"}).status == 428
    first = api("admin", "PATCH", path, {"name": "New"}, If_Match='"1"')
    assert (first.status, first.headers["ETag"]) == (200, '"2"')
    late = api("admin", "PATCH", path, {"name": "Late"}, If_Match="1")
    assert (late.status, late.body["code"]) == (412, "version-conflict")
    assert api("admin", "PATCH", path, {"name": "Late"}, If_Match="*").status == 400
    assert api.must("admin", "GET", path)["name"] == "New"


def test_an_account_with_open_interactions_is_not_deleted(api: Api) -> None:
    made = api.account()
    change = Change.begin(made["id"], "+15005550010", None, NOW)
    change.message({"id": "msg_1", "direction": "in", "text": "Hello"})
    change.commit()
    answer = api("admin", "DELETE", f"{PATH}/{made['id']}")
    assert (answer.status, answer.body["code"], answer.body["open"]) == (409, "in-use", 1)
    assert api.must("admin", "GET", f"{PATH}/{made['id']}")


def test_a_deleted_account_leaves_no_member_and_no_reference_behind(api: Api) -> None:
    made, ada, queue = api.account(), api.agent(), api.queue()
    path = f"{PATH}/{made['id']}"
    api.must("admin", "POST", f"{path}/agents", {"add": [ada["id"]]})
    actions = [{"app": "queue", "queue_id": queue["id"]}, {"app": "agent", "agent_id": ada["id"]}]
    api.must("admin", "PUT", f"{path}/plan", {"actions": actions}, If_Match="1")
    assert api("admin", "DELETE", path).status == 204
    assert "accounts" not in (db.get(table.agent(ada["id"])) or {})
    assert db.get(table.account(made["id"])) is None
    assert api("admin", "DELETE", f"/sms/queues/{queue['id']}").status == 204
    assert api("admin", "DELETE", f"/agents/{ada['id']}").status == 204
    assert api("admin", "DELETE", path).status == 404


def test_accounts_come_page_by_page(api: Api) -> None:
    made = [api.account(key=f"K{n}")["id"] for n in range(3)]
    first = api.must("admin", "GET", f"{PATH}?limit=2")
    assert first["page"]["has_more"] is True
    rest = api.must("admin", "GET", f"{PATH}?limit=2&cursor={first['page']['next_cursor']}")
    assert rest["page"] == {"next_cursor": None, "has_more": False}
    assert [one["id"] for one in first["data"] + rest["data"]] == sorted(made)


def test_provider_types_tell_what_their_form_needs(api: Api) -> None:
    twilio = api.must("supervisor", "GET", "/sms/providers")["data"][0]
    assert twilio["name"] == "twilio"
    assert {one["name"]: one["secret"] for one in twilio["credentials"]} == {"account_sid": False, "auth_token": True}
    assert twilio["sender"] is None
    assert twilio["setup"]
