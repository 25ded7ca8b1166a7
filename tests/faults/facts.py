"""Everything the table holds, sorted by what it is; read by a scan, which only tests may do."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from chalicelib.store.db import Item
from tests.faults import moto_state


@dataclass
class Facts:
    now: int
    started: set[str]
    """Names of the executions that were started."""
    sent: list[Item]
    """Requests that reached the provider, oldest first: to, text, status."""
    metas: dict[str, Item] = field(default_factory=dict)
    lines: dict[str, list[Item]] = field(default_factory=lambda: defaultdict(list))
    pointers: list[Item] = field(default_factory=list)
    heads: dict[str, Item] = field(default_factory=dict)
    by_key: dict[tuple[str, str], Item] = field(default_factory=dict)

    def of(self, kind: str, prefix: str = "") -> list[Item]:
        """Items whose partition is of a kind (`CONV`, `ACC`, …) and whose sort key begins so."""
        return [item for (pk, sk), item in self.by_key.items() if pk.startswith(f"{kind}#") and sk.startswith(prefix)]

    def has(self, pk: str, sk: str) -> bool:
        return (pk, sk) in self.by_key

    @property
    def open(self) -> list[Item]:
        return [meta for meta in self.metas.values() if meta["status"] == "open"]


def gather(now: int, sent: list[Item]) -> Facts:
    return sort(Facts(now, moto_state.executions(), sent), moto_state.items())


def sort(facts: Facts, items: Iterable[Item]) -> Facts:
    """Add items to the facts, each where it belongs."""
    for item in items:
        pk, sk = item["pk"], item["sk"]
        facts.by_key[pk, sk] = item
        kind, _, name = pk.partition("#")
        if sk == "META":
            facts.metas[name] = item
        elif kind == "INT" and sk.startswith("L#"):
            facts.lines[name].append(item)
        elif sk == "PTR":
            facts.pointers.append(item)
        elif kind == "AGENT" and sk == "HEAD":
            facts.heads[name] = item
    for lines in facts.lines.values():
        lines.sort(key=lambda line: line["n"])
    return facts


def owned(item: Item) -> tuple[str, str]:
    """Of an item in a partition of somebody: the somebody, and the interaction that its sort key ends with."""
    return item["pk"].partition("#")[2], item["sk"].rpartition("#")[2]
