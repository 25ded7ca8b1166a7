"""The product's providers against the simulated ones: two writings of the same documents that must agree."""

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from chalicelib import providers
from chalicelib.providers.contract import (
    DeliveryReport,
    InboundMessage,
    ProviderAccount,
    SendError,
    SignatureError,
    Status,
    Verification,
)
from dev import demo_accounts
from dev.demo_accounts import DemoAccount
from tests.dev.conftest import CUSTOMER, PHONE, Receiver, Simulator
from tests.dev.desk import MESSAGE_ID, Desk

WORDS = "Où est-ce? 😀 a+b&c=d"


@dataclass(frozen=True)
class Pair:
    """A type of account in both writings, and what its provider does and does not tell.

    `names_text` and `names_recipient`: a report says of which of our texts it is, and for whom. `texts_have_ids`: a
    customer's text does. `failure`: of an undelivered text the status, and whether code and reason are told.
    `retry_after`: what is understood of 3 s asked for. `unavailable` is what a 503 says of the text, `refused` what a
    wrong number does. `check`: what trying right credentials shows.
    """

    name: str
    names_text: bool = True
    names_recipient: bool = True
    texts_have_ids: bool = True
    failure: tuple[Status, bool, bool] = (Status.failed, True, True)
    retry_after: float | None = None
    unavailable: str = "unknown_outcome"
    refused: str = "recipient"
    check: str = "ok"

    @property
    def demo(self) -> DemoAccount:
        return demo_accounts.of(self.name)

    @property
    def verification(self) -> Verification:
        return Verification.verified if self.demo.signed else Verification.unsigned


UNDELIVERED = Status.undelivered
PAIRS = [
    Pair("twilio", retry_after=3),
    Pair("skebby", texts_have_ids=False, failure=(UNDELIVERED, True, True), retry_after=3, refused="configuration"),
    Pair(
        "connectel",
        names_text=False,
        failure=(UNDELIVERED, True, False),
        retry_after=3,
        refused="configuration",
        check="unproven",
    ),
    Pair("clicksend", names_recipient=False, retry_after=3),
    Pair("plivo"),
    Pair("clickatell", names_recipient=False, unavailable="unavailable"),
    Pair(
        "csctelecom",
        names_text=False,
        names_recipient=False,
        failure=(UNDELIVERED, False, False),
        retry_after=3,
        refused="configuration",
        check="unproven",
    ),
    Pair("infobip", retry_after=3),
    Pair(
        "intelepeer",
        names_text=False,
        names_recipient=False,
        retry_after=3,
        refused="configuration",
    ),
    Pair("bandwidth"),
    Pair("telnyx", retry_after=3),
    Pair("custom", names_recipient=False, failure=(UNDELIVERED, True, False), retry_after=3, check="unproven"),
]


@pytest.fixture(params=PAIRS, ids=lambda pair: pair.name)
def pair(request: pytest.FixtureRequest) -> Pair:
    return request.param


@pytest.fixture
def desk(pair: Pair, simulator: Simulator, receiver: Receiver) -> Iterator[Desk]:
    account = ProviderAccount(
        pair.name, PHONE, pair.demo.credentials, **{"delivery_reports": False, **pair.demo.fields}
    )
    found = Desk(simulator, account, pair.demo.hosts)
    rule = found.provider.spec.reports
    is_pasted = rule.how in ("pasted", "always_shown")
    found.register(delivery_url(receiver) + rule.url_suffix if is_pasted else None)
    receiver.answer = found.acknowledge
    yield found
    assert simulator.list("mismatches") == []


def delivery_url(receiver: Receiver) -> str:
    return f"{receiver.url}/sms/accounts/acc_1/delivery/tok"


def send(desk: Desk, receiver: Receiver, text: str = "Grüße 👍", media: tuple[str, ...] = ()) -> str | None:
    """The provider's id of a text that was taken."""
    rule = desk.provider.spec.reports
    per_message = rule.how == "per_message" or rule.per_message_too
    url = f"{delivery_url(receiver)}/{MESSAGE_ID}" if per_message else None
    return desk.send(text, url, media).provider_message_id


def test_every_provider_is_here() -> None:
    wanted = sorted(providers.types())
    assert sorted(account.type for account in demo_accounts.ACCOUNTS) == wanted, "dev/demo_accounts.py"
    assert sorted(pair.name for pair in PAIRS) == wanted, "PAIRS"


def test_a_text_is_sent_once_and_reported_to_the_end(
    desk: Desk, simulator: Simulator, receiver: Receiver, pair: Pair
) -> None:
    provider_id = send(desk, receiver)
    [text] = simulator.inbox()
    assert (text["text"], text["sender"], text["provider_message_id"]) == ("Grüße 👍", PHONE, provider_id)
    statuses = []
    for verification, report in desk.read(receiver.wait(2)):
        assert verification is pair.verification
        assert isinstance(report, DeliveryReport)
        assert report.provider_message_id == provider_id
        assert report.message_id == (MESSAGE_ID if pair.names_text else None)
        assert report.recipient == (CUSTOMER if pair.names_recipient else None)
        statuses.append(report.status)
    assert statuses == [Status.sent, Status.delivered]


def test_pictures_are_sent(desk: Desk, simulator: Simulator, receiver: Receiver) -> None:
    pictures = ("https://example.com/a.jpg",)
    if not desk.provider.spec.media_per_message:
        with pytest.raises(SendError):
            send(desk, receiver, "", pictures)
        return
    send(desk, receiver, "", pictures)
    assert [text["media"] for text in simulator.inbox()] == [list(pictures)]


def test_a_customers_text_is_understood(desk: Desk, simulator: Simulator, receiver: Receiver, pair: Pair) -> None:
    pictures = ["https://example.com/cat.png"] if desk.provider.spec.media_per_message else []
    answer = simulator.text(WORDS, account_id="acc_1", media=pictures).json()
    [(verification, message)] = desk.read(receiver.wait(1))
    assert verification is pair.verification
    assert isinstance(message, InboundMessage)
    assert (message.sender, message.recipient, message.text) == (CUSTOMER, PHONE, WORDS)
    assert message.provider_message_id == (answer["provider_message_id"] if pair.texts_have_ids else None)
    assert [media.url for media in message.media] == pictures


def test_a_forged_text_is_refused(desk: Desk, simulator: Simulator, receiver: Receiver, pair: Pair) -> None:
    simulator.text("Hi", signature="bad")
    if not pair.demo.signed:
        assert not receiver.wait(1)[0].url.endswith("/tok")  # whose secret is all that there is
        return
    with pytest.raises(SignatureError):
        desk.read(receiver.wait(1)[:1])


def test_a_failure_is_told_with_its_code(desk: Desk, simulator: Simulator, receiver: Receiver, pair: Pair) -> None:
    simulator.behave("undelivered", provider=pair.name)
    provider_id = send(desk, receiver)
    [(_, report)] = desk.read(receiver.wait(2)[1:])
    assert isinstance(report, DeliveryReport)
    assert report.provider_message_id == provider_id
    assert (report.status, bool(report.code), bool(report.detail)) == pair.failure


@pytest.mark.parametrize(
    ("mode", "kind"),
    [
        ("throttled", "throttled"),
        ("reject", "recipient"),
        ("unavailable_503", "unknown_outcome"),
        ("garbage", "unknown_outcome"),
        ("down", "unknown_outcome"),
    ],
)
def test_misbehaviour_is_told_by_kind(
    desk: Desk, simulator: Simulator, receiver: Receiver, pair: Pair, mode: str, kind: str
) -> None:
    simulator.behave(mode, provider=pair.name, seconds=3)
    with pytest.raises(SendError) as raised:
        send(desk, receiver)
    wait = pair.retry_after if mode == "throttled" else None
    kind = {"unavailable_503": pair.unavailable, "reject": pair.refused}.get(mode, kind)
    assert (raised.value.kind, raised.value.retry_after) == (kind, wait)


def test_the_credentials_are_tried(desk: Desk, pair: Pair) -> None:
    assert desk.check() == pair.check
    if pair.check == "unproven":
        return
    credentials = {**pair.demo.credentials, "password": "x", "auth_token": "x", "api_key": "x"}
    desk.account = dataclasses.replace(desk.account, credentials=credentials)
    assert desk.check() == "problem"
