"""The laptop is stopped while an agent is rung, and goes on by itself at the next start."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dev.laptop import Laptop
from infra.build import ROOT
from tests.conftest import Tell
from tests.stack.company import Company, at, eventually
from tests.stack.conftest import Stack, free_port

ROUND = 20  # seconds in the queue, part of which passes while everything is stopped
RING = 8


@contextmanager
def running(folder: Path, ports: tuple[int, int]) -> Iterator[Stack]:
    laptop = Laptop(folder, ROOT / "build" / "local", *ports, print)
    try:
        laptop.start()
        yield Stack(laptop, json.loads(laptop.dev_json.read_text()))
    finally:
        laptop.stop()


def test_a_text_that_rang_at_the_stop_gets_its_auto_reply_after_the_start(tmp_path: Path, tell: Tell) -> None:
    ports = free_port(), free_port()
    with running(tmp_path, ports) as before:
        company = Company(before)
        ada = company.agent("Ada")
        queue = company.queue(ada, strategy="rrmemory", agent_timeout=RING)
        reply = {"app": "auto_reply", "text": "We will answer soon."}
        company.plan({"app": "queue", "queue_id": queue, "timeout": ROUND}, reply)
        customer = company.customer()
        customer.text("Hello")
        interaction = company.interaction(customer)["id"]
        ada.offered(interaction)
        assert company.in_stage(interaction, "plan_queue")
    with running(tmp_path, ports):
        began = time.monotonic()
        eventually(lambda: customer.inbox() == ["We will answer soon."])
        tell(f"the plan went on; its reply came {time.monotonic() - began:.0f} s after the start")
        eventually(lambda: company.in_stage(interaction, "none"))
        assert "Routing was taken up again" in company.events(interaction)
        first, *_, last = company.thread(interaction)
        assert at(last) - at(first) >= ROUND
