"""Bandwidth Messaging (API v2)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from urllib.parse import quote

from chalicelib.providers import attachments, basic, calls, wire
from chalicelib.providers.contract import (
    Accepted,
    AccountCheck,
    DeliveryReport,
    ErrorKind,
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

API = "https://messaging.bandwidth.com/api/v2/users"

# Bandwidth/python-sdk bandwidth.yml, statusCallbackTypeEnum
STATUSES = {
    "message-sending": Status.queued,
    "message-sent": Status.sent,
    "message-delivered": Status.delivered,
    "message-read": Status.delivered,
    "message-failed": Status.failed,
}
# What a failure with these codes says: no receipt came, an unknown answer of the carrier, expired before it was sent.
_OTHER_STATUSES = {"9902": Status.unknown, "9999": Status.unknown, "4360": Status.expired}

# https://dev.bandwidth.com/docs/messaging/errors: codes of failed messages, and the types of refused requests.
ERRORS = calls.error_table(
    ("recipient", "The number cannot get texts.", "4303 4350 4404 4406 4408 4409 4720 4721"),
    ("recipient", "The number is out of reach for now.", "4701 4702"),
    ("recipient", "There is no route to the number.", "4401 4420 4421 4700 4730"),
    ("recipient", "The account may not send to this country or number.", "4432 4434 4482 4492"),
    ("recipient", "The customer's carrier refuses the text.", "4750 4790 5650"),
    ("opted_out", "The customer has opted out at the carrier (STOP).", "4775"),
    ("sender", "The account's number may not send this.", "4001 4302 4403 4405 4407 4431 4433 4481 4740"),
    ("sender", "The account's number is not registered for this traffic.", "4773 4774 4791 4792 4793 4795"),
    ("content", "Bandwidth or the carrier refuses this text or attachment.", "4301 4410 4411 4412 4711 4712 4751 4752"),
    ("content", "The text was filtered as spam.", "4470 4770 4771 4772"),
    ("configuration", "User, account or application do not fit together at Bandwidth.", "4451 4452 4493"),
    ("throttled", "The carrier's limit for this number or campaign is used up.", "4780 4781 4785 5600"),
    ("unavailable", "A service failed on the way.", "5100 5101 5106 5111 5201 5211 5220 5231 5500 5501 5610 5620 5630"),
    ("unknown_outcome", "Bandwidth cannot say what became of the text.", "5999 9902 9999"),
    ("unknown_outcome", "The text expired before it was sent.", "4360"),
    ("credentials", "Bandwidth refuses the account's credentials.", "unauthorized forbidden"),
    ("throttled", "Bandwidth's queue for this account is full.", "max-message-queue-size-exceeded"),
    ("configuration", "Bandwidth does not read the request.", "unsupported-content-type"),
)
# The field that a refused request names.
FIELDS: dict[str, tuple[ErrorKind, str]] = {
    "to": ("recipient", "Bandwidth does not take the customer's number."),
    "from": ("sender", "Bandwidth does not take the account's number."),
    "text": ("content", "Bandwidth refuses this text."),
    "media": ("content", "Bandwidth refuses this attachment."),
}

SPEC = ProviderSpec(
    label="Bandwidth",
    credentials=(
        AccountField("username", "API user", "The user name of an API user with the role for messaging."),
        AccountField("password", "API password", "The API user's password.", secret=True),
        AccountField(
            "account_id",
            "Account ID",
            "The digits beside the account's name in the Bandwidth App.",
            pattern="[0-9]{1,20}",
        ),
        AccountField("application_id", "Application ID", "The ID of the messaging application (36 characters)."),
        AccountField(
            "webhook_username",
            "Callback user",
            "The callback user ID of the application; with its password, calls can be verified.",
            required=False,
            together="webhook_password",
        ),
        AccountField(
            "webhook_password",
            "Callback password",
            "The callback password of the application; without it no call can be verified.",
            secret=True,
            required=False,
            together="webhook_username",
        ),
    ),
    options=(),
    sender=None,
    reports=ReportRule("receive_url"),
    setup=(
        "In the Bandwidth App open Applications and choose or add a messaging application (API version V2).",
        "As inbound callback URL paste {receive_url} and paste the same URL as outbound (status) callback URL.",
        "Request all callback types, message-failed and message-delivered at least.",
        "Set a callback user ID and password for both URLs and store them in this account.",
        "Link the application to the location (SIP peer) that holds the number, with SMS and MMS enabled.",
    ),
    authentication="basic",
    # https://dev.bandwidth.com/docs/messaging/webhooks
    answer=AnswerRule(10, "again for 24 hours, unless the answer was 2xx"),
    segments_per_second=None,
    media_per_message=10,
    # Bandwidth/python-sdk bandwidth.yml, messageText
    max_characters=2048,
    base_url_required=False,
    number_form="e164",
    opt_out_reply="desk",
    assumed=(
        "Ten attachments per message; Bandwidth publishes no number.",
        "A 5xx with Bandwidth's own error body was not sent, as its documents say; any other 5xx may have been.",
        "No callback tells of STOP; the words of the text decide, and the failure 4775.",
    ),
)


class Bandwidth(Provider):
    name = "bandwidth"
    spec = SPEC

    def verify(self, request: WebhookRequest, account: ProviderAccount, now: datetime) -> Verification:
        """HTTP Basic with the application's callback credentials, https://dev.bandwidth.com/docs/account/applications"""
        user, password = (account.credentials.get(f"webhook_{name}", "") for name in ("username", "password"))
        if not user or not password:
            return Verification.unsigned
        basic.check(request, user, password)
        return Verification.verified

    def parse(self, request: WebhookRequest, account: ProviderAccount) -> list[Event]:
        """A list of events, or (as the OpenAPI description has it) a single one; texts and reports on one URL."""
        body = wire.posted_json(request)
        return wire.each(body if isinstance(body, list) else [body], lambda event: _event(event, account))

    def acknowledge(self, events: Sequence[Event]) -> WebhookResponse:
        """Any 2xx; the body is not read."""
        return WebhookResponse.empty()

    def send(self, message: OutboundMessage, account: ProviderAccount, http: HttpClient) -> Accepted:
        """createMessage, https://dev.bandwidth.com/apis/messaging-apis/messaging; it has no idempotency key."""
        calls.within_limits(message, SPEC)
        url = f"{_user_url(account)}/messages"
        answer = calls.call(http, "POST", url, json=_document(message, account), auth=basic.of_account(account))
        if not 200 <= answer.status_code < 300:
            raise _refusal(answer, calls.json_object(answer) or {}, account, message)
        body = calls.accepted_json(answer)
        message_id = body.get("id")
        if isinstance(message_id, str) and message_id:
            return Accepted(message_id, Status.queued, calls.segments(body.get("segmentCount")))
        if body.get("type"):
            raise _refusal(answer, body, account, message)
        raise SendError("unknown_outcome", "no_id", "Bandwidth's answer names no message.")

    def check(self, account: ProviderAccount, http: HttpClient) -> AccountCheck:
        """Lists the account's media, https://dev.bandwidth.com/docs/messaging/media"""
        try:
            answer = calls.call(http, "GET", f"{_user_url(account)}/media", auth=basic.of_account(account))
        except SendError as error:
            return calls.unchecked(error)
        if answer.status_code in (401, 403):
            return AccountCheck("problem", "Bandwidth refuses the API user, the password or the account ID.")
        if answer.status_code != 200 or not _is_list(answer):
            return AccountCheck("problem", f"Bandwidth answered with HTTP {answer.status_code} and no list.")
        return AccountCheck("ok", "User, password and account are right; the application is tried by the first text.")


PROVIDER = Bandwidth()


def _is_list(answer: HttpAnswer) -> bool:
    try:
        return isinstance(wire.json_value(answer.content), list)
    except MalformedRequest:
        return False


def _event(event: object, account: ProviderAccount) -> Event:
    named = wire.record(event)
    kind = wire.string(named.get("type"))
    if not kind:
        raise MalformedRequest("an event without a type")
    if kind == "message-received":
        return _inbound(named)
    # An unknown word of the same family is still news of a message of ours.
    if kind.startswith("message-"):
        return _report(named, kind, account)
    return Ignored("an event of another kind")


def _inbound(event: dict[str, Any]) -> InboundMessage:
    message = wire.record(event.get("message"))
    sender = wire.address(wire.string(message.get("from")))
    if sender is None:
        raise MalformedRequest("a message without a sender")
    links = map(wire.string, wire.items(message.get("media")))
    return InboundMessage(
        provider_message_id=wire.identifier(wire.string(message.get("id"))),
        sender=sender,
        # Of a group message each of our numbers gets an event of its own, with itself as owner.
        recipient=wire.address(wire.string(message.get("owner")) or wire.string(event.get("to"))),
        text=wire.text(wire.string(message.get("text"))),
        received_at=wire.iso_time(message.get("time")),
        # SMIL only lays out the others.
        media=attachments.of_links((link, None) for link in links if not link.endswith(".smil")),
        raw=event,
    )


def _report(event: dict[str, Any], kind: str, account: ProviderAccount) -> DeliveryReport:
    message = wire.record(event.get("message"))
    code = wire.identifier(wire.string(event.get("errorCode")))
    error, words = ERRORS.get(code or "", (None, None))
    status = STATUSES.get(kind, Status.unknown)
    said = event.get("description") if code or status is Status.failed else None
    return DeliveryReport(
        provider_message_id=wire.identifier(wire.string(message.get("id"))),
        message_id=wire.own_id(message.get("tag")),
        status=_OTHER_STATUSES.get(code or "", status) if status is Status.failed else status,
        code=code,
        detail=words or calls.scrubbed(said, account) or calls.unmapped(status, kind, account),
        recipient=wire.address(wire.string(event.get("to"))),
        occurred_at=wire.iso_time(event.get("eventTime")) or wire.iso_time(event.get("time")),
        opt="stop" if error == "opted_out" else None,
        raw=event,
    )


def _user_url(account: ProviderAccount) -> str:
    return f"{API}/{quote(account.credentials.get('account_id', ''), safe='')}"


def _document(message: OutboundMessage, account: ProviderAccount) -> dict[str, Any]:
    """The tag comes back in every callback and names the message, since there is no callback URL per message."""
    document: dict[str, Any] = {"applicationId": account.credentials.get("application_id", "")}
    document |= {"to": [message.recipient], "from": account.phone, "tag": message.id}
    optional = {"text": message.text, "media": list(message.media_urls)}
    return document | {name: value for name, value in optional.items() if value}


def _refusal(answer: HttpAnswer, body: dict[str, Any], account: ProviderAccount, message: OutboundMessage) -> SendError:
    """Error bodies have `type`, `description` and now and then `fieldErrors`; nothing they refuse was sent."""
    kind = wire.string(body.get("type"))
    errors = [wire.record(error) for error in wire.items(body.get("fieldErrors"))]
    named = next(filter(None, (FIELDS.get(wire.string(error.get("fieldName"))) for error in errors)), None)
    error = calls.refusal(answer, kind, body.get("description"), ERRORS, account, message)
    if answer.status_code == 400 and named:
        return SendError(named[0], error.code, named[1])
    if error.kind == "unknown_outcome" and answer.status_code >= 500 and kind and "description" in body:
        return SendError("unavailable", error.code, error.detail, error.retry_after)
    return error
