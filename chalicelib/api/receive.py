"""The URLs that providers call: token, signature, events into the store, and the answer the provider wants.

A 5xx is given only while an event is not stored yet; then the provider's own retry, or the operator's, finds
the rest stored already.
"""

import hmac
from urllib.parse import quote, urlencode

from chalicelib import clock, providers
from chalicelib.api.request import Request, Response
from chalicelib.config import settings
from chalicelib.inbound import messages, reports
from chalicelib.models.errors import Refused
from chalicelib.observability import count, logger
from chalicelib.outbound import delivery as delivery_state
from chalicelib.outbound.identity import provider_account
from chalicelib.providers.contract import (
    DeliveryReport,
    Event,
    InboundMessage,
    MalformedRequest,
    ProviderAccount,
    SignatureError,
    WebhookRequest,
)
from chalicelib.store import accounts
from chalicelib.store.db import Item

_NOBODY = {"id": "", "token": "0" * 32}


def receive(request: Request, account_id: str, token: str) -> Response:
    """Events of the account's provider, of every kind."""
    return _take(request, account_id, token, f"/sms/accounts/{account_id}/receive/{token}")


def delivery(request: Request, account_id: str, token: str, message_id: str | None = None) -> Response:
    """The same on the delivery URL, which may name our message."""
    path = f"/sms/accounts/{account_id}/delivery/{token}"
    return _take(request, account_id, token, f"{path}/{message_id}" if message_id else path)


def _take(request: Request, account_id: str, token: str, path: str) -> Response:
    account = accounts.get_cached(account_id, request.now) or _NOBODY
    if not hmac.compare_digest(account["token"].encode(), token.encode()) or account is _NOBODY:
        raise Refused("not-found", "There is no such thing here.")
    provider = providers.get(account["type"])
    call = _call(request, account, path)
    known = provider_account(account)
    events = _events(provider, call, known, request.now)
    for event in events:
        _store(account, event, request.now)
    answer = provider.acknowledge(events)
    return Response(answer.status, answer.body.decode(), dict(answer.headers))


def _call(request: Request, account: Item, path: str) -> WebhookRequest:
    """The call as the provider made it: the public URL is ours to know, never the Host header's to say."""
    base = account.get("domain") or settings().public_base
    query = urlencode(request.query_items, quote_via=quote)
    url = f"{base}{path}?{query}" if query else f"{base}{path}"
    return WebhookRequest(request.method, url, request.headers, request.raw_body)


def _events(provider: providers.Provider, call: WebhookRequest, account: ProviderAccount, now: int) -> list[Event]:
    try:
        provider.verify(call, account, clock.aware(now))
    except SignatureError:
        count("SignatureFailed", provider=provider.name)
        raise Refused("bad-signature", "The signature does not fit this call.") from None
    try:
        return provider.parse(call, account)
    except MalformedRequest as error:
        count("MalformedWebhook", provider=provider.name)
        raise Refused("malformed", f"The call cannot be read: {error}.") from None


def _store(account: Item, event: Event, now: int) -> None:
    try:
        outcome = _stored(account, event, now)
    except (messages.Contended, delivery_state.Contended):
        raise Refused("contended", "Not stored. Send it again.") from None
    logger.info("provider event", extra={"account_id": account["id"], "event": type(event).__name__, "is": outcome})


def _stored(account: Item, event: Event, now: int) -> str:
    if isinstance(event, InboundMessage):
        return messages.store(account, event, now)
    if isinstance(event, DeliveryReport):
        return reports.apply(account, event, now)
    return "ignored"
