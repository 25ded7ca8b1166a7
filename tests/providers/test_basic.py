"""Basic credentials in any script."""

import dataclasses
from typing import Any

import pytest

from chalicelib import providers
from chalicelib.providers.contract import OutboundMessage
from tests.providers.fakes import Call, ScriptedHttp
from tests.providers.table import Reply
from tests.providers.tables import TABLES


def login(sent: Call) -> Reply | None:
    return Reply(200, "USER;SESSION", {}) if sent.url.endswith("/login") else None


@pytest.mark.parametrize("name", ["clicksend", "infobip", "skebby"])
def test_credentials_of_any_script_are_sent_in_utf_8(name: str) -> None:
    table, known = TABLES[name], {"username": "Jürgen", "password": "пароль€"}
    account: Any = dataclasses.replace(table.account, credentials={**table.account.credentials, **known})
    http = ScriptedHttp([table.accepted], aside=login)
    providers.get(name).send(OutboundMessage("msg_1", "+14155550100", "Hello"), account, http)
    assert [*http.beside, *http.calls][0].basic() == tuple(known.values())
    assert table.checked
    checked = ScriptedHttp([table.checked], aside=login)
    assert providers.get(name).check(account, checked).state == "ok"
