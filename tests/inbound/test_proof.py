"""Whose call is believed: tokens that are changed in time, secrets that are, and the account's own setting."""

import json
from datetime import datetime
from typing import Any

import pytest

from chalicelib import clock
from chalicelib.inbound import proof
from chalicelib.models.errors import Refused
from chalicelib.providers.contract import ProviderAccount, SignatureError, Verification, WebhookRequest
from chalicelib.store import db, exchanges, table
from tests.providers.table import Text
from tests.providers.tables import TABLES
from tests.team import AUTH_TOKEN, PHONE, Team

ANN = "+15005550010"
HOUR = 3_600_000
ACCOUNT: dict[str, Any] = {"id": "acc_1", "token": "a" * 32}


def rotate(account: dict[str, Any], token: str, hours: int, now: int) -> dict[str, Any]:
    return {**account, **proof.rotated(account, token, hours, now)}


def test_an_old_token_works_until_its_overlap_ends() -> None:
    after = rotate(ACCOUNT, "b" * 32, 24, 0)
    assert proof.token_fits(after, "b" * 32, 0)
    assert proof.token_fits(after, "a" * 32, 24 * HOUR - 1)
    assert not proof.token_fits(after, "a" * 32, 24 * HOUR)
    assert proof.overlap_until(after, 0) == 24 * HOUR
    assert proof.overlap_until(after, 24 * HOUR) is None


def test_no_older_token_outlives_a_shorter_overlap() -> None:
    twice = rotate(rotate(ACCOUNT, "b" * 32, 100, 0), "c" * 32, 1, 0)
    for token in ("a", "b"):
        assert proof.token_fits(twice, token * 32, HOUR - 1)
        assert not proof.token_fits(twice, token * 32, HOUR)
    ended = rotate(twice, "d" * 32, 0, 0)
    assert [proof.token_fits(ended, one * 32, 0) for one in "abcd"] == [False, False, False, True]


def test_three_older_tokens_are_the_most_that_work_and_zero_hours_end_them() -> None:
    account = ACCOUNT
    for token in "bcd":
        account = rotate(account, token * 32, 24, 0)
    assert all(proof.token_fits(account, one * 32, 0) for one in "abcd")
    with pytest.raises(Refused):
        proof.rotated(account, "e" * 32, 24, 0)
    assert proof.token_fits(rotate(account, "e" * 32, 24, 25 * HOUR), "d" * 32, 25 * HOUR)
    assert proof.rotated(account, "e" * 32, 0, 0)["old_tokens"] is None


@pytest.mark.parametrize("account", [None, ACCOUNT, rotate(ACCOUNT, "b" * 32, 24, 0)])
def test_a_wrong_token_is_compared_as_often_whatever_the_account(account: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[bytes] = []
    monkeypatch.setattr(proof.hmac, "compare_digest", lambda a, b: compared.append(a) or a == b)
    assert not proof.token_fits(account, "0" * 32, 0)  # not even with the word that fills up
    assert [len(one) for one in compared] == [32] * 4


class _Provider:
    """Believes who knows its secret, at one base."""

    def __init__(self, secret: str, base: str) -> None:
        self.wanted, self.tried = (secret, base), []  # type: ignore[var-annotated]

    def verify(self, request: WebhookRequest, account: ProviderAccount, now: datetime) -> Verification:
        self.tried.append((account.credentials["auth_token"], request.url))
        if self.tried[-1] != self.wanted:
            raise SignatureError
        return Verification.verified


def test_each_secret_is_tried_once_on_each_base_until_one_fits(monkeypatch: pytest.MonkeyPatch) -> None:
    known = [ProviderAccount("x", PHONE, {"auth_token": one}) for one in ("new", "old", "older")]
    monkeypatch.setattr(proof.identity, "candidates", lambda _: iter(known))
    calls = [WebhookRequest("POST", base, {}, b"") for base in ("https://a", "https://b")]
    provider: Any = _Provider("old", "https://b")
    assert proof.signature(provider, calls, ACCOUNT, 0) == "verified"
    assert provider.tried == [(secret, base) for secret in ("new", "old") for base in ("https://a", "https://b")]
    nobody: Any = _Provider("none", "https://a")
    assert proof.signature(nobody, calls, ACCOUNT, 0) == "failed"
    assert len(nobody.tried) == len(set(nobody.tried)) == 6


# --- through the real routes -------------------------------------------------------------------------
def change(team: Team, **fields: Any) -> None:
    path = f"/sms/accounts/{team.account['id']}"
    version = team.must("admin", "GET", path)["version"]
    team.account = team.must("admin", "PATCH", path, fields, **{"If-Match": f'"{version}"'})


def last(team: Team) -> dict[str, Any]:
    return exchanges.newest(team.account["id"], team.now, 1)[0]


def test_both_values_of_a_rotated_secret_are_believed_and_no_third(team: Team) -> None:
    change(team, credentials={"auth_token": ["the-new-secret", AUTH_TOKEN]})
    assert team.text(ANN).status_code == 200  # still signed with the old one
    assert last(team)["signature"] == "verified"
    shown = team.must("admin", "GET", f"/sms/accounts/{team.account['id']}")
    assert shown["credentials"]["auth_token"] == {"set": True, "values": 2}
    change(team, credentials={"auth_token": ["the-new-secret"]})
    assert team.text(ANN).status_code == 403


def test_both_public_keys_are_believed_while_one_takes_the_others_place(team: Team) -> None:
    telnyx = TABLES["telnyx"]
    old, new = (one.credentials["public_key"] for one in (telnyx.account, telnyx.rotated))
    team.open_account(type="telnyx", credentials={"api_key": "KEY1", "public_key": [new, old]})

    def posted(mark: str, account: ProviderAccount) -> int:
        team.later(1)
        signed = telnyx.sign(telnyx.write_text("POST", Text(mark)), account, clock.aware(team.now))
        return team.post(team.account["receive_url"], signed.headers, signed.body).status_code

    for mark, account in (("id-1", telnyx.account), ("id-2", telnyx.rotated)):
        assert posted(mark, account) == 200
        assert last(team)["signature"] == "verified"
    change(team, credentials={"public_key": new})
    assert posted("id-3", telnyx.account) == 403
    assert posted("id-4", telnyx.rotated) == 200


def test_a_failed_signature_is_taken_and_shown_while_the_account_only_monitors(
    team: Team, capsys: pytest.CaptureFixture[str]
) -> None:
    form = {"MessageSid": "SM1", "From": ANN, "To": PHONE, "Body": "Hello"}
    assert team.webhook(team.account["receive_url"], form, signature="wrong").status_code == 403
    assert db.get(table.pointer(team.account["id"], ANN)) is None
    assert (last(team)["outcome"], last(team)["signature"]) == ("bad-signature", "failed")
    change(team, signature="monitor")
    team.later(1)
    assert team.webhook(team.account["receive_url"], form, signature="wrong").status_code == 200
    assert team.meta(ANN)["status"] == "open"
    assert (last(team)["outcome"], last(team)["signature"]) == ("stored", "failed")
    counted = [json.loads(line) for line in capsys.readouterr().out.splitlines() if '"Signature"' in line]
    assert [one["result"] for one in counted] == ["failed", "failed"]
    assert [one["_aws"]["CloudWatchMetrics"][0]["Dimensions"] for one in counted] == [[["result"]]] * 2


def test_a_new_token_takes_the_place_of_the_old_one_after_the_overlap(team: Team) -> None:
    old = team.account["receive_url"]
    form = {"MessageSid": "SM1", "From": ANN, "To": PHONE, "Body": "Hello"}
    new = team.must("admin", "POST", f"/sms/accounts/{team.account['id']}/token/rotate", {"overlap_hours": 1})
    assert new["receive_url"] != old
    assert team.webhook(old, form).status_code == 200
    assert team.webhook(new["receive_url"], form).status_code == 200
    team.later(3600)
    assert team.webhook(old, form).status_code == 404
    assert team.webhook(new["receive_url"], form).status_code == 200


def test_calls_signed_for_the_domain_before_are_believed_only_while_an_old_token_works(team: Team) -> None:
    old = team.account["receive_url"]
    form = {"MessageSid": "SM1", "From": ANN, "To": PHONE, "Body": "Hello"}
    change(team, domain="https://proxy.example.com/desk")
    assert team.webhook(old, form).status_code == 403
    team.must("admin", "POST", f"/sms/accounts/{team.account['id']}/token/rotate", {})
    assert team.webhook(old, form).status_code == 200
    team.later(24 * 3600)
    assert team.webhook(old, form).status_code == 404
