"""The provider types, as their own specifications describe them."""

from dataclasses import asdict
from typing import Any

from chalicelib import providers
from chalicelib.api.pages import page
from chalicelib.api.request import Request
from chalicelib.models.accounts import ProviderType


def index(_request: Request) -> dict[str, Any]:
    return page([_present(name) for name in providers.names()], None)


def _present(name: str) -> ProviderType:
    spec = providers.get(name).spec
    return ProviderType.model_validate({**asdict(spec), "name": name, "delivery_reports": spec.reports.how})
