"""The state machine as routing.asl.json describes it, played by hand: it moves when the test says so."""

from dataclasses import dataclass, field
from itertools import count
from typing import Any, Literal

from botocore.exceptions import ClientError

from chalicelib.store import table
from chalicelib.store.db import pack

State = Literal["ready", "decided", "waiting", "over"]
_tokens = count(1)


@dataclass
class Execution:
    """One run of one interaction; `input` is what its Lambda is asked with next, `decided` what it answered."""

    interaction: str
    run: int
    input: dict[str, Any]
    since: int
    """When it came into its state (ms)."""
    state: State = "ready"
    token: str = ""
    ends: int = 0

    @property
    def name(self) -> str:
        return f"{self.interaction}-{self.run}"

    def to(self, state: State, now: int) -> None:
        self.state, self.since = state, now

    def overdue(self, now: int) -> int:
        """For how long it could have moved (ms); negative while it waits, or when it is over."""
        if self.state == "over":
            return -1
        return now - (self.ends if self.state == "waiting" else self.since)


@dataclass
class Machine:
    """Every execution that was started, by its name; `now` in milliseconds."""

    now: int = 0
    executions: dict[str, Execution] = field(default_factory=dict)

    def answer(self, operation: str, asked: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """What Step Functions answers to a call."""
        if operation == "StartExecution":
            return self._start(asked["name"])
        found = next((e for e in self.executions.values() if e.token == asked["taskToken"]), None)
        if found is None or found.state != "waiting":
            return 400, {"__type": "TaskTimedOut", "message": "the wait is over"}
        found.to("over" if operation == "SendTaskSuccess" else "ready", self.now)
        return 200, {}

    def _start(self, name: str) -> tuple[int, dict[str, Any]]:
        if name in self.executions:
            return 400, {"__type": "ExecutionAlreadyExists", "message": name}
        interaction, _, run = name.rpartition("-")
        asked = {"interaction": interaction, "run": int(run)}
        self.executions[name] = Execution(interaction, int(run), asked, self.now)
        return 200, {"executionArn": f"arn:aws:states:us-east-1:000000000000:execution:routing:{name}", "startDate": 0}

    def movable(self) -> list[Execution]:
        """Those that would move by themselves now."""
        return [e for e in self.executions.values() if e.overdue(self.now) >= 0]

    def lambda_answered(self, execution: Execution, answer: dict[str, Any]) -> None:
        execution.input = answer
        execution.to("over" if answer["wait"] in ("done", "failed") else "decided", self.now)

    def enter_wait(self, execution: Execution, client: Any, name: str) -> table.Key:
        """Store a token as the wait's updateItem does, and wait; a failed condition leads back to the Lambda.

        Answers the key that it wrote.
        """
        key = table.meta(execution.interaction)
        execution.token = f"token {next(_tokens)}"
        execution.ends = self.now + execution.input["seconds"] * 1000
        execution.to("waiting", self.now)
        values = {":token": execution.token, ":run": execution.run, ":epoch": execution.input["epoch"], ":open": "open"}
        try:
            client.update_item(
                TableName=name,
                Key=pack(key),
                UpdateExpression="SET task_token = :token, token_epoch = :epoch",
                ConditionExpression="#run = :run AND epoch = :epoch AND #status = :open",
                ExpressionAttributeNames={"#run": "run", "#status": "status"},
                ExpressionAttributeValues=pack(values),
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
                raise
            execution.to("ready", self.now)
        return key

    def time_out(self, execution: Execution) -> None:
        """The wait's time is over; its token is worth nothing any more."""
        execution.to("ready", self.now)
