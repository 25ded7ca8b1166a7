"""Whom the product calls over HTTP: Twilio, as the simulator plays it, and the web hooks of the plans."""

import itertools
import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

import requests

from chalicelib.providers.calls import NeverSent, NoAnswer
from chalicelib.providers.http import Answer
from dev.simulator.contract import Account, ApiRequest, Sent
from dev.simulator.providers.twilio import Twilio
from tests.team import ACCOUNT_SID, AUTH_TOKEN, PHONE

PROVIDER_MOODS = ("silent", "throttled", "rejects", "refused", "garbage", "throttled", "busy", "unsubscribed")
"""How the provider may answer the next text: refused is a connection that was not made, silent takes it wordlessly."""
_LATER = frozenset({"throttled", "refused"})
HOOK_MOODS = ("tags", "reply", "goto", "reply and goto", "fails", "garbage", "silent")
HOOK = "https://hooks.example.com/sms"
UNSUBSCRIBED = 21610


@dataclass(frozen=True)
class Try:
    """One request to send a text; `later` where it is certain that the provider has not taken it and never will."""

    message: str
    to: str
    text: str
    at: int
    later: bool


class _CountingTwilio(Twilio):
    """Gives its texts the same ids in every run of a seed."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)

    def new_message_id(self, media: Sequence[str]) -> str:
        return f"SM{next(self._numbers):032x}"


class Outside:
    """Moods are used up one by one; without any left the provider accepts, and a hook has nothing to say."""

    def __init__(self) -> None:
        self._provider = _CountingTwilio()
        self.restart([])

    def restart(self, accounts: list[dict[str, Any]], clock: Callable[[], int] = lambda: 0) -> None:
        """Nothing has been asked yet; these are the company's accounts."""
        credentials = {"account_sid": ACCOUNT_SID, "auth_token": AUTH_TOKEN}
        self._accounts = [Account(one["id"], "twilio", PHONE, credentials, one["receive_url"]) for one in accounts]
        self._clock = clock
        self.moods: list[str] = []
        self.hook_moods: list[str] = []
        self.tries: list[Try] = []
        self.taken: list[Sent] = []
        """What the provider has taken, whether it said so or not."""
        self.hook_calls: Counter[tuple[str, str]] = Counter()
        """How often a hook was asked, by the call's id and how it answered."""

    def feel(self, first: int) -> None:
        """Everybody has a series of moods, beginning with that one; the provider is well in between."""
        series = [PROVIDER_MOODS[(first + n) % len(PROVIDER_MOODS)] for n in range(2 * len(PROVIDER_MOODS))]
        self.moods = [mood for pair in zip(series, itertools.repeat("well")) for mood in pair]
        self.hook_moods = [HOOK_MOODS[(first + n) % len(HOOK_MOODS)] for n in range(2 * len(HOOK_MOODS))]

    def answer(self, method: str, url: str, arguments: dict[str, Any]) -> Answer:
        """What is answered to a call; raises what the HTTP client raises."""
        call = requests.Request(method, url, **arguments).prepare()
        body = call.body.encode() if isinstance(call.body, str) else call.body or b""
        headers = {name.lower(): value for name, value in call.headers.items()}
        if url.startswith(HOOK):
            return self._hook(headers["webhook-id"])
        return self._send(ApiRequest(method, urlsplit(url).path, headers, body))

    def _send(self, request: ApiRequest) -> Answer:
        mood = self.moods.pop(0) if self.moods else "well"
        asked = self._provider.answer(request, self._accounts)
        assert isinstance(asked, Sent), asked
        message = str(asked.report_url).rpartition("/")[2]
        self.tries.append(Try(message, asked.recipient, asked.text, self._clock(), mood in _LATER))
        if mood == "refused":
            raise NeverSent("refused")
        if mood == "throttled":
            return _as_read(self._provider.refusal("throttled", None, 1 + len(self.tries) % 7))
        if mood in ("rejects", "unsubscribed"):
            return _as_read(self._provider.refusal("reject", UNSUBSCRIBED if mood == "unsubscribed" else None, 0))
        if mood == "busy":
            return _as_read(self._provider.refusal("unavailable_503", None, 0))
        if mood == "garbage":
            return Answer(200, {}, b"<!doctype html>")
        self.taken.append(asked)
        if mood == "silent":
            raise NoAnswer("silent")
        return _as_read(asked.answer)

    def report(self, sent: Sent, status: Any, *, bare: bool) -> tuple[str, dict[str, str], bytes]:
        """URL, headers and body of a delivery report; a `bare` one does not name our message."""
        url = str(sent.report_url)
        account = next(one for one in self._accounts if f"/{one.id}/" in url)
        url = url.rpartition("/")[0] if bare else url
        webhook = self._provider.report(replace(sent, account=account), status, url, None)
        return webhook.url, dict(webhook.headers), webhook.body

    def _hook(self, name: str) -> Answer:
        mood = self.hook_moods.pop(0) if self.hook_moods else "nothing"
        self.hook_calls[name, mood] += 1
        if mood == "silent":
            raise NoAnswer("silent")
        if mood == "garbage":
            return Answer(200, {}, b'{"tags": "none"}')
        told: dict[str, Any] = {"tags": ["hooked"]} if mood == "tags" else {}
        if "reply" in mood:
            told["reply"] = hook_reply(name)
        if "goto" in mood:
            told["goto"] = "last"
        return Answer(500 if mood == "fails" else 200, {}, json.dumps(told).encode())


def hook_reply(name: str) -> str:
    """What the hook has the product say, given the call's id."""
    return f"hook {name}"


def _as_read(answer: Any) -> Answer:
    return Answer(answer.status, answer.headers, answer.body)
