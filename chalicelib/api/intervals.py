"""Intervals, the working rules, over HTTP."""

from datetime import datetime
from typing import Any

from chalicelib import clock
from chalicelib.api import objects, pages
from chalicelib.api.request import Request, Response
from chalicelib.models.errors import Refused
from chalicelib.models.intervals import Interval, Preview
from chalicelib.routing.intervals import holds, next_change
from chalicelib.store import intervals


def index(request: Request) -> dict[str, Any]:
    return pages.of_partition(request, "intervals", intervals.PARTITION, Interval.model_validate)


def create(request: Request) -> Interval:
    intervals.ensure_defaults(request.now)
    return objects.create(request, "ivl", Interval.model_validate, intervals.create)


def show(_request: Request, interval_id: str) -> Interval:
    return Interval.model_validate(intervals.require(interval_id))


def change(request: Request, interval_id: str) -> Interval:
    return objects.change(request, intervals.require(interval_id), Interval.model_validate, intervals.change)


def delete(_request: Request, interval_id: str) -> Response:
    intervals.delete(interval_id)
    return Response(204)


def preview(request: Request, interval_id: str) -> Preview:
    interval = intervals.require(interval_id)
    at = _moment(request.query["at"]) if request.query["at"] else clock.aware(request.now)
    changes = next_change(interval["zone"], interval["parts"], at)
    return Preview(
        at=_shown(at),
        zone=interval["zone"],
        holds=holds(interval["zone"], interval["parts"], at),
        changes_at=_shown(changes) if changes else None,
    )


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None or not 1970 <= moment.year <= 9900:
        detail = "A time with its offset, such as 2026-12-24T09:00:00Z."
        raise Refused("invalid", "The query is not valid.", errors=[{"parameter": "at", "detail": detail}])
    return moment


def _shown(moment: datetime) -> str:
    return clock.rfc3339(int(moment.timestamp() * 1000)) or ""
