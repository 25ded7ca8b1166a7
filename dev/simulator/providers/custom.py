"""A gateway with names of its own, which an account of the type `custom` has to declare.

It takes `POST /v1/messages` with the header `X-Api-Key` and JSON `{"to": {"digits"}, "as", "words", "callback"}` and
answers 200 with `{"result": "ok", "data": {"uid"}}` or `{"result": "no", "reason", "explanation"}`. Texts are posted as
a form `uid, who, whom, words`, reports as JSON `{"uid", "news": {"state"}}`; both carry the header `X-Hook-Secret`.
"""

import json
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from dev.simulator.calls import is_url, json_body, string
from dev.simulator.contract import (
    Account,
    Answer,
    ApiRequest,
    CustomerText,
    Refusal,
    ReportStatus,
    SendAttempt,
    Sent,
    Webhook,
)
from dev.simulator.plain import JSON, PlainGateway

PATH = "/v1/messages"
DIGITS = re.compile(r"[1-9]\d{6,14}")
STATES: Mapping[ReportStatus, str] = {"sent": "handed_over", "delivered": "on_the_phone", "undelivered": "lost"}


def _digits(document: dict[str, Any]) -> str:
    recipient = document.get("to")
    return string(recipient, "digits") if isinstance(recipient, dict) else ""


def _refused(reason: str, explanation: str) -> Answer:
    return Answer.of_json(200, {"result": "no", "reason": reason, "explanation": explanation})


class Custom(PlainGateway):
    name = "custom"
    secret = "api_key"  # noqa: S105 - the name of a credential
    credential_patterns = {"api_key": r"\S+"}  # noqa: RUF012 - read only

    def send_attempt(self, request: ApiRequest) -> SendAttempt | None:
        """What a call names, its number with a plus; None for another path."""
        if (request.method, request.path) != ("POST", PATH):
            return None
        document = json_body(request) or {}
        digits = _digits(document)
        return SendAttempt(f"+{digits}" if digits else None, string(document, "words") or None)

    def answer(self, request: ApiRequest, accounts: Sequence[Account]) -> Answer | Sent:
        """A text that is refused is told inside a 200; only a wrong key or path is an HTTP error."""
        own = [one for one in accounts if request.headers.get("x-api-key") == one.credentials["api_key"]]
        if not own or request.path != PATH:
            return Answer.of_json(404 if own else 401, {"reason": "NO_SUCH_PATH" if own else "WRONG_KEY"})
        document = json_body(request) or {}
        callback = document.get("callback")
        if not DIGITS.fullmatch(_digits(document)):
            return _refused("BAD_NUMBER", "to.digits is not a number")
        if not string(document, "as") or not string(document, "words"):
            return _refused("MISSING", "as and words are required")
        if callback is not None and not is_url(callback):
            return _refused("BAD_CALLBACK", "callback is not a URL")
        account = next((one for one in own if one.phone == document["as"]), own[0])
        uid = self.new_message_id(())
        answer = Answer.of_json(200, {"result": "ok", "data": {"uid": uid}})
        url = callback or account.delivery_url
        return Sent(account, uid, document["as"], f"+{_digits(document)}", document["words"], (), url, answer)

    def refusal(self, kind: Refusal, code: int | None, seconds: float) -> Answer:
        """As the base; a refused number comes inside a 200."""
        return super().refusal(kind, code, seconds) if kind != "reject" else _refused(str(code or "BAD_NUMBER"), "no")

    def inbound(self, text: CustomerText, account: Account) -> Webhook:
        """A form."""
        fields = {"uid": text.provider_message_id, "who": text.sender, "whom": account.phone, "words": text.text}
        headers = {"Content-Type": "application/x-www-form-urlencoded", **_secret(account)}
        return Webhook(account.receive_url, headers, urlencode(fields).encode())

    def report(self, sent: Sent, status: ReportStatus, url: str, code: int | None) -> Webhook | None:
        """JSON, to the URL of the call or else of the console."""
        news = {"state": STATES[status]} | ({"why": str(code or 17)} if status == "undelivered" else {})
        document = {"uid": sent.provider_message_id, "news": news}
        return Webhook(url, JSON | _secret(sent.account), json.dumps(document).encode())

    def forged(self, account: Account) -> Account:
        """The account with a secret that is not its own."""
        return replace(account, credentials={**account.credentials, "webhook_secret": secrets.token_hex(8)})


PROVIDER = Custom()


def _secret(account: Account) -> dict[str, str]:
    secret = account.credentials.get("webhook_secret")
    return {"X-Hook-Secret": secret} if secret else {}
