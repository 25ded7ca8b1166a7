"""What is kept from one call of an account to the next, and the logins that come before a text."""

import hashlib
import json
from collections import OrderedDict
from threading import Lock
from typing import Any

from chalicelib.providers import calls
from chalicelib.providers.contract import HttpAnswer, HttpClient, ProviderAccount, SendError


class Sessions:
    """One word per account, such as a session key, for as long as this process lives; threads may share it.

    The key is a hash over everything that the account signs in with, so that changed credentials begin anew and no
    account ever uses the session of another. Beyond `limit` accounts the one that was longest unused is forgotten. No
    times are kept: a session that the provider has ended shows itself by a 401.
    """

    def __init__(self, limit: int = 256) -> None:
        self._limit = limit
        self._kept: OrderedDict[str, str] = OrderedDict()
        self._lock = Lock()

    def get(self, account: ProviderAccount) -> str | None:
        """What was kept for the account; None when there is nothing."""
        key = _key(account)
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
            return self._kept.get(key)

    def keep(self, account: ProviderAccount, word: str) -> str:
        """Keep a word in the place of the one before, and answer with it."""
        key = _key(account)
        with self._lock:
            self._kept[key] = word
            self._kept.move_to_end(key)
            if len(self._kept) > self._limit:
                self._kept.popitem(last=False)
        return word

    def forget(self, account: ProviderAccount) -> None:
        """Keep nothing for the account."""
        with self._lock:
            self._kept.pop(_key(account), None)


def _key(account: ProviderAccount) -> str:
    told = [account.provider, account.base_url, sorted(account.credentials.items()), sorted(account.options.items())]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()


def login(http: HttpClient, method: str, url: str, wrong: tuple[int, ...] = (401, 403), **kw: Any) -> HttpAnswer:
    """A call that carries no text; raises SendError, and never unknown_outcome, since nothing was handed over.

    `wrong`: the HTTP statuses that mean wrong credentials.
    """
    try:
        answer = calls.call(http, method, url, **kw)
    except SendError as error:
        if error.kind != "unknown_outcome":
            raise
        raise SendError("unavailable", "no_login", "The provider gave no answer to the login.") from None
    if 200 <= answer.status_code < 300:
        return answer
    if answer.status_code in wrong:
        raise SendError("credentials", f"http_{answer.status_code}", "The provider refuses the account's credentials.")
    kind = calls.kind_of_status(answer.status_code)
    raise SendError(
        "unavailable" if kind == "unknown_outcome" else kind,
        f"http_{answer.status_code}",
        f"The provider answered the login with HTTP {answer.status_code}.",
        calls.retry_after(answer.headers),
    )


def no_session() -> SendError:
    """The error for a login that succeeded with an answer that nobody can read."""
    return SendError("unavailable", "no_login", "The provider's answer to the login could not be read.")
