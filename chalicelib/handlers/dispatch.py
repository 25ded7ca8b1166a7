"""The function behind the outbound queue: a batch of records in, those that must come again out."""

import json
import uuid
from math import ceil
from time import sleep
from typing import Any

from chalicelib import clock
from chalicelib.aws import client
from chalicelib.config import settings
from chalicelib.observability import count, logger
from chalicelib.outbound import dispatch
from chalicelib.outbound.dispatch import Poke
from chalicelib.outbound.sending import Invocation, way_out

_LONGEST = 43_000  # seconds; SQS hides a message for 12 hours at most, counted from its receipt


def handle(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Send what the records name and answer which of them go back.

    https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html (partial batch responses)
    """
    pokes = []
    for record in event["Records"]:
        poke = _poke(record)
        if poke:
            pokes.append(poke)
        else:
            _set_aside(record["body"], record["messageId"], "UnreadablePoke")
    run = Invocation(clock.now_ms, lambda: context.get_remaining_time_in_millis() / 1000, sleep, way_out())
    result = dispatch.work(pokes, run)
    for poke in result.set_aside:
        _set_aside(_body(poke), poke.message_id, "TextSetAside")
    for poke, until in result.back:
        _show_again(poke, until)
    return {"batchItemFailures": [{"itemIdentifier": poke.record_id} for poke, _ in result.back]}


def _poke(record: dict[str, Any]) -> Poke | None:
    try:
        body = json.loads(record["body"])
        names = [body[name] for name in ("account_id", "address", "message_id")]
    except (ValueError, TypeError, KeyError):
        return None
    if not all(isinstance(name, str) and name for name in names):
        return None
    return Poke(record["messageId"], record["receiptHandle"], *names)


def _body(poke: Poke) -> str:
    names = {"account_id": poke.account_id, "address": poke.address, "message_id": poke.message_id}
    return json.dumps(names)


def _show_again(poke: Poke, until: int) -> None:
    """Let the queue show a record again at a time (ms), and not only when the queue's whole timeout is over."""
    seconds = max(0, ceil((until - clock.now_ms()) / 1000))
    try:
        client("sqs").change_message_visibility(
            QueueUrl=settings().outbound_queue_url,
            ReceiptHandle=poke.receipt,
            VisibilityTimeout=min(seconds, _LONGEST),
        )
    except Exception as error:
        # The queue's own timeout shows it again, only later.
        logger.warning("visibility not changed", extra={"message_id": poke.message_id, "error": type(error).__name__})


def _set_aside(body: str, name: str, metric: str) -> None:
    """A copy for whoever looks into it; the alarm on the dead letters tells them."""
    count(metric)
    try:
        client("sqs").send_message(
            QueueUrl=settings().dead_letter_queue_url,
            MessageBody=body,
            MessageGroupId=name,
            MessageDeduplicationId=uuid.uuid4().hex,
        )
    except Exception as error:
        logger.error("not set aside", extra={"message_id": name, "error": type(error).__name__})
