"""What several providers' APIs have in common: JSON calls, Basic credentials, and being content with any 2xx."""

import base64
import hmac
import json
import re
import secrets
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from dev.simulator.contract import Account, Acknowledgement, ApiRequest

E164 = re.compile(r"\+[1-9]\d{6,14}")
SHORT_CODE = re.compile(r"\d{3,8}")
# No underscore; a local name is let through, since the app runs on a laptop.
_HOST_NAME = re.compile(r"[A-Za-z0-9.\-:\[\]]+")


def json_body(request: ApiRequest) -> dict[str, Any] | None:
    """The JSON object of a call; None when the body is not declared as JSON or is no object."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        return None
    try:
        document = json.loads(request.body)
    except ValueError:
        return None
    return document if isinstance(document, dict) else None


def string(document: dict[str, Any], name: str) -> str:
    """A text field of a call; empty when it is missing or no text."""
    value = document.get(name)
    return value if isinstance(value, str) else ""


def first(value: object) -> dict[str, Any]:
    """The first object of a list; empty when there is none."""
    found = value[0] if isinstance(value, list) and value else None
    return found if isinstance(found, dict) else {}


def basic(user: str, password: str) -> str:
    """The Authorization header of these credentials."""
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def has_basic(request: ApiRequest, user: str, password: str) -> bool:
    """Whether a call carries exactly these credentials."""
    given = request.headers.get("authorization", "")
    return hmac.compare_digest(given.encode(), basic(user, password).encode())


def guessed(account: Account) -> Account:
    """The account as somebody calls it who can only guess the secret in its URL, where nothing is signed."""
    url = account.receive_url.rpartition("/")[0]
    return replace(account, receive_url=f"{url}/{secrets.token_urlsafe(24)}")


def is_url(value: object) -> bool:
    """Whether a value is an http or https URL with a host."""
    try:
        parts = urlsplit(value) if isinstance(value, str) else None
    except ValueError:
        return False
    return bool(parts and parts.scheme in ("http", "https") and _HOST_NAME.fullmatch(parts.netloc.rpartition("@")[2]))


def is_taken(acknowledgement: Acknowledgement) -> bool:
    """Whether the app answered with a 2xx."""
    return 200 <= (acknowledgement.status or 0) < 300


def status_problem(acknowledgement: Acknowledgement) -> str | None:
    """In words, what is wrong with an answer where nothing but a 2xx is wanted."""
    if acknowledgement.failure:
        return f"no answer: {acknowledgement.failure}"
    return None if is_taken(acknowledgement) else f"status {acknowledgement.status} instead of 2xx"
