"""Calling providers: which failures are safe to repeat, and words about them that give nothing away."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from chalicelib.providers.alphabet import is_gsm, units
from chalicelib.providers.contract import (
    AccountCheck,
    ErrorKind,
    HttpAnswer,
    HttpClient,
    MalformedRequest,
    OutboundMessage,
    ProviderAccount,
    SendError,
    Status,
)
from chalicelib.providers.spec import ProviderSpec
from chalicelib.providers.wire import clean, json_value, string

RETRY_AFTER_LIMIT = 86_400
DETAIL_CHARACTERS = 200

# What the socket, TLS, urllib3 and requests raise before a byte of the request has left; known by name so that this
# module loads none of them.
_BEFORE_SENDING = frozenset(
    {
        "ConnectionRefusedError",
        "ConnectTimeout",
        "ConnectTimeoutError",
        "NameResolutionError",
        "NewConnectionError",
        "SSLCertVerificationError",
        "gaierror",
    }
)
_UNWRITABLE = "The call cannot be written: the account's credentials or mapping hold characters that it cannot hold."
ErrorTable = Mapping[str, tuple[ErrorKind, str]]

_CODE = re.compile(r"[A-Za-z0-9_.-]{1,40}")
# A token may hide in a long word; names such as INSUFFICIENT_ACCOUNT_BALANCE or delivery_unconfirmed hold none.
_LONG_WORD = re.compile(
    r"(?<![A-Za-z0-9+/_=-])(?!(?:[A-Z_]+|[a-z]+(?:_[a-z]+)+)(?![A-Za-z0-9+/_=-]))[A-Za-z0-9+/_=-]{20,}"
)
_NUMBER = re.compile(r"\+?[0-9][0-9 ().-]{5,}[0-9]")


class NeverSent(Exception):
    """The connection was not made: the provider has seen nothing of the request."""


class ForbiddenAddress(NeverSent):
    """The URL is none that this deployment may call (not https, or an address that is not public)."""


class Unwritable(NeverSent):
    """The call cannot be written down: a header or a field holds characters that it cannot hold."""


class NoAnswer(Exception):
    """The request left and no usable answer came: timed out, cut off, or larger than allowed."""


def never_sent(error: BaseException) -> bool:
    """Whether the failure shows that no byte of the request left this machine."""
    return any(
        isinstance(cause, NeverSent) or any(base.__name__ in _BEFORE_SENDING for base in type(cause).__mro__)
        for cause in _causes(error)
    )


def _causes(error: BaseException, depth: int = 5) -> Iterator[BaseException]:
    yield error
    if depth:
        for inner in (*error.args, error.__cause__, getattr(error, "reason", None)):
            if isinstance(inner, BaseException):
                yield from _causes(inner, depth - 1)


def within_limits(message: OutboundMessage, spec: ProviderSpec, most_units: int | None = None) -> None:
    """Raises SendError content for what the provider would refuse or cut: empty, too long, too many attachments.

    `most_units`: UTF-16 units of a text that does not fit GSM-7, where the provider counts those for themselves.
    """
    if not message.text and not message.media_urls:
        raise SendError("content", "empty", "There is neither a text nor an attachment.")
    if len(message.text) > spec.max_characters:
        raise SendError("content", "too_long", f"The text is longer than {spec.max_characters} characters.")
    if most_units and not is_gsm(message.text) and units(message.text) > most_units:
        raise SendError("content", "too_long", f"With its characters the text may have {most_units} at most.")
    if len(message.media_urls) > spec.media_per_message:
        raise SendError("content", "too_many_media", f"More than {spec.media_per_message} attachments are not taken.")


def call(http: HttpClient, method: str, url: str, **kw: Any) -> HttpAnswer:
    """One HTTP call for a message; raises SendError: unavailable (nothing was sent), unknown_outcome, configuration."""
    try:
        return http.request(method, url, **kw)
    except ForbiddenAddress:
        raise SendError("configuration", "forbidden_address", "The provider's URL may not be called.") from None
    except Unwritable:
        raise SendError("configuration", "unwritable", _UNWRITABLE) from None
    except Exception as error:
        # Whatever else the client raises: unless the request certainly never left, the message may be on its way.
        if never_sent(error):
            raise SendError("unavailable", "not_sent", "The provider could not be reached.") from None
        raise SendError("unknown_outcome", "no_answer", "The provider gave no answer; it may have sent it.") from None


def accepted_json(answer: HttpAnswer) -> dict[str, Any]:
    """The JSON object of a 2xx answer; raises SendError unknown_outcome when it cannot be read."""
    body = json_object(answer)
    if body is None:
        raise SendError("unknown_outcome", "unreadable", "The provider's answer could not be read.")
    return body


def json_object(answer: HttpAnswer) -> dict[str, Any] | None:
    """The JSON object of any answer, None when it is none."""
    try:
        body = json_value(answer.content)
    except MalformedRequest:
        return None
    return body if isinstance(body, dict) else None


def account_check(
    http: HttpClient, url: str, label: str, problem: Callable[[dict[str, Any]], str | None], **kw: Any
) -> AccountCheck:
    """Try the credentials by a GET that changes nothing; `problem` says in words what is wrong with the JSON answer."""
    try:
        answer = call(http, "GET", url, **kw)
    except SendError as error:
        return unchecked(error)
    if answer.status_code in (401, 403):
        return AccountCheck("problem", f"{label} refuses the account's credentials.")
    body = json_object(answer)
    if answer.status_code != 200 or body is None:
        return AccountCheck("problem", f"{label} answered with HTTP {answer.status_code} and no account.")
    found = problem(body)
    return AccountCheck("problem", found) if found else AccountCheck("ok")


def unchecked(error: SendError) -> AccountCheck:
    """A check that came to no end, in words; where no answer came, nothing is said of a text, since there is none."""
    return AccountCheck("problem", "The provider gave no answer." if error.code == "no_answer" else error.detail)


def segments(counted: object) -> int | None:
    """How many segments an answer tells of, a number or its digits; None for none and for anything else."""
    digits = string(counted)
    return int(digits) if re.fullmatch("[1-9][0-9]?", digits) else None


def is_spent(balance: object) -> bool:
    """Whether a balance, a number or its digits, is used up; False for what is no number."""
    try:
        return not isinstance(balance, bool) and float(str(balance)) <= 0
    except ValueError:
        return False


def kind_of_status(status: int) -> ErrorKind:
    """What an HTTP status other than 2xx says by itself; after a 5xx the message may have been taken."""
    if status in (401, 403):
        return "credentials"
    if status == 402:
        return "funds"
    if status == 429:
        return "throttled"
    if status == 408:
        return "unknown_outcome"
    return "unknown_outcome" if status >= 500 else "configuration"


def error_table(*rows: tuple[ErrorKind, str, str]) -> ErrorTable:
    """A look-up by provider code from rows of kind, sentence for the agent, and codes divided by blanks."""
    return {code: (kind, words) for kind, words, codes in rows for code in codes.split()}


def status_table(*rows: tuple[Status, str]) -> Mapping[str, Status]:
    """A look-up of the desk's statuses by the provider's words or numbers, divided by blanks."""
    return {word: status for status, words in rows for word in words.split()}


def refusal(
    answer: HttpAnswer,
    code: object,
    said: object,
    errors: ErrorTable,
    account: ProviderAccount,
    message: OutboundMessage,
) -> SendError:
    """The error for an answer that is none of acceptance: by its code, else by its status; 429 is always `throttled`.

    `said` is the provider's own sentence, told (scrubbed) where the table has none of ours.
    """
    listed = str(code) in errors  # then it is no secret, however long
    known = listed or (scrubbed(str(code), account, message) == str(code) and _CODE.fullmatch(str(code)))
    name = str(code) if code and known else f"http_{answer.status_code}"
    by_status = "configuration" if 200 <= answer.status_code < 300 else kind_of_status(answer.status_code)
    kind, words = errors.get(name, (by_status, None))
    if answer.status_code == 429:
        kind = "throttled"
    detail = words or scrubbed(said, account, message) or f"The provider answered with HTTP {answer.status_code}."
    return SendError(kind, name, detail, retry_after(answer.headers))


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds of a `Retry-After` header, at most a day; None when absent or a date (RFC 9110, 10.2.3)."""
    value = next((value for name, value in headers.items() if name.lower() == "retry-after"), "").strip()
    return min(float(value), RETRY_AFTER_LIMIT) if re.fullmatch(r"[0-9]{1,9}(\.[0-9]+)?", value) else None


def unmapped(status: Status, word: str | None, account: ProviderAccount) -> str | None:
    """The provider's own word for a state that the desk has none for, scrubbed; None for every other state."""
    return scrubbed(word, account) if status is Status.unknown else None


def scrubbed(words: object, account: ProviderAccount, message: OutboundMessage | None = None) -> str | None:
    """A provider's own words, fit for an agent's eyes and a log: no credentials, texts, numbers or long tokens."""
    if not isinstance(words, str) or not words.strip():
        return None
    private = [*account.credentials.values(), account.phone]
    if message is not None:
        private += [message.text, message.recipient, *message.media_urls, message.delivery_url or ""]
    kept = clean(words)
    for value in sorted(filter(None, private), key=len, reverse=True):
        kept = kept.replace(value, "…")
    return _NUMBER.sub("…", _LONG_WORD.sub("…", kept))[:DETAIL_CHARACTERS]
