"""An SMS account as its provider must know it, with its credentials in the clear."""

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
