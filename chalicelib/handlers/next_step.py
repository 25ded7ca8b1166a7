"""The state machine's Lambda: `{interaction, run, …}` in, what to wait for out."""

from typing import Any

from chalicelib import clock
from chalicelib.config import ENTRIES_PER_EPOCH, RINGS_PER_RUN
from chalicelib.observability import count, logger
from chalicelib.routing import next_step, rounds
from chalicelib.store import conversations
from chalicelib.store.transaction import Lost


def handle(event: dict[str, Any]) -> dict[str, Any]:
    """`wait` names the state to wait in, or is "done", or "failed" for a run that goes in circles.

    `laps` counts this run's decisions: long runs go on in a fresh execution before the history is full.
    """
    interaction, run, now = event["interaction"], event["run"], clock.now_ms()
    step = next_step.advance(interaction, run, now)
    laps = event.get("laps", 0) + 1
    same = step.epoch == event.get("epoch") and step.wait == event.get("wait")
    entries = event.get("entries", 0) + 1 if same else 1
    wait = step.wait
    if wait != "done" and entries > ENTRIES_PER_EPOCH:
        logger.error("routing goes in circles", extra={"interaction_id": interaction, "epoch": step.epoch})
        count("RoutingInCircles")
        wait = "failed"
    elif wait != "done" and laps > RINGS_PER_RUN:
        wait = _hand_over(interaction, run, now)
    return {
        "interaction": interaction,
        "run": run,
        "wait": wait,
        "seconds": max(1, step.seconds),
        "epoch": step.epoch,
        "entries": entries,
        "laps": laps,
    }


def _hand_over(interaction: str, run: int, now: int) -> str:
    meta = conversations.get(interaction)
    if meta and meta["run"] == run and meta["status"] == "open" and rounds.is_waited_for(meta):
        try:
            next_step.redrive(meta, now)
        except Lost:
            return "failed"
    return "done"
