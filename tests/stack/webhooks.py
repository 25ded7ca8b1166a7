"""Webhooks that a test posts itself, signed as Twilio signs them."""

import base64
import hashlib
import hmac
import secrets

import requests

from tests.stack.company import CALL_SECONDS, Company, new_number


def form(company: Company, **fields: str) -> dict[str, str]:
    """What Twilio posts for a text from a customer."""
    text = {
        "MessageSid": f"SM{secrets.token_hex(16)}",
        "From": new_number(),
        "To": company.account["phone"],
        "Body": "Hello",
    }
    return text | {"NumMedia": "0", "ToCity": ""} | fields


def posted(company: Company, given: dict[str, str], url: str | None = None, **headers: str) -> requests.Response:
    """A webhook signed as Twilio signs it (twilio.com/docs/usage/security)."""
    url = url or company.account["receive_url"]
    signed = url + "".join(name + given[name] for name in sorted(given))
    digest = hmac.new(company.auth_token.encode(), signed.encode(), hashlib.sha1).digest()
    headers = {"X-Twilio-Signature": base64.b64encode(digest).decode()} | headers
    return requests.post(url, data=given, headers=headers, timeout=CALL_SECONDS)
