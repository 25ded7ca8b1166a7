"""The SMS providers by name; a provider's module is loaded when it is first asked for."""

from functools import cache
from importlib import import_module

from chalicelib.providers.contract import Provider

_NAMES = (
    "twilio",
    "skebby",
    "connectel",
    "clicksend",
    "plivo",
    "clickatell",
    "csctelecom",
    "infobip",
    "intelepeer",
    "bandwidth",
    "telnyx",
)
_DECLARED = "custom"  # listed last: any other provider, by declaration


def names() -> tuple[str, ...]:
    """The providers there are, in the order in which the product lists them."""
    return _NAMES


def types() -> tuple[str, ...]:
    """What an account may be: the providers by name, then the declared one."""
    return (*_NAMES, _DECLARED)


@cache
def get(name: str) -> Provider:
    """The provider of that name, or `custom`; raises KeyError for any other."""
    if name not in types():
        raise KeyError(name)
    provider: Provider = import_module(f"chalicelib.providers.{name}").PROVIDER
    return provider
