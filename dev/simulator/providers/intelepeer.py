"""IntelePeer's SMS API v4 and what it posts, independent of the app's own IntelePeer module.

Sources: docs.intelepeer.com (Sending-SMS-Messages, Receiving-SMS-Messages, Authentication), intelepeer.com
documentation/sms/api/receive-messages-v1 (the posted text), docs/checking-message-status (states and codes).
"""

import json
import re
import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from dev.simulator.calls import E164, json_body, status_problem, string
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

LOGIN, SEND = "/_rest/v4/authenticate", "/_rest/v4/app/sms/send"
WITH_COUNTRY = re.compile(r"[1-9]\d{0,2}-[A-Za-z0-9]{1,11}")  # a short code or a name
TOKEN_SECONDS = 24 * 3600
STATES: Mapping[ReportStatus, tuple[str, int]] = {
    "sent": ("Sent", 10000),
    "delivered": ("DLR:Delivered", 210000),
    "undelivered": ("Failed", 6009),
}


def _problem(document: dict[str, Any], phones: Sequence[str]) -> tuple[int, str] | None:
    """Status and words of the first thing that IntelePeer refuses in a send request."""
    sender = string(document, "from")
    checks = [
        (bool(string(document, "to")), 400, "to is missing"),
        (bool(E164.fullmatch(string(document, "to"))), 400, "to is not in E.164"),
        (bool(string(document, "text")), 400, "text is missing"),
        (bool(E164.fullmatch(sender) or WITH_COUNTRY.fullmatch(sender)), 400, "from is not in E.164 or a short code"),
        (sender in phones, 401, "unauthorized"),
        (isinstance(document.get("dlr", False), bool), 400, "dlr is not a boolean"),
    ]
    return next(((status, words) for holds, status, words in checks if not holds), None)


class IntelePeer:
    """IntelePeer: exactly 200 within 15 s (an assumption), else five attempts in all; the token goes without Bearer."""

    name = "intelepeer"
    credential_patterns: Mapping[str, str] = {"api_key": r"\S+"}
    webhook_timeouts = (5.0, 15.0)
    webhook_attempts = 5

    def __init__(self) -> None:
        self._tokens: dict[str, tuple[str, float]] = {}

    def send_attempt(self, request: ApiRequest) -> SendAttempt | None:
        """What a send request names; None for any other call."""
        if (request.method, request.path) != ("POST", SEND):
            return None
        document = json_body(request) or {}
        return SendAttempt(string(document, "to") or None, string(document, "text") or None)

    def answer(self, request: ApiRequest, accounts: Sequence[Account]) -> Answer | Sent:
        """`POST authenticate` and `POST app/sms/send`."""
        if (request.method, request.path) == ("POST", LOGIN):
            return self._login(json_body(request) or {}, accounts)
        if (request.method, request.path) != ("POST", SEND):
            return Answer.of_json(404, {"error": "not found"})
        own = self._authorised(request.headers.get("authorization", ""), accounts)
        if not own:
            return Answer.of_json(401, {"detail": "unauthorized"})
        return self._create(json_body(request) or {}, own)

    def _login(self, given: dict[str, Any], accounts: Sequence[Account]) -> Answer:
        pair = string(given, "username"), string(given, "password")
        for account in accounts:
            own = account.credentials
            if all(pair) and (own.get("username"), own.get("password")) == pair:
                token = secrets.token_urlsafe(40)
                self._tokens[token] = pair[0], time.monotonic()
                return Answer.of_json(200, {"token": token})
        return Answer.of_json(401, {"code": 401, "error": "Unauthorized"})

    def _authorised(self, given: str, accounts: Sequence[Account]) -> list[Account]:
        """The accounts of the key, or of the user whose token this is; a user may have several numbers."""
        username, since = self._tokens.get(given, ("", 0.0))
        user = username if username and time.monotonic() - since < TOKEN_SECONDS else None
        return [
            one
            for one in accounts
            if one.credentials["api_key"] == given or (user and one.credentials.get("username") == user)
        ]

    def _create(self, document: dict[str, Any], own: Sequence[Account]) -> Answer | Sent:
        problem = _problem(document, [account.phone for account in own])
        if problem:
            return Answer.of_json(problem[0], {"detail": problem[1]})
        account = next(account for account in own if account.phone == document["from"])
        refid = self.new_message_id(())
        return Sent(
            account=account,
            provider_message_id=refid,
            sender=document["from"],
            recipient=document["to"],
            text=document["text"],
            media=(),
            report_url=account.receive_url if document.get("dlr") else None,
            answer=Answer.of_json(202, {"state": "CREATED", "refid": refid}),
        )

    def refusal(self, kind: Refusal, code: int | None, seconds: float) -> Answer:
        """429 and 503, which are not documented, or a number that is refused with 400."""
        if kind == "throttled":
            return Answer.of_json(429, {"error": "too many requests"}, {"Retry-After": str(round(seconds))})
        if kind == "unavailable_503":
            return Answer.of_json(503, {"error": "not available"})
        return Answer.of_json(code or 400, {"detail": "to is not SMS-enabled"})

    def new_message_id(self, media: Sequence[str]) -> str:  # noqa: ARG002 - no media
        """32 characters."""
        return "SM" + secrets.token_hex(15).upper()

    def inbound(self, text: CustomerText, account: Account) -> Webhook:
        """The posted text; its key is `message`, and there is no time in it."""
        document = {"refid": text.provider_message_id, "from": text.sender, "to": account.phone, "message": text.text}
        return _webhook(account.receive_url, document, account)

    def report(self, sent: Sent, status: ReportStatus, url: str, code: int | None) -> Webhook | None:
        """The state and its number, named as the status query names them; what is really posted is not published."""
        state, number = STATES[status]
        document = {"refid": sent.provider_message_id, "RCC_en": state, "RCC": number}
        if status == "undelivered" and code:
            document["RCC"] = code
        return _webhook(url, document, sent.account)

    def forged(self, account: Account) -> Account:
        """The account with a secret that is not its own."""
        return replace(account, credentials={**account.credentials, "webhook_secret": secrets.token_hex(8)})

    def retries(self, acknowledgement: Acknowledgement) -> bool:
        """Anything but 200; the pauses are not published."""
        return acknowledgement.status != 200

    def acknowledgement_problem(self, acknowledgement: Acknowledgement) -> str | None:
        """Exactly 200."""
        problem = status_problem(acknowledgement)
        return problem or (None if acknowledgement.status == 200 else f"status {acknowledgement.status} instead of 200")


PROVIDER = IntelePeer()


def _webhook(url: str, document: Mapping[str, object], account: Account) -> Webhook:
    secret = account.credentials.get("webhook_secret")
    marked = {**document, "signature": secret} if secret else document
    return Webhook(url, {"Content-Type": "application/json"}, json.dumps(marked).encode())
