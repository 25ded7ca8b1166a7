"""Checks of credentials and of pasted calls: what is known is said, what is not proven never looks well."""

import json
from typing import Any

import pytest

from chalicelib.api import account_checks
from chalicelib.providers.calls import NoAnswer
from chalicelib.store import exchanges
from tests.api.conftest import AUTH_TOKEN, Api
from tests.outbound.scene import start
from tests.providers.fakes import ScriptedHttp
from tests.providers.table import Reply

SEND = json.dumps({"fields": {"to": "{to}", "text": "{text}"}})
CUSTOM: dict[str, Any] = {
    "type": "custom",
    "credentials": {"api_key": "k"},
    "base_url": "https://sms.example.org",
    "options": {"send": SEND, "receive": '{"sender": "who", "text": "words", "id": "uid"}'},
}
CSC = {"type": "csctelecom", "credentials": {"api_key": "k"}, "base_url": "https://sms.example.org"}


def answering(monkeypatch: pytest.MonkeyPatch, *steps: Reply | Exception) -> ScriptedHttp:
    http = ScriptedHttp(list(steps))
    monkeypatch.setattr(account_checks, "_way_out", lambda: http)
    return http


@pytest.mark.parametrize(
    ("reply", "state"),
    [
        (Reply(200, {"status": "active"}, {}), "ok"),
        (Reply(200, {"status": "suspended"}, {}), "problem"),
        (Reply(401, {}, {}), "problem"),
        (Reply(500, "", {}), "problem"),
        (NoAnswer("timeout"), "problem"),
    ],
)
def test_the_provider_is_asked_and_the_answer_is_told_in_words(
    api: Api, monkeypatch: pytest.MonkeyPatch, reply: Reply | Exception, state: str
) -> None:
    made = api.account()
    http = answering(monkeypatch, reply)
    found = api.must("supervisor", "POST", f"/sms/accounts/{made['id']}/check")
    assert found["state"] == state
    assert bool(found["detail"]) == (state != "ok")
    assert found["checked_at"] == "2026-01-01T00:00:00.000Z"
    assert http.calls[0].basic() == ("AC" + "0" * 32, AUTH_TOKEN)
    row = exchanges.newest(made["id"], api.now, 1)[0]
    assert (row["outcome"], row["method"], row["direction"]) == (f"check-{state}", "GET", "out")


def test_where_no_harmless_call_is_known_nothing_is_called_and_nothing_looks_proven(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = api.account(**CUSTOM)
    answering(monkeypatch)
    found = api.must("admin", "POST", f"/sms/accounts/{made['id']}/check")
    assert found["state"] == "unproven"
    assert "prove" in found["detail"]
    assert exchanges.newest(made["id"], api.now, 1) == []


def test_the_real_client_reaches_the_provider(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    scene, server = start(monkeypatch)
    try:
        found = api.must("admin", "POST", f"/sms/accounts/{scene.account_id}/check")
        assert found["state"] in ("ok", "problem")
        row = exchanges.newest(scene.account_id, scene.clock.ms, 1)[0]
        assert row["status"] in (200, 404)
    finally:
        server.stop()
        server.server_close()


def test_agents_do_not_check(api: Api) -> None:
    made = api.account()
    assert api("nobody", "POST", f"/sms/accounts/{made['id']}/check").status == 403
    assert api("nobody", "POST", f"/sms/accounts/{made['id']}/check/sample", {}).status == 403


# --- samples -----------------------------------------------------------------------------------------
def sample(api: Api, account: dict[str, Any], **call: Any) -> dict[str, Any]:
    made = api.account(**account)
    before = api.must("admin", "GET", f"/sms/accounts/{made['id']}")
    found = api.must("supervisor", "POST", f"/sms/accounts/{made['id']}/check/sample", call)
    assert exchanges.newest(made["id"], api.now, 1) == []
    assert api.must("admin", "GET", f"/sms/accounts/{made['id']}") == before
    assert api.must("admin", "GET", f"/sms/interactions?account_id={made['id']}")["data"] == []
    return found


def test_a_pasted_call_shows_what_a_mapping_makes_of_it(api: Api) -> None:
    body = '{"uid": "u-1", "who": "+14155550100", "words": "Hello", "date": "2026-01-02T03:04:05Z"}'
    found = sample(api, CUSTOM, headers={"Content-Type": "application/json"}, body=body)
    assert found["malformed"] is None
    event = found["events"][0]
    assert (event["kind"], event["provider_message_id"], event["sender"], event["text"]) == (
        "message",
        "u-1",
        "+14155550100",
        "Hello",
    )
    assert event["received_at"] == "2026-01-02T03:04:05.000Z"


def test_a_pasted_report_and_an_ignored_call_are_shown_as_such(api: Api) -> None:
    found = sample(api, CSC, method="GET", url="delivery", query="?message-id=4711&state=2")
    assert [(one["kind"], one["status"], one["provider_message_id"]) for one in found["events"]] == [
        ("report", "delivered", "4711")
    ]
    found = sample(
        api,
        {"key": "TWO"},
        headers={"content-type": "application/x-www-form-urlencoded"},
        body="EventType=onSomething&AccountSid=AC1",
    )
    assert found["events"][0]["kind"] == "ignored"
    assert found["events"][0]["reason"]


@pytest.mark.parametrize(
    "call",
    [
        {"method": "GET", "url": "delivery", "query": "message-id=<Message-Id>&state=<State>"},
        {"headers": {"Content-Type": "application/json"}, "body": "{"},
        {},
    ],
)
def test_a_call_that_cannot_be_read_is_told_with_the_reason(api: Api, call: dict[str, Any]) -> None:
    found = sample(api, CSC, **call)
    assert found["events"] == []
    assert found["malformed"].startswith("The call cannot be read: ")
    assert ("placeholders" in found["malformed"]) == ("query" in call)


@pytest.mark.parametrize(
    ("body", "pointer"), [({"method": "PUT"}, "/method"), ({"body": {}}, "/body"), ({"text": "x"}, "/text")]
)
def test_a_sample_has_the_shape_of_a_call(api: Api, body: dict[str, Any], pointer: str) -> None:
    answer = api("admin", "POST", f"/sms/accounts/{api.account()['id']}/check/sample", body)
    assert (answer.status, answer.pointers) == (422, [pointer])
