"""Connectel, which publishes no contract: the made-up gateway, with reports to the URL of its console."""

from dev.simulator.plain import PlainGateway


class Connectel(PlainGateway):
    name = "connectel"
    secret = "auth_token"  # noqa: S105 - the name of a credential
    credential_patterns = {"auth_token": r"\S+"}  # noqa: RUF012 - read only


PROVIDER = Connectel()
