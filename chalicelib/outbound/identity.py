"""An SMS account as its provider must know it: its credentials in the clear, and the base of the URLs it calls."""

from collections.abc import Iterator
from dataclasses import replace

from chalicelib.config import settings
from chalicelib.providers.contract import ProviderAccount
from chalicelib.store import secrets
from chalicelib.store.db import Item


def provider_account(account: Item) -> ProviderAccount:
    """The account's configuration for `chalicelib.providers`; raises botocore's errors when KMS does not decrypt."""
    return ProviderAccount(
        provider=account["type"],
        phone=account["phone"],
        credentials=secrets.reveal(account["id"], account["credentials"]),
        sender=account.get("sender"),
        base_url=account.get("base_url"),
        delivery_reports=bool(account.get("delivery_reports")),
        options=account.get("options") or {},
    )


def candidates(account: Item) -> Iterator[ProviderAccount]:
    """The account as it sends, then once with each further value of a secret that is being rotated."""
    known = provider_account(account)
    yield known
    for name, value in secrets.further(account["id"], account["credentials"]):
        yield replace(known, credentials={**known.credentials, name: value})


def public_base(account: Item) -> str:
    """Where the account's provider reaches the desk: the account's own domain, else this deployment's URL."""
    return account.get("domain") or settings().public_base
