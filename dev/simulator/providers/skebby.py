"""Skebby's REST API, its older gateway and what they post, independent of the app's own Skebby modules.

Sources: the REST platform's public documents (github smsend/REST-API), recorded gateway traffic (github welaika/skuby),
github skebby/skebby-gateway-examples (fields), github solyarisoftware/SMS-Echo-Server (forwarded texts).
"""

import re
import secrets
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any
from urllib.parse import parse_qs, urlencode
from zoneinfo import ZoneInfo

from dev.simulator.calls import E164, guessed, has_basic, json_body, status_problem, string
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
from dev.simulator.segments import BASIC, EXTENSION

REST, GATEWAY = "/API/v1.0/REST", "/api/send/smseasy/advanced/http.php"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
METHODS = {"send_sms_basic": "basic", "send_sms_classic": "classic", "send_sms_classic_report": "classic_plus"}
TYPES = {"SI": "basic", "TI": "classic", "GP": "classic_plus"}
SESSION_SECONDS = 300  # without a call
ORDER_ID = re.compile(r"[A-Za-z0-9._-]{1,32}")
NUMBER = re.compile(r"[1-9]\d{6,14}")
SENDER = re.compile(r"[A-Za-z0-9 ._&-]{1,11}|\+?\d{3,16}")
REFUSED: Mapping[int, str] = {
    12: "A mandatory parameter is missing",
    21: "Username or password not valid",
    22: "Sender not valid",
    24: "Text too long",
    25: "Recipient not valid",
    31: "Only POST is allowed",
    37: "The text has characters that are not in the charset",
}


def _length(text: str, ucs2: bool) -> int:
    """In UTF-16 units, or in septets of GSM-7."""
    return len(text.encode("utf-16-le")) // 2 if ucs2 else len(text) + sum(one in EXTENSION for one in text)


def _is_gsm(text: str) -> bool:
    return set(text) <= BASIC | EXTENSION


def _failed(code: int) -> Answer:
    """The gateway's errors come with HTTP 200."""
    said = urlencode({"status": "failed", "code": code, "message": REFUSED.get(code, "Refused")})
    return Answer(200, {"Content-Type": "text/html"}, said.encode())


def _form(request: ApiRequest) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(request.body.decode("utf-8", "replace")).items()}


def _order_problem(order: Mapping[str, Any]) -> str | None:
    """In words, what the REST API refuses in an order."""
    given, text, encoding = dict(order), string(dict(order), "message"), order.get("encoding", "gsm")
    recipients, sender = given.get("recipient"), given.get("sender")
    checks = [
        (given.get("message_type") in TYPES, "message_type"),
        (isinstance(recipients, list) and len(recipients) == 1 and E164.fullmatch(str(recipients[0])), "recipient"),
        (bool(text) and _length(text, encoding != "gsm") <= (1000 if encoding == "gsm" else 450), "message"),
        (encoding == "ucs2" or (encoding == "gsm" and _is_gsm(text)), "encoding"),
        (not sender if given.get("message_type") == "SI" else sender and SENDER.fullmatch(str(sender)), "sender"),
        (ORDER_ID.fullmatch(str(given.get("order_id", "x"))), "order_id"),
        (isinstance(given.get("truncate", False), bool), "truncate"),
    ]
    return next((f"{name} is not valid" for holds, name in checks if not holds), None)


def _form_problem(form: Mapping[str, str]) -> int | None:
    """The code of the first thing that the gateway refuses."""
    text, ucs2 = form.get("text", ""), form.get("encoding_scheme") == "UCS2"
    senders = [form[name] for name in ("sender_number", "sender_string") if name in form]
    checks = [
        (bool(text) and "recipients[]" in form, 12),
        (NUMBER.fullmatch(form.get("recipients[]", "")), 25),
        (form["method"] == "send_sms_basic" or (len(senders) == 1 and SENDER.fullmatch(senders[0])), 22),
        (ucs2 or _is_gsm(text), 37),
        (_length(text, ucs2) <= (670 if ucs2 else 1530), 24),
        (form.get("charset") == "UTF-8" or text.isascii(), 37),
    ]
    return next((code for holds, code in checks if not holds), None)


class Skebby:
    """Skebby as far as it is known: no signature, no known retries; sessions end after five minutes without a call."""

    name = "skebby"
    credential_patterns: Mapping[str, str] = {
        "method": "basic|classic|classic_plus",
        "username": r"[^\s@]+",
        "password": r".+",
    }
    webhook_timeouts = (5.0, 15.0)
    webhook_attempts = 1

    def __init__(self) -> None:
        self._sessions: dict[tuple[str, str], tuple[str, float]] = {}

    def send_attempt(self, request: ApiRequest) -> SendAttempt | None:
        """What an order or a form names, numbers with a plus; None for any other call."""
        if request.method != "POST":
            return None
        if request.path == f"{REST}/sms":
            order = json_body(request) or {}
            recipients = order.get("recipient") or [None]
            return SendAttempt(recipients[0] if isinstance(recipients, list) else None, order.get("message"))
        form = _form(request)
        if request.path != GATEWAY or form.get("method") not in METHODS:
            return None
        return SendAttempt(f"+{form['recipients[]']}" if "recipients[]" in form else None, form.get("text"))

    def answer(self, request: ApiRequest, accounts: Sequence[Account]) -> Answer | Sent:
        """`login`, `status` and `sms` of the REST API; sending and `get_credit` at the gateway."""
        if request.path == GATEWAY:
            return self._gateway(request, accounts)
        if request.path == f"{REST}/login" and request.method == "GET":
            return self._login(request, accounts)
        own = self._of_session(request, accounts)
        if not own:
            return Answer.of_json(401, {"error_message": "the key is not valid"})
        if (request.method, request.path) == ("GET", f"{REST}/status"):
            credit = {"money": "25.0", "sms": [{"type": kind, "quantity": 100} for kind in TYPES]}
            return Answer.of_json(200, credit)
        if (request.method, request.path) != ("POST", f"{REST}/sms"):
            return Answer.of_json(404, {"error_message": "no such resource"})
        return self._order(json_body(request) or {}, own)

    def _login(self, request: ApiRequest, accounts: Sequence[Account]) -> Answer:
        """`USER_KEY;SESSION_KEY` as text; wrong credentials are a 404."""
        for account in accounts:
            own = account.credentials
            if has_basic(request, own["username"], own["password"]):
                keys = secrets.token_hex(8), secrets.token_hex(16)
                self._sessions[keys] = own["username"], time.monotonic()
                return Answer(200, {"Content-Type": "text/plain"}, ";".join(keys).encode())
        return Answer(404, {"Content-Type": "text/plain"}, b"")

    def _of_session(self, request: ApiRequest, accounts: Sequence[Account]) -> list[Account]:
        keys = request.headers.get("user_key", ""), request.headers.get("session_key", "")
        username, used = self._sessions.get(keys, ("", 0.0))
        if not username or time.monotonic() - used > SESSION_SECONDS:
            return []
        self._sessions[keys] = username, time.monotonic()
        return [account for account in accounts if account.credentials["username"] == username]

    def _order(self, order: dict[str, Any], own: Sequence[Account]) -> Answer | Sent:
        problem = _order_problem(order)
        if problem:
            return Answer.of_json(400, {"result": "KO", "error_message": problem})
        order_id = order.get("order_id") or secrets.token_hex(16)
        sender = order.get("sender") or "Skebby"
        answer = Answer.of_json(201, {"result": "OK", "order_id": order_id, "total_sent": 1})
        return self._sent(
            own, TYPES[order["message_type"]], sender, order["recipient"][0], order["message"], order_id, answer
        )

    def _gateway(self, request: ApiRequest, accounts: Sequence[Account]) -> Answer | Sent:
        if request.method != "POST":
            return _failed(31)
        form = _form(request)
        pair = form.get("username"), form.get("password")
        own = [one for one in accounts if (one.credentials["username"], one.credentials["password"]) == pair]
        if not own:
            return _failed(21)
        if form.get("method") == "get_credit":
            return Answer(200, {"Content-Type": "text/html"}, b"status=success&credit_left=9.49&classic_sms=148")
        if form.get("method") not in METHODS:
            return _failed(12)
        code = _form_problem(form)
        if code is not None:
            return _failed(code)
        method, dispatch_id = METHODS[form["method"]], str(secrets.randbelow(10**8))
        said = {"status": "success", "remaining_sms": "150"} | ({"id": dispatch_id} if method == "classic_plus" else {})
        sender = form.get("sender_string") or form.get("sender_number") or "Skebby"
        answer = Answer(200, {"Content-Type": "text/html"}, urlencode(said).encode())
        return self._sent(own, method, sender, f"+{form['recipients[]']}", form["text"], dispatch_id, answer)

    @staticmethod
    def _sent(
        own: Sequence[Account], method: str, sender: str, recipient: str, text: str, message_id: str, answer: Answer
    ) -> Sent:
        """Reports come with Classic+ only, to the URL of the panel."""
        bare = sender.removeprefix("+")
        account = next((one for one in own if one.phone.removeprefix("+") == bare), own[0])
        url = account.delivery_url if method == "classic_plus" else None
        return Sent(account, message_id, sender, recipient, text, (), url, answer)

    def refusal(self, kind: Refusal, code: int | None, seconds: float) -> Answer:
        """HTTP 429 and 503, which Skebby does not document, or an order refused with 400."""
        if kind == "throttled":
            return Answer.of_json(429, {"error_message": "too many requests"}, {"Retry-After": str(round(seconds))})
        if kind == "unavailable_503":
            return Answer.of_json(503, {"error_message": "not available"})
        return Answer.of_json(400, {"result": "KO", "code": code or 25, "error_message": "recipient is not valid"})

    def new_message_id(self, media: Sequence[str]) -> str:  # noqa: ARG002 - no media
        """Skebby's texts have no id; what is the same in a text posted twice is its time, which stands first here."""
        return f"{int(time.time())}-{secrets.token_hex(4)}"

    def inbound(self, text: CustomerText, account: Account) -> Webhook:
        """The forwarded text: numbers without plus, the epoch in UTC, date and time in Rome's."""
        stamp = text.provider_message_id.partition("-")[0]
        moment = datetime.fromtimestamp(int(stamp) if stamp.isdigit() else int(time.time()), ZoneInfo("Europe/Rome"))
        fields = {"sender": text.sender.removeprefix("+"), "receiver": account.phone.removeprefix("+")}
        fields |= {"text": text.text, "encoding": "UTF-8", "smsType": "standard"}
        fields |= {
            "date": f"{moment:%Y-%m-%d}",
            "time": f"{moment:%H:%M:%S}",
            "timestamp": str(int(moment.timestamp())),
        }
        return Webhook(account.receive_url, FORM, urlencode(fields).encode())

    def report(self, sent: Sent, status: ReportStatus, url: str, code: int | None) -> Webhook | None:
        """The notification of the generation by which the text came; the gateway tells only how it ended."""
        recipient, gateway = sent.recipient.removeprefix("+"), sent.provider_message_id.isdigit()
        if not gateway:
            word = {"sent": "SENT", "delivered": "DLVRD", "undelivered": "UNKNRCPT"}[status]
            fields = {"order_id": sent.provider_message_id, "status": word, "recipient": recipient}
            fields |= {"delivery_date": f"{datetime.now(ZoneInfo('Europe/Rome')):%Y%m%d%H%M%S}"}
            return Webhook(url, FORM, urlencode(fields).encode())
        if status == "sent":
            return None
        word, usual = ("DELIVERED", 1) if status == "delivered" else ("UNDELIVERABLE", 301)
        now = format_datetime(datetime.now(UTC))
        fields = {"method": "notify", "skebby_dispatch_id": sent.provider_message_id, "skebby_message_id": "777"}
        fields |= {"recipient": recipient, "status": word, "error_code": str(code or usual)}
        fields |= {"user_reference": "", "skebby_date_time": now, "operator_date_time": now}
        return Webhook(url, FORM, urlencode(fields).encode())

    def forged(self, account: Account) -> Account:
        """The account with another token in its URL, which is all that Skebby proves itself by."""
        return guessed(account)

    def retries(self, acknowledgement: Acknowledgement) -> bool:  # noqa: ARG002 - whatever it is
        """No retries are known."""
        return False

    def acknowledgement_problem(self, acknowledgement: Acknowledgement) -> str | None:
        """Any 2xx will do, as far as is known."""
        return status_problem(acknowledgement)


PROVIDER = Skebby()
