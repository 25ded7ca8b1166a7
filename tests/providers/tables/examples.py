"""The published examples of the providers, by kind."""

import json
from pathlib import Path
from typing import Any

import pytest

from chalicelib.providers.contract import DeliveryReport, InboundMessage, Provider, ProviderAccount, WebhookRequest
from tests.providers.table import Reply

FOLDER = Path(__file__).parents[1] / "examples"


def examples(provider: str, kind: str) -> Any:
    """Run a test once per example of that kind; each names its source."""
    found = [example for example in json.loads((FOLDER / f"{provider}.json").read_text()) if example["kind"] == kind]
    assert found
    return pytest.mark.parametrize("example", [pytest.param(example, id=example["id"]) for example in found])


def request_of(example: dict[str, Any]) -> WebhookRequest:
    """The example's call; one that names a path only came to the desk's own host."""
    given = example["request"]
    url = given.get("url") or "https://desk.example.com" + given.get("path", "/")
    return WebhookRequest(given["method"], url, given["headers"], given.get("body", "").encode())


def reply_of(example: dict[str, Any]) -> Reply:
    """What the provider answered in the example."""
    return Reply(example["response"]["status"], example["response"]["body"], example["response"]["headers"])


def assert_messages(provider: Provider, account: ProviderAccount, example: dict[str, Any]) -> None:
    """The example's call is read as the messages that it expects."""
    found = provider.parse(request_of(example), account)
    assert len(found) == len(example["expect"]["messages"])
    for message, expected in zip(found, example["expect"]["messages"], strict=True):
        assert isinstance(message, InboundMessage)
        assert (message.provider_message_id, message.sender, message.recipient, message.text, message.opt) == tuple(
            expected[name] for name in ("provider_message_id", "from", "to", "text", "opt")
        )
        assert [media.url for media in message.media] == expected["media"]


def assert_reports(provider: Provider, account: ProviderAccount, example: dict[str, Any]) -> None:
    """The example's call is read as the delivery reports that it expects."""
    found = provider.parse(request_of(example), account)
    assert len(found) == len(example["expect"]["reports"])
    for report, expected in zip(found, example["expect"]["reports"], strict=True):
        assert isinstance(report, DeliveryReport)
        assert (report.provider_message_id, report.status, report.code, report.recipient) == tuple(
            expected[name] for name in ("provider_message_id", "status", "error_code", "to")
        )
