"""What supervisors watch, as it crosses the API."""

from chalicelib.models.common import Output, Time


class AccountNow(Output):
    """An account's open interactions at this moment.

    `waiting` are offered, or about to be; `unassigned` were offered in vain; `longest_wait_since` is of both.
    `open_at_offline_agents` have an owner who is offline, not on the account any more, or deleted. `truncated`: there
    are more open ones than are counted.
    """

    account_id: str
    account_key: str
    open: int
    waiting: int
    longest_wait_since: Time | None
    unassigned: int
    open_at_offline_agents: int
    truncated: bool
