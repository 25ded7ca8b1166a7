"""Basic credentials (RFC 7617): on calls to a provider, and on its own, where they are compared in constant time."""

import base64
import hmac

from chalicelib.providers.contract import ProviderAccount, SignatureError, WebhookRequest

_SCHEME = "basic "


def of_account(account: ProviderAccount) -> tuple[bytes, bytes]:
    """Username and password for `auth`, in UTF-8: of strings `requests` would write Latin-1, and fail beyond it."""
    username, password = (account.credentials.get(name, "").encode() for name in ("username", "password"))
    return username, password


def is_given(request: WebhookRequest) -> bool:
    """Whether the call carries Basic credentials at all, right or wrong."""
    return (request.header("Authorization") or "").lower().startswith(_SCHEME)


def check(request: WebhookRequest, username: str, password: str) -> None:
    """Raises SignatureError unless the call carries exactly these credentials; blank ones match nothing."""
    given = (request.header("Authorization") or "")[len(_SCHEME) :].strip().encode("utf-8", "replace")
    wanted = base64.b64encode(f"{username}:{password}".encode("utf-8", "replace"))
    matches = hmac.compare_digest(given, wanted)
    if not (matches and is_given(request) and username and password):
        raise SignatureError("the Basic credentials are missing or do not match")
