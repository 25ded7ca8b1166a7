"""Clickatell (One API v1; callbacks of the One API and the flat ones of the SMS API)."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import unquote_to_bytes, urlsplit

from chalicelib.providers import calls, parts, wire
from chalicelib.providers.contract import (
    Accepted,
    AccountCheck,
    DeliveryReport,
    Event,
    HttpAnswer,
    HttpClient,
    Ignored,
    InboundMessage,
    MalformedRequest,
    OutboundMessage,
    Provider,
    ProviderAccount,
    SendError,
    Status,
    Verification,
    WebhookRequest,
    WebhookResponse,
)
from chalicelib.providers.spec import AccountField, AnswerRule, ProviderSpec, ReportRule

API = "https://platform.clickatell.com"

# By `status`, whichever the shape; https://www.clickatell.com/developers/api-documentation/one-api-message-status-codes-descriptions/
# and, for the two of the flat callbacks, https://www.clickatell.com/developers/api-documentation/rest-api-status-callback/
NAMES = calls.status_table(
    (Status.queued, "QUEUED SCHEDULED"),
    (Status.sent, "SENT_TO_SUPPLIER DELIVERED_TO_GATEWAY EMULATED"),
    (Status.delivered, "DEVICE_ACK READ RECEIVED_BY_RECIPIENT"),
    (Status.expired, "EXPIRED"),
    (Status.failed, "STOPPED_BY_USER STOPPED_BY_ADMIN DELIVERY_FAILURE ROUTING_ERROR RECIPIENT_DOES_NOT_EXIST"),
    (Status.rejected, "INSUFFICIENT_ACCOUNT_BALANCE VOLUME_LIMIT VOLUME_LIMIT_DAILY VOLUME_LIMIT_MONTHLY"),
)
# By `statusCode`, with a meaning of its own per shape: 5 is a handset's receipt in the one and an error in the other.
ONE_API_CODES = calls.status_table(
    (Status.queued, "2 3"),
    (Status.sent, "4 24"),
    (Status.delivered, "5 6"),
    (Status.expired, "20"),
    (Status.failed, "21 22 23 29 60 61 80 81 82 83 84 85 100"),
    (Status.rejected, "25 26 27 28"),
)
# Message status codes of archive.clickatell.com; 8 and 14 as the PyPI package smsframework-clickatell has them.
FLAT_CODES = calls.status_table(
    (Status.queued, "2 8 11"),
    (Status.sent, "3"),
    (Status.delivered, "4"),
    (Status.failed, "5 6 7 9 13"),
    (Status.expired, "10"),
    (Status.rejected, "12 14"),
)

# https://www.clickatell.com/developers/api-documentation/one-api-error-messages/; a rate limit is a 400 with code 43.
ERRORS = calls.error_table(
    ("recipient", "Clickatell does not take the customer's number.", "25 27 28 101"),
    ("opted_out", "The customer has opted out at Clickatell (STOP).", "26"),
    ("sender", "The account's number may not send this.", "44 45 110 111"),
    ("content", "Clickatell refuses this text.", "24 30 40"),
    ("content", "The text takes more parts than Clickatell allows.", "100"),
    ("credentials", "Clickatell refuses the API key.", "1"),
    ("credentials", "The Clickatell account or integration is not active.", "2 3 46"),
    ("credentials", "Clickatell does not accept this system's IP address.", "7"),
    ("funds", "The Clickatell account has no credit left.", "20"),
    ("throttled", "Clickatell asks to send more slowly.", "43"),
    ("unavailable", "Clickatell had a fault of its own and asks to try again.", "19"),
    ("unknown_outcome", "Clickatell cannot say what became of the text.", "18"),
)

# Texts in these arrive as percent-encoded bytes, UTF-8 as it is.
CHARSETS = {"UTF-16BE": "utf-16-be", "UTF-16LE": "utf-16-le", "UTF-16": "utf-16", "ISO-8859-1": "latin-1"}
_OLD_KEY_FIELD = "apiKey"  # older callbacks bring the account's own
_KNOWN = frozenset({"integrationId", "integrationName", "messageId", _OLD_KEY_FIELD})

SPEC = ProviderSpec(
    label="Clickatell",
    credentials=(
        AccountField(
            "api_key",
            "API key",
            "The key of the integration (SMS, One API) on the Clickatell portal; a key belongs to one integration. "
            "Letters, digits and signs, without blanks.",
            secret=True,
            pattern="[!-~]+",
        ),
    ),
    options=(),
    sender=None,
    reports=ReportRule("always_shown"),
    setup=(
        "On the Clickatell portal open the integration whose API key this account has (One API or SMS, two-way).",
        "Set the reply callback to {receive_url} with the method POST.",
        "Set the status callback to {delivery_url} with the method POST.",
        "Save. Leave the callback's user name and password empty.",
    ),
    authentication="none",
    # https://help.clickatell.com/developers-api-reference/reference/one-api-client-callbacks
    answer=AnswerRule(None, "every answer but 2xx and redirects, and a slow one, is tried again; how often is unknown"),
    segments_per_second=None,
    media_per_message=0,
    max_characters=1600,
    base_url_required=False,
    number_form="digits",
    opt_out_reply="desk",
    assumed=(
        "Status callbacks of the One API name their array messageStatusUpdate.",
        "The longest text is not published; Clickatell itself refuses one with too many parts (error 100).",
        "Calls are not signed; the secret in the URL is the only proof of where they come from.",
    ),
)


class Clickatell(Provider):
    name = "clickatell"
    spec = SPEC

    def verify(self, request: WebhookRequest, account: ProviderAccount, now: datetime) -> Verification:
        """No scheme is documented for the platform's callbacks; a callback's Basic credentials are not looked at."""
        return Verification.unsigned

    def parse(self, request: WebhookRequest, account: ProviderAccount) -> list[Event]:
        """The events of a One API callback, or the one text or report of a flat one (JSON, form or query)."""
        if request.method.upper() == "GET":
            return [_flat(*_decoded(urlsplit(request.url).query.encode("utf-8", "replace")), account)]
        if request.method.upper() == "POST" and wire.content_type(request)[0] == wire.FORM:
            return [_flat(*_decoded(request.body), account)]
        posted = wire.record(wire.posted_json(request))
        if "event" not in {name.lower() for name in posted}:
            named = {name: wire.string(value) for name, value in posted.items()}
            return [_flat(named, _percent_decoded(named.get("text"), named.get("charset", "")), account)]
        event = next(wire.record(value) for name, value in posted.items() if name.lower() == "event")
        listed = [(kind, item) for kind, batch in event.items() for item in wire.items(batch)]
        if not listed:
            return [Ignored("an event without a list of messages")]
        return wire.each(listed, lambda one: _event(one[0], wire.record(one[1]), account))

    def acknowledge(self, events: Sequence[Event]) -> WebhookResponse:
        """An empty 200; any 2xx is an acknowledgement."""
        return WebhookResponse.empty()

    def send(self, message: OutboundMessage, account: ProviderAccount, http: HttpClient) -> Accepted:
        """One API, send messages (guides.clickatell.com); there is no idempotency key, `clientMessageId` is an echo."""
        calls.within_limits(message, SPEC)
        text = {"channel": "sms", "to": message.recipient.removeprefix("+"), "from": account.phone.removeprefix("+")}
        text |= {"content": message.text, "clientMessageId": message.id}
        answer = calls.call(http, "POST", f"{API}/v1/message", json={"messages": [text]}, headers=_headers(account))
        if not 200 <= answer.status_code < 300:
            raise _refusal(answer, calls.json_object(answer) or {}, account, message)
        body = calls.accepted_json(answer)
        entry = _entry(body)
        provider_id = wire.string(entry.get("apiMessageId"))
        if provider_id and entry.get("accepted") is not False:
            return Accepted(provider_id, Status.queued)
        if entry.get("accepted") is False or entry.get("error") or body.get("error"):
            raise _refusal(answer, body, account, message)
        raise SendError("unknown_outcome", "no_id", "Clickatell's answer names no message.")

    def check(self, account: ProviderAccount, http: HttpClient) -> AccountCheck:
        """Reads the balance: https://www.clickatell.com/developers/api-documentation/rest-api-get-account-balance/"""
        url = f"{API}/public-client/balance"
        return calls.account_check(http, url, "Clickatell", _balance_problem, headers=_headers(account))


PROVIDER = Clickatell()


def _decoded(form: bytes) -> tuple[dict[str, str], str | None]:
    """The values of a query or a form, and its text, which may be in another charset than the rest."""
    pairs = wire.raw_pairs(form)
    first = dict(reversed(pairs))
    named = wire.decoded([pair for pair in pairs if pair[0] != b"text"], "utf-8")
    if b"text" not in first:
        return named, None
    charset = CHARSETS.get(named.get("charset", "").strip().upper())
    if charset:
        text = wire.clean(first[b"text"].decode(charset, "replace"))
    else:
        text = wire.decoded([(b"text", first[b"text"])], "utf-8")["text"]
    return named | {"text": text}, text


def _percent_decoded(text: str | None, charset: str) -> str | None:
    """The text of a flat JSON callback: in some charsets each byte is percent-encoded and a blank is a plus."""
    codec = CHARSETS.get(charset.strip().upper())
    if text is None or codec is None or not text.isascii():
        return text
    return wire.clean(unquote_to_bytes(text.replace("+", " ")).decode(codec, "replace"))


def _flat(named: dict[str, str], text: str | None, account: ProviderAccount) -> Event:
    raw = {name: value for name, value in named.items() if name != _OLD_KEY_FIELD}
    if named.get("statusCode", "").strip() or named.get("status", "").strip():
        return _report(_lower(named), FLAT_CODES, raw, account)
    if text is None:
        if not _KNOWN & set(named):
            raise MalformedRequest("neither a text nor a report")
        return Ignored("neither a text nor a report")
    # `messageId` is the text that is answered, `replyMessageId` this one; older callbacks have only the former.
    provider_id = named.get("replyMessageId") or named.get("messageId", "")
    return _inbound(provider_id, named.get("fromNumber", ""), named.get("toNumber", ""), text, raw)


def _event(kind: str, item: dict[str, Any], account: ProviderAccount) -> Event:
    """One entry of a One API callback."""
    named = _lower(item)
    if "sms" not in (named.get("channel") or "sms").strip().lower().split("/"):
        return Ignored("an event of another channel than SMS")
    if kind.lower() == "motext":
        text = named.get("content", "")
        return _inbound(named.get("messageid", ""), named.get("from", ""), named.get("to", ""), text, item)
    if kind.lower() == "messagestatusupdate":
        return _report(named, ONE_API_CODES, item, account)
    return Ignored("neither a text nor a status")


def _lower(item: Mapping[str, Any]) -> dict[str, str]:
    """Values by name in lower case, since the spelling of the status callbacks is not published."""
    return {name.lower(): wire.string(value) for name, value in item.items()}


def _inbound(provider_id: str, sender: str, recipient: str, text: str, raw: Mapping[str, Any]) -> InboundMessage:
    address = wire.address(sender)
    if address is None:
        raise MalformedRequest("a text without a sender")
    return InboundMessage(
        provider_message_id=wire.identifier(provider_id),
        sender=address,
        recipient=wire.address(recipient),
        text=wire.text(text),
        received_at=wire.epoch(raw.get("timestamp")),
        raw=dict(raw),
        part=parts.of_header(wire.string(raw.get("udh"))),
    )


def _report(
    named: Mapping[str, str], codes: Mapping[str, Status], raw: Mapping[str, Any], account: ProviderAccount
) -> DeliveryReport:
    """The name decides, then the number, whose meaning depends on the shape of the call."""
    code = wire.identifier(named.get("statuscode"))
    by_code = codes.get((code or "").lstrip("0"), Status.unknown)
    return DeliveryReport(
        provider_message_id=wire.identifier(named.get("messageid")),
        message_id=wire.own_id(named.get("clientmessageid")),
        status=NAMES.get(named.get("status", "").strip().upper(), by_code),
        code=code,
        detail=calls.scrubbed(named.get("statusdescription") or named.get("status"), account),
        recipient=wire.address(named.get("to")),
        occurred_at=wire.epoch(named.get("timestamp")),
        raw=dict(raw),
    )


def _headers(account: ProviderAccount) -> dict[str, str]:
    """The key stands alone, without a scheme."""
    return {"Authorization": account.credentials.get("api_key", ""), "Accept": "application/json"}


def _entry(body: dict[str, Any]) -> dict[str, Any]:
    return wire.record(next(iter(wire.items(body.get("messages"))), None))


def _refusal(answer: HttpAnswer, body: dict[str, Any], account: ProviderAccount, message: OutboundMessage) -> SendError:
    """The message's own reason, else that of the whole call: an object in the One API, a sentence in the older ones."""
    entry = _entry(body)
    reason = entry.get("error") or body.get("error")
    code = wire.record(reason).get("code") or entry.get("errorCode") or body.get("errorCode")
    said = wire.record(reason).get("description") or reason
    error = calls.refusal(answer, code, said, ERRORS, account, message)
    if error.kind == "unknown_outcome" and entry.get("accepted") is False:
        return SendError("unavailable", error.code, error.detail)  # it says that this text was not taken
    return error


def _balance_problem(body: dict[str, Any]) -> str | None:
    if "balance" not in body:
        return "Clickatell's answer names no balance."
    return "The Clickatell account has no credit left." if calls.is_spent(body["balance"]) else None
