"""Reads from the functions' logs what chalicelib/recorder.py has written there."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from chalicelib.recorder import RECORDED

GROUPS = {
    "api": "/smsdesk/local/api",
    "receive": "/smsdesk/local/receive",
    "next_step": "/smsdesk/local/next-step",
    "dispatch": "/smsdesk/local/dispatch",
    "reconcile": "/smsdesk/local/reconcile",
}
READS, WRITES = {"BatchGetItem", "GetItem"}, {"TransactWriteItems"}
STARTED = "START RequestId: "
EVENTS_IN_A_PAGE = 10_000


@dataclass(frozen=True)
class Call:
    """One AWS call of a function; `at` in milliseconds, `uses` as `action resource`.

    `items` is how many items of the table it reads or writes by key, `context` the names of its encryption context.
    """

    at: int
    function: str
    operation: str
    uses: tuple[str, ...]
    items: int
    context: tuple[str, ...]


def messages(logs: Any, group: str, since: int = 0) -> Iterator[str]:
    """The lines of a log group from a time in milliseconds on.

    MiniStack answers with the oldest EVENTS_IN_A_PAGE and no token for the rest, so each page begins where one ended.
    """
    while True:
        page = logs.filter_log_events(logGroupName=group, startTime=since)["events"]
        if len(page) < EVENTS_IN_A_PAGE:
            yield from (event["message"] for event in page)
            return
        since = page[-1]["timestamp"]
        yield from (event["message"] for event in page if event["timestamp"] < since)


def calls(lines: Iterator[str]) -> Iterator[Call]:
    """The AWS calls among the lines of a log."""
    for line in lines:
        if line.startswith(f'{{"{RECORDED}"'):
            found = json.loads(line)[RECORDED]
            yield Call(**{**found, "uses": tuple(found["uses"]), "context": tuple(found["context"])})


def table_items(operations: Iterable[tuple[str, int]]) -> tuple[int, int]:
    """Items read and written by key, of operations with their numbers of items."""
    found = list(operations)
    return sum(n for name, n in found if name in READS), sum(n for name, n in found if name in WRITES)
