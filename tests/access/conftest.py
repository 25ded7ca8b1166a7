"""One company for all tests of a module: those of a module that refuses everything leave it as it was."""

import json
from collections.abc import Iterator

import boto3
import pytest
from moto import mock_aws

from chalicelib import config
from tests.access.company import Company
from tests.access.operations import Operation, operations
from tests.conftest import NOW, create_table, forget, settings_of_an_empty_aws
from tests.team import Team


@pytest.fixture(scope="module")
def company() -> Iterator[Company]:
    with pytest.MonkeyPatch.context() as patch, mock_aws(), settings_of_an_empty_aws(patch):
        # Whoever may check an account asks its provider: here nobody listens, and nothing leaves the machine.
        patch.setenv("STAGE", "local")
        patch.setenv("PROVIDER_HOSTS", json.dumps({"api.twilio.com": "http://127.0.0.1:9"}))
        forget()
        create_table()
        role = boto3.client("iam").create_role(RoleName="states", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
        definition = {"StartAt": "Idle", "States": {"Idle": {"Type": "Succeed"}}}
        name = config.settings().state_machine_arn.rsplit(":", 1)[-1]
        boto3.client("stepfunctions").create_state_machine(name=name, definition=json.dumps(definition), roleArn=role)
        yield Company(Team(patch, NOW))


@pytest.fixture(scope="module")
def team(company: Company) -> Team:
    return company.team


@pytest.fixture(scope="module")
def walk(company: Company, team: Team) -> list[Operation]:
    """The operations as the API itself publishes them."""
    found = list(operations(team.must("admin", "GET", "/openapi.json")))
    company.share(found)
    return found
