"""Parts of the deployed stack that a test turns off for a while: the schedule, the dispatch, a function."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager

from tests.stack.conftest import Stack

UNDER_WAY = 2  # seconds in which a poll of the queue that has begun already comes to its end


@contextmanager
def no_schedule(stack: Stack) -> Iterator[None]:
    """The reconciler is not run by its schedule."""
    events = stack.client("events")
    (rule,) = (rule["Name"] for rule in events.list_rules()["Rules"] if "Reconcile" in rule["Name"])
    events.disable_rule(Name=rule)
    try:
        yield
    finally:
        events.enable_rule(Name=rule)


@contextmanager
def no_dispatch(stack: Stack) -> Iterator[None]:
    """Pokes stay in the outbound queue; afterwards the function gets them in one batch."""
    functions = stack.client("lambda")
    (source,) = functions.list_event_source_mappings()["EventSourceMappings"]
    functions.update_event_source_mapping(UUID=source["UUID"], Enabled=False)
    try:
        time.sleep(UNDER_WAY)
        yield
    finally:
        functions.update_event_source_mapping(UUID=source["UUID"], Enabled=True)


@contextmanager
def no_room(stack: Stack, function: str) -> Iterator[None]:
    """A function may not run at all: its reserved concurrency is 0."""
    functions = stack.client("lambda")
    functions.put_function_concurrency(FunctionName=function, ReservedConcurrentExecutions=0)
    try:
        yield
    finally:
        functions.delete_function_concurrency(FunctionName=function)


def waiting_pokes(stack: Stack) -> int:
    """How many pokes the outbound queue shows."""
    asked = {"QueueUrl": stack.outputs["OutboundQueueUrl"], "AttributeNames": ["ApproximateNumberOfMessages"]}
    return int(stack.client("sqs").get_queue_attributes(**asked)["Attributes"]["ApproximateNumberOfMessages"])


def dead_letters(stack: Stack) -> list[str]:
    """The messages named by the dead letters; looking does not take them."""
    asked = {"QueueUrl": stack.outputs["DeadLetterQueueUrl"], "MaxNumberOfMessages": 10, "VisibilityTimeout": 0}
    found = stack.client("sqs").receive_message(**asked).get("Messages", [])
    return [json.loads(message["Body"])["message_id"] for message in found]
