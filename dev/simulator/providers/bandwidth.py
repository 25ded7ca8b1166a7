"""Bandwidth's Messaging API v2 and its callbacks, from its documents, independent of the app's own Bandwidth module.

Sources: Bandwidth/python-sdk bandwidth.yml (createMessage, inboundCallback, statusCallback), dev.bandwidth.com/docs:
messaging (errors, webhooks, media) and account/applications (callback credentials).
"""

import json
import re
import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from dev.simulator.calls import E164, basic, has_basic, is_taken, is_url, json_body, status_problem, string
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
from dev.simulator.segments import count

PATH = re.compile(r"/api/v2/users/([0-9]+)/(messages|media)")
MAX_TEXT, MAX_TAG, MAX_LINK = 2048, 1024, 4096
UNDELIVERED_CODE = 4720
_ENDS: Mapping[str, tuple[str, str]] = {
    "sent": ("message-sent", "Message sent to carrier."),
    "delivered": ("message-delivered", "Message delivered to handset."),
    "undelivered": ("message-failed", "invalid-destination-address"),
}


def _error(status: int, kind: str, description: str, field: str | None = None) -> Answer:
    document: dict[str, object] = {"type": kind, "description": description}
    if field:
        document["fieldErrors"] = [{"fieldName": field, "description": f"'{field}' must be replaced"}]
    return Answer.of_json(status, document)


def _invalid(field: str | None) -> Answer:
    return _error(400, "request-validation", "Your request could not be accepted", field)


def _recipients(document: Mapping[str, Any]) -> list[Any]:
    """A list; one bare number is let pass."""
    to = document.get("to")
    return [to] if isinstance(to, str) else to if isinstance(to, list) else []


def _bad_field(document: dict[str, Any], own: Sequence[Account]) -> str | None:
    """The first field that Bandwidth refuses in a send request."""
    to, media = _recipients(document), document.get("media", [])
    applications = {account.credentials["application_id"] for account in own}
    checks = [
        (string(document, "applicationId") in applications, "applicationId"),
        (bool(to) and all(isinstance(one, str) and E164.fullmatch(one) for one in to), "to"),
        (string(document, "from") in {account.phone for account in own}, "from"),
        (len(string(document, "text")) <= MAX_TEXT and bool(string(document, "text") or media), "text"),
        (isinstance(media, list) and all(is_url(link) and len(link) <= MAX_LINK for link in media), "media"),
        (len(string(document, "tag")) <= MAX_TAG, "tag"),
    ]
    return next((field for holds, field in checks if not holds), None)


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


class Bandwidth:
    """Bandwidth: an answer within 10 s; it tries for 24 hours, of which four more tries are made here."""

    name = "bandwidth"
    credential_patterns: Mapping[str, str] = {
        "username": r"\S+",
        "password": r"\S+",
        "account_id": r"[0-9]+",
        "application_id": r"\S+",
    }
    webhook_timeouts = (5.0, 10.0)
    webhook_attempts = 5

    def send_attempt(self, request: ApiRequest) -> SendAttempt | None:
        """What a message request names; None for any other call."""
        path = PATH.fullmatch(request.path)
        if request.method != "POST" or not path or path[2] != "messages":
            return None
        document = json_body(request) or {}
        first = next(iter(_recipients(document)), None)
        return SendAttempt(first if isinstance(first, str) else None, string(document, "text") or None)

    def answer(self, request: ApiRequest, accounts: Sequence[Account]) -> Answer | Sent:
        """`GET users/{id}/media` and `POST users/{id}/messages`; errors as Bandwidth's error page says."""
        path = PATH.fullmatch(request.path)
        if not path:
            spring = {"timestamp": _now(), "status": 404, "error": "Not Found", "message": "Not Found"}
            return Answer.of_json(404, {**spring, "path": request.path})
        own = [account for account in accounts if self._authorised(request, path[1], account)]
        if not own:
            return _error(401, "unauthorized", "Authentication Failed")
        if request.method != ("POST" if path[2] == "messages" else "GET"):
            return _error(405, "method-not-allowed", "The method is not allowed")
        if path[2] == "media":
            return Answer(200, {"Content-Type": "application/json"}, b"[]")
        document = json_body(request)
        if document is None:
            return _error(415, "unsupported-content-type", "Please use 'application/json'")
        return self._create(document, own)

    @staticmethod
    def _authorised(request: ApiRequest, account_id: str, account: Account) -> bool:
        own = account.credentials
        return own["account_id"] == account_id and has_basic(request, own["username"], own["password"])

    def _create(self, document: dict[str, Any], own: Sequence[Account]) -> Answer | Sent:
        field = _bad_field(document, own)
        if field:
            return _invalid(field)
        account = next(account for account in own if account.phone == document["from"])
        message_id = self.new_message_id(())
        text, to = string(document, "text"), _recipients(document)
        message: dict[str, object] = {"id": message_id, "owner": account.phone, "time": _now(), "direction": "out"}
        message |= {"applicationId": document["applicationId"], "segmentCount": count(text), "to": to, "text": text}
        message |= {"from": account.phone, "media": document.get("media", []), "priority": "default"}
        message |= {"tag": document["tag"]} if "tag" in document else {}
        return Sent(
            account=account,
            provider_message_id=message_id,
            sender=account.phone,
            recipient=to[0],
            text=text,
            media=tuple(document.get("media", ())),
            report_url=account.receive_url,
            answer=Answer.of_json(202, message),
        )

    def refusal(self, kind: Refusal, code: int | None, seconds: float) -> Answer:  # noqa: ARG002 - nothing to say with them
        """429 (Bandwidth names no time to wait), 503, or a refusal of the number; refusals have no numbers."""
        if kind == "throttled":
            return _error(429, "max-message-queue-size-exceeded", "The SMS queue for your account is full.")
        if kind == "unavailable_503":
            return Answer(503, {"Content-Type": "text/html"}, b"<html>Service Unavailable</html>")
        return _invalid("to")

    def new_message_id(self, media: Sequence[str]) -> str:  # noqa: ARG002 - one kind of id
        """29 characters that begin with the time in milliseconds."""
        return f"{int(time.time() * 1000)}{secrets.token_hex(8)}"

    def inbound(self, text: CustomerText, account: Account) -> Webhook:
        """The callback `message-received`; Bandwidth keeps pictures itself and posts their links."""
        message: dict[str, object] = {"id": text.provider_message_id, "owner": account.phone, "direction": "in"}
        message |= {"to": [account.phone], "from": text.sender, "text": text.text, "segmentCount": count(text.text)}
        if text.media:
            message["media"] = list(text.media)
        event = {"type": "message-received", "to": account.phone, "description": "Incoming message received"}
        return _callback(event, message, account.receive_url, account)

    def report(self, sent: Sent, status: ReportStatus, url: str, code: int | None) -> Webhook:
        """The status callback: the text is blank and the tag of the request comes back."""
        kind, description = _ENDS[status]
        accepted = json.loads(sent.answer.body)
        message = {name: accepted[name] for name in ("id", "owner", "to", "from", "segmentCount", "direction")}
        message |= {"text": "", **({"tag": accepted["tag"]} if "tag" in accepted else {})}
        event: dict[str, object] = {"type": kind, "to": sent.recipient, "description": description}
        if status == "undelivered":
            event["errorCode"] = code or UNDELIVERED_CODE
        return _callback(event, message, url, sent.account)

    def forged(self, account: Account) -> Account:
        """The account with a callback password that is not its own."""
        forged = {"webhook_username": "somebody", **account.credentials, "webhook_password": secrets.token_hex(8)}
        return replace(account, credentials=forged)

    def retries(self, acknowledgement: Acknowledgement) -> bool:
        """Anything but a 2xx; the pauses are left out."""
        return not is_taken(acknowledgement)

    def acknowledgement_problem(self, acknowledgement: Acknowledgement) -> str | None:
        """Any 2xx will do."""
        return status_problem(acknowledgement)


PROVIDER = Bandwidth()


def _callback(event: Mapping[str, object], message: Mapping[str, object], url: str, account: Account) -> Webhook:
    """A list of one event, with Basic credentials when the application has some."""
    own = account.credentials
    named = {**event, "time": _now()}
    full = {**message, "time": _now(), "applicationId": own["application_id"]}
    headers = {"Content-Type": "application/json; charset=utf-8", "User-Agent": "BandwidthAPI/v2"}
    if own.get("webhook_username") and own.get("webhook_password"):
        headers["Authorization"] = basic(own["webhook_username"], own["webhook_password"])
    return Webhook(url, headers, json.dumps([{**named, "message": full}]).encode())
