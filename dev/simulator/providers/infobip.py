"""Infobip's SMS API v3 and its callbacks, from its documents, independent of the app's own module.

Sources: Infobip's specification 3.210.0 (POST /sms/3/messages, receive-outbound-sms-message-reports-v3,
receive-inbound-sms-messages) and infobip.com/docs/essentials/api-essentials/response-status-and-error-codes.
"""

import json
import re
import secrets
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from dev.simulator.calls import first, guessed, has_basic, is_url, json_body, status_problem, string
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

SEND, BALANCE = "/sms/3/messages", "/account/1/balance"
NUMBER = re.compile(r"[1-9]\d{2,14}")
MAX_PARTS = 25

# Id: group and name.
GROUPS = {1: "PENDING", 2: "UNDELIVERABLE", 3: "DELIVERED", 4: "EXPIRED", 5: "REJECTED"}
STATUSES: Mapping[int, tuple[int, str]] = {
    5: (3, "DELIVERED_TO_HANDSET"),
    7: (1, "PENDING_ENROUTE"),
    9: (2, "UNDELIVERABLE_NOT_DELIVERED"),
    11: (5, "REJECTED_SOURCE"),
    12: (5, "REJECTED_NOT_ENOUGH_CREDITS"),
    14: (5, "REJECTED_DESTINATION_BLOCKLISTED"),
    15: (4, "EXPIRED_EXPIRED"),
    20: (5, "REJECTED_FLOODING_FILTER"),
    21: (5, "REJECTED_SYSTEM_ERROR"),
    25: (5, "REJECTED_MESSAGE_TOO_LONG"),
    26: (1, "PENDING_ACCEPTED"),
    52: (5, "REJECTED_DESTINATION"),
}
REPORTS: Mapping[ReportStatus, int] = {"sent": 7, "delivered": 5, "undelivered": 9}
HTTP_ERRORS = {400: "E400", 401: "E401", 403: "E403", 404: "E404", 405: "E405", 500: "E500", 503: "E503"}


def _status(number: int) -> dict[str, object]:
    group, name = STATUSES.get(number, (5, "REJECTED"))
    words = name.replace("_", " ").capitalize()
    return {"groupId": group, "groupName": GROUPS[group], "id": number, "name": name, "description": words}


def _error(http: int, words: str, problems: Mapping[str, str] | None = None) -> Answer:
    violations = [{"property": name, "violation": what} for name, what in (problems or {}).items()]
    body = {"errorCode": HTTP_ERRORS[http], "description": words, "action": "Check the request and try again."}
    return Answer.of_json(http, {**body, "violations": violations, "resources": []})


def _answered(message_id: str, number: int, recipient: object, parts: int) -> Answer:
    """A 200, whose status says whether the message was taken."""
    message = {"messageId": message_id, "status": _status(number), "destination": recipient}
    message |= {"details": {"messageCount": parts}}
    return Answer.of_json(200, {"bulkId": secrets.token_hex(10), "messages": [message]})


def _violations(document: dict[str, Any]) -> dict[str, str]:
    """What is missing in a request, by its path."""
    message = first(document.get("messages"))
    if not message:
        return {"messages": "must not be empty"}
    found = {}
    if not string(first(message.get("destinations")), "to"):
        found["messages[0].destinations[0].to"] = "must not be blank"
    if not string(_object(message, "content"), "text"):
        found["messages[0].content.text"] = "must not be blank"
    url = string(_object(_object(message, "webhooks"), "delivery"), "url")
    if url and not is_url(url):
        found["messages[0].webhooks.delivery.url"] = "must be a valid URL"
    return found


def _object(holder: dict[str, Any], name: str) -> dict[str, Any]:
    value = holder.get(name)
    return value if isinstance(value, dict) else {}


def _rejection(sender: str, recipient: str, text: str, phones: Sequence[str]) -> int | None:
    if not NUMBER.fullmatch(recipient):
        return 52
    if sender not in phones:
        return 11
    return 25 if count(text) > MAX_PARTS else None


def _login(account: Account) -> tuple[str, str]:
    return account.credentials["username"], account.credentials["password"]


def _moment() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + "000+0000"


def _callback(url: str, entry: Mapping[str, object]) -> Webhook:
    return Webhook(url, {"Content-Type": "application/json"}, json.dumps({"results": [entry]}).encode())


def _plain(number: str) -> str:
    return number.removeprefix("+")


class Infobip:
    """Infobip with a number that is forwarded in MO_JSON_2; its retries begin after minutes, so there are none here."""

    name = "infobip"
    credential_patterns: Mapping[str, str] = {"username": r"\S+", "password": r"\S+"}
    webhook_timeouts = (5.0, 15.0)
    webhook_attempts = 1

    def send_attempt(self, request: ApiRequest) -> SendAttempt | None:
        """What a send request names; None for any other call."""
        if (request.method, request.path) != ("POST", SEND):
            return None
        message = first((json_body(request) or {}).get("messages"))
        recipient = string(first(message.get("destinations")), "to")
        return SendAttempt(f"+{recipient}" if recipient else None, string(_object(message, "content"), "text") or None)

    def answer(self, request: ApiRequest, accounts: Sequence[Account]) -> Answer | Sent:
        """`POST /sms/3/messages` and `GET /account/1/balance`, with Basic credentials."""
        if request.path not in (SEND, BALANCE):
            return _error(404, "Requested URL not found.")
        own = [account for account in accounts if has_basic(request, *_login(account))]
        if not own:
            return _error(401, "Invalid login details")
        if request.method != ("POST" if request.path == SEND else "GET"):
            return _error(405, "Method not allowed.")
        if request.path == BALANCE:
            return Answer.of_json(200, {"balance": 47.79134, "currency": "EUR"})
        document = json_body(request) or {}
        problems = _violations(document)
        if problems:
            return _error(400, "Request cannot be processed.", problems)
        return self._send(first(document["messages"]), own)

    def _send(self, message: dict[str, Any], own: Sequence[Account]) -> Answer | Sent:
        destination = first(message["destinations"])
        recipient, text, sender = destination["to"], message["content"]["text"], string(message, "sender")
        message_id = string(destination, "messageId") or self.new_message_id(())
        number = _rejection(sender, recipient, text, [_plain(account.phone) for account in own])
        if number is not None:
            return _answered(message_id, number, recipient, count(text))
        delivery = _object(_object(message, "webhooks"), "delivery")
        return Sent(
            account=next(account for account in own if _plain(account.phone) == sender),
            provider_message_id=message_id,
            sender=f"+{sender}",
            recipient=f"+{recipient}",
            text=text,
            media=(),
            report_url=(string(delivery, "url") or None) if delivery.get("notify", True) else None,
            answer=_answered(message_id, 26, recipient, count(text)),
        )

    def refusal(self, kind: Refusal, code: int | None, seconds: float) -> Answer:
        """429 in the older error body with Retry-After, 503, or a rejection inside a 200: 52 unless a code is given."""
        if kind == "throttled":
            reason = {"messageId": "TOO_MANY_REQUESTS", "text": "Too many requests"}
            body = {"requestError": {"serviceException": reason}}
            return Answer.of_json(429, body, {"Retry-After": str(round(seconds))})
        if kind == "unavailable_503":
            return _error(503, "Service unavailable.")
        return _answered(self.new_message_id(()), code or 52, None, 1)

    def new_message_id(self, media: Sequence[str]) -> str:  # noqa: ARG002 - one kind of id
        """18 digits."""
        return str(secrets.randbelow(9 * 10**17) + 10**17)

    def inbound(self, text: CustomerText, account: Account) -> Webhook:
        """A forwarded text; `cleanText` lacks the keyword, as Infobip cuts it."""
        keyword, _, rest = text.text.partition(" ")
        entry: dict[str, object] = {"messageId": text.provider_message_id, "from": _plain(text.sender)}
        entry |= {"to": _plain(account.phone), "text": text.text, "cleanText": rest, "keyword": keyword.upper()}
        entry |= {"receivedAt": _moment(), "smsCount": count(text.text), "callbackData": None}
        return _callback(account.receive_url, entry | {"price": {"pricePerMessage": 0, "currency": "EUR"}})

    def report(self, sent: Sent, status: ReportStatus, url: str, code: int | None) -> Webhook:
        """A report of v3; `code` replaces the status id of a failure."""
        failed = status == "undelivered"
        error: dict[str, object] = {"groupId": 0, "groupName": "OK", "id": 0, "name": "NO_ERROR", "permanent": False}
        if failed:
            error = {"groupId": 1, "groupName": "HANDSET_ERRORS", "id": 27, "name": "EC_ABSENT_SUBSCRIBER"}
        entry: dict[str, object] = {"bulkId": secrets.token_hex(10), "messageId": sent.provider_message_id}
        entry |= {"to": _plain(sent.recipient), "sender": _plain(sent.sender), "messageCount": count(sent.text)}
        entry |= {"sentAt": _moment(), "doneAt": _moment(), "error": error, "price": {"pricePerMessage": 0.01}}
        return _callback(url, entry | {"status": _status(code or REPORTS[status] if failed else REPORTS[status])})

    def forged(self, account: Account) -> Account:
        """A plain forward is not signed, so a stranger is one who does not know the URL."""
        return guessed(account)

    def retries(self, acknowledgement: Acknowledgement) -> bool:  # noqa: ARG002 - no answer leads to one
        """Not within the time that a simulation lasts: the first comes after two minutes."""
        return False

    def acknowledgement_problem(self, acknowledgement: Acknowledgement) -> str | None:
        """Infobip documents 200 and takes any 2xx."""
        return status_problem(acknowledgement)


PROVIDER = Infobip()
