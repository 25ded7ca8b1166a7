"""Plivo's Message API and its webhooks, from its documents, independent of the app's own Plivo module.

Sources: docs.plivo.com/docs/messaging/api/message (send, callbacks), docs.plivo.com/docs/messaging/api/response,
plivo-python utils (signatures V2 and V3), support.plivo.com 360041344652 (retries).
"""

import base64
import hmac
import re
import secrets
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from dev.simulator.calls import has_basic, is_taken, is_url, json_body, status_problem, string
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

PATH = re.compile(r"/v1/Account/((?:MA|SA)[0-9A-Za-z]{18})/(Message/)?")
NUMBER = re.compile(r"\d{3,14}")
ALPHANUMERIC = re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9]{1,11}")
# Characters that Plivo strips from a destination.
PUNCTUATION = re.compile(r"[-/.+() ]")
MAX_GSM, MAX_UCS2 = 1600, 737
FIELDS = frozenset({"src", "dst", "text", "type", "url", "method", "media_urls", "powerpack_uuid", "log", "trackable"})
UNDELIVERED_CODE = 70


def sign_v3(url: str, fields: Mapping[str, str], token: str, nonce: str) -> str:
    """The V3 signature of a form POST to a URL without a query."""
    covered = url + ("?" if fields else "") + "".join(name + fields[name] for name in sorted(fields))
    return _keyed(f"{covered}.{nonce}", token)


def sign_v2(url: str, token: str, nonce: str) -> str:
    """The V2 signature: the URL without its query, and the nonce."""
    return _keyed(url.partition("?")[0] + nonce, token)


def _keyed(covered: str, token: str) -> str:
    return base64.b64encode(hmac.digest(token.encode(), covered.encode(), "sha256")).decode()


def _error(status: int, words: str) -> Answer:
    return Answer.of_json(status, {"api_id": str(uuid.uuid4()), "error": words})


def _digits(number: str) -> str:
    return number.removeprefix("+")


def _problem(given: dict[str, Any], phones: Sequence[str]) -> str | None:
    """The sentence with which Plivo refuses a send request; None when it takes it."""
    src, text, media = string(given, "src"), string(given, "text"), given.get("media_urls", [])
    checks = [
        (set(given) <= FIELDS, "invalid parameter"),
        (bool(string(given, "dst")), "dst parameter not present"),
        (bool(NUMBER.fullmatch(PUNCTUATION.sub("", string(given, "dst")))), "dst is not a valid number"),
        (bool(src), "src parameter not present"),
        (src in map(_digits, phones) or bool(ALPHANUMERIC.fullmatch(src)), "src is not a number of this account"),
        (bool(text or media), "text parameter not present"),
        (len(text) <= (MAX_GSM if set(text) <= BASIC | EXTENSION else MAX_UCS2), "text is too long"),
        (not media or given.get("type") == "mms", "media_urls needs the type mms"),
        (isinstance(media, list) and all(map(is_url, media)), "media_urls has an invalid URL"),
        (given.get("type", "sms") in ("sms", "mms"), "type is not valid"),
        ("url" not in given or is_url(given["url"]), "url is not a valid URL"),
        (given.get("method", "POST") in ("GET", "POST"), "method must be GET or POST"),
    ]
    return next((words for holds, words in checks if not holds), None)


class Plivo:
    """Plivo: an answer within 8 s, and three more tries for anything but a 2xx."""

    name = "plivo"
    credential_patterns: Mapping[str, str] = {"auth_id": r"(MA|SA)[0-9A-Za-z]{18}", "auth_token": r"\S+"}
    webhook_timeouts = (5.0, 8.0)
    webhook_attempts = 4

    def send_attempt(self, request: ApiRequest) -> SendAttempt | None:
        """What a message request names, its number with the plus that Plivo leaves away; None for any other call."""
        path = PATH.fullmatch(request.path)
        if request.method != "POST" or not path or not path[2]:
            return None
        document = json_body(request) or {}
        return SendAttempt(_customer(document) or None, string(document, "text") or None)

    def answer(self, request: ApiRequest, accounts: Sequence[Account]) -> Answer | Sent:
        """`GET Account/{id}/` and `POST Account/{id}/Message/`, each with its last slash."""
        path = PATH.fullmatch(request.path)
        if not path:
            return _error(404, "not found")
        own = [account for account in accounts if self._authorised(request, path[1], account)]
        if not own:
            return _error(401, "authentication failed")
        if request.method != ("POST" if path[2] else "GET"):
            return _error(405, "method not allowed")
        return self._create(json_body(request), own) if path[2] else self._account(path[1])

    @staticmethod
    def _authorised(request: ApiRequest, auth_id: str, account: Account) -> bool:
        own = account.credentials
        return own["auth_id"] == auth_id and has_basic(request, auth_id, own["auth_token"])

    @staticmethod
    def _account(auth_id: str) -> Answer:
        account = {"auth_id": auth_id, "account_type": "standard", "billing_mode": "prepaid", "cash_credits": "25.00"}
        return Answer.of_json(200, {**account, "resource_uri": f"/v1/Account/{auth_id}/"})

    def _create(self, document: dict[str, Any] | None, own: Sequence[Account]) -> Answer | Sent:
        if document is None:
            return _error(400, "the body is not JSON")
        problem = _problem(document, [account.phone for account in own])
        if problem:
            return _error(400, problem)
        message_id = self.new_message_id(())
        accepted = {"api_id": str(uuid.uuid4()), "message": "message(s) queued", "message_uuid": [message_id]}
        account = next((account for account in own if _digits(account.phone) == document["src"]), own[0])
        return Sent(
            account=account,
            provider_message_id=message_id,
            sender=account.phone if _digits(account.phone) == document["src"] else document["src"],
            recipient=_customer(document),
            text=string(document, "text"),
            media=tuple(document.get("media_urls", ())),
            report_url=document.get("url"),
            answer=Answer.of_json(202, accepted),
        )

    def refusal(self, kind: Refusal, code: int | None, seconds: float) -> Answer:  # noqa: ARG002 - nothing to say with them
        """429, 503, or a refusal of the number; Plivo's refusals have no codes and name no time to wait."""
        if kind == "throttled":
            return _error(429, "too many requests")
        return _error(503, "service unavailable") if kind == "unavailable_503" else _error(400, "dst is not valid")

    def new_message_id(self, media: Sequence[str]) -> str:  # noqa: ARG002 - one kind of id
        """A UUID."""
        return str(uuid.uuid4())

    def inbound(self, text: CustomerText, account: Account) -> Webhook:
        """The message webhook: numbers without plus, media numbered from zero, blank fields posted and signed."""
        fields = {"From": _digits(text.sender), "To": _digits(account.phone), "MessageUUID": text.provider_message_id}
        fields |= {"MessageIntent": "", "PowerpackUUID": "", "TotalAmount": "0", "TotalRate": "0"}
        fields |= {"Type": "mms" if text.media else "sms", "Units": str(count(text.text))}
        fields |= {"Body" if text.media else "Text": text.text}
        if text.media:
            fields |= {"MediaCount": str(len(text.media))}
        fields |= {f"Media{n}": link for n, link in enumerate(text.media)}
        return _webhook(account.receive_url, fields, account)

    def report(self, sent: Sent, status: ReportStatus, url: str, code: int | None) -> Webhook:
        """The status callback; `000` stands for no error."""
        now = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
        uid = sent.provider_message_id
        fields = {"MessageUUID": uid, "ParentMessageUUID": uid, "PartInfo": "1 of 1", "Status": status, "Type": "sms"}
        fields |= {"From": _digits(sent.sender), "To": _digits(sent.recipient), "Units": str(count(sent.text))}
        fields |= {"ErrorCode": str(code or UNDELIVERED_CODE) if status == "undelivered" else "000"}
        fields |= {"MCC": "310", "MNC": "260", "TotalRate": "0.00250", "TotalAmount": "0.00250"}
        fields |= {"Sequence": "1" if status == "sent" else "2", "MessageTime": now, "SentTime": now}
        fields |= {"DeliveryReportTime": "" if status == "sent" else now}
        return _webhook(url, fields, sent.account)

    def forged(self, account: Account) -> Account:
        """The account with an auth token that is not its own."""
        return replace(account, credentials={**account.credentials, "auth_token": secrets.token_hex(20)})

    def retries(self, acknowledgement: Acknowledgement) -> bool:
        """Anything but a 2xx; the pauses of 60, 120 and 240 s are left out."""
        return not is_taken(acknowledgement)

    def acknowledgement_problem(self, acknowledgement: Acknowledgement) -> str | None:
        """Any 2xx will do, but a document with a Message in it would send something."""
        problem = status_problem(acknowledgement)
        return problem or ("the answer would send a message" if b"<Message" in acknowledgement.body else None)


PROVIDER = Plivo()


def _customer(document: dict[str, Any]) -> str:
    number = PUNCTUATION.sub("", string(document, "dst"))
    return f"+{number}" if len(number) > 6 else number


def _webhook(url: str, fields: Mapping[str, str], account: Account) -> Webhook:
    """Both versions of the signature, each by the account's token and its main account's, which are one here."""
    token, nonce = account.credentials["auth_token"], secrets.token_hex(10)
    version_3, version_2 = sign_v3(url, fields, token, nonce), sign_v2(url, token, nonce)
    headers = {"Content-Type": "application/x-www-form-urlencoded", "User-Agent": "Mozilla/5.0 (X11; Linux x86_64)"}
    headers |= {"X-Plivo-Signature-V3": version_3, "X-Plivo-Signature-Ma-V3": version_3}
    headers |= {"X-Plivo-Signature-V2": version_2, "X-Plivo-Signature-Ma-V2": version_2}
    headers |= {"X-Plivo-Signature-V3-Nonce": nonce, "X-Plivo-Signature-V2-Nonce": nonce}
    return Webhook(url, headers, urlencode(fields).encode())
