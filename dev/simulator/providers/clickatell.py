"""Clickatell's One API and its callbacks, from its documents, independent of the app's own module.

Sources: guides.clickatell.com (One API, send messages; customer callbacks), www.clickatell.com/developers
(one-api-error-messages, one-api-message-status-codes-descriptions, rest-api-get-account-balance).
"""

import json
import re
import secrets
import time
from collections.abc import Mapping, Sequence
from typing import Any

from dev.simulator.calls import first, guessed, is_taken, json_body, status_problem, string
from dev.simulator.contract import (
    Account,
    Acknowledgement,
    Answer,
    ApiRequest,
    CustomerText,
    Piece,
    Refusal,
    ReportStatus,
    SendAttempt,
    Sent,
    Webhook,
)

SEND, BALANCE = "/v1/message", "/public-client/balance"
NUMBER = re.compile(r"[1-9]\d{6,14}")  # international, neither plus nor zeros before it
REFERENCE = re.compile(r"\S+")

# Code: HTTP status and description. Those of the second table stand with the message, not with the call.
CALL_ERRORS: Mapping[int, tuple[int, str]] = {
    1: (401, "Invalid or missing integration API Key"),
    18: (500, "Internal error"),
    19: (503, "Internal error, please retry"),
    21: (400, "Payload data is malformed"),
    22: (400, "Maximum messages per request payload exceeded"),
    41: (404, "Resource does not exist"),
    42: (400, "HTTP method is not supported on this resource"),
    43: (400, "Rate limit"),
}
MESSAGE_ERRORS: Mapping[int, tuple[int, str]] = {
    20: (402, "Insufficient account balance"),
    23: (400, "Invalid or missing parameter"),
    25: (400, "Invalid recipient address"),
    26: (400, "Recipient opted out"),
    38: (400, "Channel/feature is not active on integration"),
    45: (400, "FROM number is not related to integration"),
    100: (400, "Maximum message parts exceeded"),
}
STATUSES: Mapping[ReportStatus, int] = {"sent": 4, "delivered": 5, "undelivered": 23}
STATUS_NAMES = {
    4: "SENT_TO_SUPPLIER",
    5: "DEVICE_ACK",
    20: "EXPIRED",
    23: "DELIVERY_FAILURE",
    26: "VOLUME_LIMIT",
    100: "ROUTING_ERROR",
}


def _failed(code: int) -> Answer:
    status, words = CALL_ERRORS[code]
    return Answer.of_json(status, {"error": {"code": code, "description": words}})


def _refused(code: int, recipient: object) -> Answer:
    if code in CALL_ERRORS:
        return _failed(code)
    status, words = MESSAGE_ERRORS.get(code, (400, "The message was refused"))
    entry = {"error": {"code": code, "description": words}, "accepted": False, "to": recipient}
    return Answer.of_json(status, {"messages": [entry], "error": None})


def _problem(entry: dict[str, Any], phones: Sequence[str]) -> int | None:
    """The code of the first thing that Clickatell refuses in a message."""
    recipient, sender = string(entry, "to"), string(entry, "from")
    if not recipient or not string(entry, "content"):
        return 23
    if entry.get("channel", "sms") != "sms":
        return 38
    if not NUMBER.fullmatch(recipient):
        return 25
    if "clientMessageId" in entry and not REFERENCE.fullmatch(string(entry, "clientMessageId")):
        return 23
    return None if "from" not in entry or sender in phones else 45


def _callback(url: str, kind: str, entry: Mapping[str, object]) -> Webhook:
    named = {"integrationId": secrets.token_hex(16), "integrationName": "Desk", "event": {kind: [entry]}}
    return Webhook(url, {"Content-Type": "application/json"}, json.dumps(named).encode())


def _plain(number: str) -> str:
    return number.removeprefix("+")


class Clickatell:
    """Clickatell with a two-way One API integration; three tries per callback stand for the number that is not told."""

    name = "clickatell"
    credential_patterns: Mapping[str, str] = {"api_key": r"\S+"}
    webhook_timeouts = (5.0, 15.0)
    webhook_attempts = 3

    def send_attempt(self, request: ApiRequest) -> SendAttempt | None:
        """What a send request names; None for any other call."""
        if (request.method, request.path) != ("POST", SEND):
            return None
        entry = first((json_body(request) or {}).get("messages"))
        recipient = string(entry, "to")
        return SendAttempt(f"+{recipient}" if recipient else None, string(entry, "content") or None)

    def answer(self, request: ApiRequest, accounts: Sequence[Account]) -> Answer | Sent:
        """`POST /v1/message` and `GET /public-client/balance`; the key stands alone in the Authorization header."""
        if request.path not in (SEND, BALANCE):
            return _failed(41)
        own = [one for one in accounts if request.headers.get("authorization") == one.credentials["api_key"]]
        if not own:
            return _failed(1)
        if request.method != ("POST" if request.path == SEND else "GET"):
            return _failed(42)
        if request.path == BALANCE:
            return Answer.of_json(200, {"balance": 1267.92865, "currency": "ZAR"})
        return self._send((json_body(request) or {}).get("messages"), own)

    def _send(self, messages: object, own: Sequence[Account]) -> Answer | Sent:
        entry = first(messages)
        if not entry or not isinstance(messages, list):
            return _failed(21)
        if len(messages) > 1:
            return _failed(22)  # 100 are allowed in a call; the simulator takes them one by one
        code = _problem(entry, [_plain(account.phone) for account in own])
        if code is not None:
            return _refused(code, entry.get("to"))
        sender = entry.get("from", _plain(own[0].phone))
        account = next((one for one in own if _plain(one.phone) == sender), own[0])
        message_id = self.new_message_id(())
        accepted = {"apiMessageId": message_id, "accepted": True, "to": entry["to"], "error": None}
        return Sent(
            account=account,
            provider_message_id=message_id,
            sender=account.phone,
            recipient=f"+{entry['to']}",
            text=entry["content"],
            media=(),
            report_url=account.delivery_url,
            answer=Answer.of_json(202, {"messages": [accepted], "error": None}),
            reference=entry.get("clientMessageId"),
        )

    def refusal(self, kind: Refusal, code: int | None, seconds: float) -> Answer:  # noqa: ARG002 - no time is named
        """A rate limit is 400 with code 43 and no time to wait; 503 with code 19; a message by `code`, else by 25."""
        if kind == "throttled":
            return _failed(43)
        return _failed(19) if kind == "unavailable_503" else _refused(code or 25, None)

    def new_message_id(self, media: Sequence[str]) -> str:  # noqa: ARG002 - one kind of id
        """32 hexadecimal digits."""
        return secrets.token_hex(16)

    def inbound(self, text: CustomerText, account: Account) -> Webhook:
        """A reply callback of the One API; numbers have no plus, times are milliseconds. A piece: the SMS API's."""
        if text.piece:
            return self._flat(text, text.piece, account)
        entry: dict[str, object] = {"channel": "sms", "messageId": text.provider_message_id, "relatedMessageId": None}
        entry |= {"relatedClientMessageId": None, "from": _plain(text.sender), "to": _plain(account.phone)}
        entry |= {"timestamp": int(time.time() * 1000), "content": text.text, "charset": "UTF-8"}
        return _callback(account.receive_url, "moText", entry | {"sms": {"network": "65501"}})

    def _flat(self, text: CustomerText, piece: Piece, account: Account) -> Webhook:
        fields = {"integrationName": "Desk", "messageId": "", "replyMessageId": text.provider_message_id}
        fields |= {"fromNumber": _plain(text.sender), "toNumber": _plain(account.phone), "text": text.text}
        fields |= {"timestamp": str(int(time.time() * 1000)), "charset": "UTF-8", "network": "65501", "keyword": ""}
        fields |= {"udh": f"050003{piece.reference:02x}{piece.total:02x}{piece.number:02x}"}
        return Webhook(account.receive_url, {"Content-Type": "application/json"}, json.dumps(fields).encode())

    def report(self, sent: Sent, status: ReportStatus, url: str, code: int | None) -> Webhook:
        """A status callback of the One API; `code` replaces the status code of a failure."""
        number = code or STATUSES[status] if status == "undelivered" else STATUSES[status]
        entry: dict[str, object] = {"channel": "sms", "messageId": sent.provider_message_id}
        entry |= {"clientMessageId": sent.reference, "timestamp": int(time.time() * 1000), "statusCode": number}
        return _callback(url, "messageStatusUpdate", entry | {"status": STATUS_NAMES.get(number, "DELIVERY_FAILURE")})

    def forged(self, account: Account) -> Account:
        """Nothing is signed, so a stranger is one who does not know the URL."""
        return guessed(account)

    def retries(self, acknowledgement: Acknowledgement) -> bool:
        """After everything but a 2xx or a redirect, and after a slow or no answer."""
        return not is_taken(acknowledgement) and not 300 <= (acknowledgement.status or 0) < 400

    def acknowledgement_problem(self, acknowledgement: Acknowledgement) -> str | None:
        """Any 2xx will do."""
        return status_problem(acknowledgement)


PROVIDER = Clickatell()
