"""An HTTP client that answers from a script and keeps what it was asked, encoded as `requests` would send it."""

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

import requests

from chalicelib.providers.http import Answer
from tests.providers.table import Reply


@dataclass(frozen=True)
class Call:
    """A call as it would leave the machine."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes

    def form(self) -> dict[str, list[str]]:
        return parse_qs(self.body.decode(), keep_blank_values=True, strict_parsing=True)

    def json(self) -> Any:
        assert self.headers["Content-Type"].partition(";")[0] == "application/json"
        return json.loads(self.body)

    def basic(self) -> tuple[str, str]:
        user, _, password = (
            base64.b64decode(self.headers["Authorization"].removeprefix("Basic ")).decode().partition(":")
        )
        return user, password


@dataclass
class ScriptedHttp:
    """Each call takes the next step: a reply to give or an exception to raise; a call too many fails the test.

    Calls that `aside` answers take no step and are kept in `beside`.
    """

    steps: list[Reply | Exception]
    calls: list[Call] = field(default_factory=list)
    aside: Callable[[Call], Reply | None] = lambda _: None
    beside: list[Call] = field(default_factory=list)

    def request(self, method: str, url: str, **kw: Any) -> Answer:
        prepared = requests.Request(method, url, **kw).prepare()
        body = prepared.body or b""
        body = body.encode() if isinstance(body, str) else body
        call = Call(str(prepared.method), str(prepared.url), prepared.headers, body)
        answer = self.aside(call)
        (self.calls if answer is None else self.beside).append(call)
        step = self.steps.pop(0) if answer is None else answer
        if isinstance(step, Exception):
            raise step
        content = json.dumps(step.body) if isinstance(step.body, dict) else step.body
        return Answer(step.status, step.headers, content.encode() if isinstance(content, str) else content)

    def get(self, url: str, **kw: Any) -> Answer:
        return self.request("GET", url, **kw)

    def post(self, url: str, **kw: Any) -> Answer:
        return self.request("POST", url, **kw)
