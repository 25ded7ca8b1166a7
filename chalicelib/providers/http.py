"""The HTTP client handed to providers: one connection per call, guarded, bounded in time and size, no redirects."""

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

from chalicelib.providers.calls import ForbiddenAddress, NeverSent, NoAnswer, Unwritable, never_sent

if TYPE_CHECKING:
    from requests import Response

ANSWER_BYTES = 1024 * 1024
_CHUNK = 16 * 1024


@dataclass(frozen=True)
class Answer:
    """A whole answer in memory; the names are those of `requests`."""

    status_code: int
    headers: Mapping[str, str] = field(repr=False)
    content: bytes = field(repr=False)

    @property
    def text(self) -> str:
        return self.content.decode("utf-8", "replace")

    def json(self) -> Any:
        """Raises ValueError for anything but JSON."""
        return json.loads(self.content)


@dataclass(frozen=True)
class Http:
    """`hosts` maps a provider's host to the URL that stands in for it (empty outside the laptop); times in seconds.

    Raises NeverSent when no connection was made, ForbiddenAddress when none may be, Unwritable for what no call can
    hold, NoAnswer for all that fails later.
    """

    hosts: Mapping[str, str]
    loopback_allowed: bool
    connect_timeout: float
    read_timeout: float

    def get(self, url: str, **kw: Any) -> Answer:
        return self.request("GET", url, **kw)

    def post(self, url: str, **kw: Any) -> Answer:
        return self.request("POST", url, **kw)

    def request(self, method: str, url: str, **kw: Any) -> Answer:
        """One call; keyword arguments: params, data, json, headers, auth as in `requests`."""
        import requests
        from urllib3.exceptions import HTTPError

        from chalicelib.providers.guard import GuardedSession

        seconds = self.connect_timeout + self.read_timeout
        deadline = time.monotonic() + seconds
        try:
            # A session per call: a kept connection that died unnoticed would make the outcome of a send unknown.
            with (
                GuardedSession(self.loopback_allowed) as session,
                _after(seconds, session.cut_off),
                session.request(
                    method,
                    self._target(url),
                    timeout=(self.connect_timeout, self.read_timeout),
                    allow_redirects=False,
                    stream=True,
                    **kw,
                ) as response,
            ):
                return Answer(response.status_code, response.headers, _bounded(response, deadline))
        except (requests.exceptions.InvalidURL, requests.exceptions.InvalidSchema, requests.exceptions.MissingSchema):
            raise ForbiddenAddress("not a URL to call") from None
        except (requests.exceptions.InvalidHeader, requests.exceptions.InvalidJSONError, UnicodeError) as error:
            raise Unwritable(type(error).__name__) from None
        except (requests.RequestException, HTTPError) as error:
            raise (NeverSent if never_sent(error) else NoAnswer)(type(error).__name__) from None

    def _target(self, url: str) -> str:
        try:
            parts = urlsplit(url)
        except ValueError:
            raise ForbiddenAddress("not a URL to call") from None
        override = self.hosts.get(parts.hostname or "")
        if override is None:
            return url
        stand_in = urlsplit(override)
        path = stand_in.path.rstrip("/") + parts.path
        return urlunsplit(parts._replace(scheme=stand_in.scheme, netloc=stand_in.netloc, path=path))


@contextmanager
def _after(seconds: float, act: Callable[[], None]) -> Iterator[None]:
    """Act once so many seconds have passed, unless what is done meanwhile has ended."""
    timer = threading.Timer(seconds, act)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _bounded(response: "Response", deadline: float) -> bytes:
    content = b""
    # read1 answers with what is there, so that a body that drips cannot outlast the deadline.
    while chunk := response.raw.read1(_CHUNK, decode_content=True):
        content += chunk
        if len(content) > ANSWER_BYTES:
            raise NoAnswer("answer too large")
        if time.monotonic() > deadline:
            break
    if time.monotonic() > deadline:  # also where it ended because the connection was cut off
        raise NoAnswer("answer too slow")
    return content
