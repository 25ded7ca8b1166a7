"""Trying an account: its credentials, a text that is sent, and a provider's call that somebody pasted."""

from dataclasses import asdict
from datetime import datetime
from typing import Any

from chalicelib import clock, providers
from chalicelib.api import access, account_rules
from chalicelib.api.request import Request
from chalicelib.config import settings
from chalicelib.models.account_checks import AccountCheck, Sample, SampleIn, TestText
from chalicelib.models.errors import invalid
from chalicelib.outbound import trial
from chalicelib.outbound.identity import provider_account, public_base
from chalicelib.outbound.watched import Watched
from chalicelib.providers.contract import Event, HttpClient, Ignored, InboundMessage, MalformedRequest, WebhookRequest
from chalicelib.providers.http import Http
from chalicelib.routing import views
from chalicelib.store.db import Item

_CONNECT, _READ = 2, 5  # seconds: a login and a call still fit into the time that the API has
_TOKEN = "sample"  # noqa: S105 - stands where an account's URLs have theirs


def check(request: Request, account_id: str) -> AccountCheck:
    account = access.require_account(request, account_id)
    way = Watched(_way_out(), clock.now_ms)
    found = providers.get(account["type"]).check(provider_account(account), way)
    if way.called:
        way.exchange(account_id, f"check-{found.state}", detail=found.detail).note()
    return AccountCheck(state=found.state, detail=found.detail, checked_at=clock.rfc3339(request.now) or "")


def _way_out() -> HttpClient:
    where = settings()
    return Http(where.provider_hosts, where.loopback_allowed, _CONNECT, _READ)


def text(request: Request, account_id: str) -> dict[str, Any]:
    """Send a test text on the way that every text takes."""
    access.require_account(request, account_id)
    number = account_rules.e164(request.body.to)
    if number is None:
        raise invalid("/to", "A number with its country such as +15005550006.")
    author = request.who().agent_id
    line = trial.send(account_id, number, request.body.text, author, request.once, request.now, present=_line)
    return _line(line)


def _line(line: Item) -> dict[str, Any]:
    shown = TestText.model_validate({**views.line(line), "interaction_id": line["interaction_id"]})
    return shown.model_dump(mode="json")


def sample(request: Request, account_id: str) -> Sample:
    account = access.require_account(request, account_id)
    base = f"{public_base(account)}/sms/accounts/{account_id}"
    try:
        events = providers.get(account["type"]).parse(_call(base, request.body), provider_account(account))
    except MalformedRequest as error:
        return Sample(events=[], malformed=f"The call cannot be read: {error}.")
    return Sample(events=[_plain(event) for event in events], malformed=None)


def _call(base: str, given: SampleIn) -> WebhookRequest:
    query = given.query.removeprefix("?")
    url = f"{base}/{given.url}/{_TOKEN}" + (f"?{query}" if query else "")
    return WebhookRequest(given.method, url, given.headers, given.body.encode())


def _plain(event: Event) -> dict[str, Any]:
    """An event as JSON, times in RFC 3339."""
    kind = "ignored" if isinstance(event, Ignored) else "message" if isinstance(event, InboundMessage) else "report"
    return {"kind": kind, **{name: _json(value) for name, value in asdict(event).items()}}


def _json(value: Any) -> Any:
    if isinstance(value, datetime):
        return clock.rfc3339(round(value.timestamp() * 1000))
    return value
