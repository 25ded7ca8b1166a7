"""The condition language: what each operator means for each type of field, and what is not a condition."""

from typing import Any

import pytest

from chalicelib.routing.conditions import FIELDS, NUMBER, OPERATORS, SET, TEXT, WITHOUT_VALUE, hold, mistake, operators

TEXT_FIELD, NUMBER_FIELD, SET_FIELD = "message.text", "message.count", "interaction.tags"
FIELD_OF = {TEXT: TEXT_FIELD, NUMBER: NUMBER_FIELD, SET: SET_FIELD}
FACTS: dict[str, Any] = {TEXT_FIELD: "Good Morning", NUMBER_FIELD: 7, SET_FIELD: ["VIP", "new"]}

# type, operator, a value that holds for FACTS, one that does not
MEANINGS: list[tuple[str, str, Any, Any]] = [
    (TEXT, "eq", "good MORNING", "good"),
    (TEXT, "ne", "good", "GOOD morning"),
    (TEXT, "contains", "MORN", "even"),
    (TEXT, "not_contains", "even", "morn"),
    (TEXT, "starts_with", "good", "morning"),
    (TEXT, "ends_with", "Morning", "good"),
    (TEXT, "in", ["x", "good morning"], ["x"]),
    (TEXT, "not_in", ["x"], ["x", "good morning"]),
    (NUMBER, "eq", 7, 8),
    (NUMBER, "ne", 8, 7),
    (NUMBER, "gt", 6, 7),
    (NUMBER, "gte", 7, 8),
    (NUMBER, "lt", 8, 7),
    (NUMBER, "lte", 7, 6),
    (NUMBER, "between", [7, 9], [8, 9]),
    (NUMBER, "in", [1, 7], [1]),
    (NUMBER, "not_in", [1], [1, 7]),
    (SET, "contains", "vip", "old"),
    (SET, "not_contains", "old", "vip"),
]


def condition(field: str, op: str, value: Any = None, **more: Any) -> dict[str, Any]:
    return {"field": field, "op": op, "value": value, **more}


@pytest.mark.parametrize(("kind", "op", "holding", "failing"), MEANINGS)
def test_an_operator_means_what_it_says(kind: str, op: str, holding: Any, failing: Any) -> None:
    field = FIELD_OF[kind]
    assert mistake(field, op, holding) is None
    assert mistake(field, op, failing) is None
    assert hold("all", [condition(field, op, holding)], FACTS)
    assert not hold("all", [condition(field, op, failing)], FACTS)


def test_every_operator_of_every_type_is_covered() -> None:
    assert {(kind, op) for kind, op, _, _ in MEANINGS} == {(kind, op) for kind in OPERATORS for op in OPERATORS[kind]}


@pytest.mark.parametrize("field", sorted(FIELDS))
@pytest.mark.parametrize("op", WITHOUT_VALUE)
def test_every_field_can_be_asked_whether_it_is_set(field: str, op: str) -> None:
    assert op in operators(field)
    assert mistake(field, op, None) is None
    assert mistake(field, op, "x") == f"{op} takes no value."
    assert hold("all", [condition(field, op)], {}) is (op == "is_not_set")
    for empty in {TEXT: ("",), NUMBER: (None,), SET: ((), [], set())}[FIELDS[field]]:
        assert hold("all", [condition(field, op)], {field: empty}) is (op == "is_not_set")
    full: Any = {TEXT: "x", NUMBER: 0, SET: ["x"]}[FIELDS[field]]
    assert hold("all", [condition(field, op)], {field: full}) is (op == "is_set")


@pytest.mark.parametrize(
    ("kind", "op", "value", "expected"),
    [
        (TEXT, "eq", "x", False),
        (TEXT, "ne", "x", True),
        (TEXT, "contains", "x", False),
        (TEXT, "not_contains", "x", True),
        (TEXT, "starts_with", "x", False),
        (TEXT, "in", ["x"], False),
        (TEXT, "not_in", ["x"], True),
        (NUMBER, "eq", 0, False),
        (NUMBER, "ne", 0, True),
        (NUMBER, "gt", -1, False),
        (NUMBER, "lte", 5, False),
        (NUMBER, "between", [0, 9], False),
        (NUMBER, "in", [0], False),
        (NUMBER, "not_in", [0], True),
        (SET, "contains", "x", False),
        (SET, "not_contains", "x", True),
    ],
)
def test_what_is_not_known_is_neither_equal_nor_within_anything(kind: str, op: str, value: Any, expected: bool) -> None:
    assert hold("all", [condition(FIELD_OF[kind], op, value)], {}) is expected


@pytest.mark.parametrize(
    ("field", "op", "value", "says"),
    [
        ("message.length", "eq", 1, "Unknown field. Allowed: message.text, message.count"),
        (TEXT_FIELD, "gt", "a", "message.text takes: eq, ne, in, not_in, contains"),
        (NUMBER_FIELD, "contains", 1, "message.count takes: eq, ne"),
        (SET_FIELD, "eq", "a", "interaction.tags takes: contains, not_contains, is_set, is_not_set."),
        (TEXT_FIELD, "like", "a", "message.text takes:"),
        (TEXT_FIELD, "eq", 1, "eq takes a text of at most 1600 characters."),
        (TEXT_FIELD, "eq", None, "eq takes a text of at most 1600 characters."),
        (TEXT_FIELD, "eq", "x" * 1601, "eq takes a text of at most 1600 characters."),
        (NUMBER_FIELD, "eq", "1", "eq takes a whole number up to 999999999."),
        (NUMBER_FIELD, "eq", True, "eq takes a whole number up to 999999999."),
        (NUMBER_FIELD, "eq", 1.5, "eq takes a whole number up to 999999999."),
        (NUMBER_FIELD, "between", 1, "between takes a list of two numbers up to 999999999."),
        (NUMBER_FIELD, "between", [1], "between takes a list of two numbers up to 999999999."),
        (NUMBER_FIELD, "between", [1, "2"], "between takes a list of two numbers up to 999999999."),
        (TEXT_FIELD, "in", "a", "in takes a list of 1 to 100 values."),
        (TEXT_FIELD, "in", [], "in takes a list of 1 to 100 values."),
        (TEXT_FIELD, "not_in", ["a"] * 101, "not_in takes a list of 1 to 100 values."),
        (TEXT_FIELD, "in", ["a", 1], "in takes a list of 1 to 100 values."),
    ],
)
def test_a_mistake_is_said_in_a_sentence(field: str, op: str, value: Any, says: str) -> None:
    assert (mistake(field, op, value) or "").startswith(says)


TRUE, FALSE = condition(NUMBER_FIELD, "eq", 7), condition(NUMBER_FIELD, "eq", 8)


@pytest.mark.parametrize(
    ("match", "conditions", "expected"),
    [
        ("all", [TRUE, TRUE], True),
        ("all", [TRUE, FALSE], False),
        ("any", [TRUE, FALSE], True),
        ("any", [FALSE, FALSE], False),
        ("all", [TRUE, {**FALSE, "enabled": False}], True),
        ("any", [FALSE, {**TRUE, "enabled": False}], False),
        ("any", [{**FALSE, "enabled": False}], True),
        ("all", [], True),
    ],
)
def test_all_or_any_of_those_that_are_switched_on_must_hold(match: str, conditions: list, expected: bool) -> None:
    assert hold(match, conditions, FACTS) is expected
