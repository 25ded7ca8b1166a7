"""Every provider that there is, against the one suite."""

import pytest

from tests.providers import conformance
from tests.providers.tables import TABLES

pytestmark = pytest.mark.parametrize("table", [pytest.param(table, id=name) for name, table in TABLES.items()])


class TestVerify(conformance.VerifyConformance):
    pass


class TestParse(conformance.ParseConformance):
    pass


class TestSend(conformance.SendConformance):
    pass


class TestSpec(conformance.SpecConformance):
    pass
