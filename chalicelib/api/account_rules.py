"""What an account's fields must be for its provider: credentials, options, phone, sender, URLs, reports."""

import re
from collections.abc import Mapping, Sequence
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

import phonenumbers

from chalicelib import providers
from chalicelib.config import settings
from chalicelib.models.errors import Refused, invalid
from chalicelib.providers.contract import ProviderAccount
from chalicelib.providers.spec import AccountField, ProviderSpec
from chalicelib.store.secrets import values_of

_SHORT_CODE = re.compile(r"[0-9]{3,8}")
Mistakes = list[dict[str, str]]


def spec_of(name: str) -> ProviderSpec:
    """The provider's specification. Raises Refused `invalid` for a name that is none."""
    if name not in providers.types():
        raise invalid("/type", f"One of: {', '.join(providers.types())}.")
    return providers.get(name).spec


def check(spec: ProviderSpec, account: Mapping[str, Any]) -> None:
    """Check an account as it would be, its credentials in the clear. Raises Refused `invalid` with every mistake."""
    credentials = account["credentials"]
    mistakes = _fields("credentials", spec.credentials, credentials)
    mistakes += _fields("options", spec.options, account["options"])
    method = _first(credentials.get("method"))
    mistakes += _sender(spec, account.get("sender"), method)
    if spec.base_url_required and not account.get("base_url"):
        mistakes.append(_mistake("/base_url", f"{spec.label} needs the base URL of its API."))
    if account["delivery_reports"] and (problem := _reports(spec, method)):
        mistakes.append(_mistake("/delivery_reports", problem))
    mistakes += _urls(account)
    mistakes = mistakes or _declarations(account)
    if mistakes:
        raise Refused("invalid", "The request is not valid.", errors=mistakes)


def phone(spec: ProviderSpec, text: str) -> str:
    """The account's number as it is stored: `+` and digits, or a form of the provider's. Raises Refused `invalid`."""
    if re.fullmatch(spec.phone_pattern, text) if spec.phone_pattern else _SHORT_CODE.fullmatch(text):
        return text
    number = e164(text)
    if number is None:
        other = spec.phone_help or "a short code of 3 to 8 digits"
        raise invalid("/phone", f"A number with its country such as +15005550006, or {other}.")
    return number


def e164(text: str) -> str | None:
    """A number with its country as `+` and digits; None for anything else."""
    try:
        number = phonenumbers.parse(text)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _fields(name: str, known: Sequence[AccountField], given: Mapping[str, Any]) -> Mistakes:
    names = [field.name for field in known]
    allowed = ", ".join(names) or "none"
    mistakes = [_mistake(f"/{name}/{one}", f"Unknown field. Allowed: {allowed}.") for one in given if one not in names]
    for field in known:
        value = given.get(field.name)
        pointer = f"/{name}/{field.name}"
        if value is None:
            if field.required:
                mistakes.append(_mistake(pointer, f"This field is required. {field.help}"))
            elif field.together in given:
                mistakes.append(_mistake(pointer, f"{field.together} is of no use without it. {field.help}"))
        elif wrong := _wrong(field, value):
            mistakes.append(_mistake(pointer, wrong))
    return mistakes


def _wrong(field: AccountField, value: str | list[str]) -> str | None:
    """What is wrong with a field's value; None where nothing is."""
    if isinstance(value, list) and not (field.secret or field.rotated):
        return "One string; only what is rotated, such as a secret, may have several values."
    values = values_of(value)
    if field.choices and not set(values) <= set(field.choices):
        return f"One of: {', '.join(field.choices)}."
    if field.pattern and not all(re.fullmatch(field.pattern, one) for one in values):
        return field.help
    return None


def _first(value: str | list[str] | None) -> str | None:
    return value[0] if isinstance(value, list) else value


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


def _urls(account: Mapping[str, Any]) -> Mistakes:
    """The URLs that an operator gives: https; this machine's own addresses on the laptop's stage alone.

    Names are looked up, and their addresses checked, when a connection is made.
    """
    return [
        _mistake(f"/{name}", "An https URL of a public host.")
        for name in ("base_url", "domain")
        if account.get(name) and not may_be_called(account[name])
    ]


def may_be_called(url: str) -> bool:
    """Whether an operator's URL is https to a public host; on the laptop's stage it may be on this machine."""
    from chalicelib.providers import guard  # brings the HTTP library with it

    parts = urlsplit(url)
    host = (parts.hostname or "").rstrip(".")
    try:
        address = str(ip_address(host))
    except ValueError:
        address = None
    if host == "localhost" or host.endswith(".localhost") or (address and guard.is_loopback(address)):
        return settings().loopback_allowed
    return parts.scheme == "https" and (address is None or guard.is_public(address))


def _declarations(account: Mapping[str, Any]) -> Mistakes:
    """What the provider's own module finds wrong with the options."""
    known = ProviderAccount(
        provider=account["type"],
        phone=account["phone"],
        credentials={name: _first(value) or "" for name, value in account["credentials"].items()},
        sender=account.get("sender"),
        base_url=account.get("base_url"),
        delivery_reports=account["delivery_reports"],
        options=account["options"],
    )
    wrong = providers.get(account["type"]).mistakes(known)
    return [_mistake(f"/options/{option}", words) for option, words in wrong.items()]


def _mistake(pointer: str, detail: str) -> dict[str, str]:
    return {"pointer": pointer, "detail": detail}
