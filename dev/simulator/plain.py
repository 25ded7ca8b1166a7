"""A made-up JSON gateway, the base of the providers that publish no contract: what the desk assumes of them."""

import json
import secrets
from collections.abc import Mapping, Sequence

from dev.simulator.calls import E164, SHORT_CODE, guessed, json_body, status_problem, string
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

JSON = {"Content-Type": "application/json"}


class PlainGateway:
    """POST of JSON `from`, `to`, `text` to any path with a Bearer token; an id, or an error, in JSON."""

    name: str
    secret: str  # the credential that is the Bearer token
    credential_patterns: Mapping[str, str]
    webhook_timeouts = (5.0, 15.0)
    webhook_attempts = 1

    def send_attempt(self, request: ApiRequest) -> SendAttempt | None:
        """What a call names; every POST is one that sends."""
        if request.method != "POST":
            return None
        document = json_body(request) or {}
        return SendAttempt(string(document, "to") or None, string(document, "text") or None)

    def answer(self, request: ApiRequest, accounts: Sequence[Account]) -> Answer | Sent:
        """The accepted text, or 401, 404 and 400 with `code` and `message`."""
        own = [account for account in accounts if self._authorised(request, account)]
        if not own:
            return Answer.of_json(401, {"error": {"code": "unauthorized", "message": "the token is not valid"}})
        document = json_body(request)
        if request.method != "POST" or document is None:
            return Answer.of_json(400, {"error": {"code": "no_json", "message": "a POST of JSON is expected"}})
        recipient, sender, text = (string(document, name) for name in ("to", "from", "text"))
        if not (E164.fullmatch(recipient) or SHORT_CODE.fullmatch(recipient)):
            return self.refusal("reject", None, 0)
        if not sender or not text:
            return Answer.of_json(400, {"error": {"code": "missing", "message": "from and text are required"}})
        account = next((one for one in own if one.phone == sender), own[0])
        message_id = self.new_message_id(())
        answer = Answer.of_json(200, {"message_id": message_id, "status": "accepted"})
        return Sent(account, message_id, sender, recipient, text, (), account.delivery_url, answer)

    def _authorised(self, request: ApiRequest, account: Account) -> bool:
        return request.headers.get("authorization") == f"Bearer {account.credentials[self.secret]}"

    def refusal(self, kind: Refusal, code: int | None, seconds: float) -> Answer:
        """429 with Retry-After, 503, or 400 for a number that is none."""
        if kind == "throttled":
            return Answer.of_json(429, {"error": {"code": "busy"}}, {"Retry-After": str(round(seconds))})
        if kind == "unavailable_503":
            return Answer.of_json(503, {"error": {"code": "down"}})
        return Answer.of_json(400, {"error": {"code": str(code or "bad_number"), "message": "to is not a number"}})

    def new_message_id(self, media: Sequence[str]) -> str:  # noqa: ARG002 - no media
        """24 hexadecimal digits."""
        return secrets.token_hex(12)

    def inbound(self, text: CustomerText, account: Account) -> Webhook:
        """JSON with the names of the send call."""
        document = {"id": text.provider_message_id, "from": text.sender, "to": account.phone, "text": text.text}
        return Webhook(account.receive_url, JSON, json.dumps(document).encode())

    def report(self, sent: Sent, status: ReportStatus, url: str, code: int | None) -> Webhook | None:
        """JSON with the id and the state as a word."""
        document = {"id": sent.provider_message_id, "status": status, "to": sent.recipient}
        document |= {"error_code": str(code or 1)} if status == "undelivered" else {}
        return Webhook(url, JSON, json.dumps(document).encode())

    def forged(self, account: Account) -> Account:
        """The account with another token in its URL, which is all that such a provider proves itself by."""
        return guessed(account)

    def retries(self, acknowledgement: Acknowledgement) -> bool:  # noqa: ARG002 - whatever it is
        """No retries are known."""
        return False

    def acknowledgement_problem(self, acknowledgement: Acknowledgement) -> str | None:
        """Any 2xx will do."""
        return status_problem(acknowledgement)
