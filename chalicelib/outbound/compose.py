"""An outbound text joins its conversation: the line, the message's whereabouts and the row that will be sent."""

import hashlib
import json
import uuid

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.aws import client
from chalicelib.config import OUTBOUND_GRACE, settings
from chalicelib.models.errors import Refused
from chalicelib.models.ids import new_id
from chalicelib.models.status import RANK
from chalicelib.observability import count, logger
from chalicelib.outbound import segments
from chalicelib.store import accounts, table
from chalicelib.store.conversations import Change, due
from chalicelib.store.db import Item


def add_message(
    change: Change,
    text: str,
    *,
    author: str | None,
    media: tuple[str, ...] = (),
    automatic: bool = False,
    compliance: bool = False,
    retry_of: str | None = None,
    message_id: str | None = None,
) -> Item:
    """Append an outbound text to a change; answers its line. `poke` after the commit.

    `prev` chains the texts of a conversation: none is claimed while the one before it is on its way.
    `compliance` marks the one answer that an opted-out number may get.
    """
    measured = segments.measure(text)
    message = message_id or new_id("msg")
    line = {
        "id": message,
        "direction": "out",
        "text": text,
        "media": [{"url": url} for url in media],
        "status": "queued",
        "rank": RANK["queued"],
        "encoding": measured.encoding,
        "segments": measured.segments,
        "author": author,
        "automatic": automatic,
        "retry_of": retry_of,
    }
    n = change.message(line)
    row = {"text": text, "media": list(media), "segments": measured.segments, "compliance": compliance}
    _send_later(change, message, n, row)
    return {**line, "n": n, "kind": "message", "created_at": change.now}


def _send_later(change: Change, message: str, n: int, row: Item) -> None:
    """The message's whereabouts, for reports, and the row that dispatch will send and then delete."""
    account_id, address = change.base["account_id"], change.base["address"]
    where = {
        "account_id": account_id,
        "address": address,
        "interaction_id": change.interaction,
        "n": n,
        "message_id": message,
    }
    change.tx.put(table.message(message), {**where, "owner": change.get("owner")})
    key = table.outgoing(account_id, address, message)
    waiting = {"prev": change.get("out_last"), "queued_at": change.now, "attempt": 0}
    change.tx.put(key, {**where, **row, **waiting, **due(key, change.now + OUTBOUND_GRACE * 1000)})
    change.set(out_last=message)


def require_enabled(account_id: str, now: int) -> None:
    """Raises Refused account-disabled while the account is switched off (as known at most 25 s ago)."""
    account = accounts.get_cached(account_id, now)
    if account and not accounts.is_enabled(account):
        raise Refused("account-disabled", "The account is switched off; nothing is sent there.")


def poke(account_id: str, address: str, message_id: str) -> None:
    """Tell the queue that a text waits; it holds only the text's key, so any number of pokes is harmless."""
    body = {"account_id": account_id, "address": address, "message_id": message_id}
    try:
        client("sqs").send_message(
            QueueUrl=settings().outbound_queue_url,
            MessageBody=json.dumps(body),
            MessageGroupId=group(account_id, address),
            MessageDeduplicationId=uuid.uuid4().hex,
        )
    except (BotoCoreError, ClientError) as error:
        logger.warning("poke failed", extra={"message_id": message_id, "error": type(error).__name__})
        count("PokeFailed")


def group(account_id: str, address: str) -> str:
    """The FIFO group of a conversation."""
    return hashlib.sha256(f"{account_id}#{address}".encode()).hexdigest()
