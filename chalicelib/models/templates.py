"""Texts with variables, `{{contact.name|there}}`: checked when they are saved, filled in when they are shown.

A variable is one of a closed set of names; after `|` comes what stands there where it has no value. There are no
expressions, and what is filled in is never looked at again.
"""

import re
from collections.abc import Collection, Mapping

ALERT_VARIABLES = (
    "account.key",
    "account.name",
    "contact.name",
    "contact.phone",
    "message.preview",
    "queue.name",
)
"""What the alert of an offer may tell."""

_VARIABLE = re.compile(r"\{\{\s*([a-z_.]+)\s*(?:\|([^{}]*))?\}\}")


def mistake(text: str, variables: Collection[str]) -> str | None:
    """What is wrong with a template, in words; None where nothing is."""
    allowed = f"Variables: {', '.join(sorted(variables))}."
    if any(name not in variables for name, _ in _VARIABLE.findall(text)):
        return allowed
    rest = _VARIABLE.sub("", text)
    if "{{" in rest or "}}" in rest:
        return f"A variable is written {{{{name}}}} or {{{{name|what else}}}}. {allowed}"
    return None


def render(text: str, values: Mapping[str, str | None]) -> str:
    """The template with its variables filled in; one without a value becomes what it names instead, or nothing."""
    return _VARIABLE.sub(lambda found: values[found[1]] or (found[2] or "").strip(), text)
