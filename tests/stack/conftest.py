"""The whole desk on MiniStack for the end-to-end tests: fresh, on free ports, gone afterwards."""

import json
import socket
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from dev.laptop import Laptop
from infra.build import ROOT

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.stack)
    # It judges what all the others have made the functions do.
    items.sort(key=lambda item: item.path.name == "test_policies_recorded.py")


@dataclass(frozen=True)
class Stack:
    """What a test needs of the running desk; `dev` is the content of its dev.json."""

    laptop: Laptop
    dev: dict[str, Any]

    @property
    def api(self) -> str:
        return self.dev["api"]

    @property
    def simulator(self) -> str:
        return self.dev["simulator"]

    @property
    def tokens(self) -> dict[str, Any]:
        """`admin`, `supervisor`, and `agents` by id."""
        return self.dev["tokens"]

    @property
    def account(self) -> str:
        """The id of the demo's Twilio account."""
        return self.dev["accounts"]["twilio"]

    @property
    def outputs(self) -> dict[str, str]:
        """The outputs of the CloudFormation stack."""
        return self.laptop.outputs

    def client(self, service: str) -> Any:
        """A boto3 client of MiniStack."""
        return self.laptop.client(service)

    def log(self, function: str, message: str) -> list[dict[str, Any]]:
        """What a function logged under this message, oldest first."""
        pages = self.client("logs").get_paginator("filter_log_events")
        asked = {"logGroupName": f"/smsdesk/local/{function}", "filterPattern": f'"{message}"'}
        lines = [event["message"] for page in pages.paginate(**asked) for event in page["events"]]
        return [line for line in map(json.loads, lines) if line.get("message") == message]


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The packaged template deployed to a MiniStack of its own, with simulator and demo."""
    folder = tmp_path_factory.mktemp("desk")
    laptop = Laptop(folder, ROOT / "build" / "local", free_port(), free_port(), print)
    try:
        laptop.start()
        yield Stack(laptop, json.loads(laptop.dev_json.read_text()))
    finally:
        laptop.stop()


@pytest.fixture
def dropped_on_purpose() -> None:
    """Asked for by a test that loses something, so that the reconciler has a find."""


@pytest.fixture(autouse=True)
def clean_run(request: pytest.FixtureRequest) -> Iterator[None]:
    """Where nothing was dropped on purpose, the deployed reconciler finds nothing to repair."""
    if "stack" not in request.fixturenames or "dropped_on_purpose" in request.fixturenames:
        yield
        return
    stack: Stack = request.getfixturevalue("stack")
    before = len(stack.log("reconcile", "repaired"))
    yield
    assert [line["kind"] for line in stack.log("reconcile", "repaired")[before:]] == []
