"""A plan's web hook: one signed HTTPS call, bounded to 5 s, whose answer may tag, reply or jump.

Signed as Standard Webhooks says (https://www.standardwebhooks.com): HMAC-SHA256 over id, timestamp and body. The id
goes by the text that began the routing, so that a repeated call can be told from a new one.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any

from chalicelib.clock import rfc3339
from chalicelib.config import TEXT_CHARACTERS, WEBHOOK_SECONDS, settings
from chalicelib.models.texts import storable
from chalicelib.observability import logger
from chalicelib.store import secrets
from chalicelib.store.db import Item

_TAGS, _TAG_CHARACTERS = 10, 50


@dataclass(frozen=True)
class Answer:
    tags: tuple[str, ...] = ()
    reply: str | None = None
    goto: str | None = None


@cache
def _http() -> Any:
    from chalicelib.providers.http import Http

    return Http({}, settings().loopback_allowed, WEBHOOK_SECONDS, WEBHOOK_SECONDS)


def call(action: Item, meta: Item, facts: Item, now: int) -> Answer | None:
    """Ask the hook; None when it failed: no answer in five seconds, no 2xx, or one that is not what it may be."""
    identifier = f"{meta['interaction_id']}.{meta['began_n']}.{action['id']}"
    body = json.dumps(
        {
            "type": "interaction.routing",
            "timestamp": rfc3339(now),
            "data": {"interaction_id": meta["interaction_id"], "account_id": meta["account_id"], **facts},
        },
        default=list,
    )
    try:
        secret = secret_of(action, meta["account_id"])
        headers = {"Content-Type": "application/json", **signature(secret, identifier, now // 1000, body)}
        answer = _within(WEBHOOK_SECONDS, lambda: _http().post(action["url"], data=body.encode(), headers=headers))
        if not 200 <= answer.status_code < 300:
            raise ValueError(f"status {answer.status_code}")
        return read(answer.content)
    except Exception as error:
        extra = {"interaction_id": meta["interaction_id"], "error": type(error).__name__}
        logger.warning("web hook failed", extra=extra)
        return None


def _within(seconds: float, act: Callable[[], Any]) -> Any:
    """What an act answers, or raises; TimeoutError when that takes longer.

    The client's own limits are for each wait on the wire. Names that are looked up for long, and headers that drip,
    would outlast them, and the function with them: it would begin anew and ask again, for ever.
    """
    told: SimpleQueue[tuple[Any, Exception | None]] = SimpleQueue()

    def run() -> None:
        try:
            told.put((act(), None))
        except Exception as error:
            told.put((None, error))

    Thread(target=run, daemon=True).start()
    try:
        answer, error = told.get(timeout=seconds)
    except Empty:
        raise TimeoutError from None
    if error:
        raise error
    return answer


def secret_of(action: Item, account_id: str) -> str:
    """The step's signing secret in the clear."""
    return secrets.reveal(account_id, {"secret": action["secret"]})["secret"]


def signature(secret: str, identifier: str, seconds: int, body: str) -> dict[str, str]:
    """The three headers of Standard Webhooks; a secret may have the prefix `whsec_` and is then base64."""
    key = base64.b64decode(secret.removeprefix("whsec_")) if secret.startswith("whsec_") else secret.encode()
    signed = f"{identifier}.{seconds}.{body}".encode()
    value = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    return {"webhook-id": identifier, "webhook-timestamp": str(seconds), "webhook-signature": f"v1,{value}"}


def read(content: bytes) -> Answer:
    """What a hook answered: `{"tags", "reply", "goto"}`, each optional; empty is fine. Raises ValueError."""
    if not content.strip():
        return Answer()
    told = json.loads(content)
    if not isinstance(told, dict):
        raise ValueError("not an object")
    tags, reply, goto = told.get("tags") or [], told.get("reply"), told.get("goto")
    fine = isinstance(tags, list) and len(tags) <= _TAGS
    fine = fine and all(_is_text(tag, _TAG_CHARACTERS) for tag in tags)
    fine = fine and (reply is None or _is_text(reply, TEXT_CHARACTERS))
    if not fine or not (goto is None or isinstance(goto, str)):
        raise ValueError("tags, reply or goto are not what they may be")
    return Answer(tuple(tags), reply, goto)


def _is_text(value: Any, most: int) -> bool:
    """Whether it is a text that says something and can be stored."""
    return isinstance(value, str) and bool(value.strip()) and len(value) <= most and storable(value)
