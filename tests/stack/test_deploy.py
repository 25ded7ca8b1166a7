"""Deploying by change sets, shown on MiniStack with a template of one queue."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dev import ministack
from dev.ministack import MiniStack
from infra.build import Package
from infra.deploy import DeployError, deploy
from infra.target import Target, describe, parameters_of
from tests.stack.conftest import free_port

PARAMETERS = ("StageName", "CodeBucket", "CodeKey", "PublicBase", "Zone")
BASE = {"Key": "base", "Value": {"Ref": "PublicBase"}}


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MiniStack]:
    engine = ministack.start(free_port(), tmp_path_factory.mktemp("engine"))
    yield engine
    engine.stop()


@pytest.fixture
def target(running: MiniStack, request: pytest.FixtureRequest) -> Target:
    """A stack of this test's own."""
    stage = "s" + request.node.name[-12:].replace("_", "")
    return Target(stage, ministack.REGION, running.endpoint, {"Zone": "Europe/Rome"})


@pytest.fixture
def built(tmp_path: Path) -> Package:
    package = Package(tmp_path / "template.json", tmp_path / "code.zip")
    package.code.write_bytes(b"code")
    write(package, {"QueueName": {"Fn::Sub": "${StageName}-queue"}})
    return package


def write(package: Package, queue: dict[str, Any]) -> None:
    template = {
        "Parameters": {name: {"Type": "String", "Default": ""} for name in PARAMETERS},
        "Resources": {"Queue": {"Type": "AWS::SQS::Queue", "Properties": {"Tags": [BASE], **queue}}},
        "Outputs": {"EndpointURL": {"Value": "https://stage.example/api"}, "Queue": {"Value": {"Ref": "Queue"}}},
    }
    package.template.write_text(json.dumps(template))


def test_a_new_stack_learns_its_own_url_in_a_second_change_set(built: Package, target: Target) -> None:
    said: list[str] = []
    outputs = deploy(built, target, said.append)
    assert outputs["Queue"].endswith(f"/{target.stage}-queue")
    assert parameters_of(target)["PublicBase"] == "https://stage.example/api"
    assert [line for line in said if "COMPLETE" in line] == [
        f"{target.stack}: CREATE_COMPLETE",
        f"{target.stack}: UPDATE_COMPLETE",
    ]


def test_a_base_that_is_given_is_kept(built: Package, target: Target) -> None:
    own = {"PublicBase": "https://sms.example/desk"}
    deploy(built, Target(target.stage, target.region, target.endpoint, own), lambda _: None)
    deploy(built, target, lambda _: None)
    assert parameters_of(target)["PublicBase"] == own["PublicBase"]


def test_what_is_not_given_again_keeps_its_value(built: Package, target: Target) -> None:
    deploy(built, target, lambda _: None)
    write(built, {"QueueName": {"Fn::Sub": "${StageName}-queue"}, "DelaySeconds": 7})
    deploy(built, Target(target.stage, target.region, target.endpoint), lambda _: None)
    assert parameters_of(target)["Zone"] == "Europe/Rome"


def test_deploying_the_same_again_changes_nothing(built: Package, target: Target) -> None:
    deploy(built, target, lambda _: None)
    before = describe(target).get("LastUpdatedTime")
    said: list[str] = []
    deploy(built, target, said.append)
    assert said[-1] == "nothing to change"
    assert describe(target).get("LastUpdatedTime") == before


def test_a_stack_that_rolls_back_is_an_error_with_the_reason(built: Package, target: Target) -> None:
    write(built, {"KmsMasterKeyId": "none", "FifoQueue": True, "QueueName": "not-the-name-of-a-fifo-queue"})
    with pytest.raises(DeployError, match=r"Queue: .+"):
        deploy(built, target, lambda _: None)
    with pytest.raises(DeployError, match="delete the stack"):
        deploy(built, target, lambda _: None)
