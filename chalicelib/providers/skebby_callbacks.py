"""What Skebby posts, in both of its generations: texts, and delivery reports of the REST platform and the gateway."""

import dataclasses
from collections.abc import Sequence

from chalicelib.providers import calls, wire
from chalicelib.providers.contract import (
    DeliveryReport,
    Event,
    Ignored,
    InboundMessage,
    MalformedRequest,
    Status,
    WebhookRequest,
)
from chalicelib.providers.custom import RECEIVING

# Statuses of the REST platform, as its documentation lists them for sms/{order_id}; SENT is final without a report.
STATUSES = calls.status_table(
    (Status.queued, "WAITING SCHEDULED"),
    (Status.sent, "SENT WAIT4DLVR DEMO"),
    (Status.delivered, "DLVRD"),
    (Status.expired, "TIMEOUT"),
    (Status.rejected, "KO BLACKLISTED INVALIDCONTENTS TOOM4USER TOOM4NUM"),
    (Status.failed, "ERROR"),
    (Status.undelivered, "UNKNRCPT UNKNPFX INVALIDDST"),
)
_REASONS = {
    "DEMO": "Only a test: the account is a demo, and the text has reached nobody.",
    "TIMEOUT": "The operator gave no news within 48 hours.",
    "KO": "The operator refused the text.",
    "BLACKLISTED": "The customer is on Skebby's list of numbers that want no texts.",
    "INVALIDCONTENTS": "Skebby refuses this text.",
    "TOOM4USER": "Too many texts of this account within a day.",
    "TOOM4NUM": "Too many texts to this number within a day.",
    "ERROR": "The text could not be sent.",
    "UNKNRCPT": "The number is unknown.",
    "UNKNPFX": "Skebby does not know the number's prefix.",
    "INVALIDDST": "The number is not valid.",
}
# https://github.com/welaika/skuby/blob/4f76301/lib/skuby/report.rb; REJECTD is spelt so.
GATEWAY_STATUSES = calls.status_table(
    (Status.delivered, "DELIVERED"),
    (Status.expired, "EXPIRED"),
    (Status.undelivered, "DELETED UNDELIVERABLE"),
    (Status.failed, "UNKNOWN"),
    (Status.rejected, "REJECTD"),
)
# `error_code` of a report, https://github.com/skebby/joomla_module/blob/c913490/site/models/fpanel.php
_GATEWAY_REASONS = calls.error_table(
    ("unavailable", "The operator or its network had a fault.", "101 201 902"),
    ("content", "The operator refused the text.", "202 304"),
    ("recipient", "The number is unreachable while roaming.", "203"),
    ("recipient", "The number is wrong or cannot get texts.", "301 302 303 501 905"),
    ("recipient", "The phone was off or could not be reached.", "401"),
    ("recipient", "The phone's memory is full.", "502"),
    ("recipient", "No operator serves this number.", "903"),
    ("content", "The text is empty, malformed or too long.", "904 907 910"),
    ("recipient", "The number was given twice.", "906"),
)
# The first of each are Skebby's own names; the new panel's are not published, so the usual ones count as well.
_SENDER, _RECEIVER = ("sender", *RECEIVING.sender), ("receiver", *RECEIVING.recipient)
_TEXT, _ID = ("text", *RECEIVING.text), RECEIVING.id
_KNOWN = frozenset({"order_id", "method", "skebby_message_id", "smsType", "receiver"})
_CHARSETS = frozenset({"utf-8", "iso-8859-1", "iso-8859-15", "windows-1252"})


def read(request: WebhookRequest, keyword: str | None) -> list[Event]:
    """One text or one report of either generation, told apart by the names of the fields; raises MalformedRequest."""
    posted = wire.record(wire.posted(_in_its_charset(request)))
    named = {name: wire.string(value) for name, value in posted.items()}
    status = named.get("status", "").strip()
    if named.get("skebby_dispatch_id") or named.get("method") == "notify":
        return [_gateway_report(named, request.url) if status else Ignored("a notification without a status")]
    if named.get("order_id") and status:
        return [_report(named, status, request.url)]
    if _first(named, _SENDER) and any(name in named for name in _TEXT):
        return [_inbound(named, keyword)]
    if named.keys() & _KNOWN:
        return [Ignored("neither a text nor a report")]
    raise MalformedRequest("no field of Skebby's")


def _first(named: dict[str, str], names: Sequence[str]) -> str:
    return next((named[name] for name in names if named.get(name)), "")


def _in_its_charset(request: WebhookRequest) -> WebhookRequest:
    """The call with the charset that its own field `encoding` names; the gateway's default is ISO-8859-1."""
    kind = request.header("Content-Type") or wire.FORM
    if request.method.upper() != "POST" or not kind.strip().lower().startswith((wire.FORM, wire.MULTIPART)):
        return request
    # Latin-1 reads any bytes, and the name of a charset is the same in all of them.
    declared = wire.fields(_written_in("latin-1", request, kind)).get("encoding", "").strip()
    return _written_in(declared, request, kind) if declared.lower() in _CHARSETS else request


def _written_in(charset: str, request: WebhookRequest, kind: str) -> WebhookRequest:
    """The call as if its type had named the charset; the first one named counts."""
    first, _, others = kind.partition(";")
    return dataclasses.replace(request, headers={"Content-Type": f"{first}; charset={charset};{others}"})


def _inbound(named: dict[str, str], keyword: str | None) -> InboundMessage:
    sender = wire.address(_first(named, _SENDER))
    if sender is None:
        raise MalformedRequest("a text without a sender")
    text = _first(named, _TEXT)
    first, blank, rest = text.partition(" ")
    if keyword and blank and first.lower() == keyword.lower():
        text = rest
    return InboundMessage(
        provider_message_id=wire.identifier(_first(named, _ID)),
        sender=sender,
        recipient=wire.address(_first(named, _RECEIVER)),
        text=wire.text(text),
        received_at=wire.epoch(named.get("timestamp")),  # UTC; `date` and `time` are Italian local time
        raw=dict(named),
    )


def _report(named: dict[str, str], raw: str, url: str) -> DeliveryReport:
    word = raw.upper()
    status = STATUSES.get(word, Status.unknown)
    return DeliveryReport(
        provider_message_id=wire.identifier(named["order_id"]),
        message_id=wire.message_id(url) or wire.own_id(named["order_id"]),
        status=status,
        code=word if word in _REASONS else None,
        detail=_REASONS.get(word),
        recipient=wire.address(named.get("recipient")),
        opt="stop" if word == "BLACKLISTED" else None,
        raw=dict(named),
    )


def _gateway_report(named: dict[str, str], url: str) -> DeliveryReport:
    """A notification of Classic+, https://github.com/welaika/skuby/tree/4f76301/spec/fixtures/skebby_report"""
    code = wire.identifier(named.get("error_code"))
    _, words = _GATEWAY_REASONS.get(code or "", ("", None))
    # The weekday is sometimes wrong, so that the time is read without it.
    moment = (named.get("operator_date_time") or named.get("skebby_date_time") or "").rpartition(",")[2].strip()
    return DeliveryReport(
        provider_message_id=wire.identifier(named.get("skebby_dispatch_id")),
        message_id=wire.message_id(url),
        status=GATEWAY_STATUSES.get(named["status"].strip().upper(), Status.unknown),
        code=code,
        detail=words,
        recipient=wire.address(named.get("recipient")),
        occurred_at=wire.timestamp(moment, "%d %b %Y %H:%M:%S %z"),
        raw=dict(named),
    )
