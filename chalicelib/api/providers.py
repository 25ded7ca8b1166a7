"""The provider types, as their own specifications describe them."""

from dataclasses import asdict
from typing import Any

from chalicelib import providers
from chalicelib.api import access, accounts
from chalicelib.api.pages import page
from chalicelib.api.request import Request
from chalicelib.api.routes import ADMIN
from chalicelib.models.providers import ProviderType
from chalicelib.providers.spec import ProviderSpec
from chalicelib.store.db import Item

_OPTION_OFF = "(the URL that the account shows once its delivery report option is on)"


def index(request: Request) -> dict[str, Any]:
    account_id = request.query["account_id"]
    if account_id is None:
        return page([_present(name) for name in providers.types()], None)
    account = access.require_account(request, account_id)
    return page([_present(account["type"], account if request.who().role == ADMIN else None)], None)


def _present(name: str, account: Item | None = None) -> ProviderType:
    """A type; the steps are filled in with the URLs of an account whose secrets the caller may know."""
    spec = providers.get(name).spec
    setup = _filled(spec, account) if account else spec.setup
    described = {**asdict(spec), "name": name, "delivery_reports": spec.reports.how, "setup": setup}
    return ProviderType.model_validate(described)


def _filled(spec: ProviderSpec, account: Item) -> list[str]:
    urls = {
        "receive_url": accounts.url(account, "receive"),
        "delivery_url": accounts.delivery_url(account, spec) or _OPTION_OFF,
    }
    return [step.format(**urls) for step in spec.setup]
