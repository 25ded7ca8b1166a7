"""Whom a provider believes."""

import dataclasses
from datetime import timedelta

import pytest

from chalicelib.providers.contract import (
    Provider,
    SignatureError,
    Verification,
    WebhookRequest,
)
from tests.providers.conformance.base import Conformance
from tests.providers.table import NOW, Report, Table, Text


def spoilt(table: Table, signed: WebhookRequest, signature: str) -> WebhookRequest:
    """The call with another proof in the place of the right one."""
    if table.spoil:
        return table.spoil(signed, signature)
    plain = table.unsign(signed).headers
    headers = {name: value if name in plain else signature for name, value in signed.headers.items()}
    return dataclasses.replace(signed, headers=headers)


class VerifyConformance(Conformance):
    def test_a_call_without_a_scheme_is_unsigned(self, provider: Provider, table: Table) -> None:
        request = table.write_text("POST", Text("id-1"))
        if table.signed:
            with pytest.raises(SignatureError):
                provider.verify(request, table.account, NOW)
        else:
            assert provider.verify(request, table.account, NOW) is Verification.unsigned

    # The second has all that is escaped on the way, and what schemes change before they sign.
    @pytest.mark.parametrize("text", ["hello", "a+b&c=d é 日本 "])
    def test_a_signed_call_is_verified(self, provider: Provider, table: Table, text: str) -> None:
        for method in table.methods if table.signed else ():
            written = table.write_text(method, Text("id-1", text=text))
            for request in (written, table.write_report(method, Report("id-1", "x"))):
                signed = table.sign(request, table.account, NOW)
                assert provider.verify(signed, table.account, NOW) is Verification.verified

    def test_the_name_of_the_signature_header_ignores_case(self, provider: Provider, table: Table) -> None:
        if table.signed:
            signed = table.sign(table.write_text("POST", Text("id-1")), table.account, NOW)
            shouted = dataclasses.replace(signed, headers={k.upper(): v for k, v in signed.headers.items()})
            assert provider.verify(shouted, table.account, NOW) is Verification.verified

    def test_a_call_signed_with_another_accounts_secret_is_refused(self, provider: Provider, table: Table) -> None:
        if table.signed:
            signed = table.sign(table.write_text("POST", Text("id-1")), table.rotated, NOW)
            with pytest.raises(SignatureError):
                provider.verify(signed, table.account, NOW)

    def test_a_rotated_secret_is_verified_by_its_own_account_only(self, provider: Provider, table: Table) -> None:
        if table.signed:
            signed = table.sign(table.write_text("POST", Text("id-1")), table.rotated, NOW)
            assert provider.verify(signed, table.rotated, NOW) is Verification.verified
            old = table.sign(table.write_text("POST", Text("id-1")), table.account, NOW)
            with pytest.raises(SignatureError):
                provider.verify(old, table.rotated, NOW)

    def test_an_account_without_its_optional_webhook_credential_is_unsigned(
        self, provider: Provider, table: Table
    ) -> None:
        signed = table.sign(table.write_text("POST", Text("id-1")), table.account, NOW)
        for name in table.unsigned_without:
            kept = {key: value for key, value in table.account.credentials.items() if key != name}
            account = dataclasses.replace(table.account, credentials=kept)
            assert provider.verify(signed, account, NOW) is Verification.unsigned

    def test_a_changed_text_breaks_the_signature(self, provider: Provider, table: Table) -> None:
        if table.signed and table.covers_body:
            for method in table.methods:
                signed = table.sign(table.write_text(method, Text("id-1", text="pay Alice")), table.account, NOW)
                body, url = signed.body.replace(b"Alice", b"Mallory"), signed.url.replace("Alice", "Mallory")
                changed = dataclasses.replace(signed, body=body, url=url)
                assert changed != signed
                with pytest.raises(SignatureError):
                    provider.verify(changed, table.account, NOW)

    @pytest.mark.parametrize("signature", ["", "x", "ü" * 28, "\udc80", "A" * 100_000])
    def test_a_bad_signature_is_refused(self, provider: Provider, table: Table, signature: str) -> None:
        for method in table.methods if table.signed else ():
            signed = table.sign(table.write_text(method, Text("id-1")), table.account, NOW)
            with pytest.raises(SignatureError):
                provider.verify(spoilt(table, signed, signature), table.account, NOW)

    def test_a_replayed_call_is_refused_or_names_the_same_message(self, provider: Provider, table: Table) -> None:
        signed = table.sign(table.write_text("POST", Text("id-1")), table.account, NOW)
        later = NOW + timedelta(seconds=(table.replay_seconds or 3600) + 1)
        if table.replay_seconds is not None:
            with pytest.raises(SignatureError):
                provider.verify(signed, table.account, later)
        elif table.signed:
            assert provider.verify(signed, table.account, later) is Verification.verified
        assert provider.parse(signed, table.account) == provider.parse(signed, table.account)

    def test_a_refusal_tells_no_secret(self, provider: Provider, table: Table) -> None:
        if table.signed:
            signed = table.sign(table.write_text("POST", Text("id-1")), table.rotated, NOW)
            with pytest.raises(SignatureError) as refusal:
                provider.verify(signed, table.account, NOW)
            assert not [secret for secret in table.secrets if secret in repr(refusal.value)]
