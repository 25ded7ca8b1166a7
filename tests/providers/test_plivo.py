"""Plivo's own: its published examples, the two versions of its signature, its numbers, times and refusals."""

import dataclasses
from datetime import UTC, datetime
from typing import Any

import pytest

from chalicelib import providers
from chalicelib.providers.contract import (
    DeliveryReport,
    Ignored,
    InboundMessage,
    OutboundMessage,
    SendError,
    SignatureError,
    Verification,
    WebhookRequest,
)
from tests.providers.fakes import ScriptedHttp
from tests.providers.table import NOW, Reply, Text
from tests.providers.tables.examples import assert_messages, assert_reports, examples, reply_of, request_of
from tests.providers.tables.plivo import (
    AUTH_ID,
    FORM,
    TABLE,
    TOKEN,
    URL,
    call,
    headers,
    queued,
    sign,
    signature_v2,
    signature_v3,
    validate_call,
    write_text,
)

PLIVO = providers.get("plivo")
ACCOUNT = TABLE.account
RECEIVE = URL.format("receive")
MESSAGE = OutboundMessage("msg_1", "+14155550100", "Hello")


@examples("plivo", "inbound")
def test_inbound_examples_are_read(example: dict[str, Any]) -> None:
    assert_messages(PLIVO, ACCOUNT, example)


@examples("plivo", "delivery")
def test_delivery_examples_are_read(example: dict[str, Any]) -> None:
    assert_reports(PLIVO, ACCOUNT, example)


@examples("plivo", "signature")
def test_signature_examples_are_judged(example: dict[str, Any]) -> None:
    account = dataclasses.replace(ACCOUNT, credentials={"auth_id": AUTH_ID, **example["context"]})
    if example["expect"]["valid"]:
        assert PLIVO.verify(request_of(example), account, NOW) is Verification.verified
    else:
        with pytest.raises(SignatureError):
            PLIVO.verify(request_of(example), account, NOW)


@examples("plivo", "send_ok")
def test_accepted_examples_are_read(example: dict[str, Any]) -> None:
    given = example["request"]["json"]
    account = dataclasses.replace(
        ACCOUNT, phone=given["src"], credentials={"auth_id": "MAXXXXXXXXXXXXXXXXXX", "auth_token": TOKEN}
    )
    http = ScriptedHttp([reply_of(example)])
    accepted = PLIVO.send(OutboundMessage("msg_1", given["dst"], given["text"]), account, http)
    assert (accepted.provider_message_id, accepted.status) == (
        example["expect"]["provider_message_id"],
        example["expect"]["status"],
    )
    assert (http.calls[0].url, http.calls[0].json()) == (example["request"]["url"], given)


@examples("plivo", "send_error")
def test_error_examples_are_told(example: dict[str, Any]) -> None:
    with pytest.raises(SendError) as raised:
        PLIVO.send(MESSAGE, ACCOUNT, ScriptedHttp([reply_of(example)]))
    assert (raised.value.kind, raised.value.code) == (example["expect"]["kind"], example["expect"]["code"])
    assert not raised.value.retryable


BODY = "From=14155550100&To=14155550199&Text=Gr%C3%BC%C3%9Fe+%F0%9F%91%8D&MessageUUID=u1&PowerpackUUID="
V3_HOST = "https://desk.example.com/receive/token"


# Signatures computed with plivo-python 4.63.0, utils/signature_v3.py; the token is my_auth_token, the nonce 12345.
@pytest.mark.parametrize(
    ("method", "query", "body", "signature"),
    [
        ("POST", "", BODY, "E7ZrepvAMLp6OqGBM7vQSSdSThScqWkBkPs/MIHqQBw="),
        ("POST", "?b=2&a=1&a=0", "Text=x+y&From=1", "lwYHjkRzcSA7wHRBRwz1J8KZVeK/cjnFfFtrGXuWmHM="),
        ("POST", "?b=2&a=1", "", "CmqShzzsB/cGR3Q2wn55r0Bnql8Pl1RKMM4eHqRcp9w="),
        ("POST", "", "", "X56eGoJh4zX0mwZZys0mKUlNRV4BDQNBc6ORL8Zviv8="),
        ("GET", "?Text=a+b&From=1", "", "KnYfEt6eoL8JyuZJbIuR04fecs1iShJagj1nanbK8qs="),
    ],
)
def test_signatures_of_version_3_agree_with_plivos_library(method: str, query: str, body: str, signature: str) -> None:
    account = dataclasses.replace(ACCOUNT, credentials={"auth_id": AUTH_ID, "auth_token": "my_auth_token"})
    proof = {"Content-Type": FORM, **headers("V3", signature)}
    request = WebhookRequest(method, V3_HOST + query, proof, body.encode())
    assert PLIVO.verify(request, account, NOW) is Verification.verified
    for changed in ({"url": f"{V3_HOST}?Text=z"}, {"body": b"Text=z", "method": "POST"}):
        with pytest.raises(SignatureError):
            PLIVO.verify(dataclasses.replace(request, **changed), account, NOW)


def with_headers(*proofs: dict[str, str]) -> WebhookRequest:
    request = write_text("POST", Text("id-1"))
    return dataclasses.replace(request, headers={**request.headers, **{k: v for p in proofs for k, v in p.items()}})


V2 = signature_v2(RECEIVE, TOKEN, "12345")
V3 = signature_v3(write_text("POST", Text("id-1")), TOKEN, "12345")


@pytest.mark.parametrize(
    "proof",
    [
        headers("V3", V3),
        headers("Ma-V3", V3),
        headers("V3", f"bm90IHRoaXM=, {V3}"),
        headers("V3", V3) | headers("V2", "wrong"),
        headers("Ma-V3", V3) | {"X-Plivo-Signature-V3": "bWFpbg=="},
        headers("V2", V2),
        headers("Ma-V2", V2),
    ],
)
def test_either_version_of_either_token_is_verified(proof: dict[str, str]) -> None:
    assert PLIVO.verify(with_headers(proof), ACCOUNT, NOW) is Verification.verified


@pytest.mark.parametrize(
    "version_3",
    [
        {"X-Plivo-Signature-V3": "wrong", "X-Plivo-Signature-V3-Nonce": "12345"},
        {"X-Plivo-Signature-Ma-V3": "wrong"},
        {"X-Plivo-Signature-V3": ""},
        {"X-Plivo-Signature-V3-Nonce": "12345"},
        {"X-Plivo-Signature-V3": V2, "X-Plivo-Signature-V3-Nonce": "12345"},
    ],
)
def test_version_3_is_never_downgraded_to_version_2(version_3: dict[str, str]) -> None:
    assert PLIVO.verify(with_headers(headers("V2", V2)), ACCOUNT, NOW) is Verification.verified
    with pytest.raises(SignatureError):
        PLIVO.verify(with_headers(headers("V2", V2), version_3), ACCOUNT, NOW)


def test_version_2_covers_the_path_with_its_last_slash_and_the_nonce() -> None:
    for proof in (headers("V2", signature_v2(RECEIVE + "/", TOKEN, "12345")), headers("V2", V2, nonce="12346")):
        with pytest.raises(SignatureError):
            PLIVO.verify(with_headers(proof), ACCOUNT, NOW)


def test_a_signed_form_is_not_read_as_a_body_of_another_type() -> None:
    signed = sign(write_text("POST", Text("id-1")), ACCOUNT, NOW)
    for kind in ("multipart/form-data; boundary=Text", "text/plain", "application/json"):
        with pytest.raises(SignatureError):
            PLIVO.verify(dataclasses.replace(signed, headers={**signed.headers, "Content-Type": kind}), ACCOUNT, NOW)


def read(**fields: str) -> InboundMessage:
    [message] = PLIVO.parse(call("POST", RECEIVE, {"MessageUUID": "u1", "From": "14155550100", **fields}), ACCOUNT)
    assert isinstance(message, InboundMessage)
    return message


def test_pictures_are_numbered_from_zero_or_one_and_their_text_is_the_body() -> None:
    message = read(Type="mms", Body="look", Media10="https://m/10", Media0="https://m/0", Media2="", MediaCount="2")
    assert (message.text, [media.url for media in message.media]) == ("look", ["https://m/0", "https://m/10"])
    assert [media.url for media in read(Type="mms", Media1="https://m/1").media] == ["https://m/1"]


def test_short_codes_stay_bare() -> None:
    message = read(From="2020", To="384387", Text="x")
    assert (message.sender, message.recipient) == ("2020", "384387")


@pytest.mark.parametrize("fields", [{"Type": "whatsapp", "Body": "hi"}, {"Type": "sms"}])
def test_what_is_no_sms_is_ignored(fields: dict[str, str]) -> None:
    [event] = PLIVO.parse(call("POST", RECEIVE, {"MessageUUID": "u1", "From": "1", **fields}), ACCOUNT)
    assert isinstance(event, Ignored)


def report(**fields: str) -> DeliveryReport:
    [found] = PLIVO.parse(call("POST", URL.format("delivery"), {"MessageUUID": "u1", **fields}), ACCOUNT)
    assert isinstance(found, DeliveryReport)
    return found


def test_a_report_carries_the_latest_time_it_names() -> None:
    times = {"MessageTime": "2024-08-21 12:58:49.244057", "SentTime": "2024-08-21 12:58:50.000001"}
    assert report(Status="sent", **times, DeliveryReportTime="").occurred_at == datetime(
        2024, 8, 21, 12, 58, 50, 1, tzinfo=UTC
    )
    assert report(Status="sent", MessageTime="yesterday").occurred_at is None


@pytest.mark.parametrize(
    ("code", "told", "words"),
    [
        ("000", None, None),
        ("", None, None),
        ("70", "70", "The number cannot get texts."),
        ("900", "900", "The Plivo account has no credit left."),
        ("451", "451", None),
    ],
)
def test_error_codes_of_reports_are_told(code: str, told: str | None, words: str | None) -> None:
    found = report(Status="failed", ErrorCode=code)
    assert (found.code, found.detail) == (told, words)


def test_a_sender_string_takes_the_place_of_the_number() -> None:
    http = ScriptedHttp([queued()])
    PLIVO.send(MESSAGE, dataclasses.replace(ACCOUNT, sender="ACME"), http)
    assert http.calls[0].json() == {"src": "ACME", "dst": "14155550100", "text": "Hello"}


def test_pictures_make_an_mms_and_reports_are_asked_for_by_post() -> None:
    http = ScriptedHttp([queued()])
    url = "https://desk.example.com/delivery/token/msg_1"
    PLIVO.send(dataclasses.replace(MESSAGE, text="", media_urls=("https://m/1",), delivery_url=url), ACCOUNT, http)
    sent = http.calls[0].json()
    assert (sent["type"], sent["media_urls"], sent["url"], sent["method"]) == ("mms", ["https://m/1"], url, "POST")
    validate_call(http.calls[0])


@pytest.mark.parametrize("text", ["a" * 1600, "ž" * 737, "👍" * 368])
def test_a_text_of_the_length_that_its_characters_allow_is_sent(text: str) -> None:
    assert PLIVO.send(dataclasses.replace(MESSAGE, text=text), ACCOUNT, ScriptedHttp([queued()]))
    mms = dataclasses.replace(MESSAGE, text="ž" * 738, media_urls=("https://m/1",))
    assert PLIVO.send(mms, ACCOUNT, ScriptedHttp([queued()]))


@pytest.mark.parametrize("text", ["a" * 1601, "ž" * 738, "👍" * 369, "a" * 737 + "ž"])
def test_a_text_too_long_for_its_characters_is_not_sent(text: str) -> None:
    with pytest.raises(SendError) as raised:
        PLIVO.send(dataclasses.replace(MESSAGE, text=text), ACCOUNT, ScriptedHttp([]))
    assert (raised.value.kind, raised.value.code) == ("content", "too_long")


def test_a_single_id_is_read_as_well_as_a_list() -> None:
    assert PLIVO.send(MESSAGE, ACCOUNT, ScriptedHttp([queued(message_uuid="u9")])).provider_message_id == "u9"


DETAILS = {"auth_id": AUTH_ID, "billing_mode": "prepaid", "cash_credits": "4.88860"}


@pytest.mark.parametrize(
    ("body", "state", "words"),
    [
        (DETAILS, "ok", "None"),
        (DETAILS | {"cash_credits": "0.00000"}, "problem", "no credit"),
        (DETAILS | {"cash_credits": "-1", "billing_mode": "postpaid"}, "ok", "None"),
        ({"api_id": "1"}, "problem", "no account"),
    ],
)
def test_the_check_reads_the_account_and_its_credit(body: dict[str, str], state: str, words: str) -> None:
    http = ScriptedHttp([Reply(200, body, {})])
    found = PLIVO.check(ACCOUNT, http)
    assert found.state == state
    assert words in str(found.detail)
    assert (http.calls[0].method, http.calls[0].url) == ("GET", f"https://api.plivo.com/v1/Account/{AUTH_ID}/")
    assert http.calls[0].basic() == (AUTH_ID, TOKEN)
