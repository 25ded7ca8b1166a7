"""What would happen to a text by an account's action plan, as it crosses the API."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, AwareDatetime, Field

from chalicelib.config import TEXT_CHARACTERS
from chalicelib.models.common import Input, Output, Time


def _near(moment: datetime) -> datetime:
    """A run may take years from there, and calendars end."""
    if not 1970 <= moment.year <= 9900:
        raise ValueError("A time with its offset, such as 2026-12-24T09:00:00Z, of the years 1970 to 9900.")
    return moment


AgentState = Literal["online", "offline", "paused", "not_responding"]


class SimulationIn(Input):
    """A text from a sender at a time, and the states of agents where they should be other than they are now."""

    at: Annotated[AwareDatetime, Field(strict=False), AfterValidator(_near)]
    sender: str = Field(min_length=1, max_length=30)
    text: str = Field(max_length=TEXT_CHARACTERS)
    agents: dict[str, AgentState] | None = Field(default=None, max_length=200)


class SimulatedStep(Output):
    """A step of the plan when the run comes to it: whether it runs, why or why not, and for how many seconds it waits.

    `offered_to` are the agents who would see the offer at once.
    """

    id: str
    app: str
    at: Time
    runs: bool
    reason: str
    seconds: int
    offered_to: list[str]


class SimulatedEnd(Output):
    """How the run ends when nobody accepts."""

    at: Time
    status: Literal["open", "closed"]
    reason: str


class Simulation(Output):
    plan_version: int
    steps: list[SimulatedStep]
    end: SimulatedEnd
    tags: list[str]
