"""The way out to a provider, watched: what the last call was and how it was answered, but nothing of what it said."""

from collections.abc import Callable
from typing import Any

from chalicelib.providers.contract import HttpAnswer, HttpClient
from chalicelib.store.exchanges import Exchange, names


class Watched:
    """An HTTP client that remembers its last call; `clock` gives milliseconds."""

    def __init__(self, http: HttpClient, clock: Callable[[], int]) -> None:
        self._http, self._clock = http, clock
        self._began = clock()
        self._method: str | None = None
        self._status: int | None = None
        self._fields: tuple[str, ...] = ()

    @property
    def called(self) -> bool:
        """Whether the provider was called at all."""
        return self._method is not None

    def exchange(self, account_id: str, outcome: str, **more: Any) -> Exchange:
        """The row of the log for what was done since the beginning."""
        return Exchange(
            account_id,
            self._began,
            "out",
            self._method,
            self._status,
            outcome,
            self._clock() - self._began,
            fields=self._fields,
            **more,
        )

    def request(self, method: str, url: str, **kw: Any) -> HttpAnswer:
        self._method, self._status = method, None
        self._fields = _sent(kw)
        answer = self._http.request(method, url, **kw)
        self._status = answer.status_code
        return answer

    def get(self, url: str, **kw: Any) -> HttpAnswer:
        return self.request("GET", url, **kw)

    def post(self, url: str, **kw: Any) -> HttpAnswer:
        return self.request("POST", url, **kw)


def _sent(arguments: dict[str, Any]) -> tuple[str, ...]:
    """The names at the top of what is sent: query, form or JSON."""
    parts = [arguments.get(name) for name in ("params", "data", "json")]
    return names(name for part in parts if isinstance(part, dict) for name in part)
