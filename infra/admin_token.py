"""What a deployment finds in its table from the start: the first admin token, and the defaults of the product.

The token's secret is in Secrets Manager, its SHA-256 in the table, both made once.
"""

import os
import secrets
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from infra.target import NO_ACCOUNT, Target

STORED = {"Key": "smsdesk-token", "Value": "stored"}


def ensure(target: Target, outputs: Mapping[str, str]) -> str:
    """The secret, made when it is missing, and put into the table when that was never done; defaults beside it.

    A deployment that stopped between the two is completed by the next; a token that was revoked stays revoked.
    """
    store, secret_id = target.client("secretsmanager"), name(target)
    try:
        known = store.describe_secret(SecretId=secret_id)
    except store.exceptions.ResourceNotFoundException:
        made = f"smsdesk_{secrets.token_urlsafe(32)}"
        known = store.create_secret(Name=secret_id, SecretString=made, Description="The first admin token of smsdesk")
    secret = store.get_secret_value(SecretId=secret_id)["SecretString"]
    is_stored = STORED in known.get("Tags", [])
    fill_table("" if is_stored else secret, target, outputs)
    if not is_stored:
        store.tag_resource(SecretId=secret_id, Tags=[STORED])
    return secret


def name(target: Target) -> str:
    """The name of the secret."""
    return f"smsdesk/{target.stage}/admin-token"


def fill_table(secret: str, target: Target, outputs: Mapping[str, str]) -> None:
    """Run the product's own code with the settings of the deployed API, in a process of its own.

    The secret goes through the pipe, where no list of processes shows it; an empty one makes no token.
    """
    configuration = target.client("lambda").get_function_configuration(FunctionName=outputs["APIHandlerName"])
    settings = {**configuration["Environment"]["Variables"], "AWS_DEFAULT_REGION": target.region}
    if target.endpoint:
        settings |= {key.upper(): value for key, value in NO_ACCOUNT.items()} | {"AWS_ENDPOINT_URL": target.endpoint}
    subprocess.run(
        [sys.executable, "-m", "infra.admin_token"],
        cwd=Path(__file__).resolve().parents[1],
        env={**os.environ, **settings},
        input=secret,
        text=True,
        check=True,
    )


if __name__ == "__main__":
    from chalicelib.store import intervals, lists, tokens

    first_secret, now = sys.stdin.read(), int(time.time() * 1000)
    if first_secret:
        tokens.bootstrap(first_secret, now)
    lists.ensure_default(now)
    intervals.ensure_defaults(now)
