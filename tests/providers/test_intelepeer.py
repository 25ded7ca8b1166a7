"""IntelePeer's own: its published examples, its token and the two forms of its header, regions and phone forms."""

import dataclasses
import json
import re
from typing import Any
from urllib.parse import urlencode

import pytest

from chalicelib import providers
from chalicelib.providers.calls import NoAnswer
from chalicelib.providers.contract import (
    DeliveryReport,
    Ignored,
    InboundMessage,
    OutboundMessage,
    ProviderAccount,
    SendError,
    SignatureError,
    Status,
    Verification,
    WebhookRequest,
)
from chalicelib.providers.intelepeer import LOGIN, IntelePeer
from tests.providers.fakes import Call, ScriptedHttp
from tests.providers.table import NOW, Reply, Text
from tests.providers.tables.examples import examples
from tests.providers.tables.intelepeer import KEY, SECRET, TABLE, URL, created, post, sign, write_text

INTELEPEER = providers.get("intelepeer")
MESSAGE = OutboundMessage("msg_01ARZ3NDEKTSV4RRFFQ69G5FAV", "+13038675309", "Hello World!")
EXPIRED = Reply(401, {"error": "token has expired"}, {})
SIGNED_IN = dataclasses.replace(
    TABLE.account, credentials={"api_key": KEY, "username": "api-user", "password": "pa ss"}
)


def request_of(example: dict[str, Any]) -> WebhookRequest:
    given = example["request"]
    return WebhookRequest(given["method"], URL.format("receive"), given["headers"], given["body"].encode())


@examples("intelepeer", "inbound")
def test_inbound_examples_are_read(example: dict[str, Any]) -> None:
    [message] = INTELEPEER.parse(request_of(example), TABLE.account)
    [expected] = example["expect"]["messages"]
    assert isinstance(message, InboundMessage)
    assert (message.provider_message_id, message.sender, message.recipient, message.text) == tuple(
        expected[name] for name in ("provider_message_id", "from", "to", "text")
    )
    assert "SECRET CODE" not in json.dumps(message.raw)


@examples("intelepeer", "signature")
def test_signature_examples_are_judged(example: dict[str, Any]) -> None:
    account = dataclasses.replace(TABLE.account, credentials={"webhook_secret": example["request"]["secret"]})
    if example["expect"]["valid"]:
        assert INTELEPEER.verify(request_of(example), account, NOW) is Verification.verified
    else:
        with pytest.raises(SignatureError):
            INTELEPEER.verify(request_of(example), account, NOW)


@examples("intelepeer", "send_ok")
def test_accepted_examples_are_read(example: dict[str, Any]) -> None:
    sample, answer = json.loads(example["request"]["body"]), example["response"]
    http = ScriptedHttp([Reply(answer["status"], answer["body"], answer["headers"])])
    account = dataclasses.replace(TABLE.account, phone=sample["from"])
    accepted = INTELEPEER.send(OutboundMessage(sample["guid"], sample["to"], sample["text"]), account, http)
    assert accepted.provider_message_id == example["expect"]["provider_message_id"]
    assert str(accepted.status) == example["expect"]["status"]
    assert http.calls[0].url == example["request"]["url"]
    assert json.loads(http.calls[0].body) == sample | {"dlr": True}


@examples("intelepeer", "send_error")
def test_error_examples_are_tried_again_with_a_new_token_and_then_told(example: dict[str, Any]) -> None:
    answer = example["response"]
    refused = Reply(answer["status"], answer["body"], answer["headers"])
    http = ScriptedHttp([refused] * 3, aside=tokens("one", "two"))
    with pytest.raises(SendError) as error:
        IntelePeer().send(MESSAGE, SIGNED_IN, http)
    assert (error.value.kind, error.value.retryable) == ("credentials", False)
    assert [sent.headers["Authorization"] for sent in http.calls] == ["one", "two", "Bearer two"]


@examples("intelepeer", "delivery")
def test_delivery_examples_are_read(example: dict[str, Any]) -> None:
    [expected] = example["expect"]["updates"]
    document = json.loads(example["request"]["body"]) | {"refid": example["request"]["poll_refid"]}
    for known in (document, {name: value for name, value in document.items() if name != "RCC_en"}):
        [report] = INTELEPEER.parse(post(URL.format("receive"), known), TABLE.account)
        assert isinstance(report, DeliveryReport)
        assert (report.provider_message_id, str(report.status)) == (expected["provider_message_id"], expected["status"])


def tokens(*given: str) -> Any:
    """Answers each login with the next token."""
    left = list(given)

    def aside(sent: Call) -> Reply | None:
        if sent.url != LOGIN:
            return None
        assert (sent.method, json.loads(sent.body)) == ("POST", {"username": "api-user", "password": "pa ss"})
        return Reply(200, {"token": left.pop(0)}, {})

    return aside


def authorizations(intelepeer: IntelePeer, account: ProviderAccount, *steps: Reply, aside: Any = None) -> list[str]:
    http = ScriptedHttp(list(steps), aside=aside or (lambda _: None))
    while http.steps:
        intelepeer.send(MESSAGE, account, http)
    return [sent.headers["Authorization"] for sent in http.calls]


def test_the_other_form_of_the_header_is_tried_once_and_remembered() -> None:
    seen = authorizations(IntelePeer(), TABLE.account, EXPIRED, created(), created(), EXPIRED, created(), created())
    assert seen == [KEY, f"Bearer {KEY}", f"Bearer {KEY}", f"Bearer {KEY}", KEY, KEY]


def test_a_token_is_fetched_kept_and_renewed_when_it_has_expired() -> None:
    seen = authorizations(IntelePeer(), SIGNED_IN, created(), created(), EXPIRED, created(), aside=tokens("one", "two"))
    assert seen == ["one", "one", "one", "two"]


@pytest.mark.parametrize(
    ("step", "kind"),
    [
        (Reply(401, {"code": 401, "error": "Unauthorized"}, {}), "credentials"),
        (Reply(500, "", {}), "unavailable"),
        (Reply(200, "{}", {}), "unavailable"),
        (Reply(200, {"token": "two\nlines"}, {}), "unavailable"),
        (NoAnswer("t"), "unavailable"),
    ],
)
def test_a_failed_login_means_that_nothing_was_sent(step: Reply | Exception, kind: str) -> None:
    http = ScriptedHttp([step])
    with pytest.raises(SendError) as error:
        IntelePeer().send(MESSAGE, SIGNED_IN, http)
    assert (error.value.kind, [sent.url for sent in http.calls]) == (kind, [LOGIN])
    assert "pa ss" not in str(error.value.detail)


@pytest.mark.parametrize(("region", "host"), [(None, "api"), ("us", "api"), ("eu", "eu.api")])
def test_texts_leave_by_the_host_of_the_region(region: str | None, host: str) -> None:
    http = ScriptedHttp([created()])
    options = {"region": region} if region else {}
    INTELEPEER.send(MESSAGE, dataclasses.replace(TABLE.account, options=options), http)
    assert http.calls[0].url == f"https://{host}.intelepeer.com/_rest/v4/app/sms/send"


@pytest.mark.parametrize("phone", ["1-12345", "34-Hello8", "57-MyCompany"])
def test_short_codes_and_names_with_their_country_are_phones(phone: str) -> None:
    assert re.fullmatch(str(INTELEPEER.spec.phone_pattern), phone)
    http = ScriptedHttp([created()])
    INTELEPEER.send(MESSAGE, dataclasses.replace(TABLE.account, phone=phone), http)
    assert json.loads(http.calls[0].body)["from"] == phone
    [message] = INTELEPEER.parse(write_text("POST", Text("id", sender="1-1234", recipient=phone)), TABLE.account)
    assert isinstance(message, InboundMessage)
    assert (message.sender, message.recipient) == ("1-1234", phone)


@pytest.mark.parametrize(
    "phone",
    [
        "12345",
        "+14155550100",
        "-12345",
        "0-12345",
        "1-",
        "34-Hello world",
        "1-2125551234",
        "1-1",
        "34-MuchTooLong1",
    ],
)
def test_other_phones_are_none_of_these_forms(phone: str) -> None:
    assert not re.fullmatch(str(INTELEPEER.spec.phone_pattern), phone)


def test_a_form_is_read_and_verified_like_json() -> None:
    fields = {"refid": "r-1", "from": "+14155550100", "to": "+14155550199", "message": "Grüße", "signature": SECRET}
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    request = WebhookRequest("POST", URL.format("receive"), headers, urlencode(fields).encode())
    assert INTELEPEER.verify(request, TABLE.account, NOW) is Verification.verified
    [message] = INTELEPEER.parse(request, TABLE.account)
    assert isinstance(message, InboundMessage)
    assert message.text == "Grüße"


def test_the_secret_is_not_kept_with_a_report() -> None:
    request = sign(post(URL.format("receive"), {"refid": "r-1", "stat": "DELIVRD"}), TABLE.account, NOW)
    [report] = INTELEPEER.parse(request, TABLE.account)
    assert isinstance(report, DeliveryReport)
    assert (report.status, report.raw) == (Status.delivered, {"refid": "r-1", "stat": "DELIVRD"})


def test_a_report_finds_its_message_by_our_own_id() -> None:
    [report] = INTELEPEER.parse(
        post(URL.format("receive"), {"refid": "r", "state": "x", "guid": MESSAGE.id}), TABLE.account
    )
    assert isinstance(report, DeliveryReport)
    assert report.message_id == MESSAGE.id


@pytest.mark.parametrize(
    "document", [{"hello": "world"}, {"state": "DELIVRD"}, {"guid": "none of ours", "status": "Sent"}, {"refid": "r"}]
)
def test_a_call_of_an_unknown_shape_is_answered_with_200_and_not_posted_again(document: dict[str, str]) -> None:
    [event] = INTELEPEER.parse(post(URL.format("receive"), document), TABLE.account)
    assert isinstance(event, Ignored)
    assert INTELEPEER.acknowledge([event]).status == 200


def test_a_report_that_names_our_own_id_alone_is_one() -> None:
    for url, document in (
        (URL.format("receive"), {"stat": "DELIVRD", "guid": MESSAGE.id}),
        (f"{URL.format('delivery')}/{MESSAGE.id}", {"stat": "DELIVRD"}),
    ):
        [report] = INTELEPEER.parse(post(url, document), TABLE.account)
        assert isinstance(report, DeliveryReport)
        assert (report.provider_message_id, report.message_id, report.status) == (
            None,
            MESSAGE.id,
            Status.delivered,
        )


@pytest.mark.parametrize(
    ("document", "detail"),
    [
        ({"RCC_en": "DLR:Undeliverable", "RCC": 6009}, "IntelePeer says: DLR:Undeliverable"),
        ({"stat": "EXPIRED"}, "IntelePeer says: EXPIRED"),
        ({"RCC": 6009}, "IntelePeer says: FAILED"),
        ({"RCC_en": "DLR:Unknown"}, "DLR:Unknown"),
        ({"stat": "Lost near +14155550199"}, "Lost near …"),
        ({"RCC_en": "DLR:Delivered"}, None),
        ({"RCC_en": "Sent"}, None),
    ],
)
def test_a_report_of_failure_or_of_no_known_state_tells_it_in_words(
    document: dict[str, Any], detail: str | None
) -> None:
    [report] = INTELEPEER.parse(post(URL.format("receive"), {"refid": "r", **document}), TABLE.account)
    assert isinstance(report, DeliveryReport)
    assert report.detail == detail


def test_a_key_alone_is_unproven_and_a_login_proves_itself() -> None:
    assert INTELEPEER.check(TABLE.account, ScriptedHttp([])).state == "unproven"
    assert IntelePeer().check(SIGNED_IN, ScriptedHttp([], aside=tokens("one"))).state == "ok"
    refused = IntelePeer().check(SIGNED_IN, ScriptedHttp([Reply(401, "", {})]))
    assert (refused.state, "credentials" in str(refused.detail)) == ("problem", True)
