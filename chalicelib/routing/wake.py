"""Starting, ending and waking the state machine that waits for an interaction."""

import json

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.aws import client
from chalicelib.config import settings
from chalicelib.observability import count, logger
from chalicelib.store import conversations
from chalicelib.store.db import Item

# The wait was answered or has ended already: all three mean "nobody waits".
_NOBODY_WAITS = frozenset({"TaskTimedOut", "TaskDoesNotExist", "InvalidToken"})


def start(interaction: str, run: int) -> None:
    """Start the run's execution; its name makes a second start harmless.

    A failure is not the caller's: the interaction stands on the due list and is started from there.
    """
    try:
        client("stepfunctions").start_execution(
            stateMachineArn=settings().state_machine_arn,
            name=f"{interaction}-{run}",
            input=json.dumps({"interaction": interaction, "run": run}),
        )
    except (BotoCoreError, ClientError) as error:
        if _code(error) == "ExecutionAlreadyExists":
            return
        logger.warning("routing not started", extra={"interaction_id": interaction, "error": _code(error)})
        count("RoutingStartFailed")


def tell(interaction: str, *, taken: bool = False) -> None:
    """After a decision: read the token that the old wait may have stored meanwhile, and end that wait.

    From the decision's commit on the old wait can store no token, so the one found is its last; a token of the
    present epoch belongs to the wait that has followed already.
    """
    meta = conversations.get(interaction)
    if meta:
        end_wait(meta, taken=taken)


def end_wait(meta: Item, *, taken: bool = False) -> None:
    """End the wait whose token META holds: taken or gone ends the execution, else it looks again."""
    token = meta.get("task_token")
    if not token or meta.get("token_epoch") == meta["epoch"]:
        return
    try:
        if taken:
            client("stepfunctions").send_task_success(taskToken=token, output="{}")
        else:
            client("stepfunctions").send_task_failure(taskToken=token, error="Changed")
    except (BotoCoreError, ClientError) as error:
        if _code(error) in _NOBODY_WAITS:
            return
        logger.warning("wait not ended", extra={"interaction_id": meta["interaction_id"], "error": _code(error)})
        count("WaitNotEnded")


def _code(error: Exception) -> str:
    return error.response["Error"]["Code"] if isinstance(error, ClientError) else type(error).__name__
