"""How the delivery state of a sent text changes: its line, the sign that polls look for, and its owner's HEAD."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from boto3.dynamodb.conditions import Attr, ConditionBase

from chalicelib.config import CONFLICT_RETRIES, STATUS_MEMORY
from chalicelib.models.status import RANK
from chalicelib.store import table
from chalicelib.store.db import Item
from chalicelib.store.exchanges import Exchange
from chalicelib.store.table import Key
from chalicelib.store.transaction import EXISTS, Lost, Transaction


class Contended(Exception):
    """So many others wrote to the interaction that the news was not written; writing it again is safe."""


@dataclass(frozen=True)
class News:
    """What became known of a text: its state, the provider's code, and a sentence for the agent."""

    status: str
    code: str | None = None
    detail: str | None = None

    def fields(self) -> Item:
        """The news as a line (or a parked report) keeps it."""
        return {
            "status": self.status,
            "rank": RANK[self.status],
            "status_code": self.code,
            "status_detail": self.detail,
        }

    def goes_on(self) -> ConditionBase:
        """The condition on a line under which it takes the news."""
        return takes(self.status)


@dataclass(frozen=True)
class Remark:
    """What a provider says, with its code or in its words, of a text on its way: it is shown, the state stays."""

    shown: Mapping[str, str]
    raw: str

    def fields(self) -> Item:
        return {**self.shown, "status_raw": self.raw}

    def goes_on(self) -> ConditionBase:
        """The reason of a final state stays as it is."""
        return Attr("rank").lt(RANK["delivered"])


def takes(status: str) -> ConditionBase:
    """`models.status.advances` as a condition on an item with `status` and `rank`: delivery only goes forward."""
    further = Attr("rank").lt(RANK[status])
    if status == "sent":
        return further | Attr("status").eq("unknown")
    if status == "delivered":
        return further | Attr("status").eq("expired")
    return further


class Recording:
    """One piece of news on its way into the store, adjusted by whatever stands in its way until it is written.

    `where` is a message's whereabouts: interaction_id, n, and the owner as last seen, a guess
    that spares reading META. `now` in milliseconds. `exchange` is the call that brought the news, for the log.
    """

    def __init__(self, where: Item, news: News | Remark, now: int, exchange: Exchange | None = None) -> None:
        self.where, self.news, self.now = where, news, now
        self._exchange = exchange
        self.line_takes_it = True
        self._open = True
        self._owner: str | None = where.get("owner")
        self._told = bool(self._owner)

    def write(self) -> bool:
        """Commit; answers whether the line took the news. One call, and one more for a wrong guess of the owner.

        Raises Contended, or botocore's errors, when it is not certain that all is written; calling again is safe.
        """
        for _ in range(CONFLICT_RETRIES):
            if not self.pending():
                return self.line_takes_it
            tx = Transaction()
            self.build(tx)
            if self._exchange:
                self._exchange.join(tx)
            try:
                tx.commit()
                return self.line_takes_it
            except Lost as lost:
                self.learn(lost)
        raise Contended

    def pending(self) -> bool:
        """Whether anything is left to write."""
        return self.line_takes_it

    def build(self, tx: Transaction) -> None:
        """Add to a transaction what is still to be written."""
        if not self.line_takes_it:
            return
        tx.update(self._line, self.news.goes_on(), put=self.news.fields(), prove=True)
        seconds = self.now // 1000
        changed = {"n": self.where["n"], "at": self.now, "ttl": seconds + STATUS_MEMORY}
        tx.put(table.status_change(self.where["interaction_id"], self.where["n"]), changed)
        tx.update(self._meta, self._guess(), add={"status_seq": 1})
        if self._told and self._owner:
            tx.update(table.agent(self._owner), EXISTS, add={"seq": 1})

    def learn(self, lost: Lost) -> None:
        """Take in what came back with a failed condition."""
        if self._line in lost:
            self.line_takes_it = False
        elif self._meta in lost:
            meta = lost.item(self._meta)
            self.line_takes_it = meta is not None
            if meta:
                self._open, self._owner = meta["status"] == "open", meta.get("owner")
                self._told = self._open and bool(self._owner)
        elif self._owner and table.agent(self._owner) in lost:
            self._told = False

    @property
    def _line(self) -> Key:
        return table.line(self.where["interaction_id"], self.where["n"])

    @property
    def _meta(self) -> Key:
        return table.meta(self.where["interaction_id"])

    def _guess(self) -> ConditionBase:
        """That META is as we think it is: the owner decides whose poll must be told."""
        state = Attr("status").eq("open" if self._open else "closed")
        owner: Any = Attr("owner")
        return state & (owner.eq(self._owner) if self._owner else owner.not_exists())
