"""Fixtures shared by every test: AWS as moto plays it, with the table, the queues and the key of the stack."""

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from moto import mock_aws
from xdist.scheduler import LoadScopeScheduling, Scheduling

from chalicelib import config
from tests.quick_moto import quick_setup, quick_transactions

if TYPE_CHECKING:
    from tests.team import Team

REGION = "us-east-1"
ACCOUNT = "123456789012"
NOW = 1_767_225_600_000  # 2026-01-01T00:00:00Z, in milliseconds

# Before any test imports a client: nothing may ever reach a real account.
os.environ.update(
    AWS_DEFAULT_REGION=REGION,
    AWS_REGION=REGION,
    AWS_ACCESS_KEY_ID="testing",
    AWS_SECRET_ACCESS_KEY="testing",
    AWS_EC2_METADATA_DISABLED="true",
)
os.environ.pop("AWS_PROFILE", None)


class ByFolder(LoadScopeScheduling):
    """Gives the tests of a folder, in their order, to one worker."""

    def _split_scope(self, nodeid: str) -> str:
        return nodeid.partition("::")[0].rpartition("/")[0]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Scheduling | None:
    """What `--dist loadscope` means here: what shares a MiniStack stays together."""
    return ByFolder(config, log) if config.getvalue("dist") == "loadscope" else None


Tell = Callable[[str], None]
"""Says a figure of a run that passes to whoever reads its end."""


@pytest.fixture
def tell(record_property: Callable[[str, object], None]) -> Tell:
    return lambda figure: record_property("figure", figure)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """The figures that tests told, whichever process ran them; those of the fault sweep's groups together."""
    from tests.faults.sweep import summary

    reports = [one for reports in terminalreporter.stats.values() for one in reports]
    told = [each for one in reports if getattr(one, "when", "") == "call" for each in one.user_properties]
    for _, figure in (each for each in told if each[0] == "figure"):
        terminalreporter.write_line(figure)
    if tallies := [tally for name, tally in told if name == "tally"]:
        terminalreporter.write_line(summary(tallies))


def forget() -> None:
    """Empty every cache of the product: functions and objects with a `cache_clear`."""
    for name, module in list(sys.modules.items()):
        if name.startswith("chalicelib"):
            for value in list(vars(module).values()):
                clear = getattr(value, "cache_clear", None)
                if callable(clear) and not isinstance(value, type):
                    clear()


@pytest.fixture
def now() -> int:
    """The test's time in milliseconds."""
    return NOW


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An empty AWS with the settings that the stack gives its functions."""
    quick_setup(monkeypatch)
    quick_transactions(monkeypatch)
    with mock_aws(), settings_of_an_empty_aws(monkeypatch):
        yield


@contextmanager
def settings_of_an_empty_aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The queues and the key, and the environment that names them."""
    key = boto3.client("kms").create_key()["KeyMetadata"]["Arn"]
    fifo = {"FifoQueue": "true", "ContentBasedDeduplication": "false"}
    urls = [
        boto3.client("sqs").create_queue(QueueName=name, Attributes=fifo)["QueueUrl"]
        for name in ("outbound.fifo", "outbound-dead.fifo")
    ]
    for name, value in {
        "TABLE_NAME": "smsdesk",
        "OUTBOUND_QUEUE_URL": urls[0],
        "DEAD_LETTER_QUEUE_URL": urls[1],
        "KMS_KEY": key,
        "STATE_MACHINE_ARN": f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:smsdesk-routing",
        "STAGE": "test",
        "PUBLIC_BASE": "https://desk.example.com/api",
        "PROVIDER_HOSTS": "",
        "ZONE": "UTC",
    }.items():
        monkeypatch.setenv(name, value)
    forget()
    yield
    forget()


@pytest.fixture
def table(aws: None) -> str:
    """The empty table with its three indexes; the value is its name."""
    create_table()
    return config.settings().table


def create_table() -> None:
    """The table as infra/template.yaml declares it."""
    indexes = {"by_start": ("g1pk", "g1sk"), "by_last": ("g2pk", "g2sk"), "due": ("due_shard", "due_at")}
    names = ["pk", "sk", *(name for pair in indexes.values() for name in pair)]
    boto3.client("dynamodb").create_table(
        TableName=config.settings().table,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=_keys("pk", "sk"),
        AttributeDefinitions=[
            {"AttributeName": name, "AttributeType": "N" if name == "due_at" else "S"} for name in names
        ],
        GlobalSecondaryIndexes=[
            {"IndexName": index, "KeySchema": _keys(*pair), "Projection": {"ProjectionType": "ALL"}}
            for index, pair in indexes.items()
        ],
    )


def _keys(partition: str, sort: str) -> list[dict[str, str]]:
    return [{"AttributeName": partition, "KeyType": "HASH"}, {"AttributeName": sort, "KeyType": "RANGE"}]


@pytest.fixture
def team(table: str, now: int, monkeypatch: pytest.MonkeyPatch) -> "Team":
    """A company at work; the state machine exists but is not run: tests call its Lambda when they say so."""
    from tests.team import Team

    role = boto3.client("iam").create_role(RoleName="states", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    definition = {"StartAt": "Idle", "States": {"Idle": {"Type": "Succeed"}}}
    name = config.settings().state_machine_arn.rsplit(":", 1)[-1]
    boto3.client("stepfunctions").create_state_machine(name=name, definition=json.dumps(definition), roleArn=role)
    made = Team(monkeypatch, now)
    made.open_account()
    return made
