"""Sending through Skebby's older gateway: a form out, a query string back."""

import re
from typing import Any
from urllib.parse import parse_qsl

from chalicelib.providers import calls, wire
from chalicelib.providers.alphabet import is_gsm, septets, units
from chalicelib.providers.contract import (
    Accepted,
    AccountCheck,
    HttpAnswer,
    HttpClient,
    OutboundMessage,
    ProviderAccount,
    SendError,
    Status,
)

API = "https://gateway.skebby.it/api/send/smseasy/advanced/http.php"
METHODS = {"basic": "send_sms_basic", "classic": "send_sms_classic", "classic_plus": "send_sms_classic_report"}
GSM_SEPTETS, UCS2_UNITS = 1530, 670  # ten segments
NO_CREDIT = "The Skebby account has no credit."

# `code` of an answer, ResponseCodes.php of https://github.com/fazland/skebby-rest-client/tree/a8e77f1. Skebby's own
# samples say that none of these may be tried again.
ERRORS = calls.error_table(
    ("credentials", "Skebby refuses the username or password; only the username is taken, no e-mail.", "21"),
    ("credentials", "The Skebby account may not use the gateway.", "29"),
    ("funds", "The Skebby account has no credit left.", "30"),
    ("recipient", "The number is not valid.", "25 27"),
    ("sender", "Skebby refuses the sender.", "22 23 26"),
    ("sender", "The sender's alias is not registered with Skebby.", "38 39 40 41"),
    ("content", "The text is too long or has characters that cannot be sent.", "24 37"),
)


def accepted_status(account: ProviderAccount) -> Status:
    """What is known on acceptance: without reports nothing more will ever be heard."""
    return Status.queued if account.credentials.get("method") == "classic_plus" else Status.sent


def fits(text: str, gsm: bool, most_septets: int, most_units: int) -> bool:
    """Whether a text keeps within so many septets of GSM-7, or so many UTF-16 units where it is none."""
    return septets(text) <= most_septets if gsm else units(text) <= most_units


def send(message: OutboundMessage, account: ProviderAccount, http: HttpClient) -> Accepted:
    """One form post; the state is inside a 200. Raises SendError. Only Classic+ answers with an id."""
    answer = calls.call(http, "POST", _url(account), data=_form(message, account))
    if not 200 <= answer.status_code < 300:
        raise calls.refusal(answer, None, None, ERRORS, account, message)
    said = _answered(answer)
    if said.get("status") == "failed":
        raise calls.refusal(answer, said.get("code"), said.get("message"), ERRORS, account, message)
    if said.get("status") != "success":
        raise SendError("unknown_outcome", "unreadable", "Skebby's answer could not be read.")
    if not said.get("id") and account.credentials.get("method") == "classic_plus":
        raise SendError("unknown_outcome", "no_id", "Skebby's answer names no message.")
    return Accepted(said.get("id") or None, accepted_status(account))


def check(account: ProviderAccount, http: HttpClient) -> AccountCheck:
    """`get_credit`; raises SendError when there is no answer."""
    answer = calls.call(http, "POST", _url(account), data={"method": "get_credit", **_credentials(account)})
    said = _answered(answer)
    if answer.status_code != 200 or said.get("status") != "success":
        _, words = ERRORS.get(said.get("code", ""), ("", None))
        return AccountCheck("problem", words or f"Skebby answered with HTTP {answer.status_code} and no credit.")
    amounts = [said[name] for name in ("credit_left", "classic_sms", "basic_sms") if name in said]
    spent = bool(amounts) and all(map(calls.is_spent, amounts))
    return AccountCheck("problem", NO_CREDIT) if spent else AccountCheck("ok")


def _url(account: ProviderAccount) -> str:
    return account.base_url or API


def _credentials(account: ProviderAccount) -> dict[str, str]:
    return {name: account.credentials.get(name, "") for name in ("username", "password")}


def _form(message: OutboundMessage, account: ProviderAccount) -> dict[str, Any]:
    method, gsm = account.credentials.get("method", ""), is_gsm(message.text)
    if method == "basic" and not gsm:
        raise SendError("content", "not_gsm", "Skebby Basic carries only the characters of GSM-7.")
    if not fits(message.text, gsm, GSM_SEPTETS, UCS2_UNITS):
        raise SendError("content", "too_long", "The text is longer than Skebby takes.")
    form = {
        "method": METHODS.get(method, METHODS["classic_plus"]),
        **_credentials(account),
        "recipients[]": message.recipient.removeprefix("+"),
        "text": message.text,
        "charset": "UTF-8",
    }
    if method != "basic":
        form |= _sender(account)
        form |= {} if gsm else {"encoding_scheme": "UCS2"}
    return form


def _sender(account: ProviderAccount) -> dict[str, str]:
    """A name or a number, never both: an empty `sender_string` would win over the number."""
    sender = account.sender or account.phone
    digits = sender.removeprefix("+")
    return {"sender_number": digits} if re.fullmatch("[0-9]+", digits) else {"sender_string": sender}


def _answered(answer: HttpAnswer) -> dict[str, str]:
    try:
        return dict(parse_qsl(answer.text.strip(), keep_blank_values=True, max_num_fields=wire.FORM_FIELDS))
    except ValueError:
        return {}
