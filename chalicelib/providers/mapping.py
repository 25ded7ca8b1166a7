"""How an HTTP provider is declared instead of programmed: two JSON objects, checked, with templates but no expressions.

A template is text with `{variables}` of the closed set below; nothing else is ever evaluated. A path names a value in
an answer or a call: names and list indexes divided by dots, upper and lower case alike, without regard to `-` and `_`.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any, TypeVar, get_args

from chalicelib.providers import wire
from chalicelib.providers.contract import ErrorKind, Status

VARIABLES = (
    *("to", "to_digits", "from", "from_digits", "text", "reference", "delivery_url", "encoding"),
    *("api_key", "username", "password"),
)
MAPPING_CHARACTERS = 2000

_VARIABLE = re.compile(r"\{([^{}]*)\}")
_PATH = re.compile(r"[^.\s{}]{1,60}(\.[^.\s{}]{1,60}){0,7}")
_HEADER = re.compile(r"[A-Za-z0-9-]{1,60}")


class Mistake(ValueError):
    """A declaration that cannot be followed; the text says why, for the administrator."""


@dataclass(frozen=True)
class Sending:
    """How a text is handed over, and where the answer says what became of it.

    `fields` are the names of the call with templates, or plain numbers and booleans; in JSON a dotted name nests.
    `success_values`: what stands at `success_path` when the text was taken; `errors`: provider code -> kind of error.
    """

    method: str = "POST"
    path: str = ""
    body: str = "json"
    auth: str = "none"
    headers: Mapping[str, str] = field(default_factory=dict)
    fields: Mapping[str, str | int | bool] = field(default_factory=dict)
    number_format: str = "e164"
    success_path: str = ""
    success_values: tuple[str, ...] = ()
    id: tuple[str, ...] = ()
    id_from_body: bool = False
    error_code: tuple[str, ...] = ()
    error_text: tuple[str, ...] = ()
    errors: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Receiving:
    """Where a call of the provider says what; each list of paths is tried in order.

    `items`: path of the list in a call with several events. `statuses`: the provider's word -> status of the desk.
    Which part of a long text a call brings: `udh`, the user data header in hexadecimal digits, or `part_…`.
    `secret_header` or `secret_field`: where the account's webhook secret is expected.
    """

    id: tuple[str, ...] = ()
    sender: tuple[str, ...] = ()
    recipient: tuple[str, ...] = ()
    text: tuple[str, ...] = ()
    time: tuple[str, ...] = ()
    status: tuple[str, ...] = ()
    code: tuple[str, ...] = ()
    reference: tuple[str, ...] = ()
    udh: tuple[str, ...] = ()
    part_reference: tuple[str, ...] = ()
    part_number: tuple[str, ...] = ()
    part_total: tuple[str, ...] = ()
    items: str = ""
    statuses: Mapping[str, str] = field(default_factory=dict)
    secret_header: str = ""
    secret_field: str = ""


Declared = TypeVar("Declared", Sending, Receiving)


def declared(preset: Declared, option: str | None) -> Declared:
    """The preset with what the option (JSON text of at most 2,000 characters) says otherwise; raises Mistake."""
    if option is None:
        return preset
    if len(option) > MAPPING_CHARACTERS:
        raise Mistake(f"Longer than {MAPPING_CHARACTERS} characters.")
    try:
        given = wire.json_value(option.encode("utf-8", "replace"))
    except ValueError:
        given = None
    if not isinstance(given, dict):
        raise Mistake("Not a JSON object.")
    known = [one.name for one in fields(preset)]
    checked: dict[str, Any] = {}
    for name, value in given.items():
        if name not in known:
            raise Mistake(f"Unknown name {json.dumps(name)}. Known: {', '.join(known)}.")
        try:
            checked[name] = _CHECKS[name](value)
        except Mistake as mistake:
            raise Mistake(f"{name}: {mistake}") from None
    return replace(preset, **checked)


def fill(template: str, values: Mapping[str, str], quoted: Callable[[str], str] = str) -> str:
    """The template with its variables replaced once; what they hold is never read as a template again."""
    return _VARIABLE.sub(lambda found: quoted(values[found.group(1)]), template)


def nested(flat: Mapping[str, Any]) -> dict[str, Any]:
    """Dotted names as nested JSON; a name of digits stands in a list: `messages.0.to`."""
    tree: dict[str, Any] = {}
    for name, value in flat.items():
        node = tree
        *outer, last = name.split(".")
        for part in outer:
            inner = node.setdefault(part, {})
            node[part] = node = inner if isinstance(inner, dict) else {}
        node[last] = value
    return {name: _lists(value) for name, value in tree.items()}


def _lists(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    inner = {name: _lists(item) for name, item in value.items()}
    if inner and all(name.isascii() and name.isdigit() for name in inner):
        return [inner[name] for name in sorted(inner, key=int)]
    return inner


def find(document: Any, path: str) -> Any:
    """What stands at the path; None where there is nothing."""
    for name in path.split("."):
        if isinstance(document, dict):
            wanted = _plain(name)
            document = next((value for key, value in document.items() if _plain(key) == wanted), None)
        elif isinstance(document, list) and name.isascii() and name.isdigit() and int(name) < len(document):
            document = document[int(name)]
        else:
            return None
    return document


def first(document: Any, paths: Sequence[str]) -> str | None:
    """The first text or whole number at one of the paths, a blank one only where all are; None without any."""
    found = [find(document, path) for path in paths]
    told = [wire.string(value) for value in found if isinstance(value, str) or wire.string(value)]
    return next((word for word in told if word.strip()), told[0] if told else None)


def _plain(name: str) -> str:
    return name.lower().replace("-", "").replace("_", "")


def _template(value: Any) -> str:
    if not isinstance(value, str):
        raise Mistake("Text with variables is expected.")
    for name in _VARIABLE.findall(value):
        if name not in VARIABLES:
            raise Mistake(f"Unknown variable {{{name}}}. Known: {', '.join(VARIABLES)}.")
    if "{" in _VARIABLE.sub("", value) or "}" in _VARIABLE.sub("", value) or not value.isprintable():
        raise Mistake("Braces only around variables, and no line ends.")
    return value


def _url_path(value: Any) -> str:
    if _template(value) and value[0] not in "/?":
        raise Mistake("It begins with / or ?.")
    if re.search(r"\s|#|//|/\.\.?(/|$)", value):
        raise Mistake("No blanks, fragments or steps upwards.")
    return value


def _path(value: Any) -> str:
    if not isinstance(value, str) or not _PATH.fullmatch(value):
        raise Mistake("A path such as messages.0.id is expected.")
    return value


def _paths(value: Any) -> tuple[str, ...]:
    return tuple(_path(one) for one in (value if isinstance(value, list) else [value]))


def _one_of(*choices: str) -> Callable[[Any], str]:
    def check(value: Any) -> str:
        if value not in choices or not isinstance(value, str):
            raise Mistake(f"One of: {', '.join(choices)}.")
        return value

    return check


def _table(key: Callable[[Any], str], value: Callable[[Any], Any]) -> Callable[[Any], dict[str, Any]]:
    def check(given: Any) -> dict[str, Any]:
        if not isinstance(given, dict):
            raise Mistake("An object is expected.")
        return {key(name): value(item) for name, item in given.items()}

    return check


def _header(value: Any) -> str:
    if not isinstance(value, str) or not _HEADER.fullmatch(value):
        raise Mistake("The name of an HTTP header is expected.")
    return value


def _field(value: Any) -> str | int | bool:
    return value if isinstance(value, (int, bool)) else _template(value)


def _words(value: Any) -> tuple[str, ...]:
    words = tuple(_word(one) for one in (value if isinstance(value, list) else [value]))
    if not words:
        raise Mistake("At least one value is expected.")
    return words


def _word(value: Any) -> str:
    """A value of the provider's, compared without regard to case."""
    word = "true" if value is True else "false" if value is False else wire.string(value)
    if not word.strip():
        raise Mistake("Text or a whole number is expected.")
    return word.strip().upper()


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise Mistake("true or false is expected.")
    return value


_CHECKS: Mapping[str, Callable[[Any], Any]] = {
    "method": _one_of("POST", "GET", "PUT"),
    "path": _url_path,
    "body": _one_of("json", "form", "query"),
    "auth": _one_of("none", "basic"),
    "headers": _table(_header, _template),
    "fields": _table(_path, _field),
    "number_format": _one_of("e164", "digits", "00"),
    "success_path": _path,
    "success_values": _words,
    **dict.fromkeys(("id", "error_code", "error_text"), _paths),
    "id_from_body": _flag,
    "errors": _table(_word, _one_of(*get_args(ErrorKind))),
    **dict.fromkeys(("sender", "recipient", "text", "time", "status", "code", "reference"), _paths),
    **dict.fromkeys(("udh", "part_reference", "part_number", "part_total"), _paths),
    **dict.fromkeys(("items", "secret_field"), _path),
    "statuses": _table(_word, _one_of(*Status)),
    "secret_header": _header,
}
