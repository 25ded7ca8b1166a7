"""What happens to the product, one function each; importing the modules registers them."""

from tests.faults.scenarios import (  # noqa: F401
    agents,
    answers,
    catalogues,
    configuration,
    dispatch,
    disposing,
    inbound,
    owners,
    reconciler,
    replies,
    reports,
    routing,
)
