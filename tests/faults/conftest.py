"""The company in which things fail."""

import json
import threading
import time
from collections.abc import Iterator

import boto3
import pytest

from chalicelib import config
from chalicelib.outbound import dispatch
from dev.simulator import providers
from dev.simulator.accounts import Accounts
from dev.simulator.exchange import Exchange
from dev.simulator.server import Server
from tests.conftest import NOW, create_table, forget
from tests.faults.company import Company
from tests.faults.sweep import Sweep, quiet
from tests.faults.wire import tapped


@pytest.fixture
def sweep(aws: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sweep]:
    """A company on moto behind a tapped wire; sleeping takes no time, and a batch is sent by one thread."""
    server = Server(0, Exchange(providers.load(), Accounts(), report_delay=0))
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    monkeypatch.setenv("STAGE", "local")
    monkeypatch.setenv("PROVIDER_HOSTS", json.dumps({"api.twilio.com": f"{server.url}/twilio"}))
    monkeypatch.setattr(time, "sleep", lambda _: None)
    monkeypatch.setattr(dispatch, "_SIDE_BY_SIDE", 1)
    forget()
    with tapped() as wire, quiet():
        create_table()
        _create_state_machine()
        yield Sweep(Company(monkeypatch, NOW, server), wire)
    server.stop()
    server.server_close()


def _create_state_machine() -> None:
    """It exists and takes executions; what it would do is done by Company.machine."""
    role = boto3.client("iam").create_role(RoleName="states", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    definition = {"StartAt": "Idle", "States": {"Idle": {"Type": "Succeed"}}}
    name = config.settings().state_machine_arn.rsplit(":", 1)[-1]
    boto3.client("stepfunctions").create_state_machine(name=name, definition=json.dumps(definition), roleArn=role)
