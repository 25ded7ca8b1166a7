"""The outbound queue, played by hand: it shows its pokes when the test says so, in any order, twice, late or never."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import app as product

BATCH = 10
_HIDDEN = 180_000  # ms: infra/template.yaml's visibility timeout


class _Context:
    """Lambda's context, as far as it is used."""

    def get_remaining_time_in_millis(self) -> int:
        return 30_000


@dataclass
class Poke:
    """One message of the queue, to be shown from a time on (ms)."""

    name: str
    body: str
    shown_at: int

    @property
    def message(self) -> str:
        """The text that it names."""
        return str(json.loads(self.body)["message_id"])

    @property
    def record(self) -> dict[str, Any]:
        """As Lambda hands it over."""
        return {"messageId": self.name, "receiptHandle": self.name, "body": self.body}


@dataclass
class Queue:
    """The pokes by name, oldest first. It promises less than SQS: no order, not even in a conversation."""

    clock: Callable[[], int] = lambda: 0
    pokes: dict[str, Poke] = field(default_factory=dict)
    set_aside: list[str] = field(default_factory=list)
    """What was sent to the dead letters."""
    _names: Any = field(default_factory=lambda: count(1))

    def restart(self, clock: Callable[[], int]) -> None:
        """Empty; `clock` gives milliseconds."""
        self.clock, self.pokes, self.set_aside = clock, {}, []

    def answer(self, operation: str, asked: dict[str, Any]) -> dict[str, Any]:
        """What SQS answers to a call."""
        if operation == "ChangeMessageVisibility":
            poke = self.pokes.get(asked["ReceiptHandle"])
            if poke:
                poke.shown_at = self.clock() + asked["VisibilityTimeout"] * 1000
            return {}
        if "dead" in asked["QueueUrl"]:
            self.set_aside.append(asked["MessageBody"])
        else:
            self.put(asked["MessageBody"])
        return {"MessageId": "m", "MD5OfMessageBody": "-"}

    def put(self, body: str) -> None:
        """One more poke, to be shown at once."""
        poke = Poke(f"poke-{next(self._names)}", body, self.clock())
        self.pokes[poke.name] = poke

    def visible(self) -> list[Poke]:
        return [poke for poke in self.pokes.values() if poke.shown_at <= self.clock()]

    def show(self, pokes: list[Poke]) -> list[dict[str, Any]]:
        """The records of a batch, which nobody else is shown for a while."""
        for poke in pokes:
            poke.shown_at = self.clock() + _HIDDEN
        return [poke.record for poke in pokes]

    def deliver(self, records: list[dict[str, Any]]) -> str:
        """The function deals with a batch; answers in words what became of it."""
        answer = product.dispatch({"Records": records}, _Context())
        back = {failure["itemIdentifier"] for failure in answer["batchItemFailures"]}
        for record in records:
            if record["messageId"] not in back:
                self.pokes.pop(record["messageId"], None)
        return f"{len(records) - len(back)} done, {len(back)} go back"
