"""The product's providers on the other side of the simulator: texts really sent, webhooks really read."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from chalicelib import providers
from chalicelib.providers.contract import (
    Accepted,
    DeliveryReport,
    Event,
    InboundMessage,
    OutboundMessage,
    Provider,
    ProviderAccount,
    Verification,
    WebhookRequest,
)
from chalicelib.providers.http import Http
from tests.dev.conftest import CUSTOMER, Received, Simulator

MESSAGE_ID = "msg_01ARZ3NDEKTSV4RRFFQ69G5FAV"


@dataclass
class Desk:
    """One account of the desk whose provider's hosts stand for the simulator."""

    simulator: Simulator
    account: ProviderAccount
    hosts: tuple[str, ...]

    @property
    def provider(self) -> Provider:
        return providers.get(self.account.provider)

    @property
    def http(self) -> Http:
        target = f"{self.simulator.url}/{self.account.provider}"
        return Http(dict.fromkeys(self.hosts, target), loopback_allowed=True, connect_timeout=2, read_timeout=10)

    def register(self, delivery_url: str | None = None, **credentials: str) -> None:
        """Give the simulator the account; the URLs are those of the receiver."""
        known = {**self.account.credentials, **credentials}
        changes: dict[str, Any] = {
            "provider": self.account.provider,
            "phone": self.account.phone,
            "credentials": known,
        }
        self.simulator.put_account(delivery_url=delivery_url, **changes).raise_for_status()

    def send(self, text: str, delivery_url: str | None = None, media: tuple[str, ...] = ()) -> Accepted:
        message = OutboundMessage(MESSAGE_ID, CUSTOMER, text, media, delivery_url)
        return self.provider.send(message, self.account, self.http)

    def check(self) -> str:
        return self.provider.check(self.account, self.http).state

    def read(self, received: list[Received]) -> list[tuple[Verification, Event]]:
        """What the product makes of the webhooks that came in."""
        found = []
        for got in received:
            for event in self.provider.parse(request(got), self.account):
                found.append((self.provider.verify(request(got), self.account, datetime.now(UTC)), event))
        return found

    def acknowledge(self, got: Received) -> tuple[int, str, bytes]:
        """What the product answers to a webhook."""
        answer = self.provider.acknowledge(self.provider.parse(request(got), self.account))
        return answer.status, answer.headers["Content-Type"], answer.body

    def statuses(self, received: list[Received]) -> list[tuple[str | None, str]]:
        """Provider's id and status of each report that came in."""
        events = [event for _, event in self.read(received)]
        return [(event.provider_message_id, str(event.status)) for event in events if isinstance(event, DeliveryReport)]

    def texts(self, received: list[Received]) -> list[tuple[str | None, str, str | None, str]]:
        events = [event for _, event in self.read(received)]
        return [
            (event.provider_message_id, event.sender, event.recipient, event.text)
            for event in events
            if isinstance(event, InboundMessage)
        ]


def request(got: Received) -> WebhookRequest:
    return WebhookRequest(got.method, got.url, got.headers, got.body)
