"""Twilio's calls to the desk, signed as its documentation says: https://www.twilio.com/docs/usage/webhooks/webhooks-security."""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

Post = tuple[str, bytes, dict[str, str]]


@dataclass(frozen=True)
class Account:
    """What stands in the provider's console."""

    phone: str
    sid: str
    auth_token: str
    receive_url: str
    delivery_url: str


def text(account: Account, sender: str, words: str, sid: str) -> Post:
    """A customer's text: URL, body and headers."""
    form = {"MessageSid": sid, "From": sender, "To": account.phone, "Body": words, "NumMedia": "0"}
    return post(account, account.receive_url, form)


def delivered(account: Account, message: str, sid: str, recipient: str) -> Post:
    """The report that a text of ours has arrived, on the URL of that text."""
    form = {"MessageSid": sid, "MessageStatus": "delivered", "To": recipient, "From": account.phone}
    return post(account, f"{account.delivery_url}/{message}", form)


def nothing(account: Account) -> Post:
    """An event that means nothing to the desk."""
    return post(account, account.receive_url, {"EventType": "onNothing"})


def post(account: Account, url: str, form: Mapping[str, str]) -> Post:
    form = {"AccountSid": account.sid, **form}
    signed = url + "".join(name + form[name] for name in sorted(form))
    digest = hmac.new(account.auth_token.encode(), signed.encode(), hashlib.sha1).digest()
    headers = {
        "Content-Type": "application/x-www-form-urlencoded",
        "X-Twilio-Signature": base64.b64encode(digest).decode(),
    }
    return url, urlencode(form).encode(), headers
