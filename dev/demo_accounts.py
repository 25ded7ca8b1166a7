"""One account of every type: where its provider's hosts are at the simulator, and what the desk has to be told of it.

The credentials are made up; the simulator takes whatever it was told.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dev.simulator.providers.telnyx import PUBLIC_KEY

_PAGE = Path(__file__).parents[1] / "docs" / "providers" / "custom.md"
_SEND, _RECEIVE = re.findall(r"```json\n(.*?)```", _PAGE.read_text(), re.DOTALL)  # the example of the documentation


@dataclass(frozen=True)
class DemoAccount:
    """`hosts` are the provider's own or, where the account brings its base URL, invented; `fields` are the account's.

    `signed`: the provider's calls prove where they come from, beyond the token of the URL.
    """

    type: str
    hosts: tuple[str, ...]
    credentials: Mapping[str, str] = field(repr=False)
    signed: bool = False
    fields: Mapping[str, Any] = field(default_factory=dict)

    def body(self, **others: Any) -> dict[str, Any]:
        """The account as it is posted to the API; `others` are its name, key and phone, and what else is wanted."""
        return {"type": self.type, "credentials": dict(self.credentials), **self.fields, **others}

    def console(self, account: Mapping[str, Any]) -> dict[str, Any]:
        """What stands in the provider's console once this account of the API is set up there."""
        urls = {name: account[name] for name in ("receive_url", "delivery_url")}
        return {"provider": self.type, "phone": account["phone"], "credentials": dict(self.credentials), **urls}


ACCOUNTS = (
    DemoAccount(
        "twilio",
        ("api.twilio.com",),
        {"account_sid": "AC" + "0123456789abcdef" * 2, "auth_token": "fedcba9876543210" * 2},
        signed=True,
    ),
    DemoAccount(
        "skebby",
        ("api.skebby.it", "gateway.skebby.it"),
        {"method": "classic_plus", "username": "desk", "password": "pass:word"},
        fields={"delivery_reports": True},
    ),
    DemoAccount(
        "connectel",
        ("sms.connectel.example",),
        {"auth_token": "a-token-of-connectel"},
        fields={"base_url": "https://sms.connectel.example/v1", "delivery_reports": True},
    ),
    DemoAccount(
        "clicksend",
        ("rest.clicksend.com",),
        {"username": "desk", "password": "a-key-of-clicksend"},
        fields={"delivery_reports": True},
    ),
    DemoAccount(
        "plivo",
        ("api.plivo.com",),
        {"auth_id": "MA0123456789ABCDEFGH", "auth_token": "a-token-of-plivo"},
        signed=True,
    ),
    DemoAccount("clickatell", ("platform.clickatell.com",), {"api_key": "a-key-of-clickatell=="}),
    DemoAccount(
        "csctelecom",
        ("sms.csctelecom.example",),
        {"api_key": "a-key-of-csc"},
        fields={"base_url": "https://sms.csctelecom.example"},
    ),
    DemoAccount(
        "infobip",
        ("k3x9e2.api.infobip.com",),
        {"username": "desk", "password": "a-password-of-infobip"},
        fields={"base_url": "https://k3x9e2.api.infobip.com"},
    ),
    DemoAccount(
        "intelepeer",
        ("api.intelepeer.com", "eu.api.intelepeer.com", "customer.intelepeer.com"),
        {
            "api_key": "a-key-of-intelepeer",
            "username": "desk",
            "password": "a-password-of-intelepeer",
            "webhook_secret": "A SECRET CODE",
        },
        signed=True,
    ),
    DemoAccount(
        "bandwidth",
        ("messaging.bandwidth.com",),
        {
            "username": "desk",
            "password": "a-password-of-bandwidth",
            "account_id": "9900000",
            "application_id": "93de2206-9669-4e07-948d-329f4b722ee2",
            "webhook_username": "callback",
            "webhook_password": "a-password-of-callbacks",
        },
        signed=True,
    ),
    DemoAccount("telnyx", ("api.telnyx.com",), {"api_key": "a-key-of-telnyx", "public_key": PUBLIC_KEY}, signed=True),
    DemoAccount(
        "custom",
        ("gateway.example",),
        {"api_key": "a-key-of-the-gateway", "webhook_secret": "a-secret-of-the-gateway"},
        signed=True,
        fields={
            "base_url": "https://gateway.example",
            "delivery_reports": True,
            "options": {"send": _SEND, "receive": _RECEIVE},
        },
    ),
)
HOSTS = {host: f"/{account.type}" for account in ACCOUNTS for host in account.hosts}  # host -> its place there


def of(name: str) -> DemoAccount:
    """The account of this type; KeyError where there is none."""
    return {account.type: account for account in ACCOUNTS}[name]
