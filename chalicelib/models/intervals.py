"""Intervals, the working rules, as they cross the API and as a step of a plan carries one of its own."""

from datetime import date
from functools import lru_cache
from typing import Annotated, Literal
from zoneinfo import available_timezones

from pydantic import AfterValidator, Field

from chalicelib.config import settings
from chalicelib.models.common import Description, Input, Name, Output, Time, patch_of

_MOST_PARTS = 20
_MOST_DATES = 400
_CLOCK = r"([01][0-9]|2[0-3]):[0-5][0-9]"


@lru_cache(maxsize=1)
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def _zone(text: str) -> str:
    if text not in _zones():
        raise ValueError("A zone of the IANA time zone database, such as Europe/Rome.")
    return text


def _day(text: str) -> str:
    try:
        date.fromisoformat(text)
    except ValueError:
        raise ValueError("A date such as 2026-12-25.") from None
    return text


Zone = Annotated[str, Field(max_length=64), AfterValidator(_zone)]
Day = Annotated[str, Field(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"), AfterValidator(_day)]
WeekDay = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


class AlwaysPart(Input):
    """Holds at any time."""

    type: Literal["always"]


class CustomPart(Input):
    """Local times, the end minute included and past midnight where the end is earlier, on chosen days.

    A day is chosen when it is in each of the lists that are not empty.
    """

    type: Literal["custom"]
    start: str = Field(alias="from", default="00:00", pattern=f"^{_CLOCK}$")
    to: str = Field(default="24:00", pattern=f"^({_CLOCK}|24:00)$")
    week_days: list[WeekDay] = Field(default_factory=list, max_length=7)
    month_days: list[Annotated[int, Field(ge=1, le=31)]] = Field(default_factory=list, max_length=31)
    months: list[Annotated[int, Field(ge=1, le=12)]] = Field(default_factory=list, max_length=12)
    dates: list[Day] = Field(default_factory=list, max_length=_MOST_DATES)


Part = Annotated[AlwaysPart | CustomPart, Field(discriminator="type")]
Parts = Annotated[list[Part], Field(max_length=_MOST_PARTS)]


def deployment_zone() -> str:
    return settings().zone


class InlineInterval(Input):
    """An interval of one step: it holds while one of its parts does; without parts never."""

    zone: Zone = Field(default_factory=deployment_zone)
    parts: Parts


class IntervalIn(Input):
    """A new interval: it holds while one of its parts does; without parts never. Zone: the deployment's by default."""

    name: Name
    description: Description = ""
    zone: Zone = Field(default_factory=deployment_zone)
    parts: Parts = Field(default_factory=list)


IntervalPatch = patch_of(IntervalIn)


class Interval(Output):
    id: str
    name: str
    description: str
    zone: str
    parts: list[Part]
    version: int


class Preview(Output):
    """Whether an interval holds at a time, and when that changes next; None where it never does."""

    at: Time
    zone: str
    holds: bool
    changes_at: Time | None
