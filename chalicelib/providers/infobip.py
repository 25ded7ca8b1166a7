"""Infobip SMS (API v3; callbacks of v3 and v2)."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from chalicelib.providers import attachments, basic, calls, wire
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

# https://www.infobip.com/docs/essentials/api-essentials/response-status-and-error-codes. The group decides, since id 87
# stands in two of them; inside the group of what is pending two ids say that the network has the text.
GROUPS = calls.status_table(
    (Status.queued, "0 OK ACCEPTED 1 PENDING"),
    (Status.failed, "2 UNDELIVERABLE"),
    (Status.delivered, "3 DELIVERED"),
    (Status.expired, "4 EXPIRED"),
    (Status.rejected, "5 REJECTED"),
)
_PENDING = frozenset({"1", "PENDING"})
_WITH_THE_NETWORK = frozenset({"3", "7", "PENDING_WAITING_DELIVERY", "PENDING_ENROUTE"})
_REFUSED = (Status.failed, Status.expired, Status.rejected)

# Names of statuses, same page. A system error is the one that Infobip itself asks to submit again.
ERRORS = calls.error_table(
    ("recipient", "Infobip does not take the customer's number.", "REJECTED_PREFIX_MISSING MISSING_TO"),
    ("recipient", "Infobip does not take the customer's number.", "REJECTED_DESTINATION"),
    ("recipient", "The number is wrong or could not be reached.", "UNDELIVERABLE_NOT_DELIVERED"),
    ("recipient", "The account may not send to this network or number.", "REJECTED_NETWORK REJECTED_DND"),
    ("recipient", "The account may only send to its test number.", "REJECTED_DESTINATION_NOT_REGISTERED"),
    ("recipient", "This number has had too many texts within the last hour.", "REJECTED_FLOODING_FILTER"),
    ("recipient", "The operator refuses texts to this number.", "UNDELIVERABLE_REJECTED_OPERATOR SIGNALS_BLOCKED"),
    ("opted_out", "The number is on Infobip's blocklist.", "REJECTED_DESTINATION_BLOCKLISTED"),
    ("sender", "The account's number may not send this.", "REJECTED_SOURCE REJECTED_SENDER"),
    ("content", "Infobip takes at most 25 parts or 4,000 bytes.", "REJECTED_MESSAGE_TOO_LONG"),
    (
        "funds",
        "The Infobip account has no credit left.",
        "REJECTED_NOT_ENOUGH_CREDITS REJECTED_PREPAID_PACKAGE_EXPIRED",
    ),
    ("configuration", "The Infobip account has no route for texts.", "REJECTED_ROUTE_NOT_AVAILABLE"),
    ("unavailable", "Infobip had a fault of its own and asks to try again.", "REJECTED_SYSTEM_ERROR"),
    ("unknown_outcome", "Infobip has this text already from a try before.", "REJECTED_DUPLICATE_MESSAGE_ID"),
    ("credentials", "Infobip refuses the account's credentials.", "E401 E403 UNAUTHORIZED FORBIDDEN"),
)

SPEC = ProviderSpec(
    label="Infobip",
    credentials=(
        AccountField("username", "Username", "The user name of the Infobip portal, or of an API user made there."),
        AccountField("password", "Password", "The password of that user.", secret=True),
    ),
    options=(
        AccountField(
            "callback_auth",
            "Credentials on callbacks",
            "basic, once a Subscriptions profile of the type BASIC posts texts and reports to the receive URL with "
            "this account's user name and password. Calls without them are then refused, and texts name no URL.",
            required=False,
            choices=("none", "basic"),
        ),
    ),
    sender=None,
    reports=ReportRule("per_message"),
    setup=(
        "In the Infobip portal open Channels and Numbers, Numbers, choose the number and open its SMS keywords.",
        "Add the action Forward to HTTP with the format MO_JSON_2 and paste {receive_url}",
        "Ask Infobip's support to activate the forwarding; texts arrive only after that.",
        "Delivery reports need no setting: each message names its own URL.",
    ),
    authentication="basic",
    # https://dev.infobip.com/docs/notify-url
    answer=AnswerRule(
        None, "tried again after 1 min + n² min; how often, and the time limit, are in Infobip's profile"
    ),
    segments_per_second=None,
    media_per_message=0,
    max_characters=3825,
    base_url_required=True,
    number_form="digits",
    opt_out_reply="desk",
    assumed=(
        "A second message with the same id is refused (REJECTED_DUPLICATE_MESSAGE_ID); for how long is not published.",
        "The signature of HMAC profiles is not published, so they cannot be used; Basic ones can.",
        "A text delivered to the operator counts as delivered, since nothing further is reported.",
    ),
)


class Infobip(Provider):
    name = "infobip"
    spec = SPEC

    def verify(self, request: WebhookRequest, account: ProviderAccount, now: datetime) -> Verification:
        """Basic credentials where the account expects them or the call brings them; a plain forward has nothing.

        https://infobip.com/docs/api/platform/subscriptions-api/create-security-settings
        """
        if not _has_profile(account) and not basic.is_given(request):
            return Verification.unsigned
        basic.check(request, account.credentials.get("username", ""), account.credentials.get("password", ""))
        return Verification.verified

    def parse(self, request: WebhookRequest, account: ProviderAccount) -> list[Event]:
        """All entries of `results`, which may be up to 2,000; an empty batch is none."""
        results = wire.record(wire.posted_json(request)).get("results")
        if not isinstance(results, list):
            raise MalformedRequest("no results")
        # Only a call with one report belongs wholly to the message whose URL it came to.
        own = wire.message_id(request.url) if len(results) == 1 else None
        return wire.each(results, lambda item: _event(wire.record(item), own, account)) if results else []

    def acknowledge(self, events: Sequence[Event]) -> WebhookResponse:
        """An empty 200."""
        return WebhookResponse.empty()

    def send(self, message: OutboundMessage, account: ProviderAccount, http: HttpClient) -> Accepted:
        """`POST /sms/3/messages` of Infobip's specification 3.210.0, under an id of our own."""
        calls.within_limits(message, SPEC)
        url = f"{_base(account)}/sms/3/messages"
        document = {"messages": [_document(message, account)]}
        answer = calls.call(http, "POST", url, json=document, auth=basic.of_account(account), headers=_ACCEPT)
        if not 200 <= answer.status_code < 300:
            raise _refusal(answer, calls.json_object(answer) or {}, account, message)
        body = calls.accepted_json(answer)
        entry = wire.record(next(iter(wire.items(body.get("messages"))), None))
        status = wire.record(entry.get("status"))
        state = _status(status)
        if state in _REFUSED:
            code = status.get("name") or status.get("groupName")
            raise calls.refusal(answer, code, status.get("description"), ERRORS, account, message)
        provider_id = wire.string(entry.get("messageId"))
        if not provider_id:
            if not entry and (body.get("errorCode") or body.get("requestError")):
                raise _refusal(answer, body, account, message)
            raise SendError("unknown_outcome", "no_id", "Infobip's answer names no message.")
        count = wire.record(entry.get("details")).get("messageCount") or entry.get("smsCount")
        return Accepted(provider_id, Status.queued if state is Status.unknown else state, _count(count))

    def check(self, account: ProviderAccount, http: HttpClient) -> AccountCheck:
        """Reads the balance of the account, which sends nothing."""
        url = f"{_base(account)}/account/1/balance"
        return calls.account_check(
            http, url, "Infobip", _balance_problem, auth=basic.of_account(account), headers=_ACCEPT
        )


PROVIDER = Infobip()
_ACCEPT = {"Accept": "application/json"}  # without it some answers are XML


def _event(item: dict[str, Any], own: str | None, account: ProviderAccount) -> Event:
    if isinstance(item.get("status"), dict):
        return _report(item, own, account)
    if "from" in item and not {"text", "cleanText", "message"}.isdisjoint(item):
        return _inbound(item)
    if "messageId" not in item:
        raise MalformedRequest("neither a text nor a report")
    return Ignored("neither a text nor a report")


def _inbound(item: dict[str, Any]) -> InboundMessage:
    """`text`, never `cleanText`, from which the keyword is cut; an MMS is a list of parts instead."""
    sender = wire.address(wire.string(item["from"]))
    if sender is None:
        raise MalformedRequest("a text without a sender")
    parts = [wire.record(part) for part in wire.items(item.get("message"))]
    written = "\n".join(filter(None, (wire.string(part.get("value")) for part in parts)))
    links = [(wire.string(part.get("url")), wire.string(part.get("contentType"))) for part in parts]
    return InboundMessage(
        provider_message_id=wire.identifier(wire.string(item.get("messageId"))),
        sender=sender,
        recipient=wire.address(wire.string(item.get("to"))),
        text=wire.text(wire.string(item.get("text")) or written),
        received_at=wire.iso_time(item.get("receivedAt")),
        media=attachments.of_links(links),
        raw=dict(item),
    )


def _report(item: dict[str, Any], own: str | None, account: ProviderAccount) -> DeliveryReport:
    status, error = item["status"], wire.record(item.get("error"))
    failed = wire.string(error.get("id")) not in ("", "0")
    reason = error if failed else status
    name = wire.identifier(wire.string(status.get("name")))
    kind, words = ERRORS.get(name or "", (None, None))
    provider_id = wire.identifier(wire.string(item.get("messageId")))
    return DeliveryReport(
        provider_message_id=provider_id,
        message_id=wire.own_id(provider_id) or own,
        status=_status(status),
        code=wire.identifier(wire.string(reason.get("name")) or wire.string(reason.get("id"))),
        detail=(failed and calls.scrubbed(error.get("description"), account))
        or words
        or calls.scrubbed(status.get("description"), account),
        recipient=wire.address(wire.string(item.get("to"))),
        occurred_at=wire.iso_time(item.get("doneAt")) or wire.iso_time(item.get("sentAt")),
        opt="stop" if kind == "opted_out" else None,
        raw=dict(item),
    )


def _status(status: Mapping[str, Any]) -> Status:
    group = wire.string(status.get("groupId")) or wire.string(status.get("groupName")).upper()
    if group in _PENDING and {wire.string(status.get("id")), wire.string(status.get("name"))} & _WITH_THE_NETWORK:
        return Status.sent
    return GROUPS.get(group, Status.unknown)


def _has_profile(account: ProviderAccount) -> bool:
    """Whether a Subscriptions profile posts everything with credentials; a URL named by a text is called without."""
    return account.options.get("callback_auth") == "basic"


def _base(account: ProviderAccount) -> str:
    """The account's own host, as people paste it: with or without scheme and closing slash."""
    base = (account.base_url or "").strip().rstrip("/")
    return base if "://" in base else f"https://{base}"


def _document(message: OutboundMessage, account: ProviderAccount) -> dict[str, Any]:
    """Numbers are written without a plus; the content type of reports stands beside `delivery`, not inside it."""
    document: dict[str, Any] = {
        "sender": account.phone.removeprefix("+"),
        "destinations": [{"to": message.recipient.removeprefix("+"), "messageId": message.id}],
        "content": {"text": message.text},
    }
    if message.delivery_url and not _has_profile(account):
        delivery = {"url": message.delivery_url, "intermediateReport": True}
        document["webhooks"] = {"delivery": delivery, "contentType": "application/json"}
    return document


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and 0 < value < 100 and not isinstance(value, bool) else None


def _refusal(answer: HttpAnswer, body: dict[str, Any], account: ProviderAccount, message: OutboundMessage) -> SendError:
    """Both error bodies: `errorCode` and `description`, and the older `requestError.serviceException`."""
    older = wire.record(wire.record(body.get("requestError")).get("serviceException"))
    code = body.get("errorCode") or older.get("messageId")
    return calls.refusal(answer, code, body.get("description") or older.get("text"), ERRORS, account, message)


def _balance_problem(body: dict[str, Any]) -> str | None:
    if "balance" not in body:
        return "Infobip's answer names no balance."
    return "The Infobip account has no credit left." if calls.is_spent(body["balance"]) else None
