"""Twilio's Messages API and its webhooks, from its documents, independent of the app's own Twilio module.

Sources: twilio-oai spec/json/twilio_api_v2010.json (CreateMessage), twilio.com/docs/api/errors,
twilio.com/docs/usage/security (signature), twilio.com/docs/usage/webhooks/webhooks-connection-overrides (retries).
"""

import base64
import hmac
import mimetypes
import re
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import format_datetime
from urllib.parse import parse_qs, urlencode, urlsplit
from xml.etree import ElementTree

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

VERSION = "2010-04-01"
ACCOUNT_PATH = re.compile(rf"/{VERSION}/Accounts/(AC[0-9a-fA-F]{{32}})(/Messages)?\.json")
NUMBER = re.compile(r"\+[1-9]\d{6,14}|\d{3,8}")  # E.164, or a short code, which has no plus
ALPHANUMERIC = re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9 ]{1,11}")
SERVICE = re.compile(r"MG[0-9a-fA-F]{32}")
HOST_NAME = re.compile(r"[A-Za-z0-9.\-:\[\]]+")  # no underscore; a local name is let through, the app runs on a laptop
MAX_BODY = 1600
MAX_MEDIA = 10

ERRORS: Mapping[int, tuple[int, str]] = {
    20001: (400, "A parameter has a value that is not allowed"),
    20003: (401, "Authentication failed"),
    20004: (405, "This resource does not know the method"),
    20404: (404, "There is no such resource"),
    20429: (429, "Too many requests"),
    20503: (503, "The service is not available"),
    21211: (400, "'To' is not a phone number"),
    21212: (400, "'From' is not a phone number, short code or sender id"),
    21602: (400, "A message needs a body, media or content"),
    21603: (400, "'From' or 'MessagingServiceSid' is missing"),
    21604: (400, "'To' is missing"),
    21606: (400, "'From' is not a number of this account that can send texts"),
    21609: (400, "'StatusCallback' is not a valid URL"),
    21610: (400, "The recipient has unsubscribed"),
    21617: (400, "The body is longer than 1600 characters"),
    21620: (400, "A media URL is not valid"),
    21623: (400, "Too many media files"),
    21701: (400, "There is no such messaging service"),
}
UNDELIVERED_CODE = 30003


def sign(url: str, fields: Iterable[tuple[str, str]], auth_token: str) -> str:
    """The X-Twilio-Signature of a form POST: the URL, then each distinct field in order, blank ones included."""
    signed = url + "".join(name + value for name, value in sorted(set(fields)))
    return base64.b64encode(hmac.digest(auth_token.encode(), signed.encode(), "sha1")).decode()


def _error(code: int, headers: Mapping[str, str] | None = None) -> Answer:
    status, message = ERRORS.get(code, (400, "The message was refused"))
    more_info = f"https://www.twilio.com/docs/errors/{code}"
    return Answer.of_json(status, {"code": code, "message": message, "more_info": more_info, "status": status}, headers)


def _form(request: ApiRequest) -> dict[str, list[str]]:
    """The fields that are not blank; nothing when the body is not declared as a form."""
    if not request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        return {}
    return parse_qs(request.body.decode("utf-8", "replace"))


def _is_url(value: str) -> bool:
    try:
        parts = urlsplit(value)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and HOST_NAME.fullmatch(parts.netloc.rpartition("@")[2]) is not None


def _sender_problem(form: Mapping[str, list[str]], phones: Sequence[str]) -> int | None:
    if "MessagingServiceSid" in form:
        return None if SERVICE.fullmatch(form["MessagingServiceSid"][0]) else 21701
    if "From" not in form:
        return 21603
    sender = form["From"][0]
    if sender in phones or ALPHANUMERIC.fullmatch(sender):
        return None
    return 21606 if NUMBER.fullmatch(sender) else 21212


def _content_problem(form: Mapping[str, list[str]]) -> int | None:
    media = form.get("MediaUrl", [])
    checks = [
        (bool(form.keys() & {"Body", "MediaUrl", "ContentSid"}), 21602),
        (len(form.get("Body", [""])[0]) <= MAX_BODY, 21617),
        (len(media) <= MAX_MEDIA, 21623),
        (all(map(_is_url, media)), 21620),
    ]
    return next((code for holds, code in checks if not holds), None)


def _problem(form: Mapping[str, list[str]], phones: Sequence[str]) -> int | None:
    """The code of the first thing that Twilio refuses in a send request."""
    if "To" not in form:
        return 21604
    if not NUMBER.fullmatch(form["To"][0]):
        return 21211
    validity = form.get("ValidityPeriod", ["1"])[0]
    if not (validity.isascii() and validity.isdigit() and 1 <= int(validity) <= 36000):
        return 20001
    if "StatusCallback" in form and not _is_url(form["StatusCallback"][0]):
        return 21609
    return _sender_problem(form, phones) or _content_problem(form)


def _message(sid: str, account_sid: str, form: Mapping[str, list[str]]) -> dict[str, object]:
    """The body of a 201; with a messaging service the sender, and so the segments, are not chosen yet."""
    service = form.get("MessagingServiceSid", [None])[0]
    text = form.get("Body", [""])[0]
    now = format_datetime(datetime.now(UTC))
    uri = f"/{VERSION}/Accounts/{account_sid}/Messages/{sid}"
    return {
        "account_sid": account_sid,
        "api_version": VERSION,
        "body": text,
        "date_created": now,
        "date_sent": None,
        "date_updated": now,
        "direction": "outbound-api",
        "error_code": None,
        "error_message": None,
        "from": None if service else form["From"][0],
        "messaging_service_sid": service,
        "num_media": str(len(form.get("MediaUrl", []))),
        "num_segments": "0" if service else str(count(text)),
        "price": None,
        "price_unit": "USD",
        "sid": sid,
        "status": "accepted" if service else "queued",
        "subresource_uris": {"media": f"{uri}/Media.json"},
        "to": form["To"][0],
        "uri": f"{uri}.json",
    }


def _webhook(url: str, fields: Mapping[str, str], account: Account) -> Webhook:
    signature = sign(url, fields.items(), account.credentials["auth_token"])
    headers = {
        "Content-Type": "application/x-www-form-urlencoded; charset=UTF-8",
        "User-Agent": "TwilioProxy/1.1",
        "X-Twilio-Signature": signature,
    }
    return Webhook(url, headers, urlencode(fields).encode())


class Twilio:
    """Twilio with its default settings: no retry but one after a failed connection, 15 s for an answer."""

    name = "twilio"
    credential_patterns: Mapping[str, str] = {"account_sid": r"AC[0-9a-fA-F]{32}", "auth_token": r"\S+"}
    webhook_timeouts = (5.0, 15.0)
    webhook_attempts = 2

    def send_attempt(self, request: ApiRequest) -> SendAttempt | None:
        """What a message request names; None for any other call."""
        path = ACCOUNT_PATH.fullmatch(request.path)
        if request.method != "POST" or not path or not path[2]:
            return None
        form = _form(request)
        return SendAttempt(form.get("To", [None])[0], form.get("Body", [None])[0])

    def answer(self, request: ApiRequest, accounts: Sequence[Account]) -> Answer | Sent:
        """`GET Accounts/{sid}.json` and `POST Accounts/{sid}/Messages.json`; errors as Twilio's error pages say."""
        path = ACCOUNT_PATH.fullmatch(request.path)
        if not path:
            return _error(20404)
        own = [account for account in accounts if self._authorised(request, path[1], account)]
        if not own:
            return _error(20003, {"WWW-Authenticate": 'Basic realm="Twilio API"'})
        if request.method != ("POST" if path[2] else "GET"):
            return _error(20004)
        return self._create(_form(request), own) if path[2] else self._account(path[1])

    @staticmethod
    def _authorised(request: ApiRequest, sid: str, account: Account) -> bool:
        pair = f"{sid}:{account.credentials['auth_token']}"
        expected = "Basic " + base64.b64encode(pair.encode()).decode()
        return account.credentials["account_sid"] == sid and request.headers.get("authorization") == expected

    @staticmethod
    def _account(sid: str) -> Answer:
        uri = f"/{VERSION}/Accounts/{sid}.json"
        return Answer.of_json(200, {"sid": sid, "friendly_name": sid, "status": "active", "type": "Full", "uri": uri})

    def _create(self, form: Mapping[str, list[str]], own: Sequence[Account]) -> Answer | Sent:
        code = _problem(form, [account.phone for account in own])
        if code is not None:
            return _error(code)
        sender = form.get("From", [own[0].phone])[0]
        account = next((account for account in own if account.phone == sender), own[0])
        media = tuple(form.get("MediaUrl", ()))
        sid = self.new_message_id(media)
        return Sent(
            account=account,
            provider_message_id=sid,
            sender=sender,
            recipient=form["To"][0],
            text=form.get("Body", [""])[0],
            media=media,
            report_url=form.get("StatusCallback", [None])[0],
            answer=Answer.of_json(201, _message(sid, account.credentials["account_sid"], form)),
        )

    def refusal(self, kind: Refusal, code: int | None, seconds: float) -> Answer:
        """429/20429 with Retry-After, 503/20503, or a refusal of the message: 21211 unless a code is given."""
        if kind == "throttled":
            return _error(20429, {"Retry-After": str(round(seconds))})
        return _error(20503 if kind == "unavailable_503" else code or 21211)

    def new_message_id(self, media: Sequence[str]) -> str:
        """SM or, with media, MM and 32 hexadecimal digits."""
        return ("MM" if media else "SM") + secrets.token_hex(16)

    def inbound(self, text: CustomerText, account: Account) -> Webhook:
        """The incoming message webhook; places that Twilio does not know are posted, and signed, as blank fields."""
        sid = text.provider_message_id
        fields = {"ToCountry": "US", "ToState": "", "ToCity": "", "ToZip": ""}
        fields |= {"FromCountry": "US", "FromState": "", "FromCity": "", "FromZip": ""}
        fields |= {"SmsMessageSid": sid, "SmsSid": sid, "MessageSid": sid, "SmsStatus": "received"}
        fields |= {"AccountSid": account.credentials["account_sid"], "ApiVersion": VERSION}
        fields |= {"From": text.sender, "To": account.phone, "Body": text.text}
        fields |= {"NumSegments": str(count(text.text)), "NumMedia": str(len(text.media))}
        for n, url in enumerate(text.media):
            content_type = mimetypes.guess_type(urlsplit(url).path)[0] or "application/octet-stream"
            fields |= {f"MediaUrl{n}": url, f"MediaContentType{n}": content_type}
        return _webhook(account.receive_url, fields, account)

    def report(self, sent: Sent, status: ReportStatus, url: str, code: int | None) -> Webhook:
        """The status callback; one field is blank, since Twilio adds fields without notice and signs blank ones."""
        sid = sent.provider_message_id
        fields = {"SmsSid": sid, "SmsStatus": status, "MessageSid": sid, "MessageStatus": status, "ToCity": ""}
        fields |= {"To": sent.recipient, "From": sent.sender, "ApiVersion": VERSION}
        fields |= {"AccountSid": sent.account.credentials["account_sid"]}
        if status == "undelivered":
            fields["ErrorCode"] = str(code or UNDELIVERED_CODE)
        return _webhook(url, fields, sent.account)

    def forged(self, account: Account) -> Account:
        """The account with an auth token that is not its own."""
        return replace(account, credentials={**account.credentials, "auth_token": secrets.token_hex(16)})

    def retries(self, acknowledgement: Acknowledgement) -> bool:
        """Only a failed connection is tried again by default; a 5xx and a timeout are not."""
        return acknowledgement.failure == "connection"

    def acknowledgement_problem(self, acknowledgement: Acknowledgement) -> str | None:
        """Twilio wants a 2xx, empty or TwiML as XML; TwiML that holds a verb would send something."""
        if acknowledgement.failure:
            return f"no answer: {acknowledgement.failure}"
        if not 200 <= (acknowledgement.status or 0) < 300:
            return f"status {acknowledgement.status} instead of 2xx"
        if not acknowledgement.body:
            return None
        content_type = acknowledgement.content_type.partition(";")[0].strip().lower()
        if content_type not in ("text/xml", "application/xml"):
            return f"content type {content_type or 'missing'} instead of text/xml"
        try:
            twiml = ElementTree.fromstring(acknowledgement.body)  # noqa: S314 - the app's own answer
        except ElementTree.ParseError:
            return "the body is not XML"
        if twiml.tag != "Response":
            return "the root element is not Response"
        return "the TwiML would send or redirect" if len(twiml) else None


PROVIDER = Twilio()
