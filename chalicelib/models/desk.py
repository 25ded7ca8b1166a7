"""What one poll of an agent's desk answers."""

from pydantic import Field

from chalicelib.models.agents import Presence
from chalicelib.models.common import Output, Time
from chalicelib.models.interactions import Interaction, Line, Stage


class Alert(Output):
    """How the client calls for attention; `sound` is a name, or whether to play the client's own."""

    title: str
    body: str
    sound: bool | str
    shake: bool


class Offer(Output):
    """A conversation that the agent may accept until `deadline_at` (None: for as long as it is shown).

    `alert` is None where the account wants none.
    """

    interaction_id: str
    account_id: str
    account_key: str
    address: str
    contact_name: str | None
    stage: Stage
    queue_id: str | None
    reason: str
    deadline_at: Time | None
    preview: str
    alert: Alert | None
    note: str | None
    from_agent: str | None


class Counters(Output):
    open: int
    unread: int
    offers: int


class Desk(Output):
    """`offers` and `interactions` are complete when present and left out when unchanged.

    `lines` holds new and changed lines by interaction, to be merged by id; `next` is the cursor of the next
    poll, which should come after `poll_after_ms`, or at once when there is more.
    """

    offers: list[Offer] | None = None
    interactions: list[Interaction] | None = None
    lines: dict[str, list[Line]] = Field(default_factory=dict)
    presence: Presence
    counters: Counters
    next: str
    has_more: bool
    poll_after_ms: int
