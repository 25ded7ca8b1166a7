"""The condition language: typed fields, operators by type, all or any; evaluated against plain facts. Pure."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from chalicelib.models.texts import storable

TEXT, NUMBER, SET = "text", "number", "set"

# What a Go to if may ask about: the text that began the routing, its sender, its interaction, the local hour.
FIELDS: Mapping[str, str] = {
    "message.text": TEXT,
    "message.count": NUMBER,
    "contact.id": TEXT,
    "contact.name": TEXT,
    "contact.list_id": TEXT,
    "interaction.address": TEXT,
    "interaction.account_key": TEXT,
    "interaction.last_owner": TEXT,
    "interaction.tags": SET,
    "hour": NUMBER,
}


def _fold(value: Any) -> Any:
    return value.casefold() if isinstance(value, str) else value


_COMMON: dict[str, Callable[[Any, Any], bool]] = {
    "eq": lambda fact, value: fact == value,
    "ne": lambda fact, value: fact != value,
    "in": lambda fact, value: fact in value,
    "not_in": lambda fact, value: fact not in value,
}
_TEXT: dict[str, Callable[[Any, Any], bool]] = {
    **_COMMON,
    "contains": lambda fact, value: value in fact,
    "not_contains": lambda fact, value: value not in fact,
    "starts_with": lambda fact, value: fact.startswith(value),
    "ends_with": lambda fact, value: fact.endswith(value),
}
_NUMBER: dict[str, Callable[[Any, Any], bool]] = {
    **_COMMON,
    "gt": lambda fact, value: fact > value,
    "gte": lambda fact, value: fact >= value,
    "lt": lambda fact, value: fact < value,
    "lte": lambda fact, value: fact <= value,
    "between": lambda fact, value: value[0] <= fact <= value[1],
}
_SET: dict[str, Callable[[Any, Any], bool]] = {
    "contains": lambda fact, value: value in fact,
    "not_contains": lambda fact, value: value not in fact,
}
OPERATORS = {TEXT: _TEXT, NUMBER: _NUMBER, SET: _SET}
WITHOUT_VALUE = ("is_set", "is_not_set")
_LONGEST = 1600  # characters of a value
_GREATEST = 999_999_999  # either side of zero
_EMPTY: dict[str, Any] = {TEXT: "", NUMBER: None, SET: ()}


def operators(field: str) -> tuple[str, ...]:
    """The operators that a field takes."""
    return (*OPERATORS[FIELDS[field]], *WITHOUT_VALUE)


def mistake(field: str, op: str, value: Any) -> str | None:
    """What is wrong with a condition, in a sentence; None if nothing is."""
    if field not in FIELDS:
        return f"Unknown field. Allowed: {', '.join(FIELDS)}."
    if op not in operators(field):
        return f"{field} takes: {', '.join(operators(field))}."
    if op in WITHOUT_VALUE:
        return None if value is None else f"{op} takes no value."
    one = _is_number if FIELDS[field] == NUMBER else _is_text
    if op == "between":
        fits = isinstance(value, list) and len(value) == 2 and all(map(one, value))
        return None if fits else f"between takes a list of two numbers up to {_GREATEST}."
    if op in ("in", "not_in"):
        fits = isinstance(value, list) and 0 < len(value) <= 100 and all(map(one, value))
        return None if fits else f"{op} takes a list of 1 to 100 values."
    kind = f"whole number up to {_GREATEST}" if FIELDS[field] == NUMBER else f"text of at most {_LONGEST} characters"
    return None if one(value) else f"{op} takes a {kind}."


def _is_number(value: Any) -> bool:
    return type(value) is int and abs(value) <= _GREATEST


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= _LONGEST and storable(value)


def hold(match: str, conditions: Sequence[Mapping[str, Any]], facts: Mapping[str, Any]) -> bool:
    """Whether all (`match` "all") or at least one ("any") of the enabled conditions hold; text ignores case.

    Conditions that are switched off do not count; without any left it holds.
    """
    results = [_holds(c["field"], c["op"], c.get("value"), facts) for c in conditions if c.get("enabled", True)]
    if not results:
        return True
    return all(results) if match == "all" else any(results)


def _holds(field: str, op: str, value: Any, facts: Mapping[str, Any]) -> bool:
    kind = FIELDS[field]
    fact = facts.get(field)
    present = fact == 0 or bool(fact)
    if op in WITHOUT_VALUE:
        return present == (op == "is_set")
    if fact is None and kind == NUMBER:
        return op in ("ne", "not_in")
    fact = _EMPTY[kind] if fact is None else fact
    folded = [_fold(one) for one in value] if isinstance(value, list) else _fold(value)
    known = {_fold(one) for one in fact} if kind == SET else _fold(fact)
    return OPERATORS[kind][op](known, folded)
