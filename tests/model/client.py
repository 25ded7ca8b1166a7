"""An agent's client, which merges polls as docs/api.md says, and so must know all that a fresh one shows."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from tests.model.wire import Trouble

Desk = dict[str, Any]


class Polled(NamedTuple):
    """What a poll answered; None for nothing new."""

    shown: Desk | None

    def __str__(self) -> str:
        return f"offers {len(self.shown['offers'])}" if self.shown and "offers" in self.shown else "polled"


Ask = Callable[[str, str | None, Trouble | None], Polled | None]
"""Polls with a cursor, in words; answers None when it was cut off."""


@dataclass
class DeskClient:
    """What one client knows of its desk."""

    cursor: str | None = None
    shown: Desk = field(default_factory=dict)
    lines: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Lines by interaction and id."""

    def polls(self, ask: Ask, trouble: Trouble | None) -> list[str]:
        """Poll until there is no more, then afresh; answers what a fresh poll shows otherwise."""
        answer = ask("polls", self.cursor, trouble)
        if answer is None:
            return []
        self.merge(answer.shown)
        while answer and (trouble or (answer.shown and answer.shown["has_more"])):
            answer, trouble = ask("polls again", self.cursor, None), None
            self.merge(answer.shown if answer else None)
        fresh = ask("polls afresh", None, None)
        return list(self.missed(fresh.shown)) if fresh and fresh.shown else []

    def merge(self, answer: Desk | None) -> None:
        """Take over what a poll answered; None for nothing new."""
        if answer is None:
            return
        self.cursor = answer["next"]
        for name in ("presence", "counters", "offers", "interactions"):
            if name in answer:
                self.shown[name] = answer[name]
        for interaction, lines in answer["lines"].items():
            self.lines.setdefault(interaction, {}).update({line["id"]: line for line in lines})

    def missed(self, fresh: Desk) -> Iterator[str]:
        """8: what a fresh poll shows otherwise than this client does."""
        for name in ("presence", "counters", "offers", "interactions"):
            if fresh[name] != self.shown.get(name):
                yield f"8: {name} are {_apart(self.shown.get(name), fresh[name])}"
        for interaction, lines in fresh["lines"].items():
            known = self.lines.get(interaction, {})
            for line in lines:
                if known.get(line["id"]) != line:
                    yield f"8: line {line['n']} of {interaction} is {known.get(line['id'])}, should be {line}"


def _apart(known: Any, fresh: Any) -> str:
    """Only the fields that differ, where both are lists of the same length."""
    if isinstance(known, list) and isinstance(fresh, list) and len(known) == len(fresh):
        pairs = [
            {name: (k.get(name), f.get(name)) for name in {**k, **f} if k.get(name) != f.get(name)}
            for k, f in zip(known, fresh, strict=True)
        ]
        return f"(known, should be) {[pair for pair in pairs if pair]}"
    return f"{known}, should be {fresh}"
