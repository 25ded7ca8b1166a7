"""Which accounts, and so which lists, a caller may see; what they may not see does not exist for them."""

from chalicelib.api.request import Request
from chalicelib.api.routes import AGENT
from chalicelib.models.errors import Refused
from chalicelib.store import accounts, agents
from chalicelib.store.db import Item


def visible_accounts(request: Request) -> frozenset[str] | None:
    """The accounts an agent is on; None means all of them, for supervisors and admins."""
    caller = request.who()
    if caller.role != AGENT:
        return None
    head = agents.head(caller.agent()) or {}
    return frozenset(head.get("accounts", ()))


def require_account(request: Request, account_id: str) -> Item:
    """The account, if the caller may see it; raises Refused `not-found`."""
    visible = visible_accounts(request)
    if visible is not None and account_id not in visible:
        raise accounts.not_found()
    return accounts.require(account_id)


def visible_lists(request: Request) -> frozenset[str] | None:
    """The lists of the accounts an agent is on; None means all of them."""
    visible = visible_accounts(request)
    if visible is None:
        return None
    return frozenset(account["list_id"] for account in accounts.get_many(sorted(visible)))


def require_list(request: Request, list_id: str) -> None:
    """Raises Refused `not-found` unless the caller may see the list."""
    visible = visible_lists(request)
    if visible is not None and list_id not in visible:
        raise Refused("not-found", "There is no such list.")


def require_queue(request: Request, queue_id: str) -> None:
    """Raises Refused `not-found` for an agent who is not in the queue."""
    caller = request.who()
    if caller.role == AGENT and queue_id not in (agents.head(caller.agent()) or {}).get("queues", ()):
        raise Refused("not-found", "There is no such queue.")
