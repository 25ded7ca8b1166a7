"""The URLs that providers call: token, signature, events into the store, and the answer the provider wants.

A 5xx is given only while an event is not stored yet; then the provider's own retry, or the operator's, finds
the rest stored already. Every call of a known URL leaves a row in the account's exchange log.
"""

from collections.abc import Sequence
from urllib.parse import quote, urlencode

from chalicelib import providers
from chalicelib.api import problem
from chalicelib.api.request import Request, Response
from chalicelib.inbound import messages, proof, reports
from chalicelib.models.errors import Refused
from chalicelib.observability import count, logger
from chalicelib.outbound import delivery as delivery_state
from chalicelib.outbound.identity import provider_account
from chalicelib.providers import wire
from chalicelib.providers.contract import (
    DeliveryReport,
    Event,
    Ignored,
    InboundMessage,
    MalformedRequest,
    Provider,
    WebhookRequest,
)
from chalicelib.store import accounts
from chalicelib.store.db import Item
from chalicelib.store.exchanges import Exchange, names

_IGNORED = "ignored"
# Outcomes whose row of the log is written with the event, or costs a call too many (a routing was started again).
_LOGGED = frozenset({messages.STORED, messages.RESUMED, reports.APPLIED, reports.PARKED})
_KINDS = {InboundMessage: "message", DeliveryReport: "report", Ignored: "ignored"}


def receive(request: Request, account_id: str, token: str) -> Response:
    """Events of the account's provider, of every kind."""
    return _take(request, account_id, token, f"/sms/accounts/{account_id}/receive/{token}")


def delivery(request: Request, account_id: str, token: str, message_id: str | None = None) -> Response:
    """The same on the delivery URL, which may name our message."""
    path = f"/sms/accounts/{account_id}/delivery/{token}"
    return _take(request, account_id, token, f"{path}/{message_id}" if message_id else path)


def _take(request: Request, account_id: str, token: str, path: str) -> Response:
    account = accounts.get_cached(account_id, request.now)
    if not proof.token_fits(account, token, request.now) or account is None:
        raise Refused("not-found", "There is no such thing here.")
    provider = providers.get(account["type"])
    calls = [_call(request, base + path) for base in proof.bases(account, request.now)]
    signature = proof.signature(provider, calls, account, request.now)
    count("Signature", result=signature)
    seen = Exchange(account_id, request.now, "in", request.method, signature=signature)
    try:
        return _served(provider, calls[0], account, seen)
    except Refused as refused:
        ended = {"status": problem.STATUS[refused.code], "detail": refused.detail}
        seen.ended(refused.code, fields=_names(calls[0], []), **ended).note()
        raise


def _call(request: Request, address: str) -> WebhookRequest:
    """The call as the provider made it: the public URL is ours to know, never the Host header's to say."""
    query = urlencode(request.query_items, quote_via=quote)
    return WebhookRequest(request.method, f"{address}?{query}" if query else address, request.headers, request.raw_body)


def _served(provider: Provider, call: WebhookRequest, account: Item, seen: Exchange) -> Response:
    """Store what an authentic call brings. Raises Refused."""
    if seen.signature == proof.FAILED and account.get("signature") != "monitor":
        raise Refused("bad-signature", "The signature does not fit this call.")
    try:
        events = provider.parse(call, provider_account(account))
    except MalformedRequest as error:
        count("MalformedWebhook", provider=provider.name)
        raise Refused("malformed", f"The call cannot be read: {error}.") from None
    answer = provider.acknowledge(events)
    seen = seen.part(status=answer.status, fields=_names(call, events))
    parts = [_part(seen, event) for event in events]
    outcomes = [_store(account, event, part) for event, part in zip(events, parts, strict=True)]
    # One row for all the rest, however long a batch is.
    rest = [part.ended(is_) for part, is_ in zip(parts, outcomes, strict=True) if is_ not in _LOGGED]
    if rest or not events:
        (rest or [seen.ended(_IGNORED)])[0].note()
    return Response(answer.status, answer.body.decode(), dict(answer.headers))


def _part(seen: Exchange, event: Event) -> Exchange:
    """The row of one event."""
    part = seen.part(event=_KINDS[type(event)])
    if isinstance(event, Ignored):
        return part.part(detail=event.reason)
    code = event.code if isinstance(event, DeliveryReport) else None
    return part.part(provider_message_id=event.provider_message_id, error_code=code)


def _names(call: WebhookRequest, events: Sequence[Event]) -> tuple[str, ...]:
    """The names of a call's fields: as the provider's module read them, else as far as they can be read at all."""
    raw = next((event.raw for event in events if not isinstance(event, Ignored)), None)
    if raw is not None:
        return names(raw)
    try:
        document = wire.json_value(call.body) if call.body.lstrip()[:1] in (b"{", b"[") else wire.fields(call)
    except MalformedRequest:
        return ()
    first = document[0] if isinstance(document, list) and document else document
    return names(first) if isinstance(first, dict) else ()


def _store(account: Item, event: Event, part: Exchange) -> str:
    try:
        outcome = _stored(account, event, part)
    except (messages.Contended, delivery_state.Contended):
        raise Refused("contended", "Not stored. Send it again.") from None
    logger.info("provider event", extra={"account_id": account["id"], "event": type(event).__name__, "is": outcome})
    return outcome


def _stored(account: Item, event: Event, part: Exchange) -> str:
    if isinstance(event, InboundMessage):
        return messages.store(account, event, part.at, part)
    if isinstance(event, DeliveryReport):
        return reports.apply(account, event, part.at, part)
    return _IGNORED
