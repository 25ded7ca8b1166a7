"""What supervisors watch, over HTTP."""

from typing import Any

from chalicelib.api import pages
from chalicelib.api.request import Request
from chalicelib.models.realtime import AccountNow
from chalicelib.routing import realtime
from chalicelib.store import accounts


def index(request: Request) -> dict[str, Any]:
    """A page of accounts with their present figures."""
    found, cursor = pages.items_of_partition(request, "realtime", accounts.PARTITION)
    return pages.page([AccountNow.model_validate(one) for one in realtime.of_accounts(found, request.now)], cursor)
