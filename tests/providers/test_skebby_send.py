"""Skebby's own on the way out: the recorded traffic and samples, the methods, and the session of the REST API."""

import dataclasses
import json
from typing import Any
from urllib.parse import parse_qsl

import pytest

from chalicelib import providers
from chalicelib.providers.calls import NoAnswer
from chalicelib.providers.contract import (
    DeliveryReport,
    OutboundMessage,
    ProviderAccount,
    SendError,
    Status,
)
from chalicelib.providers.skebby import TYPES, Skebby
from chalicelib.providers.skebby_gateway import METHODS
from tests.providers.fakes import Call, ScriptedHttp
from tests.providers.table import Reply, Report
from tests.providers.tables.examples import examples
from tests.providers.tables.skebby import (
    CREDENTIALS,
    GATEWAY,
    PASSWORD,
    REST,
    TABLE,
    created,
    failed,
    login,
    write_report,
)

SKEBBY = providers.get("skebby")
MESSAGE = OutboundMessage("msg_01ARZ3NDEKTSV4RRFFQ69G5FAV", "+393290000000", "Lorem ipsum")
NAMES = {"Basic": "basic", "Classic": "classic", "Classic+": "classic_plus"}


def account(method: str, api: str = "gateway", **changes: Any) -> ProviderAccount:
    credentials = {**CREDENTIALS, "method": method}
    return dataclasses.replace(TABLE.account, credentials=credentials, options={"api": api}, **changes)


def recorded(example: dict[str, Any], **changes: Any) -> tuple[ProviderAccount, ScriptedHttp]:
    """An account that signs in as in the recording, and the recorded answer."""
    form, answer = example["request"]["form"], example["response"]
    kind = {
        f"send_sms_{word}": name for name, word in zip(METHODS, ("basic", "classic", "classic_report"), strict=True)
    }
    credentials = {"username": form["username"], "password": form["password"]}
    credentials["method"] = kind.get(form["method"], "classic")
    known = ProviderAccount("skebby", "+393471234567", credentials, options={"api": "gateway"}, **changes)
    return known, ScriptedHttp([Reply(answer["status"], answer["body"], answer["headers"])])


@examples("skebby", "send")
def test_recorded_sends_are_made_and_read_as_they_were(example: dict[str, Any]) -> None:
    form, expected = example["request"]["form"], example["expect"]
    known, http = recorded(example, sender=form["sender_string"])
    accepted = SKEBBY.send(MESSAGE, known, http)
    assert (accepted.provider_message_id, accepted.status) == (expected["provider_message_id"], Status.sent)
    assert http.calls[0].url == example["request"]["url"]
    named = {name: value for name, value in form.items() if expected["method"] != "basic" or name != "sender_string"}
    assert dict(parse_qsl(http.calls[0].body.decode())) == named | {"charset": "UTF-8"}


@examples("skebby", "send_error")
def test_recorded_errors_are_told(example: dict[str, Any]) -> None:
    known, http = recorded(example)
    with pytest.raises(SendError) as error:
        SKEBBY.send(MESSAGE, known, http)
    assert (error.value.code, error.value.retryable) == (example["expect"]["error_code"], False)
    assert (error.value.kind == "credentials") == example["expect"].get("account_fault", False)


@examples("skebby", "send_request")
def test_the_providers_sample_is_sent_alike(example: dict[str, Any]) -> None:
    expected = example["expect"]
    http = ScriptedHttp([GATEWAY.accepted])
    known = account(expected["method"], sender=expected["sender_string"])
    known = dataclasses.replace(
        known, credentials={**known.credentials, "username": "username", "password": "password"}
    )
    SKEBBY.send(OutboundMessage("msg_1", expected["to"][0], expected["text"]), known, http)
    sample = dict(parse_qsl(example["request"]["body"]))
    assert dict(parse_qsl(http.calls[0].body.decode())) == sample | {"charset": "UTF-8"}


@examples("skebby", "test_connection")
def test_the_recorded_credit_proves_the_account(example: dict[str, Any]) -> None:
    known, http = recorded(example)
    assert SKEBBY.check(known, http).state == "ok"
    sent = dict(parse_qsl(http.calls[0].body.decode()))
    assert sent == {name: value for name, value in example["request"]["form"].items() if name != "sender_string"}


@examples("skebby", "auth")
def test_a_login_gives_the_headers_of_the_calls_after_it(example: dict[str, Any]) -> None:
    answer = Reply(200, example["response"]["body"], example["response"]["headers"])

    def aside(sent: Call) -> Reply | None:
        return answer if sent.url == example["request"]["url"] else None

    http = ScriptedHttp([created()], aside=aside)
    Skebby().send(MESSAGE, TABLE.account, http)
    assert [sent.method for sent in http.beside] == ["GET"]
    expected = example["expect"]["next_headers"]
    assert {name: http.calls[0].headers[name] for name in expected} == expected


@examples("skebby", "config_rules")
def test_the_methods_have_their_rules(example: dict[str, Any]) -> None:
    rules, spec = example["expect"], SKEBBY.spec
    assert {rules["rest_message_type"][name] for name in NAMES} == set(TYPES.values())
    assert {TYPES[NAMES[name]]: name for name in NAMES} == {kind: n for n, kind in rules["rest_message_type"].items()}
    assert {METHODS[NAMES[name]] for name in NAMES} == set(rules["gateway_method"].values())
    assert spec.sender is not None
    assert {name for name in NAMES if NAMES[name] in spec.sender.methods} == {
        name for name, allowed in rules["sender_string_allowed"].items() if allowed
    }
    assert {name for name in NAMES if NAMES[name] in spec.reports.methods} == {
        name for name, allowed in rules["delivery_report_allowed"].items() if allowed
    }


def ordered(method: str, text: str = "Lorem ipsum", **changes: Any) -> dict[str, Any]:
    http = ScriptedHttp([created()], aside=login)
    SKEBBY.send(dataclasses.replace(MESSAGE, text=text), account(method, "rest", **changes), http)
    document: dict[str, Any] = json.loads(http.calls[0].body)
    return document


def test_basic_names_no_sender_and_the_others_the_string_or_the_number() -> None:
    assert "sender" not in ordered("basic", sender="Pizzeria")
    assert ordered("classic", sender="Pizzeria")["sender"] == "Pizzeria"
    assert ordered("classic_plus")["sender"] == "+14155550199"


def test_only_classic_plus_waits_for_reports() -> None:
    sent = {}
    for method in ("basic", "classic", "classic_plus"):
        sent[method] = SKEBBY.send(MESSAGE, account(method, "rest"), ScriptedHttp([created()], aside=login)).status
    assert sent == {"basic": Status.sent, "classic": Status.sent, "classic_plus": Status.queued}


def test_our_own_id_is_the_order_and_its_report_finds_the_message() -> None:
    order_id = ordered("classic_plus")["order_id"]
    assert order_id == MESSAGE.id
    [report] = SKEBBY.parse(write_report("POST", Report(order_id, "DLVRD")), TABLE.account)
    assert isinstance(report, DeliveryReport)
    assert (report.provider_message_id, report.message_id) == (MESSAGE.id, MESSAGE.id)


@pytest.mark.parametrize(("api", "gsm", "ucs2"), [("rest", 1000, 450), ("gateway", 1530, 670)])
def test_texts_beyond_the_limits_of_their_encoding_are_not_sent(api: str, gsm: int, ucs2: int) -> None:
    reply = created() if api == "rest" else GATEWAY.accepted
    for text in ("x" * gsm, "€" * (gsm // 2), "ž" * ucs2):
        http = ScriptedHttp([reply], aside=login)
        assert SKEBBY.send(dataclasses.replace(MESSAGE, text=text), account("classic_plus", api), http)
    for text in ("x" * (gsm + 1), "€" * (gsm // 2 + 1), "ž" * (ucs2 + 1), "👍" * (ucs2 // 2 + 1)):
        with pytest.raises(SendError) as error:
            SKEBBY.send(dataclasses.replace(MESSAGE, text=text), account("classic_plus", api), ScriptedHttp([]))
        assert (error.value.kind, error.value.code) == ("content", "too_long")


def test_an_order_that_reached_nobody_is_no_acceptance_however_the_number_is_written() -> None:
    for none in (0, "0"):
        with pytest.raises(SendError) as error:
            SKEBBY.send(MESSAGE, TABLE.account, ScriptedHttp([created(total_sent=none)], aside=login))
        assert (error.value.kind, error.value.code) == ("recipient", "none_sent")


def test_line_ends_around_an_answer_of_the_gateway_are_not_part_of_it() -> None:
    answer = Reply(200, "\n status=success&remaining_sms=150&id=64608933\r\n", {"Content-Type": "text/html"})
    assert SKEBBY.send(MESSAGE, GATEWAY.account, ScriptedHttp([answer])).provider_message_id == "64608933"


def test_basic_on_the_gateway_refuses_what_gsm_has_not() -> None:
    with pytest.raises(SendError) as error:
        SKEBBY.send(dataclasses.replace(MESSAGE, text="žlutý"), account("basic"), ScriptedHttp([]))
    assert (error.value.kind, error.value.code) == ("content", "not_gsm")


def test_a_session_is_kept_and_renewed_once_after_a_401() -> None:
    skebby = Skebby()
    http = ScriptedHttp([created(), created(), Reply(401, "", {}), created()], aside=login)
    for _ in range(3):
        skebby.send(MESSAGE, TABLE.account, http)
    assert (len(http.calls), len(http.beside)) == (4, 2)
    assert not [sent for sent in http.beside if PASSWORD in sent.url]


def test_the_answers_of_a_login_and_of_an_order_may_be_written_otherwise() -> None:
    skebby = Skebby()
    http = ScriptedHttp(
        [created(order_id=7)], aside=lambda sent: Reply(200, "U;S\r\n", {}) if "login" in sent.url else None
    )
    assert skebby.send(MESSAGE, TABLE.account, http).provider_message_id == "7"
    assert (http.calls[0].headers["user_key"], http.calls[0].headers["Session_key"]) == ("U", "S")


def test_accounts_never_share_a_session() -> None:
    skebby, other = Skebby(), {**CREDENTIALS, "username": "somebody-else"}
    http = ScriptedHttp(
        [created(), created()],
        aside=lambda sent: Reply(200, f"{sent.basic()[0]};S", {}) if sent.method == "GET" else None,
    )
    for known in (TABLE.account, dataclasses.replace(TABLE.account, credentials=other)):
        skebby.send(MESSAGE, known, http)
    assert [sent.headers["user_key"] for sent in http.calls] == ["desk-user", "somebody-else"]


@pytest.mark.parametrize(
    ("step", "kind"),
    [
        (Reply(404, "", {}), "credentials"),
        (Reply(400, "", {}), "configuration"),
        (Reply(429, "", {"Retry-After": "9"}), "throttled"),
        (Reply(500, "", {}), "unavailable"),
        (Reply(200, "<html>", {}), "unavailable"),
        (Reply(200, "KEY;", {}), "unavailable"),
        (NoAnswer("t"), "unavailable"),
        (ConnectionRefusedError(), "unavailable"),
    ],
)
def test_a_failed_login_means_that_nothing_was_sent(step: Reply | Exception, kind: str) -> None:
    http = ScriptedHttp([step])
    with pytest.raises(SendError) as error:
        Skebby().send(MESSAGE, TABLE.account, http)
    assert (error.value.kind, len(http.calls)) == (kind, 1)
    assert error.value.retryable == (kind in ("throttled", "unavailable"))
    assert PASSWORD not in repr(error.value) + str(error.value.detail)


@pytest.mark.parametrize(
    ("body", "state"),
    [
        ({"money": "12.5", "sms": []}, "ok"),
        ({"money": None, "sms": [{"type": "GP", "quantity": 3}]}, "ok"),
        ({"money": 0, "sms": [{"type": "GP", "quantity": 0}]}, "problem"),
        ({"email": "x"}, "ok"),
    ],
)
def test_the_check_logs_in_and_looks_at_the_credit(body: dict[str, Any], state: str) -> None:
    http = ScriptedHttp([Reply(200, body, {})], aside=login)
    assert SKEBBY.check(TABLE.account, http).state == state
    assert http.calls[0].url == f"{REST}/status?getMoney=true&typeAliases=true"
    assert len(http.beside) == 1


def test_the_check_tells_wrong_credentials_of_either_generation() -> None:
    rest = SKEBBY.check(TABLE.account, ScriptedHttp([Reply(404, "", {})]))
    gateway = SKEBBY.check(GATEWAY.account, ScriptedHttp([failed(21)]))
    empty = SKEBBY.check(
        GATEWAY.account, ScriptedHttp([Reply(200, "status=success&credit_left=0.0&classic_sms=0", {})])
    )
    assert [found.state for found in (rest, gateway, empty)] == ["problem"] * 3
    assert "credentials" in str(rest.detail)
    assert "username" in str(gateway.detail)
    assert "credit" in str(empty.detail)
