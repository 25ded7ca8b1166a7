"""The simulated providers: every module in this folder offers one as PROVIDER and is found by its file."""

from importlib import import_module
from pkgutil import iter_modules

from dev.simulator.contract import SimulatedProvider


def load() -> dict[str, SimulatedProvider]:
    """All simulated providers by name."""
    modules = [import_module(f"{__name__}.{module.name}") for module in iter_modules(__path__)]
    return {module.PROVIDER.name: module.PROVIDER for module in modules}
