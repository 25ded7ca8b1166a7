"""The engine behind declared providers: it follows a mapping in both directions."""

import dataclasses
import hmac
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from chalicelib.providers import calls, mapping, parts, times, wire
from chalicelib.providers.alphabet import is_gsm
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
    Part,
    Provider,
    ProviderAccount,
    SendError,
    SignatureError,
    Status,
    Verification,
    WebhookRequest,
    WebhookResponse,
)
from chalicelib.providers.mapping import Mistake, Receiving, Sending, find, first
from chalicelib.providers.spec import ProviderSpec

_PLACEHOLDER = re.compile(r"<[^<>]*>")
_STATES = ("", "data.", "messages.0.")  # where an answer tells the state of its text, as it does its id
_NOT_TAKEN = frozenset({Status.undelivered, Status.failed, Status.rejected, Status.expired})


class Declared(Provider):
    """A provider whose wire format is `sending` and `receiving`, but for what the account's options say otherwise."""

    def __init__(self, name: str, spec: ProviderSpec, sending: Sending, receiving: Receiving) -> None:
        self.name, self.spec = name, spec
        self._sending, self._receiving = sending, receiving

    def mistakes(self, account: ProviderAccount) -> Mapping[str, str]:
        """What is wrong with the declarations in the options `send` and `receive`."""
        wrong: dict[str, str] = {}
        try:
            if not self._send_mapping(account).fields:
                wrong["send"] = "fields: The names of the call are missing."
        except Mistake as mistake:
            wrong["send"] = str(mistake)
        try:
            self._receive_mapping(account)
        except Mistake as mistake:
            wrong["receive"] = str(mistake)
        return wrong

    def verify(self, request: WebhookRequest, account: ProviderAccount, now: datetime) -> Verification:
        """The account's webhook secret in the declared header or field; unsigned where either is not declared."""
        secret = account.credentials.get("webhook_secret")
        try:
            declared = self._receive_mapping(account)
            if not secret or not (declared.secret_header or declared.secret_field):
                return Verification.unsigned
            given = request.header(declared.secret_header) if declared.secret_header else None
            if declared.secret_field:
                path = [declared.secret_field]
                given = first(_query(request), path) or first(_posted(request), path)
        except (Mistake, MalformedRequest):
            raise SignatureError("the call cannot be read") from None
        if not hmac.compare_digest((given or "").encode("utf-8", "replace"), secret.encode()):
            raise SignatureError("the secret is missing or does not match")
        return Verification.verified

    def parse(self, request: WebhookRequest, account: ProviderAccount) -> list[Event]:
        """Texts and reports by the declared names, from the query and from a form or JSON body; the query wins."""
        try:
            declared = self._receive_mapping(account)
        except Mistake:
            raise MalformedRequest("the account's mapping cannot be followed") from None
        posted = _posted(request)
        calls_ = wire.items(find(posted, declared.items) if declared.items else posted) or [posted]
        query = _query(request)
        documents = [{**document, **query} for document in calls_ if isinstance(document, dict)]
        return wire.each(documents, lambda document: _event(document, declared, request.url, account))

    def acknowledge(self, events: Sequence[Event]) -> WebhookResponse:
        """An empty 200."""
        return WebhookResponse.empty()

    def send(self, message: OutboundMessage, account: ProviderAccount, http: HttpClient) -> Accepted:
        """One call as declared; the answer is read as declared."""
        calls.within_limits(message, self.spec)
        try:
            declared = self._send_mapping(account)
        except Mistake as mistake:
            raise SendError("configuration", "mapping", f"The account's mapping is wrong: {mistake}") from None
        method, url, rest = _call(declared, message, account)
        answer = calls.call(http, method, url, **rest)
        provider_id = _accepted_id(declared, self._receiving, answer, account, message)
        reported = self.spec.reports.how == "always_shown" or account.delivery_reports
        return Accepted(provider_id, Status.queued if reported else Status.sent)

    def check(self, account: ProviderAccount, http: HttpClient) -> AccountCheck:
        """Nothing is known of the provider that could be asked."""
        wrong = self.mistakes(account)
        if wrong:
            return AccountCheck("problem", "; ".join(f"{option}: {words}" for option, words in wrong.items()))
        return AccountCheck("unproven", "No harmless call is known; a text sent and its report received prove it.")

    def _send_mapping(self, account: ProviderAccount) -> Sending:
        return mapping.declared(self._sending, account.options.get("send"))

    def _receive_mapping(self, account: ProviderAccount) -> Receiving:
        return mapping.declared(self._receiving, account.options.get("receive"))


def _query(request: WebhookRequest) -> dict[str, str]:
    return wire.fields(dataclasses.replace(request, method="GET"))


def _posted(request: WebhookRequest) -> Any:
    """The body's fields, or its JSON object or list; of a GET the query.

    Which type a call of an unpublished contract has is anybody's guess, so the body counts for more: a blank one has no
    fields (a report may stand in the URL alone), and no form begins as JSON does.
    """
    if request.method.upper() == "POST" and not request.body.strip():
        return {}
    is_json = request.method.upper() == "POST" and request.body.lstrip()[:1] in (b"{", b"[")
    posted = wire.json_value(request.body) if is_json else wire.posted(request)
    if not isinstance(posted, (dict, list)):
        raise MalformedRequest("neither an object nor a list")
    return posted


def _event(document: dict[str, Any], declared: Receiving, url: str, account: ProviderAccount) -> Event:
    provider_id = _filled(first(document, declared.id))
    raw_status = _filled(first(document, declared.status))
    reference = wire.own_id(first(document, declared.reference)) or wire.message_id(url)
    sender, text = wire.address(first(document, declared.sender)), first(document, declared.text)
    status = declared.statuses.get((raw_status or "").upper())
    told = bool(raw_status) and bool(provider_id or reference)
    # A text may have a status too ("received"), and a report words or a number that look like a text.
    if told and (status or sender is None or text is None or "/delivery/" in urlsplit(url).path):
        known = Status(status) if status else Status.unknown
        detail = calls.unmapped(known, raw_status, account)
        return dataclasses.replace(_report(document, declared, provider_id, reference, known), detail=detail)
    if sender is not None and text is not None:
        return InboundMessage(
            provider_message_id=provider_id,
            sender=sender,
            recipient=wire.address(first(document, declared.recipient)),
            text=wire.text(text),
            received_at=times.usual(first(document, declared.time) or ""),
            raw=_without_secret(document, declared),
            part=_part(document, declared),
        )
    if provider_id:
        return Ignored("neither a text nor a status")
    raise MalformedRequest("no declared field")


def _report(
    document: dict[str, Any], declared: Receiving, provider_id: str | None, reference: str | None, status: Status
) -> DeliveryReport:
    return DeliveryReport(
        provider_message_id=provider_id,
        message_id=reference,
        status=status,
        code=wire.identifier(first(document, declared.code)),
        recipient=wire.address(first(document, declared.recipient)),
        occurred_at=times.usual(first(document, declared.time) or ""),
        raw=_without_secret(document, declared),
    )


def _part(document: dict[str, Any], declared: Receiving) -> Part | None:
    told = (declared.part_reference, declared.part_number, declared.part_total)
    return parts.of_header(first(document, declared.udh)) or parts.of_values(*(first(document, it) for it in told))


def _filled(value: str | None) -> str | None:
    """A value that the provider was to put into the URL; raises MalformedRequest where its placeholder still stands."""
    if value and _PLACEHOLDER.fullmatch(unquote(value).strip()):
        raise MalformedRequest("the placeholders of the delivery URL were not substituted")
    return wire.identifier(value)


def _without_secret(document: dict[str, Any], declared: Receiving) -> dict[str, Any]:
    """What was posted, for the store; a secret in it is left out wherever it stands."""
    secret = first(document, [declared.secret_field]) if declared.secret_field else None
    return _without(document, secret) if secret else document


def _without(value: Any, secret: str) -> Any:
    if isinstance(value, dict):
        return {name: _without(item, secret) for name, item in value.items()}
    if isinstance(value, list):
        return [_without(item, secret) for item in value]
    return "…" if wire.string(value) == secret else value


def _number(value: str, form: str) -> str:
    """An E.164 number as the provider wants it; anything else untouched."""
    if form == "e164" or not re.fullmatch(r"\+[0-9]+", value):
        return value
    return ("00" if form == "00" else "") + value[1:]


def _call(declared: Sending, message: OutboundMessage, account: ProviderAccount) -> tuple[str, str, dict[str, Any]]:
    """Method, URL and the rest of the call, as `requests` takes it."""
    sender = account.sender or account.phone
    secrets = {name: account.credentials.get(name, "") for name in ("username", "password")}
    values = {
        **secrets,
        "api_key": account.credentials.get("api_key") or account.credentials.get("auth_token", ""),
        "to": _number(message.recipient, declared.number_format),
        "to_digits": _number(message.recipient, "digits"),
        "from": _number(sender, declared.number_format),
        "from_digits": _number(sender, "digits"),
        "text": message.text,
        "reference": message.id,
        "delivery_url": message.delivery_url or "",
        "encoding": "GSM-7" if is_gsm(message.text) else "UCS-2",
    }
    filled = {
        name: mapping.fill(template, values) if isinstance(template, str) else template
        for name, template in declared.fields.items()
    }
    given = {name: value for name, value in filled.items() if value != "" or not declared.fields[name]}
    rest: dict[str, Any] = {"headers": {name: mapping.fill(value, values) for name, value in declared.headers.items()}}
    if declared.auth == "basic":
        rest["auth"] = secrets["username"].encode(), secrets["password"].encode()
    written = {name: str(value).lower() if isinstance(value, bool) else value for name, value in given.items()}
    rest |= {
        "json": {"json": mapping.nested(given)},
        "form": {"data": written},
        "query": {"params": written},
    }[declared.body]
    path = mapping.fill(declared.path, values, lambda value: quote(value, safe=""))
    return declared.method, (account.base_url or "").rstrip("/") + path, rest


def _accepted_id(
    declared: Sending, usual: Receiving, answer: HttpAnswer, account: ProviderAccount, message: OutboundMessage
) -> str:
    """The provider's id of a text that was taken; raises SendError for every other answer."""
    try:
        document = wire.json_value(answer.content)
    except MalformedRequest:
        document = None
    provider_id = first(document, declared.id)
    if declared.id_from_body:
        provider_id = answer.text.strip() if re.fullmatch(r"[!-~]{1,200}", answer.text.strip()) else None
    state = first(document, [declared.success_path]) if declared.success_path else None
    taken = state is None or state.strip().upper() in declared.success_values
    if not declared.success_path:
        taken = not _has_failed(document, usual)
    problem = (document.get("error") or document.get("errors")) if isinstance(document, dict) else None
    error = _refusal(declared, answer, document, account, message)
    if not 200 <= answer.status_code < 300 or not taken or (problem and not provider_id):
        if provider_id and error.retryable:
            raise SendError("unknown_outcome", error.code, error.detail)  # it was named, so it must not go out again
        raise error
    if problem and isinstance(problem, (dict, list)) and not declared.success_path:
        raise SendError("unknown_outcome", error.code, error.detail)  # named, and in error: nobody knows which counts
    if not provider_id or (declared.success_path and state is None):
        raise SendError("unknown_outcome", "no_id", "The provider's answer does not say that it took the text.")
    return provider_id


def _has_failed(document: Any, usual: Receiving) -> bool:
    """Whether an answer says of its text, in a usual word, that it goes nowhere; numbers mean many things there."""
    word = (first(document, [where + name for where in _STATES for name in usual.status]) or "").strip().upper()
    return not word.isdigit() and usual.statuses.get(word) in _NOT_TAKEN


def _refusal(
    declared: Sending, answer: HttpAnswer, document: Any, account: ProviderAccount, message: OutboundMessage
) -> SendError:
    code = first(document, declared.error_code)
    names = (code or "", f"http_{answer.status_code}")
    errors: dict[str, Any] = {
        name: (declared.errors[name.upper()], "") for name in names if name.upper() in declared.errors
    }
    return calls.refusal(answer, code, first(document, declared.error_text), errors, account, message)
