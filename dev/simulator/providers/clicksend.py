"""ClickSend's REST API v3 and its rules' webhooks, from its documents, independent of the app's own module.

Sources: github ClickSend/clicksend-mcp-server src/openapi-specs.yaml (send-sms), APIs-guru/openapi-directory
clicksend.com (application status codes), help.clicksend.com p4c49va5b6 (webhook fields) and 8cc479qlbb (status codes).
"""

import re
import time
import uuid
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from dev.simulator.calls import first, guessed, has_basic, json_body, status_problem, string
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

SEND, ACCOUNT = "/v3/sms/send", "/v3/account"
NUMBER = re.compile(r"\+[1-9]\d{6,14}")
SENDER = re.compile(r"\S{1,11}|\d{3,8}")
MAX_PARTS = 6  # more is cut off without a word

CODES = {
    400: "BAD_REQUEST",
    401: "UNAUTHORIZED",
    403: "FORBIDDEN",
    404: "NOT_FOUND",
    405: "NOT_FOUND",
    429: "TOO_MANY_REQUESTS",
    500: "INTERNAL_SERVER_ERROR",
    503: "SERVICE_UNAVAILABLE",
}
REPORTS: Mapping[ReportStatus, tuple[int, str, str]] = {
    "sent": (200, "Sent", "Success: Message sent."),
    "delivered": (201, "Sent", "Success: Message received on handset."),
    "undelivered": (301, "Failed", ""),
}


def _envelope(status: int, code: str, words: str, data: object = None) -> Answer:
    return Answer.of_json(status, {"http_code": status, "response_code": code, "response_msg": words, "data": data})


def _error(status: int) -> Answer:
    return _envelope(status, CODES.get(status, "BAD_REQUEST"), "The request was refused.")


def _state(entry: dict[str, Any], accounts: Sequence[Account]) -> str:
    """The status that ClickSend gives a message; all but SUCCESS mean that it is not sent."""
    sender, body = string(entry, "from"), string(entry, "body")
    if not NUMBER.fullmatch(string(entry, "to")):
        return "INVALID_RECIPIENT"
    if not body:
        return "EMPTY_MESSAGE"
    if sender and sender not in [account.phone for account in accounts] and not SENDER.fullmatch(sender):
        return "INVALID_SENDER_ID"
    return "SUCCESS"


def _cut(text: str) -> str:
    """As much of a text as fits into six parts."""
    kept = text if count(text) <= MAX_PARTS else text[: MAX_PARTS * (153 if set(text) <= BASIC | EXTENSION else 67)]
    while count(kept) > MAX_PARTS:
        kept = kept[:-1]
    return kept


def _created(entry: dict[str, Any], state: str, message_id: str, sender: str) -> Answer:
    """A 200 that says SUCCESS for the call, whatever became of the message."""
    text, now = string(entry, "body"), int(time.time())
    message = {"direction": "out", "date": now, "to": entry.get("to"), "body": text, "from": sender, "schedule": now}
    message |= {"message_id": message_id, "message_parts": min(count(text), MAX_PARTS), "message_price": "0.0792"}
    message |= {"custom_string": entry.get("custom_string", ""), "country": "US", "carrier": "", "status": state}
    message |= {"list_id": None, "contact_id": None, "user_id": 1, "subaccount_id": 1, "is_shared_system_number": False}
    queued = int(state == "SUCCESS")
    data = {"total_price": 0.0792 * queued, "total_count": 1, "queued_count": queued, "messages": [message]}
    data |= {"blocked_count": 0, "_currency": {"currency_name_short": "USD", "currency_prefix_d": "$"}}
    return _envelope(200, "SUCCESS", "Messages queued for delivery.", data)


def _login(account: Account) -> tuple[str, str]:
    return account.credentials["username"], account.credentials["password"]


def _form(url: str, fields: Mapping[str, str]) -> Webhook:
    return Webhook(url, {"Content-Type": "application/x-www-form-urlencoded"}, urlencode(fields).encode())


class ClickSend:
    """ClickSend with two rules of the type `post`; of its second tries nothing is known, so there are none."""

    name = "clicksend"
    credential_patterns: Mapping[str, str] = {"username": r"\S+", "password": r"\S+"}
    webhook_timeouts = (5.0, 15.0)
    webhook_attempts = 1

    def send_attempt(self, request: ApiRequest) -> SendAttempt | None:
        """What a send request names; None for any other call."""
        if (request.method, request.path) != ("POST", SEND):
            return None
        entry = first((json_body(request) or {}).get("messages"))
        return SendAttempt(string(entry, "to") or None, string(entry, "body") or None)

    def answer(self, request: ApiRequest, accounts: Sequence[Account]) -> Answer | Sent:
        """`POST /v3/sms/send` and `GET /v3/account`."""
        if request.path not in (SEND, ACCOUNT):
            return _error(404)
        own = [account for account in accounts if has_basic(request, *_login(account))]
        if not own:
            return _error(401)
        if request.method != ("POST" if request.path == SEND else "GET"):
            return _error(405)
        if request.path == ACCOUNT:
            data = {"user_id": 1, "username": own[0].credentials["username"], "balance": "20.005718", "country": "US"}
            return _envelope(200, "SUCCESS", "Here's your account", data)
        return self._send(json_body(request) or {}, own)

    def _send(self, document: Mapping[str, Any], own: Sequence[Account]) -> Answer | Sent:
        messages = document.get("messages")
        entry = first(messages)
        # Up to 1,000 messages are allowed in a call; the simulator takes them one by one.
        if not entry or not isinstance(messages, list) or len(messages) > 1 or "body" not in entry:
            return _error(400)
        state, message_id = _state(entry, own), self.new_message_id(())
        sender = string(entry, "from") or own[0].phone
        answer = _created(entry, state, message_id, sender)
        if state != "SUCCESS":
            return answer
        account = next((account for account in own if account.phone == sender), own[0])
        return Sent(
            account=account,
            provider_message_id=message_id,
            sender=sender,
            recipient=entry["to"],
            text=_cut(entry["body"]),
            media=(),
            report_url=account.delivery_url,
            answer=answer,
            reference=string(entry, "custom_string") or None,
        )

    def refusal(self, kind: Refusal, code: int | None, seconds: float) -> Answer:
        """429 or 503 as envelopes, or a refused message inside a 200; `code` is an HTTP status to answer instead."""
        if kind == "throttled":
            answer = _error(429)
            return Answer(429, {**answer.headers, "Retry-After": str(round(seconds))}, answer.body)
        if kind == "unavailable_503":
            return _error(503)
        return _error(code) if code else _created({}, "INVALID_RECIPIENT", self.new_message_id(()), "")

    def new_message_id(self, media: Sequence[str]) -> str:  # noqa: ARG002 - one kind of id
        """A UUID in capitals."""
        return str(uuid.uuid4()).upper()

    def inbound(self, text: CustomerText, account: Account) -> Webhook:
        """The fields of an inbound rule; `sms` is the customer's number, and our own has no field but this one."""
        fields = {"originalsenderid": account.phone, "body": text.text, "message": text.text, "sms": text.sender}
        fields |= {"from": text.sender, "message_id": text.provider_message_id, "timestamp": str(int(time.time()))}
        fields |= {"original_message_id": "", "originalmessageid": "", "originalmessage": "", "custom_string": ""}
        return _form(account.receive_url, fields | {"customstring": "", "user_id": "1", "subaccount_id": "1"})

    def report(self, sent: Sent, status: ReportStatus, url: str, code: int | None) -> Webhook:
        """The fields of a receipt rule; `code` replaces the status code of a failure."""
        number, word, words = REPORTS[status]
        failed = "Unknown subscriber. Number is inactive or invalid" if status == "undelivered" else ""
        fields = dict.fromkeys(("message_id", "messageid"), sent.provider_message_id)
        fields |= dict.fromkeys(("custom_string", "customstring"), sent.reference or "")
        fields |= dict.fromkeys(("timestamp", "timestamp_send"), str(int(time.time())))
        fields |= {"status_code": str(code or number if failed else number), "status": word, "status_text": words}
        fields |= {"error_code": "8" if failed else "", "error_text": failed, "message_type": "sms"}
        return _form(url, fields | {"user_id": "1", "subaccount_id": "1"})

    def forged(self, account: Account) -> Account:
        """Nothing is signed, so a stranger is one who does not know the URL."""
        return guessed(account)

    def retries(self, acknowledgement: Acknowledgement) -> bool:  # noqa: ARG002 - no answer leads to one
        """Never, as far as is published."""
        return False

    def acknowledgement_problem(self, acknowledgement: Acknowledgement) -> str | None:
        """Any 2xx will do."""
        return status_problem(acknowledgement)


PROVIDER = ClickSend()
