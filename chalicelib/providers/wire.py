"""Reading what providers post: forms, JSON, XML, numbers and URLs; anything unreadable is a MalformedRequest."""

import json
import math
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit, urlunsplit

from chalicelib.providers.contract import Event, Ignored, MalformedRequest, WebhookRequest

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

# A stored item nests at most 32 levels (DynamoDB quotas), and `raw` lies inside one.
JSON_DEPTH = 20
FORM_FIELDS = 1000
# Both become parts of keys in the table, which hold at most 1,024 bytes.
ADDRESS_CHARACTERS = 64
IDENTIFIER_CHARACTERS = 200
# Far above any text or MMS; a longer one could not be stored.
TEXT_CHARACTERS = 20_000

FORM, MULTIPART, JSON = "application/x-www-form-urlencoded", "multipart/form-data", "application/json"

_LOCAL_MESSAGE = re.compile(r"/(msg_[0-9A-Za-z]{1,40})/?$")
_OWN_ID = re.compile(r"msg_[0-9A-Za-z]{1,40}")
_DEFAULT_PORTS = {"https": 443, "http": 80}


def content_type(request: WebhookRequest) -> tuple[str, str]:
    """MIME type in lower case ("" when absent) and charset (UTF-8 when not named)."""
    kind, *parameters = (request.header("Content-Type") or "").split(";")
    named = (part.strip().partition("=") for part in parameters)
    charset = next((value.strip("\"' ") for key, _, value in named if key.strip().lower() == "charset"), "")
    return kind.strip().lower(), charset or "utf-8"


def clean(text: str) -> str:
    """The text without NULs, and with lone surrogates, which no store can hold, as U+FFFD."""
    return text.replace("\x00", "").encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def raw_pairs(form: bytes) -> list[tuple[bytes, bytes]]:
    """The percent-decoded names and values of a form or a query, in order: blank ones kept, repeated ones too.

    Bytes, since signatures cover bytes whatever their charset. Raises MalformedRequest for more than 1,000 fields.
    """
    try:
        # Latin-1 maps each byte to the character of its number and back: nothing is lost, nothing can fail.
        pairs = parse_qsl(
            form.decode("latin-1"), keep_blank_values=True, encoding="latin-1", max_num_fields=FORM_FIELDS
        )
    except ValueError:
        raise MalformedRequest("too many fields") from None
    return [(name.encode("latin-1"), value.encode("latin-1")) for name, value in pairs]


def fields(request: WebhookRequest) -> dict[str, str]:
    """The named values of a call: the query of a GET, the form or multipart body of a POST; the first of a name counts.

    Raises MalformedRequest for any other method or body, and for a broken charset.
    """
    kind, charset = content_type(request)
    if request.method.upper() == "GET":
        return decoded(raw_pairs(urlsplit(request.url).query.encode("utf-8", "replace")), "utf-8")
    if request.method.upper() != "POST":
        raise MalformedRequest("neither GET nor POST")
    if kind in (FORM, ""):
        return decoded(raw_pairs(request.body), charset)
    if kind == MULTIPART:
        return decoded(_multipart(request), charset)
    raise MalformedRequest("not a form")


def decoded(pairs: Iterable[tuple[bytes, bytes]], charset: str) -> dict[str, str]:
    """The pairs as text, the first of a name; raises MalformedRequest for bytes or a charset that nobody knows."""
    named: dict[str, str] = {}
    try:
        for name, value in pairs:
            named.setdefault(clean(name.decode(charset)), clean(value.decode(charset)))
    except (ValueError, LookupError):  # of the former, UnicodeError for bytes and ValueError for a NUL in the name
        raise MalformedRequest("broken charset") from None
    return named


def _multipart(request: WebhookRequest) -> Iterator[tuple[bytes, bytes]]:
    from email.parser import BytesParser
    from email.policy import HTTP

    header = (request.header("Content-Type") or "").replace("\r", "").replace("\n", "").encode("latin-1", "replace")
    message = BytesParser(policy=HTTP).parsebytes(b"Content-Type: " + header + b"\r\n\r\n" + request.body)
    parts = list(message.iter_parts()) if message.is_multipart() else []
    if not parts or len(parts) > FORM_FIELDS:
        raise MalformedRequest("no readable multipart body")
    for part in parts:
        name, value = part.get_param("name", header="content-disposition"), part.get_payload(decode=True)
        if isinstance(name, str) and isinstance(value, bytes):
            yield name.encode("utf-8", "replace"), value


def json_value(body: bytes) -> Any:
    """The JSON value of a body, strings cleaned; raises MalformedRequest, also for more than 20 levels of nesting."""
    try:
        value = json.loads(body, parse_constant=_refused, parse_float=_finite)
    except (ValueError, RecursionError):
        raise MalformedRequest("not JSON") from None
    return _tidy(value, JSON_DEPTH)


def posted_json(request: WebhookRequest) -> Any:
    """The JSON value of a POST, whatever its type says; raises MalformedRequest for another method or body."""
    if request.method.upper() != "POST":
        raise MalformedRequest("not a POST")
    return json_value(request.body)


def posted(request: WebhookRequest) -> Any:
    """What a call carries, whatever its form: the JSON value of a POST whose type says so, else as `fields`."""
    kind, _ = content_type(request)
    if request.method.upper() == "POST" and (kind == JSON or kind.endswith("+json")):
        return json_value(request.body)
    return fields(request)


def string(value: object) -> str:
    """A JSON value as text: strings as they are, whole numbers in digits, "" for everything else."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value if isinstance(value, str) else ""


def record(value: object) -> dict[str, Any]:
    """A JSON value where an object belongs; empty for everything else."""
    return value if isinstance(value, dict) else {}


def items(value: object) -> list[Any]:
    """A JSON value where a list belongs; empty for everything else."""
    return value if isinstance(value, list) else []


def each(calls: Sequence[Any], read: Callable[[Any], Event]) -> list[Event]:
    """Several events of one call: an unreadable one costs none of the others.

    Raises MalformedRequest when nothing at all can be read.
    """
    events: list[Event] = []
    failures: list[MalformedRequest] = []
    for call in calls:
        try:
            events.append(read(call))
        except MalformedRequest as error:
            failures.append(error)
            events.append(Ignored(f"unreadable: {error}"))
    if len(failures) == len(events):
        raise failures[0] if failures else MalformedRequest("no events")
    return events


def _refused(_: str) -> Any:
    raise ValueError


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise ValueError
    return number


def _tidy(value: Any, levels: int) -> Any:
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, (dict, list)) and levels == 0:
        raise MalformedRequest("JSON nested too deeply")
    if isinstance(value, dict):
        return {clean(key): _tidy(item, levels - 1) for key, item in value.items()}
    if isinstance(value, list):
        return [_tidy(item, levels - 1) for item in value]
    return value


def xml_root(body: bytes) -> "Element":
    """The root element of an XML body; raises MalformedRequest, for any DOCTYPE before one entity is read."""
    from xml.etree.ElementTree import ParseError, TreeBuilder, XMLParser

    class NoDoctype(TreeBuilder):
        def doctype(self, *_: str | None) -> None:
            raise MalformedRequest("XML with a DOCTYPE")

    parser = XMLParser(target=NoDoctype())  # noqa: S314 - entities need a DOCTYPE, which is refused
    try:
        parser.feed(body)
        root: Element = parser.close()
    except (ParseError, LookupError, ValueError) as error:
        raise error if isinstance(error, MalformedRequest) else MalformedRequest("not XML") from None
    return root


def text(value: str) -> str:
    """A customer's text; raises MalformedRequest beyond 20,000 characters."""
    if len(value) > TEXT_CHARACTERS:
        raise MalformedRequest("text too long")
    return value


def identifier(value: str | None) -> str | None:
    """A provider's id, None when blank; raises MalformedRequest beyond 200 characters."""
    trimmed = (value or "").strip()
    if len(trimmed) > IDENTIFIER_CHARACTERS:
        raise MalformedRequest("id too long")
    return trimmed or None


def address(value: str | None) -> str | None:
    """A number in one form: `+` and digits for E.164; short codes and alphanumeric senders untouched; None when blank.

    Bare digits count as international from seven digits on; a `+` that came unescaped in a form arrives as a blank.
    Raises MalformedRequest beyond 64 characters.
    """
    trimmed = (value or "").strip()
    if len(trimmed) > ADDRESS_CHARACTERS:
        raise MalformedRequest("address too long")
    if re.fullmatch(r"\+[0-9][0-9 ().-]*", trimmed):
        return "+" + re.sub(r"[^0-9]", "", trimmed)
    if re.fullmatch(r"00[1-9][0-9]{6,}", trimmed):
        return "+" + trimmed[2:]
    if re.fullmatch(r"[0-9]{7,}", trimmed):
        return "+" + trimmed
    return trimmed or None


def timestamp(value: str | None, form: str) -> datetime | None:
    """A time written in `strptime` form, zone included; None where it is absent or written otherwise."""
    try:
        return datetime.strptime(value or "", form)  # noqa: DTZ007 - the form names the zone
    except ValueError:
        return None


def iso_time(value: object) -> datetime | None:
    """A time in ISO 8601 with its zone, as UTC; None where it is absent, without a zone or written otherwise."""
    try:
        found = datetime.fromisoformat(value) if isinstance(value, str) else None
        return found.astimezone(UTC) if found and found.tzinfo else None
    except (ValueError, OverflowError):
        return None


def epoch(value: object) -> datetime | None:
    """A time in seconds or milliseconds since 1970, a number or its digits; None where it is absent or no such time."""
    digits = string(value).strip()
    if not re.fullmatch(r"[0-9]{9,13}", digits):
        return None
    return datetime.fromtimestamp(int(digits) / (1000 if len(digits) > 11 else 1), UTC)


def own_id(value: object) -> str | None:
    """The desk's message id where a provider hands it back in a field; None for anything else."""
    return value if isinstance(value, str) and _OWN_ID.fullmatch(value) else None


def message_id(url: str) -> str | None:
    """The desk's message id at the end of a delivery URL's path (`…/delivery/{token}/msg_…`)."""
    found = _LOCAL_MESSAGE.search(urlsplit(url).path)
    return found.group(1) if found else None


def url_forms(url: str) -> tuple[str, ...]:
    """The ways in which a provider may have written the URL that it signed.

    A gateway hands the query over decoded, so a blank may have been `+` or `%20`; and a port that is the scheme's own
    may have been written or not.
    """
    parts = urlsplit(url)
    queries = dict.fromkeys((parts.query, parts.query.replace("+", "%20"), parts.query.replace("%20", "+")))
    return tuple(
        urlunsplit(parts._replace(netloc=netloc, query=query))
        for netloc in _netlocs(parts.scheme, parts.netloc)
        for query in queries
    )


def _netlocs(scheme: str, netloc: str) -> tuple[str, ...]:
    bare = re.sub(r":[0-9]*$", "", netloc)
    if bare != netloc:
        return netloc, bare
    return netloc, f"{netloc}:{_DEFAULT_PORTS.get(scheme, 443)}"
