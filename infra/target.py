"""A stack and where it stands: on AWS, or behind another endpoint such as the laptop's MiniStack."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import boto3
from botocore.exceptions import ClientError

# An endpoint of our own checks no credentials, and must never get those of a real account.
NO_ACCOUNT = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}


@dataclass(frozen=True)
class Target:
    """`endpoint` is None on AWS; `parameters` are the template's, and those left out keep their value."""

    stage: str
    region: str
    endpoint: str | None = None
    parameters: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)

    @property
    def stack(self) -> str:
        return f"smsdesk-{self.stage}"

    def client(self, service: str) -> Any:
        """A boto3 client of one service there."""
        credentials = NO_ACCOUNT if self.endpoint else {}
        return boto3.client(service, region_name=self.region, endpoint_url=self.endpoint, **credentials)


def describe(target: Target) -> dict[str, Any]:
    """The stack as CloudFormation tells it; empty when it does not exist, or was only reviewed."""
    try:
        stack = target.client("cloudformation").describe_stacks(StackName=target.stack)["Stacks"][0]
    except ClientError as error:
        if "does not exist" in str(error):
            return {}
        raise
    return {} if stack["StackStatus"] == "REVIEW_IN_PROGRESS" else stack


def parameters_of(target: Target) -> dict[str, str]:
    return {item["ParameterKey"]: item["ParameterValue"] for item in describe(target).get("Parameters", [])}


def outputs_of(target: Target) -> dict[str, str]:
    return {item["OutputKey"]: item["OutputValue"] for item in describe(target).get("Outputs", [])}
