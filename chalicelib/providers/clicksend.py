"""ClickSend SMS (REST API v3)."""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from chalicelib.providers import basic, calls, wire
from chalicelib.providers.alphabet import is_gsm, septets, units
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
from chalicelib.providers.spec import AccountField, AnswerRule, ProviderSpec, ReportRule, SenderRule

API = "https://rest.clicksend.com/v3"

# By `status_code`; https://help.clicksend.com/article/8cc479qlbb-list-of-sms-gateway-error-codes. `error_code` is only
# a row number, and the rows differ between that page and https://help.clicksend.com/en/articles/42318-sms-error-codes.
STATUSES = {"200": Status.sent, "201": Status.delivered, "300": Status.sent, "301": Status.failed}
# By `status`, where the code is 200 or missing: "Sent" alone would stand for what is delivered, too.
WORDS = calls.status_table(
    (Status.queued, "queued scheduled waitapproval"),
    (Status.sent, "sent"),
    (Status.failed, "cancelled cancelledafterreview failed"),
)
# Code 301 covers more than one end; only the sentence tells them apart.
ENDS = (
    (re.compile(r"receipt expired", re.I), Status.expired),
    (re.compile(r"rejected by the recipient network|anti-?spam", re.I), Status.rejected),
)

# The state of each message inside a 200, and `response_code` of the whole answer. Official text "Application Status
# Codes", github.com/APIs-guru/openapi-directory APIs/clicksend.com/1.0.0.
ERRORS = calls.error_table(
    ("recipient", "ClickSend does not take the customer's number.", "INVALID_RECIPIENT"),
    ("recipient", "The account may not send to this country.", "COUNTRY_NOT_ENABLED"),
    ("recipient", "ClickSend has blocked texts to this number.", "BLOCKED"),
    ("sender", "ClickSend does not take the account's number or sender.", "INVALID_SENDER_ID"),
    ("sender", "The sender is not registered for this country.", "REGISTRATION_NEEDED"),
    ("content", "ClickSend takes no empty text.", "EMPTY_MESSAGE"),
    # After a try whose end nobody saw this is the sign that it went through, so it is never tried again by itself.
    ("content", "ClickSend has just had the same text for this number; it may have arrived already.", "THROTTLED"),
    ("funds", "The ClickSend account has no credit left.", "INSUFFICIENT_CREDIT"),
    ("credentials", "ClickSend refuses the account's credentials.", "MISSING_CREDENTIALS INVALID_CREDENTIALS"),
    ("credentials", "ClickSend refuses the account's credentials.", "UNAUTHORIZED"),
    ("credentials", "The ClickSend account is not activated.", "ACCOUNT_NOT_ACTIVATED"),
    ("throttled", "ClickSend asks to send more slowly.", "TOO_MANY_REQUESTS"),
    ("unknown_outcome", "ClickSend cannot say what became of the text.", "INTERNAL_ERROR SOMETHING_IS_WRONG"),
    ("unknown_outcome", "ClickSend cannot say what became of the text.", "INTERNAL_SERVER_ERROR"),
)

# Six parts of 153 septets or 67 UTF-16 units. One table says eight, the text beside it six; more is cut off unasked.
MAX_SEPTETS, MAX_UNITS = 918, 402
_PAIR_LOSS = 5
_IDS = frozenset({"message_id", "messageid", "user_id", "subaccount_id"})

SPEC = ProviderSpec(
    label="ClickSend",
    credentials=(
        AccountField("username", "Username", "The user name of the ClickSend dashboard, top right: API credentials."),
        AccountField(
            "password",
            "Password or API key",
            "The API key beside the user name, or the password of the dashboard.",
            secret=True,
        ),
    ),
    options=(),
    sender=SenderRule(
        r"\+?[0-9]{3,15}|[^\s]{1,11}",
        "A number of the ClickSend account, or a name of 1 to 11 characters without a blank.",
    ),
    reports=ReportRule("pasted"),
    setup=(
        "In the ClickSend dashboard open SMS, Settings, Inbound SMS and add a rule for the number.",
        "As action choose URL, paste {receive_url} and choose POST.",
        "For delivery reports open SMS, Settings, Delivery Reports, add a rule with the action URL and paste "
        "{delivery_url}",
        "Save both rules and see that they are enabled.",
    ),
    authentication="none",
    answer=AnswerRule(None, "neither a time limit nor a second try is published"),
    segments_per_second=None,
    media_per_message=0,
    max_characters=MAX_SEPTETS,
    base_url_required=False,
    number_form="e164",
    # STOP only fills ClickSend's own list for campaigns: https://help.clicksend.com/en/articles/43124
    opt_out_reply="desk",
    assumed=(
        "A status inside a 200 other than SUCCESS, with no message queued, means that nothing was accepted.",
        "Texts of more than six parts are cut off, so they are refused.",
        "Calls are not signed; the secret in the URL is the only proof of where they come from.",
    ),
)


class ClickSend(Provider):
    name = "clicksend"
    spec = SPEC

    def verify(self, request: WebhookRequest, account: ProviderAccount, now: datetime) -> Verification:
        """ClickSend signs nothing: https://help.clicksend.com/article/p4c49va5b6-what-dlr-format-will-the-api-send"""
        return Verification.unsigned

    def parse(self, request: WebhookRequest, account: ProviderAccount) -> list[Event]:
        """One text or report per call, as a form, a query or a JSON object, whichever the rule was set to."""
        named = _named(request)
        channel = named.get("message_type", "").strip().lower()
        if channel not in ("", "sms"):
            return [Ignored("an event of another channel than SMS")]
        if named.get("status_code", "").strip() or named.get("status", "").strip():
            return [_report(named, account)]
        if "body" in named or "message" in named:
            return [_inbound(named)]
        if not _IDS & set(named):
            raise MalformedRequest("neither a text nor a report")
        return [Ignored("neither a text nor a report")]

    def acknowledge(self, events: Sequence[Event]) -> WebhookResponse:
        """An empty 200; ClickSend reads no body."""
        return WebhookResponse.empty()

    def send(self, message: OutboundMessage, account: ProviderAccount, http: HttpClient) -> Accepted:
        """Send SMS, https://developers.clicksend.com/docs; it has no idempotency key and no URL per message."""
        calls.within_limits(message, SPEC)
        _whole(message.text)
        text = {"source": "smsdesk", "from": account.sender or account.phone, "to": message.recipient}
        text |= {"body": message.text, "custom_string": message.id}
        answer = calls.call(http, "POST", f"{API}/sms/send", json={"messages": [text]}, auth=basic.of_account(account))
        if not 200 <= answer.status_code < 300:
            body = calls.json_object(answer) or {}
            said = body.get("response_msg")
            raise calls.refusal(answer, body.get("response_code"), said, ERRORS, account, message)
        return _accepted(answer, calls.accepted_json(answer), account, message)

    def check(self, account: ProviderAccount, http: HttpClient) -> AccountCheck:
        """Reads the account, https://developers.clicksend.com/docs (Account, Get Account)."""
        return calls.account_check(
            http, f"{API}/account", "ClickSend", _account_problem, auth=basic.of_account(account)
        )


PROVIDER = ClickSend()


def _named(request: WebhookRequest) -> dict[str, str]:
    return {name: wire.string(value) for name, value in wire.record(wire.posted(request)).items()}


def _inbound(named: dict[str, str]) -> InboundMessage:
    """`sms` is passed over: the help page says it is the number that was texted, real calls show the customer's."""
    sender = wire.address(named.get("from"))
    if sender is None:
        raise MalformedRequest("a text without a sender")
    return InboundMessage(
        provider_message_id=_provider_id(named),
        sender=sender,
        recipient=wire.address(named.get("to")) or wire.address(named.get("originalsenderid")),
        text=wire.text(named.get("body") or named.get("message", "")),
        received_at=wire.epoch(named.get("timestamp")),
        raw=dict(named),
    )


def _report(named: dict[str, str], account: ProviderAccount) -> DeliveryReport:
    said = named.get("error_text") or named.get("status_text")
    return DeliveryReport(
        provider_message_id=_provider_id(named),
        message_id=wire.own_id(named.get("custom_string") or named.get("customstring")),
        status=_status(named),
        code=wire.identifier(named.get("status_code")),
        detail=calls.scrubbed(said, account),
        occurred_at=wire.epoch(named.get("timestamp")),
        raw=dict(named),
    )


def _provider_id(named: dict[str, str]) -> str | None:
    return wire.identifier(named.get("message_id") or named.get("messageid"))


def _status(named: dict[str, str]) -> Status:
    code = named.get("status_code", "").strip()
    by_code = STATUSES.get(code, Status.unknown)
    if code in ("", "200"):
        return WORDS.get(named.get("status", "").strip().lower(), by_code)
    if by_code is Status.failed:
        said = f"{named.get('error_text', '')} {named.get('status_text', '')}"
        return next((status for words, status in ENDS if words.search(said)), by_code)
    return by_code


def _whole(text: str) -> None:
    """Raises SendError content for a text of which ClickSend would cut off the end.

    A pair (escape or surrogate) is never divided, which can leave one unit empty in each part but the last.
    """
    if is_gsm(text):
        fits = septets(text) <= MAX_SEPTETS - (_PAIR_LOSS if septets(text) > len(text) else 0)
    else:
        fits = units(text) <= MAX_UNITS - (_PAIR_LOSS if units(text) > len(text) else 0)
    if not fits:
        raise SendError("content", "too_long", "The text takes more than six parts, and ClickSend would cut it off.")


def _accepted(answer: HttpAnswer, body: dict[str, Any], account: ProviderAccount, message: OutboundMessage) -> Accepted:
    """The state of the one message: the envelope says SUCCESS for a message that was refused, too."""
    data = wire.record(body.get("data"))
    entry = wire.record(next(iter(wire.items(data.get("messages"))), None))
    state = wire.string(entry.get("status")) or wire.string(body.get("response_code"))
    if state == "SUCCESS" and wire.string(data.get("blocked_count")).strip("0"):
        state = "BLOCKED"
    if state not in ("SUCCESS", ""):
        error = calls.refusal(answer, state, "ClickSend has refused the text.", ERRORS, account, message)
        if error.kind == "unknown_outcome" and wire.string(data.get("queued_count")) == "0":
            raise SendError("unavailable", error.code, "ClickSend had a fault of its own and took nothing.")
        raise error
    provider_id = wire.string(entry.get("message_id"))
    if not provider_id:
        raise SendError("unknown_outcome", "no_id", "ClickSend's answer names no message.")
    parts = wire.string(entry.get("message_parts"))
    return Accepted(provider_id, Status.queued, int(parts) if re.fullmatch("[1-9][0-9]?", parts) else None)


def _account_problem(body: dict[str, Any]) -> str | None:
    data = wire.record(body.get("data"))
    if body.get("response_code") != "SUCCESS" or not data:
        return "ClickSend's answer names no account."
    return "The ClickSend account has no credit left." if calls.is_spent(data.get("balance")) else None
