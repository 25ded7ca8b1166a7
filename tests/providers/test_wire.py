"""Reading what providers post, and what may be said of what they answer."""

import dataclasses
import json
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.providers import calls, wire
from chalicelib.providers.contract import MalformedRequest, OutboundMessage, ProviderAccount, WebhookRequest

ACCOUNT = ProviderAccount("x", "+14155550199", {"password": "hunter2"})


def post(body: bytes, content_type: str | None = wire.FORM) -> WebhookRequest:
    headers = {} if content_type is None else {"content-type": content_type}
    return WebhookRequest("POST", "https://a.example/x", headers, body)


@pytest.mark.parametrize("content_type", [None, "", wire.FORM, "Application/X-WWW-Form-Urlencoded ; Charset=UTF-8"])
def test_a_form_is_read_whatever_its_type_is_called(content_type: str | None) -> None:
    read = wire.fields(post("a=1&b=&a=2&ä=%C3%A4&c=x%00y".encode(), content_type))
    assert read == {"a": "1", "b": "", "ä": "ä", "c": "xy"}


def test_a_forms_charset_is_heeded() -> None:
    assert wire.fields(post(b"a=%E4\xe4", f"{wire.FORM}; charset=ISO-8859-1")) == {"a": "ää"}
    for unknown in ("klingon", "base64", "undefined", "\x00", "\udc80", "utf-16"):
        with pytest.raises(MalformedRequest):
            wire.fields(post(b"a=1", f"{wire.FORM}; charset={unknown}"))


def test_a_query_is_read_and_the_body_of_a_get_is_not() -> None:
    request = WebhookRequest("get", "https://a.example/x?a=1+2&b=%2B&c", {"Content-Type": wire.FORM}, b"a=9")
    assert wire.fields(request) == {"a": "1 2", "b": "+", "c": ""}


@pytest.mark.parametrize(
    ("request_", "read"),
    [
        (WebhookRequest("GET", "https://a.example/x?a=1", {"Content-Type": wire.JSON}, b'{"a": 2}'), {"a": "1"}),
        (post(b"a=1"), {"a": "1"}),
        (post(b'{"a": 1}', "application/json; charset=utf-8"), {"a": 1}),
        (post(b"[1]", "application/vnd.a+json"), [1]),
    ],
)
def test_a_call_of_any_usual_form_is_read_by_its_type(request_: WebhookRequest, read: object) -> None:
    assert wire.posted(request_) == read


@pytest.mark.parametrize(("method", "body"), [("POST", b"a=1"), ("PUT", b"{}")])
def test_what_is_not_of_its_type_or_method_is_malformed(method: str, body: bytes) -> None:
    with pytest.raises(MalformedRequest):
        wire.posted(dataclasses.replace(post(body, wire.JSON), method=method))


MULTIPART = (
    b'--x\r\nContent-Disposition: form-data; name="sender"\r\n\r\n39333\r\n'
    b'--x\r\nContent-Disposition: form-data; name="text"\r\n\r\nper\xc3\xb2\r\n--x--\r\n'
)


def test_a_multipart_form_is_read() -> None:
    read = wire.fields(post(MULTIPART, 'multipart/form-data; boundary="x"'))
    assert read == {"sender": "39333", "text": "però"}


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (MULTIPART, "multipart/form-data"),
        (MULTIPART, "multipart/form-data; boundary=y"),
        (b"", "multipart/form-data; boundary=x"),
        (MULTIPART.replace(b"\xc3", b"\xff"), "multipart/form-data; boundary=x"),
        (b"a=1", "text/plain"),
        (b"&a" * 1001, wire.FORM),
    ],
)
def test_an_unreadable_form_is_malformed(body: bytes, content_type: str) -> None:
    with pytest.raises(MalformedRequest):
        wire.fields(post(body, content_type))


@given(st.lists(st.tuples(st.binary(max_size=8), st.binary(max_size=8)), max_size=8))
def test_no_byte_of_a_form_is_lost(pairs: list[tuple[bytes, bytes]]) -> None:
    def escaped(value: bytes) -> bytes:
        return b"".join(b"%%%02X" % byte for byte in value)

    written = b"&".join(escaped(name) + b"=" + escaped(value) for name, value in pairs)
    assert wire.raw_pairs(written) == pairs


def test_json_strings_are_cleaned_and_depth_is_limited() -> None:
    assert wire.json_value(b'{"a\\u0000": ["x\\u0000y", "\\ud83d", 1.5, null]}') == {"a": ["xy", "\ufffd", 1.5, None]}
    assert wire.json_value(b"[" * 20 + b"]" * 20)
    for body in (
        b"[" * 21 + b"]" * 21,
        b"[" * 65_536,
        b'{"a":' * 65_536,
        b"NaN",
        b"1e999",
        b"\xff\xfe",
        b"",
        b"9" * 9999,
    ):
        with pytest.raises(MalformedRequest):
            wire.json_value(body)


LAUGHS = b'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><l>&b;</l>'


@pytest.mark.parametrize(
    "body", [LAUGHS, LAUGHS.decode().encode("utf-16"), b"<!DOCTYPE a SYSTEM 'file:///etc/passwd'><a/>"]
)
def test_xml_with_a_doctype_is_refused(body: bytes) -> None:
    with pytest.raises(MalformedRequest, match="DOCTYPE"):
        wire.xml_root(body)


def test_xml_is_read_and_anything_else_is_malformed() -> None:
    assert wire.xml_root("<a><b>ä &amp; ö</b></a>".encode()).findtext("b") == "ä & ö"
    for body in (b"", b"<a>", b"<a>&b;</a>", b"\xff<a/>", b'<?xml version="1.0" encoding="nope"?><a/>'):
        with pytest.raises(MalformedRequest):
            wire.xml_root(body)


@pytest.mark.parametrize(
    ("given_as", "normal"),
    [
        ("+393471234567", "+393471234567"),
        ("393471234567", "+393471234567"),
        (" 393471234567", "+393471234567"),
        ("00393471234567", "+393471234567"),
        ("+1 (415) 555-0100", "+14155550100"),
        ("+12345", "+12345"),
        ("2020", "2020"),
        ("384387", "384387"),
        ("1-12345", "1-12345"),
        ("34-Hello8", "34-Hello8"),
        ("MyCompany", "MyCompany"),
        ("whatsapp:+14155550100", "whatsapp:+14155550100"),
        ("١٢٣٤٥٦٧", "١٢٣٤٥٦٧"),
        ("", None),
        (None, None),
    ],
)
def test_numbers_have_one_form_and_other_senders_keep_theirs(given_as: str | None, normal: str | None) -> None:
    assert wire.address(given_as) == normal


def test_url_forms_begin_with_the_url_as_given() -> None:
    assert wire.url_forms("https://a.example/x?b=1%202+3")[0] == "https://a.example/x?b=1%202+3"
    assert wire.url_forms("https://a.example/x") == ("https://a.example/x", "https://a.example:443/x")


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("Number +1 415 555 0100 is wrong", "Number … is wrong"),
        ("Password hunter2 of user", "Password … of user"),
        ("Token 0123456789abcdef0123 refused", "Token … refused"),
        ("You wrote: secret plan", "You wrote: …"),
        ("Error 21211 (HTTP 400)", "Error 21211 (HTTP 400)"),
        ("REJECTED_NOT_ENOUGH_CREDITS now", "REJECTED_NOT_ENOUGH_CREDITS now"),
        ("message_delivery_unconfirmed now", "message_delivery_unconfirmed now"),
        ("atokenofsmalllettersonly", "…"),
        ("a_token_of_small_letters_and_1", "…"),
        ("_token_of_small_letters_only", "…"),
        ("A_TOKEN_OF_CAPITALS_AND_1", "…"),
        ("ATOKENOFCAPITALSANDsmall", "…"),
        ("x " * 300, "x " * 100),
        ("  ", None),
        (None, None),
        ({"a": "b"}, None),
    ],
)
def test_a_providers_words_are_scrubbed(said: object, shown: str | None) -> None:
    message = OutboundMessage("msg_1", "+14155550100", "secret plan")
    assert calls.scrubbed(said, ACCOUNT, message) == shown


def test_headers_are_found_whatever_their_case() -> None:
    request = dataclasses.replace(post(b""), headers={"X-Some-Header": "1"})
    assert (request.header("x-some-HEADER"), request.header("x-other")) == ("1", None)
    assert json.dumps(repr(request)).count("X-Some") == 0


@pytest.mark.parametrize(
    ("given_as", "moment"),
    [
        (1506607698, "2017-09-28T14:08:18+00:00"),
        ("1506607698", "2017-09-28T14:08:18+00:00"),
        (1506607698250, "2017-09-28T14:08:18.250000+00:00"),
        ("", None),
        (None, None),
        (True, None),
        ("12", None),
        ("9" * 14, None),
        ("-1506607698", None),
        ("yesterday", None),
    ],
)
def test_a_time_since_1970_is_read_in_seconds_and_in_milliseconds(given_as: object, moment: str | None) -> None:
    assert wire.epoch(given_as) == (datetime.fromisoformat(moment) if moment else None)


@pytest.mark.parametrize(
    ("balance", "spent"),
    [(0, True), ("0.00", True), (-1.5, True), ("2.01", False), (None, False), (False, False), ("-", False)],
)
def test_a_balance_is_spent_at_zero(balance: object, spent: bool) -> None:
    assert calls.is_spent(balance) == spent
