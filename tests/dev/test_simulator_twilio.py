"""The simulated Twilio over HTTP: what it refuses, what it answers, and how it signs."""

import base64
import hashlib
import hmac
from datetime import datetime
from email.utils import parsedate_to_datetime
from urllib.parse import parse_qsl

import pytest
import requests

from dev.simulator.providers.twilio import sign
from dev.simulator.segments import count
from tests.dev.conftest import CUSTOMER, PHONE, SID, TOKEN, Receiver, Simulator

# twilio.com/docs/usage/security, and the unit tests of twilio-python and twilio-go; the token is 12345 in all.
CALL = {"CallSid": "CA1234567890ABCDE", "Digits": "1234", "To": "+18005551212"}
CALL_MADE = [*CALL.items(), ("Caller", "+14158675310"), ("From", "+14158675310")]
CALL_PYTHON = [*CALL.items(), ("Caller", "+14158675309"), ("From", "+14158675309")]
REPEATED = [("Sid", "CA123"), ("SidAccount", "AC123"), ("Digits", "5678"), ("Digits", "1234"), ("Digits", "1234")]
CONFERENCE = [*CALL_PYTHON, ("Reason", "Participant"), ("ReasonConferenceEnded", "test")]
VECTORS = [
    ("https://example.com/myapp.php?foo=1&bar=2", CALL_MADE, "L/OH5YylLD5NRKLltdqwSvS0BnU="),
    ("https://mycompany.com/myapp.php?foo=1&bar=2", CALL_PYTHON, "RSOYDt4T1cUTdK1PDd93/VVr8B8="),
    ("https://mycompany.com/myapp.php?foo=1&bar=2", REPEATED, "IK+Dwps556ElfBT0I3Rgjkr1wJU="),
    ("https://mycompany.com/myapp.php?foo=1&bar=2", CONFERENCE, "vOEb5UThFn24KEfnOFLQY2AE5FY="),
]


@pytest.mark.parametrize(("url", "fields", "signature"), VECTORS)
def test_the_signer_agrees_with_the_published_vectors(url: str, fields: list[tuple[str, str]], signature: str) -> None:
    assert sign(url, fields, "12345") == signature


def signature_by_hand(url: str, body: bytes) -> str:
    """The signature that a receiver computes from the bytes it got, blank fields included."""
    fields = dict(parse_qsl(body.decode(), keep_blank_values=True, strict_parsing=True))
    data = url
    for name in sorted(fields):
        data += name + fields[name]
    return base64.b64encode(hmac.new(TOKEN.encode(), data.encode(), hashlib.sha1).digest()).decode()


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"To": None}, 400, 21604),
        ({"To": ""}, 400, 21604),
        ({"To": "5550001111"}, 400, 21211),
        ({"To": "+0123456789"}, 400, 21211),
        ({"To": "Anna"}, 400, 21211),
        ({"From": None}, 400, 21603),
        ({"From": "+15005550099"}, 400, 21606),
        ({"From": "+1 500"}, 400, 21212),
        ({"From": None, "MessagingServiceSid": "MG1"}, 400, 21701),
        ({"Body": None}, 400, 21602),
        ({"Body": "a" * 1601}, 400, 21617),
        ({"MediaUrl": ["https://example.com/a.jpg"] * 11}, 400, 21623),
        ({"MediaUrl": "not a url"}, 400, 21620),
        ({"StatusCallback": "desk.example.com/x"}, 400, 21609),
        ({"StatusCallback": "https://my_desk.example.com/x"}, 400, 21609),
        ({"ValidityPeriod": "36001"}, 400, 20001),
        ({"auth": None}, 401, 20003),
        ({"auth": (SID, "wrong")}, 401, 20003),
        ({"auth": ("AC" + "f" * 32, TOKEN)}, 401, 20003),
    ],
)
def test_a_send_that_twilio_refuses_is_refused(simulator: Simulator, changes: dict, status: int, code: int) -> None:
    answer = simulator.send(**changes)
    assert answer.status_code == status
    assert answer.json() == {
        "code": code,
        "message": answer.json()["message"],
        "more_info": f"https://www.twilio.com/docs/errors/{code}",
        "status": status,
    }
    assert simulator.inbox() == []


def test_a_send_as_json_is_refused_because_twilio_reads_only_forms(simulator: Simulator) -> None:
    url = f"{simulator.url}/twilio/2010-04-01/Accounts/{SID}/Messages.json"
    document = {"To": CUSTOMER, "From": PHONE, "Body": "Hello"}
    assert requests.post(url, json=document, auth=(SID, TOKEN), timeout=10).json()["code"] == 21604


def test_an_accepted_send_is_answered_as_documented_and_reaches_the_customer(simulator: Simulator) -> None:
    answer = simulator.send(Body="a" * 1600)
    message = answer.json()
    assert answer.status_code == 201
    assert answer.headers["Content-Type"] == "application/json"
    assert message["sid"].startswith("SM")
    assert len(message["sid"]) == 34
    assert (message["status"], message["num_segments"], message["num_media"]) == ("queued", "11", "0")
    assert (message["from"], message["to"], message["account_sid"]) == (PHONE, CUSTOMER, SID)
    assert (message["error_code"], message["price"], message["direction"]) == (None, None, "outbound-api")
    assert isinstance(parsedate_to_datetime(message["date_created"]), datetime)
    assert message["uri"] == f"/2010-04-01/Accounts/{SID}/Messages/{message['sid']}.json"
    (text,) = simulator.inbox()
    assert (text["text"], text["account_id"]) == ("a" * 1600, "acc_1")
    assert text["provider_message_id"] == message["sid"]


def test_a_messaging_service_has_chosen_no_sender_and_no_segments_yet(simulator: Simulator) -> None:
    message = simulator.send(From=None, MessagingServiceSid="MG" + "0" * 32).json()
    assert (message["status"], message["num_segments"], message["from"]) == ("accepted", "0", None)


def test_media_makes_an_mms_that_the_customer_gets_with_its_links(simulator: Simulator) -> None:
    links = ["https://example.com/a.jpg", "https://example.com/b.jpg"]
    message = simulator.send(MediaUrl=links, Body=None).json()
    assert (message["sid"][:2], message["num_media"]) == ("MM", "2")
    assert [(text["text"], text["media"]) for text in simulator.inbox()] == [("", links)]


def test_the_account_can_be_read_with_its_own_credentials_only(simulator: Simulator) -> None:
    url = f"{simulator.url}/twilio/2010-04-01/Accounts/{SID}.json"
    answer = requests.get(url, auth=(SID, TOKEN), timeout=10)
    assert (answer.status_code, answer.json()["sid"], answer.json()["status"]) == (200, SID, "active")
    assert TOKEN not in answer.text
    assert requests.get(url, auth=(SID, "wrong"), timeout=10).status_code == 401
    assert requests.post(url, auth=(SID, TOKEN), timeout=10).json()["code"] == 20004
    assert requests.get(f"{simulator.url}/twilio/2010-04-01/Calls.json", timeout=10).json()["code"] == 20404


def test_a_status_callback_is_signed_with_its_blank_fields(simulator: Simulator, receiver: Receiver) -> None:
    callback = f"{receiver.url}/delivery/tok/msg_1?a=1&b=%20"
    sid = simulator.send(StatusCallback=callback).json()["sid"]
    reports = receiver.wait(2)
    assert [dict(parse_qsl(report.body.decode()))["MessageStatus"] for report in reports] == ["sent", "delivered"]
    for report in reports:
        assert b"ToCity=&" in report.body
        assert report.url == callback
        assert report.headers["content-type"].startswith("application/x-www-form-urlencoded")
        assert report.headers["x-twilio-signature"] == signature_by_hand(callback, report.body)
        fields = dict(parse_qsl(report.body.decode()))
        assert (fields["MessageSid"], fields["SmsSid"], fields["AccountSid"]) == (sid, sid, SID)
        assert (fields["To"], fields["From"]) == (CUSTOMER, PHONE)


def test_a_customers_text_is_posted_signed_with_its_blank_fields(simulator: Simulator, receiver: Receiver) -> None:
    media = ["https://example.com/cat.png"]
    answer = simulator.text("Où est-ce? 😀 a+b&c=d", media=media)
    (post,) = receiver.wait(1)
    fields = dict(parse_qsl(post.body.decode(), keep_blank_values=True))
    assert answer.status_code == 202
    assert answer.json()["status"] == 200
    assert post.url == f"{receiver.url}/sms/accounts/acc_1/receive/tok"
    assert post.headers["x-twilio-signature"] == signature_by_hand(post.url, post.body)
    assert (fields["From"], fields["To"], fields["Body"]) == (CUSTOMER, PHONE, "Où est-ce? 😀 a+b&c=d")
    assert (fields["ToCity"], fields["FromZip"], fields["SmsStatus"]) == ("", "", "received")
    assert (fields["NumMedia"], fields["MediaUrl0"], fields["MediaContentType0"]) == ("1", media[0], "image/png")
    assert fields["MessageSid"] == fields["SmsMessageSid"] == answer.json()["provider_message_id"]


@pytest.mark.parametrize(
    ("text", "segments"),
    [
        ("", 1),
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("€" * 80, 1),
        ("a" * 152 + "€" + "a" * 152, 3),
        ("ç" * 70, 1),
        ("ç" * 71, 2),
        ("x" * 66 + "😀" + "y" * 66, 3),
        ("\x1b" + "a" * 69, 1),
        ("\x1b" + "a" * 70, 2),
    ],
)
def test_segments_are_counted_without_dividing_a_pair(text: str, segments: int) -> None:
    assert count(text) == segments
