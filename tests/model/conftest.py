"""MiniStack with nothing but its DynamoDB and KMS in use, and the company that the run plays with."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import boto3
import pytest

from chalicelib.outbound import dispatch
from dev import ministack
from tests.conftest import NOW, forget, settings_of_an_empty_aws
from tests.faults.sweep import quiet
from tests.model.company import Company
from tests.model.mirror import plain_client
from tests.model.wire import Wire, tapped
from tests.stack.conftest import free_port

HERE = Path(__file__).parent


class Stage(NamedTuple):
    """What each example plays on."""

    company: Company
    wire: Wire
    client: Any


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.stack)
            item.add_marker(pytest.mark.model)


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """The company on a MiniStack of its own, behind a tapped wire; sleeping takes no time, and one
    thread sends."""
    engine = ministack.start(free_port(), tmp_path_factory.mktemp("model"))
    with pytest.MonkeyPatch.context() as patch, quiet():
        patch.setenv("AWS_ENDPOINT_URL", engine.endpoint)
        patch.setenv("AWS_ACCESS_KEY_ID", "test")
        boto3.setup_default_session()
        try:
            with settings_of_an_empty_aws(patch), tapped(patch) as wire:
                forget()
                patch.setattr(time, "sleep", lambda _: None)
                patch.setattr(dispatch, "_SIDE_BY_SIDE", 1)
                yield Stage(Company(patch, NOW), wire, plain_client())
        finally:
            boto3.DEFAULT_SESSION = None
            forget()
            patch.undo()
            engine.stop()
