"""A provider's delivery report moves a sent text forward, or waits until the text it speaks of is known."""

import json

from boto3.dynamodb.conditions import Attr

from chalicelib.config import PARKED_REPORT_DAYS
from chalicelib.models.status import RANK
from chalicelib.outbound import optouts
from chalicelib.outbound.delivery import News, Recording, Remark, takes
from chalicelib.providers.contract import DeliveryReport
from chalicelib.store import db, table
from chalicelib.store.db import Item
from chalicelib.store.exchanges import Exchange
from chalicelib.store.table import Key
from chalicelib.store.transaction import EXISTS, Lost, Transaction

APPLIED, PARKED, IGNORED = "applied", "parked", "ignored"
_RAW_CHARACTERS = 2000  # of an unmapped report; a body may be as long as 1 MiB, an item may not


def apply(account: Item, report: DeliveryReport, now: int, exchange: Exchange | None = None) -> str:
    """Take in one report of an account; `now` in milliseconds. Answers "applied", "parked" or "ignored".

    What is applied or parked brings the exchange's row of the log along.

    Repeated, late and backward reports are ignored. Raises outbound.delivery.Contended, or botocore's errors, when it
    may not be stored; calling again is always safe.
    """
    where = _whereabouts(account["id"], report)
    address = where["address"] if where else report.recipient
    if report.opt and address:
        optouts.follow(account["id"], address, report.opt, now)
    if report.status == "unknown":
        return _keep(where, report, now, exchange) if where else IGNORED
    news = News(str(report.status), report.code, report.detail)
    if RANK[news.status] == 0:
        return IGNORED
    if where:
        return _write(where, news, now, exchange)
    if report.provider_message_id:
        return _park(account["id"], report.provider_message_id, news, now, exchange)
    return IGNORED


def _whereabouts(account_id: str, report: DeliveryReport) -> Item | None:
    """Where the message stands: by our id, which came in the URL, else by the provider's."""
    keys: list[Key] = []
    if report.message_id:
        keys.append(table.message(report.message_id))
    if report.provider_message_id:
        keys.append(table.provider_message(account_id, report.provider_message_id))
    found = [item for item in db.get_many(keys) if item] if keys else []
    known = [item for item in found if "interaction_id" in item and item["account_id"] == account_id]
    return known[0] if known else None


def _write(where: Item, news: News, now: int, exchange: Exchange | None) -> str:
    logged = exchange.ended(APPLIED) if exchange else None
    return APPLIED if Recording(where, news, now, logged).write() else IGNORED


def _keep(where: Item, report: DeliveryReport, now: int, exchange: Exchange | None) -> str:
    """A status without a meaning for us stays with the line, for whoever looks into it.

    Its code and words are shown while the text is on its way; the reason of a final state stays as it is.
    """
    logged = exchange.ended(APPLIED) if exchange else None
    raw = json.dumps(report.raw, ensure_ascii=False, default=str)[:_RAW_CHARACTERS]
    told = {"status_code": report.code, "status_detail": report.detail}
    shown = {name: value for name, value in told.items() if value is not None}
    if shown and Recording(where, Remark(shown, raw), now, logged).write():
        return APPLIED
    tx = Transaction().update(table.line(where["interaction_id"], where["n"]), EXISTS, put={"status_raw": raw})
    if logged:
        logged.join(tx)
    try:
        tx.commit()
    except Lost:
        return IGNORED
    return APPLIED


def _park(account_id: str, provider_id: str, news: News, now: int, exchange: Exchange | None) -> str:
    """Keep the furthest state under the provider's id until the send that it belongs to is recorded."""
    key = table.provider_message(account_id, provider_id)
    free = Attr("interaction_id").not_exists() & (Attr("rank").not_exists() | takes(news.status))
    ttl = now // 1000 + PARKED_REPORT_DAYS * 86400
    tx = Transaction().update(key, free, put={**news.fields(), "ttl": ttl}, prove=True)
    if exchange:
        exchange.ended(PARKED).join(tx)
    try:
        tx.commit()
    except Lost as lost:
        known = lost.item(key) or {}
        return _write(known, news, now, exchange) if "interaction_id" in known else IGNORED
    return PARKED
