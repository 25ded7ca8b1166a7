"""An inbound text is stored exactly once, in the right thread, whatever calls twice or at the same moment."""

import json
from urllib.parse import urlsplit

import pytest

from chalicelib import providers
from chalicelib.inbound import messages
from chalicelib.providers.contract import InboundMessage, Media
from chalicelib.store import accounts, db, table
from tests.calls import before, counted
from tests.team import PHONE, Team, executions

ANN = "+15005550010"


@pytest.fixture
def agent(team: Team) -> str:
    agent = team.agent("Ann")
    team.plan({"app": "queue", "queue_id": team.queue(agent), "timeout": 30})
    return agent


def accepted(team: Team, agent: str) -> str:
    team.text(ANN)
    team.step(ANN)
    interaction = team.interaction(ANN)["interaction_id"]
    assert team.act(agent, "accept", interaction).status_code == 200
    return interaction


def texts(team: Team) -> list[str]:
    return [line["text"] for line in team.thread(team.interaction(ANN)["interaction_id"]) if line["kind"] == "message"]


def test_the_provider_reads_the_answer_it_wants(team: Team) -> None:
    answer = team.text(ANN)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/xml")
    assert answer.body == b'<?xml version="1.0" encoding="UTF-8"?><Response/>'


def test_a_text_posted_twice_is_stored_once(team: Team) -> None:
    for _ in range(2):
        assert team.text(ANN, "Once", sid="SM1").status_code == 200
    assert texts(team) == ["Once"]


def test_the_same_words_with_another_id_are_another_text(team: Team) -> None:
    team.text(ANN, "Yes?", sid="SM1")
    team.text(ANN, "Yes?", sid="SM2")
    assert texts(team) == ["Yes?", "Yes?"]


def test_a_new_sender_becomes_a_contact_of_the_accounts_list(team: Team) -> None:
    team.text(ANN)
    contact = db.get(table.contact(team.interaction(ANN)["contact_id"]))
    assert (contact["phones"], contact["list_id"]) == ([ANN], team.account["list_id"])
    page = team.must("admin", "GET", f"/contacts?list_id={team.account['list_id']}")
    assert [one["id"] for one in page["data"]] == [contact["id"]]


def test_a_known_phone_keeps_its_contact_and_makes_no_second_one(team: Team) -> None:
    team.text(ANN)
    first = team.interaction(ANN)["contact_id"]
    team.open_account()
    team.text(ANN)
    assert team.interaction(ANN)["contact_id"] == first


def test_two_first_texts_at_the_same_moment_share_one_interaction(team: Team) -> None:
    account = accounts.get(team.account["id"])
    first, second = (InboundMessage(f"SM{n}", ANN, PHONE, f"text {n}") for n in (1, 2))
    with before("TransactWriteItems", lambda: messages.store(account, second, team.now)):
        assert messages.store(account, first, team.now) == "stored"
    assert texts(team) == ["text 2", "text 1"]


def test_a_text_against_a_close_lands_in_one_open_interaction(team: Team, agent: str) -> None:
    old = accepted(team, agent)
    account = accounts.get(team.account["id"])
    message = InboundMessage("SM-late", ANN, PHONE, "late")
    with before("TransactWriteItems", lambda: team.act(agent, "close", old)):
        assert messages.store(account, message, team.now) == "stored"
    assert team.interaction(ANN)["interaction_id"] != old
    assert team.interaction(ANN)["stage"] == "starting"
    assert texts(team) == ["late"]


def test_a_close_against_a_text_is_refused_and_the_text_stays(team: Team, agent: str) -> None:
    old = accepted(team, agent)
    account = accounts.get(team.account["id"])
    message = InboundMessage("SM-late", ANN, PHONE, "late")
    with before("TransactWriteItems", lambda: messages.store(account, message, team.now)):
        assert team.act(agent, "close", old).status_code == 409
    assert team.interaction(ANN)["interaction_id"] == old
    assert texts(team) == ["Hello", "late"]


def test_a_text_against_a_leave_is_routed(team: Team, agent: str) -> None:
    old = accepted(team, agent)
    account = accounts.get(team.account["id"])
    message = InboundMessage("SM-late", ANN, PHONE, "late")
    with before("TransactWriteItems", lambda: team.act(agent, "leave", old)):
        assert messages.store(account, message, team.now) == "stored"
    assert team.interaction(ANN)["stage"] == "starting"


def test_without_an_id_equal_texts_within_neighbouring_minutes_are_one(team: Team) -> None:
    account = accounts.get(team.account["id"])
    message = InboundMessage(None, ANN, PHONE, "ok", media=(Media("https://example.com/a.png"),))
    assert messages.store(account, message, team.now) == "stored"
    assert messages.store(account, message, team.now + 59_000) == "resumed"  # a duplicate, whose routing waits still
    assert messages.store(account, message, team.now + 130_000) == "stored"
    other = InboundMessage(None, ANN, PHONE, "ok")
    assert messages.store(account, other, team.now) == "stored"


def test_media_keep_their_type_and_link(team: Team) -> None:
    team.text(ANN, "Look", NumMedia="1", MediaUrl0="https://api.twilio.com/m/1", MediaContentType0="image/png")
    line = team.thread(team.interaction(ANN)["interaction_id"])[0]
    assert line["media"] == [{"url": "https://api.twilio.com/m/1", "content_type": "image/png", "size": None}]


@pytest.mark.parametrize(("word", "state"), [("STOP", "out"), ("stop.", "out"), ("START", "in")])
def test_opt_out_words_write_the_ledger_and_are_never_routed(team: Team, word: str, state: str) -> None:
    team.text(ANN, word)
    assert db.get(table.opt_out(team.account["id"], ANN))["state"] == state
    meta = team.interaction(ANN)
    assert (meta["status"], meta["stage"]) == ("closed", "none")
    assert executions() == []


def test_yes_is_an_answer_unless_the_number_is_opted_out(team: Team) -> None:
    team.text(ANN, "YES")
    assert db.get(table.opt_out(team.account["id"], ANN)) is None
    assert team.interaction(ANN)["stage"] == "starting"
    team.text(ANN, "STOP")
    team.text(ANN, "Yes")
    assert db.get(table.opt_out(team.account["id"], ANN))["state"] == "in"


def test_help_in_an_open_thread_is_shown_there_without_routing(team: Team, agent: str) -> None:
    interaction = accepted(team, agent)
    team.text(ANN, "HELP")
    assert texts(team)[-1] == "HELP"
    assert executions() == [f"{interaction}-1"]


def test_the_desk_answers_stop_once_where_the_provider_does_not(team: Team) -> None:
    team.open_account(opt_out_reply="desk")
    team.text(ANN, "STOP", sid="SM1")
    team.text(ANN, "STOP", sid="SM1")
    sent = [line for line in team.thread(team.interaction(ANN)["interaction_id"]) if line.get("direction") == "out"]
    assert len(sent) == 1
    row = db.get(table.outgoing(team.account["id"], ANN, sent[0]["id"]))
    assert row["compliance"] is True


def test_calls_stay_within_the_budget(team: Team, agent: str) -> None:
    team.text("+15005550099")  # warms the caches
    with counted() as new:
        team.text(ANN, sid="SM-new")
    with counted() as again:
        team.text(ANN, sid="SM-new")
    team.step(ANN)
    team.act(agent, "accept", team.interaction(ANN)["interaction_id"])
    with counted() as answered:
        team.text(ANN, "more", sid="SM-more")
    with counted() as duplicate:
        team.text(ANN, "more", sid="SM-more")
    meta = team.interaction(ANN)
    team.act(agent, "read", meta["interaction_id"], {"n": meta["n"]})
    team.presence(agent, "offline")
    team.presence(agent, "online")
    with counted() as returning:
        team.text(ANN, "gone?", sid="SM-gone")
    assert new == ["BatchGetItem", "TransactWriteItems", "StartExecution"]
    assert again == ["BatchGetItem", "StartExecution"]
    assert answered == ["BatchGetItem", "TransactWriteItems"]
    assert duplicate == ["BatchGetItem", "PutItem"]  # the second is its row of the exchange log
    assert returning == ["BatchGetItem", "TransactWriteItems", "TransactWriteItems", "StartExecution"]


class TestBadCalls:
    """What providers, or others, may get wrong on a receive URL."""

    def post(self, team: Team, path: str, body: bytes = b"From=%2B1", **headers: str) -> int:
        headers = {"Content-Type": "application/x-www-form-urlencoded", **headers}
        return team._client.http.request("POST", path, headers=headers, body=body).status_code

    def path(self, team: Team) -> str:
        return urlsplit(team.account["receive_url"]).path.removeprefix("/api")

    def test_a_wrong_token_and_an_unknown_account_get_the_same_404(self, team: Team) -> None:
        account, _, token = self.path(team).split("/")[3:]
        wrong = team._client.http.request("POST", f"/sms/accounts/{account}/receive/{'x' * 32}", body=b"")
        unknown = team._client.http.request("POST", f"/sms/accounts/acc_nobody/receive/{token}", body=b"")
        assert (wrong.status_code, unknown.status_code) == (404, 404)
        assert wrong.body == unknown.body
        assert wrong.headers == unknown.headers

    def test_a_bad_signature_is_403(self, team: Team) -> None:
        form = {"MessageSid": "SM1", "From": ANN, "Body": "x"}
        assert team.webhook(team.account["receive_url"], form, signature="nonsense").status_code == 403
        assert db.get(table.pointer(team.account["id"], ANN)) is None

    def test_a_malformed_body_is_400(self, team: Team) -> None:
        assert team.webhook(team.account["receive_url"], {"Hello": "there", "Body": "\xff"}).status_code in (200, 400)
        assert team.webhook(team.account["receive_url"], {"MessageSid": "SM1", "Body": "x"}).status_code in (200, 400)

    def test_an_unknown_event_is_200_and_stores_nothing(self, team: Team) -> None:
        answer = team.webhook(team.account["receive_url"], {"EventType": "onSomething", "AccountSid": "AC1"})
        assert answer.status_code == 200

    def test_a_body_over_a_mebibyte_is_413(self, team: Team) -> None:
        assert self.post(team, self.path(team), b"x" * (1024 * 1024 + 1)) == 413

    def test_the_agents_api_takes_64_kib(self, team: Team) -> None:
        big = {"name": "x" * 65_536}
        answer = team.call("admin", "POST", "/sms/queues", big)
        assert (answer.status_code, json.loads(answer.body)["code"]) == (413, "too-large")


def test_providers_are_known_by_name() -> None:
    assert providers.names()[0] == "twilio"


def test_an_endless_link_is_refused_and_the_longest_are_stored(team: Team) -> None:
    assert team.text(ANN, MediaUrl0="https://m.example/" + "a" * 500_000).status_code == 400
    links = {f"MediaUrl{n}": "https://m.example/" + "a" * 1900 for n in range(50)}
    assert team.text(ANN, "👍" * 20_000, **links).status_code == 200
    [line] = [line for line in team.thread(team.interaction(ANN)["interaction_id"]) if line["kind"] == "message"]
    assert len(line["media"]) == 50
