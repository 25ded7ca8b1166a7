"""The exchange log and the health that is read from it: what happened, and nothing of what was said."""

import json
from typing import Any

import pytest

from chalicelib.store import db, table
from chalicelib.store.exchanges import Exchange
from chalicelib.store.transaction import Transaction
from tests.calls import counted
from tests.outbound.aws_calls import AwsCalls, always
from tests.team import AUTH_TOKEN, PHONE, Team

ANN = "+15005550010"
SAID = "my pin is 1234"


def rows(team: Team, who: str = "admin", **page: Any) -> list[dict[str, Any]]:
    query = "&".join(f"{name}={value}" for name, value in page.items())
    return team.must(who, "GET", f"/sms/accounts/{team.account['id']}/exchanges?{query}")["data"]


def health(team: Team) -> dict[str, Any]:
    return team.must("admin", "GET", f"/sms/accounts/{team.account['id']}/health")


def test_each_kind_of_call_leaves_one_row(team: Team) -> None:
    url = team.account["receive_url"]
    team.text(ANN, sid="SM1")
    team.step(ANN)  # the routing has begun
    team.text(ANN, sid="SM1")
    team.later(1)
    team.webhook(url, {"EventType": "onSomething", "AccountSid": "AC1"})
    team.later(1)
    team.webhook(url, {"MessageSid": "SM2", "Body": "x"})
    team.later(1)
    team.webhook(url, {"MessageSid": "SM2", "Body": "x", "From": ANN}, signature="wrong")
    team.later(1)
    team.webhook(url, {"MessageSid": "SM9", "MessageStatus": "delivered", "To": ANN})
    found = rows(team)
    assert [(one["outcome"], one["status"], one["event"], one["signature"]) for one in found] == [
        ("parked", 200, "report", "verified"),
        ("bad-signature", 403, None, "failed"),
        ("malformed", 400, None, "verified"),
        ("ignored", 200, "ignored", "verified"),
        ("duplicate", 200, "message", "verified"),
        ("stored", 200, "message", "verified"),
    ]
    assert {(one["direction"], one["method"]) for one in found} == {("in", "POST")}
    assert (found[0]["provider_message_id"], found[-1]["provider_message_id"]) == ("SM9", "SM1")
    assert "without a sender" in found[2]["detail"]
    assert found[-1]["fields"][:4] == ["MessageSid", "From", "To", "Body"]


def test_a_row_tells_no_text_no_number_no_secret_and_no_token(team: Team) -> None:
    url = team.account["receive_url"]
    team.text(ANN, SAID)
    team.webhook(url, {"MessageSid": "SM1", SAID: "x", ANN: "y", AUTH_TOKEN: "z", "Body": SAID, "From": ANN})
    team.webhook(url, {"Body": SAID, SAID: "x"}, signature=AUTH_TOKEN)
    pk = table.exchange(team.account["id"], 0, "")["pk"]
    found = json.dumps([*db.query_all(pk), rows(team), health(team)], default=str)
    assert len(rows(team)) == 3
    assert "Body" in found
    private = (SAID, ANN, ANN[1:], PHONE[1:], AUTH_TOKEN, url.rsplit("/", 1)[-1], "1234")
    assert [one for one in private if one in found] == []


def test_wrong_tokens_leave_no_row(team: Team) -> None:
    base = team.account["receive_url"].rsplit("/", 1)[0]
    assert team.webhook(f"{base}/{'x' * 32}", {"Body": "x"}).status_code == 404
    assert rows(team) == []


def test_the_row_of_what_is_stored_is_part_of_its_transaction_and_all_others_cost_one_call(team: Team) -> None:
    team.text(ANN, "warm")
    team.step(ANN)
    with counted() as stored:
        team.text(ANN, sid="SM1")
    team.step(ANN)
    with counted() as duplicate:
        team.text(ANN, sid="SM1")
    with counted() as ignored:
        team.webhook(team.account["receive_url"], {"EventType": "onSomething", "AccountSid": "AC1"})
    assert stored == ["BatchGetItem", "TransactWriteItems", "StartExecution"]
    assert duplicate == ["BatchGetItem", "PutItem"]
    assert ignored == ["PutItem"]


def test_a_log_that_cannot_be_written_fails_no_call(team: Team) -> None:
    team.text(ANN, sid="SM1")
    team.step(ANN)
    calls = AwsCalls(fault=always("PutItem", "before"))
    calls.watch("dynamodb")
    assert team.text(ANN, sid="SM1").status_code == 200
    assert "PutItem" in calls.operations
    assert len(rows(team)) == 1


def test_rows_come_newest_first_page_by_page_and_go_after_a_week(team: Team) -> None:
    for n in range(5):
        team.text(f"+1500555002{n}")
    everything = [one["id"] for one in rows(team)]
    assert everything == sorted(everything, reverse=True)
    path = f"/sms/accounts/{team.account['id']}/exchanges?limit=2"
    seen, query = [], ""
    for _ in range(3):
        page = team.must("admin", "GET", path + query)
        seen += [one["id"] for one in page["data"]]
        query = f"&cursor={page['page']['next_cursor']}"
    assert seen == everything
    assert page["page"] == {"next_cursor": None, "has_more": False}
    kept = next(iter(db.query_all(table.exchange(team.account["id"], 0, "")["pk"])))
    assert kept["ttl"] == kept["at"] // 1000 + 7 * 86_400
    team.later(7 * 86_400 + 1)
    assert rows(team) == []


def test_rows_of_another_account_are_out_of_a_cursors_reach(team: Team) -> None:
    team.text(ANN)
    theirs = team.account["id"]
    team.open_account()
    cursor = team.must("admin", "GET", f"/sms/accounts/{theirs}/exchanges?limit=1")["page"]["next_cursor"]
    assert cursor is None
    assert rows(team) == []
    assert team.call("admin", "GET", f"/sms/accounts/{theirs}/exchanges?cursor=bm9wZQ").status_code == 422


def test_an_event_of_a_batch_has_a_row_and_the_rest_of_it_one_together(team: Team, now: int) -> None:
    team.open_account(
        type="bandwidth",
        credentials={"username": "u", "password": "p", "account_id": "1", "application_id": "a"},
    )
    message = {"from": ANN, "to": [PHONE], "text": "Hi", "id": "b-1", "owner": PHONE, "applicationId": "a"}
    event = {"type": "message-received", "time": "2026-01-01T00:00:00Z", "to": PHONE, "message": message}
    batch = [event, {**event, "message": {**message, "id": "b-2"}}, event, event]
    path = team.account["receive_url"].removeprefix("https://desk.example.com/api")
    headers = {"Content-Type": "application/json"}
    answer = team._client.http.request("POST", path, headers=headers, body=json.dumps(batch).encode())
    assert answer.status_code == 200
    assert sorted(one["outcome"] for one in rows(team)) == ["stored", "stored"]  # its routing waits: resumed, no row
    team.step(ANN)
    team._client.http.request("POST", path, headers=headers, body=json.dumps(batch).encode())
    assert sorted(one["outcome"] for one in rows(team)) == ["duplicate", "stored", "stored"]


# --- health ------------------------------------------------------------------------------------------
def test_an_account_that_nothing_came_to_says_so(team: Team) -> None:
    found = health(team)
    assert {name: found[name] for name in found if name != "since"} == dict.fromkeys(
        ("last_inbound", "last_report", "last_accepted", "last_signature", "last_error")
    )


def test_health_tells_the_last_of_each(team: Team) -> None:
    team.text(ANN)
    inbound = rows(team)[0]["at"]
    team.later(1)
    team.webhook(team.account["receive_url"], {"MessageSid": "SM9", "MessageStatus": "sent", "To": ANN})
    report = rows(team)[0]["at"]
    team.later(1)
    team.webhook(team.account["receive_url"], {"Body": "x"}, signature="wrong")
    failed = rows(team)[0]["at"]
    found = health(team)
    assert (found["last_inbound"], found["last_report"]) == (inbound, report)
    assert found["last_signature"] == {"at": failed, "result": "failed"}
    assert (found["last_error"]["kind"], found["last_error"]["at"]) == ("bad-signature", failed)
    assert found["last_error"]["lasting"] is False


def test_trouble_with_the_account_is_the_last_error_as_long_as_it_lasts(team: Team) -> None:
    trouble = {"kind": "credentials", "code": "20003", "at": team.now}
    Transaction().update(table.configuration("account", team.account["id"]), put={"trouble": trouble}).commit()
    found = health(team)["last_error"]
    assert (found["kind"], found["code"], found["lasting"]) == ("credentials", "20003", True)


def test_health_looks_back_as_far_as_it_says(team: Team) -> None:
    team.text(ANN)
    first = rows(team)[0]["at"]
    assert health(team)["since"] < first
    for n in range(1, 501):
        Exchange(team.account["id"], team.now + n, "out", outcome="accepted", duration_ms=1).note()
    team.later(10)
    found = health(team)
    assert found["since"] > first
    assert found["last_inbound"] is None  # none since then, which is all that is known
    assert found["last_accepted"]


@pytest.mark.parametrize("what", ["exchanges", "health"])
def test_agents_do_not_see_it(team: Team, what: str) -> None:
    agent = team.agent("Ada")
    assert team.call(agent, "GET", f"/sms/accounts/{team.account['id']}/{what}").status_code == 403
