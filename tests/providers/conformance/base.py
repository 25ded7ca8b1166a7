"""What the parts of the suite share: the provider without a network, and neutral ways to ask it."""

import dataclasses

import pytest

from chalicelib import providers
from chalicelib.providers.contract import (
    DeliveryReport,
    Event,
    InboundMessage,
    OutboundMessage,
    Provider,
    WebhookRequest,
)
from tests.providers.table import Report, Table, Text

MESSAGE_ID = "msg_01ARZ3NDEKTSV4RRFFQ69G5FAV"
DELIVERY_URL = f"https://desk.example.com/api/sms/accounts/acc_1/delivery/token/{MESSAGE_ID}"
MESSAGE = OutboundMessage(MESSAGE_ID, "+14155550100", "Grüße, wir sind da", delivery_url=DELIVERY_URL)
BOMB = b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'


class Conformance:
    @pytest.fixture
    def provider(self, table: Table) -> Provider:
        return providers.get(table.name)

    @pytest.fixture(autouse=True)
    def no_network(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def refuse(*_: object) -> None:
            raise AssertionError("a provider opened a connection of its own")

        monkeypatch.setattr("socket.socket.connect", refuse)
        monkeypatch.setattr("socket.getaddrinfo", refuse)


def only(events: list[Event]) -> Event:
    assert len(events) == 1
    return events[0]


def read_text(provider: Provider, table: Table, text: Text, method: str = "POST") -> InboundMessage:
    event = only(provider.parse(table.write_text(method, text), table.account))
    assert isinstance(event, InboundMessage)
    return event


def read_report(provider: Provider, table: Table, report: Report, method: str = "POST") -> DeliveryReport:
    event = only(provider.parse(table.write_report(method, report), table.account))
    assert isinstance(event, DeliveryReport)
    return event


def post(table: Table, content_type: str, body: bytes) -> WebhookRequest:
    return dataclasses.replace(
        table.write_text("POST", Text("id-1")), headers={"Content-Type": content_type}, body=body
    )
