"""Lists, contacts and tokens."""

import pytest

from chalicelib.store import db, lists, table, tokens
from chalicelib.store.transaction import Transaction
from tests.api.conftest import Api


def contact(contact_id: str, list_id: str, now: int, phone: str = "+393331234567") -> None:
    item = {"id": contact_id, "list_id": list_id, "phones": [phone], "created_at": now}
    keys = {"g1pk": table.in_list(list_id), "g1sk": contact_id}
    tx = Transaction().put(table.contact(contact_id), {**item, **keys})
    tx.put(table.phone_of(phone, list_id, contact_id), {"contact_id": contact_id})
    tx.put(table.phone(phone), {"contact_id": contact_id}).commit()


def test_the_default_list_is_made_once_and_keeps_its_place_under_another_name(api: Api) -> None:
    first = lists.ensure_default(api.now)
    assert lists.ensure_default(api.now) == first
    api.must("supervisor", "PATCH", f"/lists/{first}", {"name": "People"}, If_Match="1")
    assert lists.ensure_default(api.now) == first
    assert api.account()["list_id"] == first
    api.must("supervisor", "POST", "/lists", {"name": "Default"})
    assert lists.ensure_default(api.now) == first


def test_a_list_made_by_hand_with_the_name_becomes_the_default(api: Api) -> None:
    made = api.must("supervisor", "POST", "/lists", {"name": "default"})
    assert lists.ensure_default(api.now) == made["id"]


def test_a_list_can_be_changed_and_its_name_exists_once(api: Api) -> None:
    made = api.must("supervisor", "POST", "/lists", {"name": "VIP", "dial_prefix": "+39"})
    path = f"/lists/{made['id']}"
    changed = api.must("supervisor", "PATCH", path, {"dial_prefix": None, "description": "x"}, If_Match="1")
    assert (changed["dial_prefix"], changed["description"], changed["version"]) == (None, "x", 2)
    assert api.must("supervisor", "GET", path) == changed
    taken = api("supervisor", "POST", "/lists", {"name": "vip"})
    assert (taken.status, taken.pointers) == (422, ["/name"])
    wrong = api("supervisor", "PATCH", path, {"dial_prefix": "0039"}, If_Match="2")
    assert (wrong.status, wrong.pointers) == (422, ["/dial_prefix"])


def test_contacts_are_found_by_list_and_by_phone(api: Api) -> None:
    vip = api.must("supervisor", "POST", "/lists", {"name": "VIP"})["id"]
    for n in range(3):
        contact(f"con_{n}", vip, api.now)
    first = api.must("supervisor", "GET", f"/contacts?list_id={vip}&limit=2")
    rest = api.must("supervisor", "GET", f"/contacts?list_id={vip}&limit=2&cursor={first['page']['next_cursor']}")
    assert [one["id"] for one in first["data"] + rest["data"]] == ["con_0", "con_1", "con_2"]
    assert rest["page"]["has_more"] is False
    found = api.must("supervisor", "GET", "/contacts?phone=%2B393331234567")["data"]
    assert [one["id"] for one in found] == ["con_0", "con_1", "con_2"]
    assert api.must("supervisor", "GET", "/contacts/con_1")["phones"] == ["+393331234567"]
    assert api("supervisor", "GET", "/contacts").status == 422
    assert api("supervisor", "GET", f"/contacts?list_id={vip}&phone=1").status == 422
    assert api("supervisor", "GET", "/contacts?list_id=nowhere").status == 404


def test_agents_see_the_lists_and_contacts_of_their_accounts_only(api: Api) -> None:
    vip = api.must("supervisor", "POST", "/lists", {"name": "VIP"})["id"]
    account, ada = api.account(), api.agent()
    api.must("admin", "POST", f"/sms/accounts/{account['id']}/agents", {"add": [ada["id"]]})
    contact("con_ours", account["list_id"], api.now)
    contact("con_theirs", vip, api.now)
    assert [one["id"] for one in api.must("Ada", "GET", "/lists")["data"]] == [account["list_id"]]
    for path in (f"/lists/{vip}", f"/contacts?list_id={vip}", "/contacts/con_theirs"):
        assert api("Ada", "GET", path).status == 404
    assert api.must("Ada", "GET", "/contacts/con_ours")["list_id"] == account["list_id"]
    found = api.must("Ada", "GET", "/contacts?phone=%2B393331234567")["data"]
    assert [one["id"] for one in found] == ["con_ours"]


def test_a_token_is_shown_once_and_stored_as_a_hash(api: Api) -> None:
    made = api.must("admin", "POST", "/tokens", {"role": "supervisor", "name": "Console"})
    assert api(made["secret"], "GET", "/agents").status == 200
    shown = next(one for one in api.must("admin", "GET", "/tokens")["data"] if one["id"] == made["id"])
    assert "secret" not in shown
    assert (shown["role"], shown["name"], shown["last_used"]) == ("supervisor", "Console", "2026-01-01T00:00:00.000Z")
    stored = db.get(table.configuration("token", made["id"]))
    assert made["secret"] not in str(stored)
    assert db.get(table.token(tokens.digest(made["secret"])))


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"role": "agent", "name": "x"}, "/agent_id"),
        ({"role": "agent", "name": "x", "agent_id": "agt_01ARZ3NDEKTSV4RRFFQ69G5FAV"}, "/agent_id"),
        ({"role": "root", "name": "x"}, "/role"),
        ({"role": "admin", "name": "x", "expires_at": "2025-12-31T23:59:59Z"}, "/expires_at"),
        ({"role": "admin", "name": "x", "expires_at": "2026-02-01T00:00:00"}, "/expires_at"),
        ({"role": "admin", "name": "x", "secret": "mine"}, "/secret"),
    ],
)
def test_a_wrong_token_is_refused(api: Api, body: dict, pointer: str) -> None:
    answer = api("admin", "POST", "/tokens", body)
    assert (answer.status, answer.pointers) == (422, [pointer])


def test_a_revoked_token_stops_within_thirty_seconds(api: Api) -> None:
    made = api.must("admin", "POST", "/tokens", {"role": "supervisor", "name": "Console"})
    assert api(made["secret"], "GET", "/agents").status == 200
    assert api("admin", "DELETE", f"/tokens/{made['id']}").status == 204
    assert api("admin", "DELETE", f"/tokens/{made['id']}").status == 404
    api.later(26)
    answer = api(made["secret"], "GET", "/agents")
    assert (answer.status, answer.headers["WWW-Authenticate"]) == (401, "Bearer")


def test_an_expired_token_stops_at_once(api: Api) -> None:
    body = {"role": "supervisor", "name": "Console", "expires_at": "2026-01-01T00:00:05Z"}
    made = api.must("admin", "POST", "/tokens", body)
    assert api(made["secret"], "GET", "/agents").status == 200
    api.later(5)
    assert api(made["secret"], "GET", "/agents").status == 401
    api.later(3600)
    assert api(made["secret"], "GET", "/agents").status == 401
    kept = db.get(table.configuration("token", made["id"])) or {}
    assert kept["last_used"] == kept["created_at"], "a call that was refused is no use"


def test_the_last_use_is_noted_once_an_hour(api: Api) -> None:
    made = api.must("admin", "POST", "/tokens", {"role": "supervisor", "name": "Console"})
    times = []
    for seconds in (0, 1800, 1800):
        api.later(seconds)
        api.must(made["secret"], "GET", "/agents")
        times.append((db.get(table.configuration("token", made["id"])) or {})["last_used"])
    assert times == [api.now - 3_600_000, api.now - 3_600_000, api.now]


def test_the_first_admin_token_is_stored_once(api: Api) -> None:
    before = len(api.must("admin", "GET", "/tokens")["data"])
    tokens.bootstrap("first-secret", api.now)
    assert len(api.must("admin", "GET", "/tokens")["data"]) == before
