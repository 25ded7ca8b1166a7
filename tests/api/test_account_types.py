"""What each type of account takes, told when it is saved; and what `GET /sms/providers` says of the types."""

import json
from typing import Any

import pytest

from chalicelib import config, providers
from tests.api.conftest import ACCOUNT, Api
from tests.providers.tables import TABLES

PATH = "/sms/accounts"
SEND = json.dumps({"fields": {"to": "{to}", "text": "{text}"}})
BODIES: dict[str, dict[str, Any]] = {
    kind: {
        "credentials": dict(TABLES[kind].account.credentials),
        "base_url": TABLES[kind].account.base_url,
        "options": dict(TABLES[kind].account.options),
    }
    for kind in providers.types()
}
BODIES["skebby"]["credentials"]["method"] = "classic_plus"


def save(api: Api, kind: str, **fields: Any) -> Any:
    body = {"name": "One", "key": "ONE", "phone": "+15005550006", "type": kind, **BODIES[kind]}
    return api("admin", "POST", PATH, {**body, **fields})


@pytest.mark.parametrize("kind", BODIES)
def test_every_type_can_be_created_and_read(api: Api, kind: str) -> None:
    answer = save(api, kind)
    assert answer.status == 201, answer
    shown = api.must("admin", "GET", f"{PATH}/{answer.body['id']}")
    secrets = {field["name"] for field in described(api, kind)["credentials"] if field["secret"]}
    for name, value in shown["credentials"].items():
        assert (value == {"set": True}) == (name in secrets)


@pytest.mark.parametrize(
    ("kind", "phone", "stored"),
    [
        ("intelepeer", "1-12345", "1-12345"),
        ("intelepeer", "34-Hello8", "34-Hello8"),
        ("intelepeer", "+1 500 555 0006", "+15005550006"),
        ("intelepeer", "12345", None),
        ("clicksend", "12345", "12345"),
        ("clicksend", "1-12345", None),
        ("infobip", "34-Hello8", None),
    ],
)
def test_the_phone_has_a_form_that_the_provider_takes(api: Api, kind: str, phone: str, stored: str | None) -> None:
    answer = save(api, kind, phone=phone)
    if stored:
        assert (answer.status, answer.body["phone"]) == (201, stored)
        return
    assert (answer.status, answer.pointers) == (422, ["/phone"])
    assert ("34-Hello8" if kind == "intelepeer" else "short code of 3") in answer.body["errors"][0]["detail"]


@pytest.mark.parametrize("kind", BODIES)
def test_a_sender_string_is_taken_where_the_provider_has_one_and_refused_elsewhere(api: Api, kind: str) -> None:
    takes = providers.get(kind).spec.sender is not None
    answer = save(api, kind, sender="Pizza")
    assert answer.status == (201 if takes else 422)
    assert takes or answer.pointers == ["/sender"]


@pytest.mark.parametrize("method", ["basic", "classic", "classic_plus"])
def test_skebbys_method_decides_on_sender_and_reports(api: Api, method: str) -> None:
    credentials = {"method": method, "username": "u", "password": "p"}
    answer = save(api, "skebby", credentials=credentials, sender="Pizza", delivery_reports=True)
    wrong = {"basic": ["/sender", "/delivery_reports"], "classic": ["/delivery_reports"], "classic_plus": []}[method]
    assert (answer.pointers if answer.status == 422 else []) == wrong
    if not wrong:
        assert "/delivery/" in answer.body["delivery_url"]
        assert save(api, "skebby", key="TWO").body["delivery_url"] is None  # the option is off


def test_csc_telecoms_delivery_url_ends_in_its_placeholders(api: Api) -> None:
    assert save(api, "csctelecom").body["delivery_url"].endswith("?message-id=<Message-Id>&state=<State>")


@pytest.mark.parametrize(
    ("kind", "fields", "pointer", "says"),
    [
        ("custom", {"options": {}}, "/options/send", "names of the call are missing"),
        ("custom", {"options": {"send": '{"fields": {"a": "{x}"}}'}}, "/options/send", "Unknown variable"),
        ("custom", {"options": {"send": SEND, "receive": "no"}}, "/options/receive", "JSON object"),
        ("custom", {"base_url": None}, "/base_url", "base URL"),
        ("skebby", {"credentials": {"method": "gold", "username": "u", "password": "p"}}, "/credentials/method", "One"),
        (
            "skebby",
            {"credentials": {"method": ["basic"], "username": "u", "password": "p"}},
            "/credentials/method",
            "s",
        ),
        ("clickatell", {"credentials": {"api_key": "ключ"}}, "/credentials/api_key", "without blanks"),
        ("clickatell", {"credentials": {"api_key": "a\r\nb"}}, "/credentials/api_key", "without blanks"),
        ("telnyx", {"credentials": {"api_key": ["a", "b", "c", "d"]}}, "/credentials/api_key", "list of 1 to 3"),
        ("telnyx", {"credentials": {"api_key": []}}, "/credentials/api_key", "list of 1 to 3"),
        ("telnyx", {"credentials": {"api_key": ["a", "a"]}}, "/credentials/api_key", "once"),
        ("telnyx", {"credentials": {"api_key": "\ud800"}}, "/credentials/api_key", "string"),
        ("telnyx", {"signature": "off"}, "/signature", "enforce"),
        ("plivo", {"delivery_reports": True}, "/delivery_reports", "always come"),
    ],
)
def test_what_a_type_does_not_take_is_said_when_it_is_saved(
    api: Api, kind: str, fields: dict[str, Any], pointer: str, says: str
) -> None:
    answer = save(api, kind, **fields)
    assert answer.status == 422, answer
    details = {mistake["pointer"]: mistake["detail"] for mistake in answer.body["errors"]}
    assert says in details[pointer]


@pytest.mark.parametrize("name", ["base_url", "domain"])
@pytest.mark.parametrize(
    "url",
    [
        "http://sms.example.org",
        "http://127.0.0.1:9000",
        "https://127.0.0.1",
        "https://localhost",
        "https://a.localhost.",
        "https://10.0.0.1",
        "https://169.254.169.254/latest",
        "https://[::1]",
        "https://[::ffff:10.0.0.1]",
        "ftp://sms.example.org",
    ],
)
def test_only_https_urls_of_public_hosts_are_taken(api: Api, name: str, url: str) -> None:
    answer = save(api, "custom", **{name: url})
    assert (answer.status, answer.pointers) == (422, [f"/{name}"])
    assert "https" in answer.body["errors"][0]["detail"]


@pytest.mark.parametrize("name", ["base_url", "domain"])
@pytest.mark.parametrize(
    "pasted", ["abc.api.example.org/v1", "abc.api.example.org/v1/", " https://abc.api.example.org/v1 "]
)
def test_a_url_is_taken_as_people_paste_it(api: Api, name: str, pasted: str) -> None:
    answer = save(api, "infobip", **{name: pasted})
    assert (answer.status, answer.body[name]) == (201, "https://abc.api.example.org/v1")


@pytest.mark.parametrize("pasted", ["", " ", "https://", "a b.example.org", "user@sms.example.org", "javascript:alert"])
def test_what_is_no_url_is_said_to_be_none(api: Api, pasted: str) -> None:
    answer = save(api, "infobip", base_url=pasted)
    assert (answer.status, answer.pointers) == (422, ["/base_url"])


def test_a_domain_that_providers_do_not_call_is_refused(api: Api) -> None:
    answer = save(api, "twilio", domain="https://sms_desk.example.org/api")
    assert (answer.status, answer.pointers) == (422, ["/domain"])
    assert "underscore" in answer.body["errors"][0]["detail"]
    assert save(api, "twilio", domain="https://sms-desk.example.org/sms_desk").status == 201


def test_the_laptops_stage_takes_its_own_addresses_too(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STAGE", "local")
    config.settings.cache_clear()
    assert save(api, "custom", base_url="http://127.0.0.1:9000/custom").status == 201
    for other in ("http://sms.example.org", "https://10.0.0.1", "http://10.0.0.1"):
        assert save(api, "custom", key="TWO", base_url=other).status == 422


# --- GET /sms/providers ------------------------------------------------------------------------------
def described(api: Api, kind: str, who: str = "admin", query: str = "") -> dict[str, Any]:
    data = api.must(who, "GET", f"/sms/providers{query}")["data"]
    return next(one for one in data if one["name"] == kind)


def test_all_types_tell_what_the_form_and_the_operator_need(api: Api) -> None:
    data = api.must("supervisor", "GET", "/sms/providers")["data"]
    assert (data[0]["name"], data[-1]["name"]) == ("twilio", "custom")
    assert sorted(one["name"] for one in data) == sorted(BODIES)
    for one in data:
        assert one["setup"]
        assert all(field["label"] and field["help"] for field in one["credentials"] + one["options"])
    telnyx = described(api, "telnyx")
    assert (telnyx["authentication"], telnyx["answer"]["within_seconds"]) == ("signature", 2)
    assert described(api, "csctelecom")["assumed"]
    assert described(api, "skebby")["reports"]["methods"] == ["classic_plus"]
    assert described(api, "intelepeer")["phone_help"]


def test_with_an_account_the_steps_hold_its_urls_for_admins_alone(api: Api) -> None:
    made = save(api, "clicksend", delivery_reports=True).body
    query = f"?account_id={made['id']}"
    steps = " ".join(described(api, "clicksend", query=query)["setup"])
    assert made["receive_url"] in steps
    assert made["delivery_url"] in steps
    hidden = " ".join(described(api, "clicksend", "supervisor", query)["setup"])
    assert "{receive_url}" in hidden
    assert made["receive_url"].rsplit("/", 1)[-1] not in hidden
    assert len(api.must("admin", "GET", f"/sms/providers{query}")["data"]) == 1
    assert api("admin", "GET", "/sms/providers?account_id=acc_none").status == 404


def test_a_step_for_an_option_that_is_off_says_where_the_url_will_be(api: Api) -> None:
    made = save(api, "clicksend").body
    steps = " ".join(described(api, "clicksend", query=f"?account_id={made['id']}")["setup"])
    assert "once its delivery report option is on" in steps


TELNYX: dict[str, Any] = {"type": "telnyx", "credentials": {"api_key": "KEY1", "public_key": "A" * 43 + "="}}


def test_a_public_key_has_several_values_while_it_is_rotated_and_stays_readable(api: Api) -> None:
    made = api.account(**TELNYX)
    keys = ["B" * 43 + "=", "A" * 43 + "="]
    path = f"/sms/accounts/{made['id']}"
    api.must("admin", "PATCH", path, {"credentials": {"public_key": keys}}, If_Match='"1"')
    assert api.must("admin", "GET", path)["credentials"] == {"api_key": {"set": True}, "public_key": keys}
    assert api.must("supervisor", "GET", path)["credentials"]["public_key"] == {"set": True, "values": 2}
    api.must("admin", "PATCH", path, {"name": "Renamed", "credentials": {"public_key": keys[0]}}, If_Match='"2"')
    assert api.must("admin", "GET", path)["credentials"]["public_key"] == keys[0]
    wrong = api("admin", "PATCH", path, {"credentials": {"public_key": [keys[0], "x"]}}, If_Match='"3"')
    assert (wrong.status, wrong.pointers) == (422, ["/credentials/public_key"])
    fields = api.must("admin", "GET", f"/sms/providers?account_id={made['id']}")["data"][0]["credentials"]
    assert {field["name"]: field["rotated"] for field in fields} == {"api_key": False, "public_key": True}


@pytest.mark.parametrize("key", ["two words", "kłucz", "line\nend"])
def test_a_key_that_no_header_can_hold_is_refused_when_it_is_saved(api: Api, key: str) -> None:
    wrong = api("admin", "POST", "/sms/accounts", {**ACCOUNT, **TELNYX, "credentials": {"api_key": key}})
    assert (wrong.status, wrong.pointers) == (422, ["/credentials/api_key"])


@pytest.mark.parametrize("missing", ["webhook_username", "webhook_password"])
def test_half_of_a_pair_is_of_no_use(api: Api, missing: str) -> None:
    pair = {"webhook_username": "desk", "webhook_password": "callback-secret"}
    known = {**BODIES["bandwidth"]["credentials"], **pair}
    answer = save(api, "bandwidth", credentials={**known, missing: None})
    assert (answer.status, answer.pointers) == (422, [f"/credentials/{missing}"])
    other = next(name for name in pair if name != missing)
    assert other in answer.body["errors"][0]["detail"]


def test_an_optional_credential_is_taken_away_by_null_and_a_needed_one_is_not(api: Api) -> None:
    pair = {"webhook_username": "desk", "webhook_password": "callback-secret"}
    account = save(api, "bandwidth", credentials={**BODIES["bandwidth"]["credentials"], **pair}).body
    path = f"{PATH}/{account['id']}"

    def change(**credentials: Any) -> Any:
        return api("admin", "PATCH", path, {"credentials": credentials}, **{"If-Match": '"1"'})

    half, needed = change(webhook_password=None), change(password=None)
    assert (half.status, half.pointers) == (422, ["/credentials/webhook_password"])
    assert (needed.status, needed.pointers) == (422, ["/credentials/password"])
    assert change(webhook_username=None, webhook_password=None).status == 200
    shown = api.must("admin", "GET", path)["credentials"]
    assert set(shown) == set(account["credentials"]) - set(pair)
