"""Deploys a package by change sets: to AWS, and in the same way to the laptop's MiniStack."""

import argparse
import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from botocore.exceptions import ClientError

from infra import admin_token
from infra.build import Package, package
from infra.target import Target, describe, outputs_of, parameters_of

Say = Callable[[str], None]
POLL_SECONDS = 3.0
LAPTOP_POLL_SECONDS = 0.2
ENDED_WELL = {"CREATE_COMPLETE", "UPDATE_COMPLETE"}
NOTHING_CHANGED = ("didn't contain changes", "No updates are to be performed")


class DeployError(Exception):
    """CloudFormation refused; the text is its reason."""


def deploy(built: Package, target: Target, say: Say) -> dict[str, str]:
    """Create or update the stack and answer with its outputs. DeployError with CloudFormation's reason.

    Without a `PublicBase` of its own the stack gets the stage's URL in a second change set, since a function's
    environment that refers to the API would be a circle.
    """
    bucket = artefact_bucket(target)
    code_key = upload(target, bucket, built.code, f"{built.digest}.zip", say)
    template_key = upload(target, bucket, built.template, f"{built.digest}.template.json", say, always=True)
    template = f"{target.client('s3').meta.endpoint_url}/{bucket}/{template_key}"
    given = {"StageName": target.stage, "CodeBucket": bucket, "CodeKey": code_key, **target.parameters}
    change(target, template, given, say)
    if not parameters_of(target).get("PublicBase"):
        change(target, template, {**given, "PublicBase": outputs_of(target)["EndpointURL"]}, say)
    return outputs_of(target)


def artefact_bucket(target: Target) -> str:
    """The bucket of packages, made when it does not exist; private, as new buckets are."""
    account = target.client("sts").get_caller_identity()["Account"]
    name = f"smsdesk-artefacts-{account}-{target.region}"
    s3 = target.client("s3")
    try:
        s3.head_bucket(Bucket=name)
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] != 404:
            raise
        # us-east-1 is the one region that must not be named here:
        # https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html
        place = {} if target.region == "us-east-1" else {"LocationConstraint": target.region}
        s3.create_bucket(Bucket=name, **({"CreateBucketConfiguration": place} if place else {}))
    return name


def upload(target: Target, bucket: str, file: Path, name: str, say: Say, always: bool = False) -> str:
    """Put a file under `smsdesk/`; code is named after its content and goes up once."""
    key, s3 = f"smsdesk/{name}", target.client("s3")
    if always or not s3.list_objects_v2(Bucket=bucket, Prefix=key).get("KeyCount"):
        say(f"uploading {name[:12]}… ({file.stat().st_size / 1e6:.1f} MB)")
        s3.put_object(Bucket=bucket, Key=key, Body=file.read_bytes())
    return key


def change(target: Target, template: str, given: Mapping[str, str], say: Say) -> None:
    """Create and execute one change set, and wait for its end."""
    cloudformation = target.client("cloudformation")
    if describe(target).get("StackStatus") == "ROLLBACK_COMPLETE":
        raise DeployError(f"{target.stack} could not be created and cannot be updated: delete the stack, then deploy")
    before = parameters_of(target)
    kept = [{"ParameterKey": key, "UsePreviousValue": True} for key in before if key not in given]
    name = f"change-{int(time.time() * 1000)}"
    cloudformation.create_change_set(
        StackName=target.stack,
        ChangeSetName=name,
        ChangeSetType="UPDATE" if before else "CREATE",
        TemplateURL=template,
        Parameters=[*({"ParameterKey": key, "ParameterValue": value} for key, value in given.items()), *kept],
        Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
        Tags=[{"Key": key, "Value": value} for key, value in target.tags.items()],
    )
    if not prepared(target, name):
        say("nothing to change")
        return
    cloudformation.execute_change_set(StackName=target.stack, ChangeSetName=name)
    wait(target, say)


def prepared(target: Target, name: str) -> bool:
    """Wait until a change set can be executed; False when it holds no change, and then it is deleted."""
    cloudformation = target.client("cloudformation")
    while True:
        answer = cloudformation.describe_change_set(StackName=target.stack, ChangeSetName=name)
        if answer["Status"] == "CREATE_COMPLETE":
            return True
        if answer["Status"] == "FAILED":
            reason = answer.get("StatusReason", "")
            if not any(words in reason for words in NOTHING_CHANGED):
                raise DeployError(reason)
            cloudformation.delete_change_set(StackName=target.stack, ChangeSetName=name)
            return False
        pause(target)


def wait(target: Target, say: Say) -> None:
    """Show each change of the stack's state until the stack rests; DeployError when it rolled back."""
    shown = ""
    while True:
        state = target.client("cloudformation").describe_stacks(StackName=target.stack)["Stacks"][0]["StackStatus"]
        if state != shown:
            say(f"{target.stack}: {state}")
            shown = state
        if not state.endswith("_IN_PROGRESS"):
            break
        pause(target)
    if state not in ENDED_WELL:
        raise DeployError("; ".join(reasons(target)) or state)


def reasons(target: Target) -> list[str]:
    events = target.client("cloudformation").describe_stack_events(StackName=target.stack)["StackEvents"]
    failed = [event for event in events if event["ResourceStatus"].endswith("_FAILED")]
    return [f"{event['LogicalResourceId']}: {event.get('ResourceStatusReason', '')}" for event in failed]


def pause(target: Target) -> None:
    time.sleep(LAPTOP_POLL_SECONDS if target.endpoint else POLL_SECONDS)


def pairs(texts: list[str]) -> dict[str, str]:
    return dict(text.split("=", 1) for text in texts)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stage", default="prod")
    parser.add_argument("--region", default=os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION"))
    parser.add_argument("--endpoint-url", help="another AWS than AWS, such as MiniStack")
    parser.add_argument("--parameter", action="append", default=[], metavar="NAME=VALUE")
    parser.add_argument("--tag", action="append", default=[], metavar="KEY=VALUE")
    options = parser.parse_args()
    if not options.region:
        parser.error("name a region with --region or AWS_REGION")
    target = Target(options.stage, options.region, options.endpoint_url, pairs(options.parameter), pairs(options.tag))
    outputs = deploy(package(options.stage), target, print)
    admin_token.ensure(target, outputs)
    for key, value in outputs.items():
        print(f"{key}: {value}")
    print(f"the first admin token: secret {admin_token.name(target)} in Secrets Manager")


if __name__ == "__main__":
    main()
