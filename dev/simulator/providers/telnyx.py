"""Telnyx's Messages API and its webhooks, from its documents, independent of the app's own Telnyx module.

Sources: team-telnyx/openapi spec3.json (SendMessage, inboundMessage, deliveryUpdate), developers.telnyx.com (error
codes, receiving webhooks, rate limiting), telnyx-python lib/webhook_verification.py (signature).
"""

import base64
import json
import mimetypes
import secrets
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from dev.simulator.calls import E164, SHORT_CODE, is_taken, is_url, json_body, status_problem, string
from dev.simulator.contract import (
    Account,
    Acknowledgement,
    Answer,
    ApiRequest,
    CustomerText,
    Refusal,
    ReportStatus,
    SendAttempt,
    Sent,
    Webhook,
)
from dev.simulator.segments import BASIC, EXTENSION, count

# The simulated portal's one key pair; an account may have its own under the credential `signing_seed` (64 hex digits).
SEED = bytes(range(32)).hex()
PUBLIC_KEY = "A6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg="
MAX_PARTS = 10
MAX_MEDIA = 10

# Telnyx documents the codes; which HTTP status each has it does not, but for 401, 403, 404, 422 and 429.
ERRORS: Mapping[str, tuple[int, str]] = {
    "10003": (422, "Invalid URL"),
    "10004": (422, "Missing required parameter"),
    "10005": (404, "Resource not found"),
    "10007": (503, "Unexpected error"),
    "10009": (401, "Authentication failed"),
    "10011": (429, "Too many requests"),
    "10015": (400, "Bad request"),
    "10016": (422, "Phone number must be in +E.164 format"),
    "40302": (422, "Message too large"),
    "40305": (422, "Invalid 'from' address"),
    "40310": (422, "Invalid 'to' address"),
    "40316": (422, "No content provided"),
    "40317": (422, "Invalid MMS content"),
}
UNDELIVERED_CODE = 40008
_ENDS: Mapping[str, tuple[str, str]] = {
    "sent": ("message.sent", "sent"),
    "delivered": ("message.finalized", "delivered"),
    "undelivered": ("message.finalized", "delivery_failed"),
}


def sign(body: bytes, seed: str, timestamp: int) -> str:
    """The signature over timestamp, `|` and body in base64; `seed` is the private key, `timestamp` in seconds."""
    key = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(seed))
    return base64.b64encode(key.sign(f"{timestamp}|".encode() + body)).decode()


def _error(code: str, headers: Mapping[str, str] | None = None) -> Answer:
    status, title = ERRORS.get(code, (422, "The message was refused"))
    error = {"code": code, "title": title, "detail": f"{title}.", "meta": {"url": "https://developers.telnyx.com"}}
    return Answer.of_json(status, {"errors": [error]}, headers)


def _problem(document: dict[str, Any], phones: Sequence[str]) -> str | None:
    """The code of the first thing that Telnyx refuses in a send request."""
    to, media = string(document, "to"), document.get("media_urls", [])
    text = string(document, "text")
    checks = [
        (bool(to and string(document, "from")), "10004"),
        (not to.isdigit() or bool(SHORT_CODE.fullmatch(to)), "10016"),
        (bool(E164.fullmatch(to) or SHORT_CODE.fullmatch(to)), "40310"),
        (string(document, "from") in phones, "40305"),
        (bool(text or media), "40316"),
        (isinstance(media, list) and len(media) <= MAX_MEDIA and all(map(is_url, media)), "40317"),
        (count(text) <= MAX_PARTS, "40302"),
        ("webhook_url" not in document or is_url(document["webhook_url"]), "10003"),
    ]
    return next((code for holds, code in checks if not holds), None)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")


class Telnyx:
    """Telnyx: an answer within 2 s, and three tries in all for anything but a 2xx."""

    name = "telnyx"
    credential_patterns: Mapping[str, str] = {"api_key": r"\S+"}
    webhook_timeouts = (2.0, 2.0)
    webhook_attempts = 3

    def send_attempt(self, request: ApiRequest) -> SendAttempt | None:
        """What a message request names; None for any other call."""
        if (request.method, request.path) != ("POST", "/v2/messages"):
            return None
        document = json_body(request) or {}
        return SendAttempt(string(document, "to") or None, string(document, "text") or None)

    def answer(self, request: ApiRequest, accounts: Sequence[Account]) -> Answer | Sent:
        """`GET /v2/balance` and `POST /v2/messages`."""
        given = request.headers.get("authorization", "")
        own = [account for account in accounts if given == f"Bearer {account.credentials['api_key']}"]
        if not own:
            return _error("10009")
        if (request.method, request.path) == ("GET", "/v2/balance"):
            balance = {"record_type": "balance", "balance": "300.00", "credit_limit": "100.00", "currency": "USD"}
            return Answer.of_json(200, {"data": {**balance, "available_credit": "400.00", "pending": "10.00"}})
        if self.send_attempt(request) is None:
            return _error("10005")
        document = json_body(request)
        return _error("10015") if document is None else self._create(document, own)

    def _create(self, document: dict[str, Any], own: Sequence[Account]) -> Answer | Sent:
        code = _problem(document, [account.phone for account in own])
        if code is not None:
            return _error(code)
        account = next(account for account in own if account.phone == document["from"])
        message_id = self.new_message_id(())
        sent = Sent(
            account=account,
            provider_message_id=message_id,
            sender=account.phone,
            recipient=document["to"],
            text=string(document, "text"),
            media=tuple(document.get("media_urls", ())),
            # Without a URL of its own a message's events go where the messaging profile says.
            report_url=document.get("webhook_url") or account.receive_url,
            answer=Answer.of_json(200, {}),
        )
        return replace(sent, answer=Answer.of_json(200, {"data": _outbound(sent, "queued")}))

    def refusal(self, kind: Refusal, code: int | None, seconds: float) -> Answer:
        """429/10011 with the seconds in Telnyx's own header, 503/10007, or 40310 unless a code is given."""
        if kind == "throttled":
            return _error("10011", {"x-ratelimit-limit": "1", "x-ratelimit-reset": str(round(seconds))})
        return _error("10007" if kind == "unavailable_503" else str(code or 40310))

    def new_message_id(self, media: Sequence[str]) -> str:  # noqa: ARG002 - one kind of id
        """A UUID."""
        return str(uuid.uuid4())

    def inbound(self, text: CustomerText, account: Account) -> Webhook:
        """The event `message.received`."""
        to = {
            "phone_number": account.phone,
            "carrier": "Telnyx",
            "line_type": "Wireless",
            "status": "webhook_delivered",
        }
        payload = _message(text.provider_message_id, text.text, "MMS" if text.media else "SMS", "inbound")
        payload |= {"from": _party(text.sender), "to": [to], "cc": [], "received_at": _now(), "errors": []}
        payload["media"] = [_media(url) for url in text.media]
        return _event("message.received", payload, account.receive_url, account)

    def report(self, sent: Sent, status: ReportStatus, url: str, code: int | None) -> Webhook:
        """`message.sent`, or `message.finalized` with the end that the message took."""
        kind, end = _ENDS[status]
        payload = _outbound(sent, end)
        if status == "undelivered":
            payload["errors"] = [{"code": str(code or UNDELIVERED_CODE), "title": "Undeliverable"}]
        return _event(kind, payload, url, sent.account)

    def forged(self, account: Account) -> Account:
        """The account as it signs with a private key that is not Telnyx's."""
        return replace(account, credentials={**account.credentials, "signing_seed": secrets.token_hex(32)})

    def retries(self, acknowledgement: Acknowledgement) -> bool:
        """Anything but a 2xx within 2 s; the pauses are left out."""
        return not is_taken(acknowledgement)

    def acknowledgement_problem(self, acknowledgement: Acknowledgement) -> str | None:
        """Any 2xx will do."""
        return status_problem(acknowledgement)


PROVIDER = Telnyx()


def _party(number: str) -> dict[str, str]:
    return {"phone_number": number, "carrier": "T-Mobile USA", "line_type": "Wireless"}


def _media(url: str) -> dict[str, object]:
    kind = mimetypes.guess_type(urlsplit(url).path)[0] or "application/octet-stream"
    return {"url": url, "content_type": kind, "size": 1024, "hash_sha256": None}


def _message(message_id: str, text: str, kind: str, direction: str) -> dict[str, Any]:
    encoding = "GSM-7" if set(text) <= BASIC | EXTENSION else "UCS-2"
    message = {"id": message_id, "record_type": "message", "direction": direction, "type": kind, "text": text}
    return {**message, "parts": count(text), "encoding": encoding, "cost": {"amount": "0.0051", "currency": "USD"}}


def _outbound(sent: Sent, status: str) -> dict[str, Any]:
    message = _message(sent.provider_message_id, sent.text, "MMS" if sent.media else "SMS", "outbound")
    to = {**_party(sent.recipient), "status": status}
    return {**message, "from": _party(sent.sender), "to": [to], "errors": [], "media": [], "valid_until": None}


def _event(kind: str, payload: Mapping[str, object], url: str, account: Account) -> Webhook:
    data = {"record_type": "event", "event_type": kind, "id": str(uuid.uuid4()), "occurred_at": _now()}
    document = {"data": {**data, "payload": payload}, "meta": {"attempt": 1, "delivered_to": url}}
    body = json.dumps(document, indent=2).encode()
    stamp = int(time.time())
    signature = sign(body, account.credentials.get("signing_seed", SEED), stamp)
    headers = {"Content-Type": "application/json", "User-Agent": "telnyx-webhooks"}
    return Webhook(url, {**headers, "telnyx-signature-ed25519": signature, "telnyx-timestamp": str(stamp)}, body)
