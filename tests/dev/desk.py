"""The product's providers on the other side of the simulator: texts really sent, webhooks really read."""

from dataclasses import dataclass

from chalicelib import providers
from chalicelib.providers.contract import (
    Accepted,
    DeliveryReport,
    Event,
    InboundMessage,
    OutboundMessage,
    ProviderAccount,
    Verification,
    WebhookRequest,
)
from chalicelib.providers.http import Http
from tests.dev.conftest import CUSTOMER, Received, Simulator
from tests.providers.table import NOW

MESSAGE_ID = "msg_01ARZ3NDEKTSV4RRFFQ69G5FAV"


@dataclass
class Desk:
    """One account of the desk whose provider's hosts stand for the simulator."""

    simulator: Simulator
    account: ProviderAccount
    hosts: tuple[str, ...]

    @property
    def http(self) -> Http:
        target = f"{self.simulator.url}/{self.account.provider}"
        return Http(dict.fromkeys(self.hosts, target), loopback_allowed=True, connect_timeout=2, read_timeout=5)

    def register(self, delivery_url: str | None = None, **credentials: str) -> None:
        """Give the simulator the account; the URLs are those of the receiver."""
        known = {**self.account.credentials, **credentials}
        changes = {"provider": self.account.provider, "phone": self.account.phone, "credentials": known}
        self.simulator.put_account(delivery_url=delivery_url, **changes).raise_for_status()

    def send(self, text: str, delivery_url: str | None = None) -> Accepted:
        message = OutboundMessage(MESSAGE_ID, CUSTOMER, text, delivery_url=delivery_url)
        return providers.get(self.account.provider).send(message, self.account, self.http)

    def check(self) -> str:
        return providers.get(self.account.provider).check(self.account, self.http).state

    def read(self, received: list[Received]) -> list[tuple[Verification, Event]]:
        """What the product makes of the webhooks that came in."""
        provider, found = providers.get(self.account.provider), []
        for got in received:
            request = WebhookRequest(got.method, got.url, got.headers, got.body)
            for event in provider.parse(request, self.account):
                found.append((provider.verify(request, self.account, NOW), event))
        return found

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
