"""What an account's fields must be for its provider: credentials, options, phone, sender, base URL, reports."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import phonenumbers

from chalicelib import providers
from chalicelib.models.errors import Refused, invalid
from chalicelib.providers.spec import AccountField, ProviderSpec

_SHORT_CODE = re.compile(r"[0-9]{3,8}")
Mistakes = list[dict[str, str]]


def spec_of(name: str) -> ProviderSpec:
    """The provider's specification. Raises Refused `invalid` for a name that is none."""
    if name not in providers.names():
        raise invalid("/type", f"One of: {', '.join(providers.names())}.")
    return providers.get(name).spec


def check(spec: ProviderSpec, account: Mapping[str, Any]) -> None:
    """Check an account as it would be, its credentials in the clear. Raises Refused `invalid` with every mistake."""
    credentials = account["credentials"]
    mistakes = _fields("credentials", spec.credentials, credentials)
    mistakes += _fields("options", spec.options, account["options"])
    method = credentials.get("method")
    mistakes += _sender(spec, account.get("sender"), method)
    if spec.base_url_required and not account.get("base_url"):
        mistakes.append(_mistake("/base_url", f"{spec.label} needs the base URL of its API."))
    if account["delivery_reports"] and (problem := _reports(spec, method)):
        mistakes.append(_mistake("/delivery_reports", problem))
    if mistakes:
        raise Refused("invalid", "The request is not valid.", errors=mistakes)


def phone(text: str) -> str:
    """The account's number as it is stored: `+` and digits, or a short code. Raises Refused `invalid`."""
    if _SHORT_CODE.fullmatch(text):
        return text
    try:
        number = phonenumbers.parse(text)
    except phonenumbers.NumberParseException:
        number = None
    if number is None or not phonenumbers.is_possible_number(number):
        raise invalid("/phone", "A number with its country such as +15005550006, or a short code of 3 to 8 digits.")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _fields(name: str, known: Sequence[AccountField], given: Mapping[str, str]) -> Mistakes:
    names = [field.name for field in known]
    allowed = ", ".join(names) or "none"
    mistakes = [_mistake(f"/{name}/{one}", f"Unknown field. Allowed: {allowed}.") for one in given if one not in names]
    for field in known:
        value = given.get(field.name)
        pointer = f"/{name}/{field.name}"
        if value is None:
            if field.required:
                mistakes.append(_mistake(pointer, f"This field is required. {field.help}"))
        elif field.choices and value not in field.choices:
            mistakes.append(_mistake(pointer, f"One of: {', '.join(field.choices)}."))
        elif field.pattern and not re.fullmatch(field.pattern, value):
            mistakes.append(_mistake(pointer, field.help))
    return mistakes


def _sender(spec: ProviderSpec, sender: str | None, method: str | None) -> Mistakes:
    if sender is None:
        return []
    rule = spec.sender
    if rule is None:
        return [_mistake("/sender", f"{spec.label} takes no sender string; texts come from the account's number.")]
    if rule.methods and method not in rule.methods:
        return [_mistake("/sender", f"Only with the method {' or '.join(rule.methods)}.")]
    return [] if re.fullmatch(rule.pattern, sender) else [_mistake("/sender", rule.help)]


def _reports(spec: ProviderSpec, method: str | None) -> str | None:
    """Why the delivery report option cannot be on; None where it can."""
    if spec.reports.how != "pasted":
        return f"Not an option with {spec.label}: its delivery reports always come."
    if spec.reports.methods and method not in spec.reports.methods:
        return f"Only with the method {' or '.join(spec.reports.methods)}."
    return None


def _mistake(pointer: str, detail: str) -> dict[str, str]:
    return {"pointer": pointer, "detail": detail}
