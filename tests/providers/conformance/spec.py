"""What a provider says of itself."""

import dataclasses
import json

from chalicelib.providers.contract import (
    Provider,
)
from tests.providers.conformance.base import Conformance
from tests.providers.table import Table


class SpecConformance(Conformance):
    def test_the_accounts_fields_are_those_of_the_form(self, provider: Provider, table: Table) -> None:
        required = {field.name for field in provider.spec.credentials if field.required}
        assert required <= set(table.account.credentials) <= {field.name for field in provider.spec.credentials}
        assert {field.name for field in provider.spec.credentials if field.secret} >= set(table.other_secret)

    def test_the_setup_steps_can_be_filled_in(self, provider: Provider, table: Table) -> None:
        filled = [step.format(receive_url="RECEIVE", delivery_url="DELIVERY") for step in provider.spec.setup]
        assert any("RECEIVE" in step for step in filled)
        assert any("DELIVERY" in step for step in filled) == (provider.spec.reports.how in ("pasted", "always_shown"))

    def test_the_spec_can_be_shown(self, provider: Provider, table: Table) -> None:
        assert json.loads(json.dumps(dataclasses.asdict(provider.spec)))["label"] == provider.spec.label
        assert provider.name == table.name
