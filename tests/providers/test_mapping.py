"""Declarations: what is taken, what is refused with a reason, and that templates are no expressions."""

import json
from typing import Any

import pytest

from chalicelib.providers.mapping import Mistake, Receiving, Sending, declared, fill, find, first, nested

PRESET = Sending(method="POST", headers={"A": "{api_key}"}, fields={"to": "{to}"})


def test_what_is_not_declared_stays_as_the_preset_has_it() -> None:
    found = declared(PRESET, '{"method": "GET", "id": "a.0.b", "success_values": [0, true, "Ok"]}')
    assert (found.method, found.headers, found.fields) == ("GET", {"A": "{api_key}"}, {"to": "{to}"})
    assert (found.id, found.success_values) == (("a.0.b",), ("0", "TRUE", "OK"))
    assert declared(PRESET, None) is PRESET


@pytest.mark.parametrize(
    ("given", "about"),
    [
        ("", "JSON object"),
        ("[]", "JSON object"),
        ("[" * 1000, "JSON object"),
        ('{"text": "' + "x" * 2000 + '"}', "2000"),
        ({"eval": "1"}, "eval"),
        ({"method": "DELETE"}, "GET"),
        ({"method": ["POST"]}, "GET"),
        ({"path": "messages"}, "/"),
        ({"path": "/../admin"}, "upwards"),
        ({"path": "//elsewhere.example"}, "upwards"),
        ({"path": "/a b"}, "blanks"),
        ({"path": "/{text.__class__}"}, "text.__class__"),
        ({"fields": {"to": "{to!r}"}}, "to!r"),
        ({"fields": {"to": "{}"}}, "Unknown variable"),
        ({"fields": {"to": "{to"}}, "Braces"),
        ({"fields": {"to": "{{to}}"}}, "Braces"),
        ({"fields": {"to": None}}, "Text"),
        ({"fields": {"a b": "x"}}, "path"),
        ({"fields": []}, "object"),
        ({"headers": {"X-A: b": "c"}}, "header"),
        ({"headers": {"X-A": "b\r\nX-C: d"}}, "line ends"),
        ({"id": []} | {"id": ["a..b"]}, "path"),
        ({"id": 7}, "path"),
        ({"id_from_body": "yes"}, "true or false"),
        ({"errors": {"E1": "sad"}}, "One of"),
        ({"errors": {"E1": []}}, "One of"),
        ({"success_values": []}, "At least one"),
        ({"success_values": [None]}, "whole number"),
        ({"number_format": "national"}, "digits"),
    ],
)
def test_a_mistake_is_told_with_its_place(given: Any, about: str) -> None:
    option = given if isinstance(given, str) else json.dumps(given)
    with pytest.raises(Mistake) as mistake:
        declared(PRESET, option)
    assert about.lower() in str(mistake.value).lower()
    if isinstance(given, dict):
        assert next(iter(given)) in str(mistake.value)


def test_a_status_of_the_desk_is_the_only_target_of_a_status() -> None:
    assert declared(Receiving(), '{"statuses": {"ok": "delivered", "7": "expired"}}').statuses == {
        "OK": "delivered",
        "7": "expired",
    }
    with pytest.raises(Mistake):
        declared(Receiving(), '{"statuses": {"ok": "arrived"}}')


def test_a_template_is_filled_once() -> None:
    assert fill("{text}/{to}", {"text": "{to}{api_key}", "to": "+1"}) == "{to}{api_key}/+1"
    assert fill("/{text}", {"text": "a/b"}, lambda value: value.replace("/", "%2F")) == "/a%2Fb"


def test_dotted_names_nest_and_digits_make_lists() -> None:
    flat = {"a.b": 1, "a.c.0.d": "x", "a.c.1.d": "y", "to.1": "second", "to.0": "first", "e": True}
    assert nested(flat) == {"a": {"b": 1, "c": [{"d": "x"}, {"d": "y"}]}, "to": ["first", "second"], "e": True}
    assert nested({"a": 1, "a.b": 2}) == {"a": {"b": 2}}


DOCUMENT = {"Message-Id": 7, "list": [{"to": "+1"}, "two"], "blank": " ", "flag": True, "none": None, "deep": {"a": {}}}


@pytest.mark.parametrize(
    ("paths", "expected"),
    [
        (["message_id"], "7"),
        (["messageid"], "7"),
        (["list.0.TO"], "+1"),
        (["list.1"], "two"),
        (["list.2", "list.x", "list.0.to.y"], None),
        (["flag", "none", "deep.a", "list"], None),
        (["blank", "message_id"], "7"),
        (["blank", "none"], " "),
        (["nowhere"], None),
    ],
)
def test_values_are_found_by_path(paths: list[str], expected: str | None) -> None:
    assert first(DOCUMENT, paths) == expected
    assert first([DOCUMENT], [f"0.{path}" for path in paths]) == expected


def test_nothing_is_found_in_what_is_no_document() -> None:
    assert [find(value, "a.0") for value in (None, "a", 7, [], {})] == [None] * 5
