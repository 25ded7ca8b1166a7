"""What became of a text is written: line, provider's id and the end of its row, whatever happened in between."""

from typing import Any

from boto3.dynamodb.conditions import Attr

from chalicelib.config import CONFLICT_RETRIES, SEND_BACK
from chalicelib.models.status import advances
from chalicelib.observability import count
from chalicelib.outbound import optouts
from chalicelib.outbound.claims import GoesBack, Gone, check_order, key_of, out_of_order, untouched
from chalicelib.outbound.delivery import Contended, News, Recording, takes
from chalicelib.store import db, table
from chalicelib.store.conversations import Change
from chalicelib.store.db import Item
from chalicelib.store.exchanges import Exchange
from chalicelib.store.table import Key
from chalicelib.store.transaction import Lost, Transaction

NOT_KNOWN = "It is not known whether the text was sent."


class Outcome(Recording):
    """The end of a try: written all the same when the claim has run out, or a report was faster.

    A report that came before the provider's id was known is merged in. `opted_out`: the try showed it.
    """

    news: News

    def __init__(
        self,
        row: Item,
        claim_id: str,
        news: News,
        now: int,
        *,
        provider_id: str | None = None,
        opted_out: bool = False,
        exchange: Exchange | None = None,
    ) -> None:
        super().__init__(row, news, now, exchange)
        self._row, self._claim = row, claim_id
        self._provider_id = provider_id
        self._parked: Item | None = None
        self._row_there = True
        self._opted_out = opted_out

    def pending(self) -> bool:
        return super().pending() or self._row_there or self._provider_id is not None

    def build(self, tx: Transaction) -> None:
        super().build(tx)
        row = self._row
        if self._row_there:
            tx.delete(key_of(row), Attr("claim_id").eq(self._claim))
        if self._opted_out:
            named = row["account_id"], row["address"]
            tx.update(table.opt_out(*named), put=optouts.entry(*named, "out", "provider", self.now))
        if self._provider_id is not None:
            names = ("account_id", "address", "interaction_id", "n", "message_id", "owner")
            unknown: Any = Attr("interaction_id").not_exists()
            rank = Attr("rank")
            same = rank.eq(self._parked["rank"]) if self._parked else rank.not_exists()
            tx.put(self._id_key, {name: row.get(name) for name in names}, unknown & same)

    def learn(self, lost: Lost) -> None:
        super().learn(lost)
        if key_of(self._row) in lost:
            self._row_there = False
        if self._provider_id is not None and self._id_key in lost:
            self._learn_id(lost.item(self._id_key) or {})

    def _learn_id(self, seen: Item) -> None:
        if "interaction_id" in seen:
            if seen["message_id"] != self._row["message_id"]:
                count("ProviderIdReused")
            self._provider_id = None
            return
        self._parked = seen or None
        if seen and advances(self.news.status, seen["status"]):
            self.news = News(seen["status"], seen.get("status_code"), seen.get("status_detail"))

    @property
    def _id_key(self) -> Key:
        return table.provider_message(self._row["account_id"], str(self._provider_id))


class NeverSent(Recording):
    """The end of a text that nobody has claimed. Raises Gone or GoesBack when that is not so."""

    def __init__(self, row: Item, news: News, now: int) -> None:
        super().__init__(row, news, now)
        self._row = row

    def pending(self) -> bool:
        return True

    def build(self, tx: Transaction) -> None:
        super().build(tx)
        tx.delete(key_of(self._row), untouched(self._row))
        check_order(tx, self._row)

    def learn(self, lost: Lost) -> None:
        super().learn(lost)
        if key_of(self._row) in lost and not lost.item(key_of(self._row)):
            raise Gone
        if key_of(self._row) in lost or out_of_order(lost, self._row):
            raise GoesBack(self.now + SEND_BACK * 1000)


def settle_abandoned(row: Item, now: int) -> None:
    """A sender claimed a text and was never heard of again: it may have been sent, so it is never sent again."""
    news = News("unknown", "no_outcome", NOT_KNOWN)
    for _ in range(CONFLICT_RETRIES):
        line, meta = db.get_many([table.line(row["interaction_id"], row["n"]), table.meta(row["interaction_id"])])
        if not (line and meta and meta["status"] == "open" and advances(line["status"], news.status)):
            Outcome(row, row["claim_id"], news, now).write()
            return
        try:
            _settle_visibly(row, meta, news, now)
            return
        except Lost as lost:
            if key_of(row) in lost:
                return
    raise Contended


def _settle_visibly(row: Item, meta: Item, news: News, now: int) -> None:
    change = Change(meta, now).touch(meta.get("owner"))
    change.event(f"{NOT_KNOWN} It will not be sent again by itself.")
    change.rewrite(row["n"], news.fields(), takes(news.status))
    change.tx.delete(key_of(row), Attr("claim_id").eq(row["claim_id"]))
    change.commit()
