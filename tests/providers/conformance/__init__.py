"""What every provider must do, whatever its wire format; a provider passes by supplying a table."""

from tests.providers.conformance.parse import ParseConformance
from tests.providers.conformance.send import SendConformance
from tests.providers.conformance.spec import SpecConformance
from tests.providers.conformance.verify import VerifyConformance

__all__ = ["ParseConformance", "SendConformance", "SpecConformance", "VerifyConformance"]
