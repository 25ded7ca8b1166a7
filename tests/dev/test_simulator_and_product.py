"""The product's providers against the simulated ones: two writings of the same documents that must agree."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from chalicelib import providers
from chalicelib.providers.contract import (
    DeliveryReport,
    InboundMessage,
    OutboundMessage,
    Provider,
    ProviderAccount,
    SendError,
    SignatureError,
    Status,
    Verification,
    WebhookRequest,
)
from chalicelib.providers.http import Http
from dev.simulator.providers.telnyx import PUBLIC_KEY
from tests.dev.conftest import CUSTOMER, PHONE, Received, Receiver, Simulator

MESSAGE_ID = "msg_01ARZ3NDEKTSV4RRFFQ69G5FAV"


@dataclass(frozen=True)
class Pair:
    """A provider in both writings: its host, one account's credentials, and what its throttling can say.

    `signed` False: its calls prove nothing. `unavailable` is what a 503 says of the text. `base_url` is the account's.
    """

    name: str
    host: str
    credentials: dict[str, str] = field(repr=False)
    retry_after: float | None
    signed: bool = True
    unavailable: str = "unknown_outcome"
    base_url: str | None = None

    @property
    def verification(self) -> Verification:
        return Verification.verified if self.signed else Verification.unsigned


PAIRS = [
    Pair("twilio", "api.twilio.com", {"account_sid": "AC" + "0" * 32, "auth_token": "secret"}, 3),
    Pair("plivo", "api.plivo.com", {"auth_id": "MA" + "0" * 18, "auth_token": "secret"}, None),
    Pair(
        "bandwidth",
        "messaging.bandwidth.com",
        {"username": "user", "password": "secret", "account_id": "99", "application_id": "app"}
        | {"webhook_username": "callback", "webhook_password": "callback-secret"},
        None,
    ),
    Pair("telnyx", "api.telnyx.com", {"api_key": "KEY", "public_key": PUBLIC_KEY}, 3),
    Pair("clicksend", "rest.clicksend.com", {"username": "user", "password": "secret"}, 3, signed=False),
    Pair("clickatell", "platform.clickatell.com", {"api_key": "KEY=="}, None, signed=False, unavailable="unavailable"),
    Pair(
        "infobip",
        "k3x9e2.api.infobip.com",
        {"username": "user", "password": "secret"},
        3,
        signed=False,
        base_url="https://k3x9e2.api.infobip.com",
    ),
]


@dataclass(frozen=True)
class Desk:
    """The product's side of one pair."""

    provider: Provider
    account: ProviderAccount
    http: Http
    receiver: Receiver

    def send(self, text: str = "Grüße 👍", media: tuple[str, ...] = ()) -> str | None:
        url = f"{self.receiver.url}/sms/accounts/acc_2/delivery/tok/{MESSAGE_ID}"
        per_message = self.provider.spec.reports.how == "per_message"
        message = OutboundMessage(MESSAGE_ID, CUSTOMER, text, media, url if per_message else None)
        return self.provider.send(message, self.account, self.http).provider_message_id

    def request(self, got: Received) -> WebhookRequest:
        return WebhookRequest(got.method, got.url, got.headers, got.body)

    def acknowledge(self, got: Received) -> tuple[int, str, bytes]:
        answer = self.provider.acknowledge(self.provider.parse(self.request(got), self.account))
        return answer.status, answer.headers["Content-Type"], answer.body


@pytest.fixture(params=PAIRS, ids=lambda pair: pair.name)
def pair(request: pytest.FixtureRequest) -> Pair:
    return request.param


@pytest.fixture
def desk(pair: Pair, simulator: Simulator, receiver: Receiver) -> Iterator[Desk]:
    provider = providers.get(pair.name)
    account: dict[str, object] = {"provider": pair.name, "credentials": pair.credentials, "phone": PHONE}
    if provider.spec.reports.how in ("pasted", "always_shown"):
        account["delivery_url"] = f"{receiver.url}/sms/accounts/acc_2/delivery/tok"
    simulator.put_account("acc_2", **account).raise_for_status()
    http = Http({pair.host: f"{simulator.url}/{pair.name}"}, True, 2, 10)
    known = ProviderAccount(pair.name, PHONE, pair.credentials, base_url=pair.base_url)
    found = Desk(provider, known, http, receiver)
    receiver.answer = found.acknowledge
    yield found
    assert simulator.list("mismatches") == []


def test_a_text_is_sent_once_and_reported_to_the_end(
    desk: Desk, simulator: Simulator, receiver: Receiver, pair: Pair
) -> None:
    message_id = desk.send()
    [text] = simulator.inbox()
    assert (text["text"], text["sender"], text["provider_message_id"]) == ("Grüße 👍", PHONE, message_id)
    statuses = []
    for got in receiver.wait(2):
        assert desk.provider.verify(desk.request(got), desk.account, datetime.now(UTC)) is pair.verification
        [report] = desk.provider.parse(desk.request(got), desk.account)
        assert isinstance(report, DeliveryReport)
        assert (report.provider_message_id, report.message_id) == (message_id, MESSAGE_ID)
        assert report.recipient == (None if pair.name == "clicksend" else CUSTOMER)  # whose receipts name nobody
        statuses.append(report.status)
    assert statuses == [Status.sent, Status.delivered]


def test_pictures_are_sent(desk: Desk, simulator: Simulator) -> None:
    if not desk.provider.spec.media_per_message:
        with pytest.raises(SendError):
            desk.send("", ("https://example.com/a.jpg",))
        return
    desk.send("", ("https://example.com/a.jpg",))
    assert [text["media"] for text in simulator.inbox()] == [["https://example.com/a.jpg"]]


def test_a_customers_text_is_understood(desk: Desk, simulator: Simulator, receiver: Receiver, pair: Pair) -> None:
    pictures = ["https://example.com/cat.png"] if desk.provider.spec.media_per_message else []
    answer = simulator.text("Où est-ce? 😀 a+b&c=d", account_id="acc_2", media=pictures)
    [got] = receiver.wait(1)
    assert desk.provider.verify(desk.request(got), desk.account, datetime.now(UTC)) is pair.verification
    [message] = desk.provider.parse(desk.request(got), desk.account)
    assert isinstance(message, InboundMessage)
    assert (message.sender, message.recipient, message.text) == (CUSTOMER, PHONE, "Où est-ce? 😀 a+b&c=d")
    assert message.provider_message_id == answer.json()["provider_message_id"]
    assert [media.url for media in message.media] == pictures


def test_a_forged_text_is_refused(desk: Desk, simulator: Simulator, receiver: Receiver, pair: Pair) -> None:
    simulator.text("Hi", account_id="acc_2", signature="bad")
    if not pair.signed:
        assert not receiver.wait(1)[0].url.endswith("/tok")  # whose secret is all that there is
        return
    with pytest.raises(SignatureError):
        desk.provider.verify(desk.request(receiver.wait(1)[0]), desk.account, datetime.now(UTC))


def test_a_failure_is_told_with_its_code(desk: Desk, simulator: Simulator, receiver: Receiver, pair: Pair) -> None:
    simulator.behave("undelivered", provider=pair.name)
    desk.send()
    [report] = desk.provider.parse(desk.request(receiver.wait(2)[-1]), desk.account)
    assert isinstance(report, DeliveryReport)
    assert (report.status, bool(report.code), bool(report.detail)) == (Status.failed, True, True)


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
def test_misbehaviour_is_told_by_kind(desk: Desk, simulator: Simulator, pair: Pair, mode: str, kind: str) -> None:
    simulator.behave(mode, provider=pair.name, seconds=3)
    with pytest.raises(SendError) as raised:
        desk.send()
    wait = pair.retry_after if mode == "throttled" else None
    kind = pair.unavailable if mode == "unavailable_503" else kind
    assert (raised.value.kind, raised.value.retry_after) == (kind, wait)


def test_the_credentials_are_tried(desk: Desk, pair: Pair) -> None:
    assert desk.provider.check(desk.account, desk.http).state == "ok"
    wrong = ProviderAccount(pair.name, PHONE, {**pair.credentials, "password": "x", "auth_token": "x", "api_key": "x"})
    assert desk.provider.check(wrong, desk.http).state == "problem"
