"""The connection that looks at the address before it connects, so that no URL of an operator reaches inside.

The check is made on the very addresses connected to, after the name was resolved: a name that resolves differently a
moment later changes nothing. Loaded only when a call is made, since it brings `requests` with it.
"""

import socket
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Any, cast

from requests import Response, Session
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError
from urllib3.util.connection import create_connection

from chalicelib.providers.calls import ForbiddenAddress, NeverSent

_NAT64 = IPv6Network("64:ff9b::/96")  # RFC 6052: the last 32 bits are an IPv4 address
# All that IANA has given to the Internet; outside it lie more ways to write an IPv4 address (compatible, translated,
# NAT64 of a network's own), which `is_global` takes for public.
_IPV6_INTERNET = IPv6Network("2000::/3")


def _embedded(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """The IPv4 address that an IPv6 one stands for (mapped, 6to4, NAT64), else the address itself."""
    if isinstance(address, IPv4Address):
        return address
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or address


def is_public(text: str) -> bool:
    """Whether an address is one of the public Internet: not private, loopback, link-local, metadata, multicast."""
    address = _embedded(ip_address(text))
    if isinstance(address, IPv6Address) and (address not in _IPV6_INTERNET or address.teredo):
        return False
    return address.is_global and not address.is_multicast


def is_loopback(text: str) -> bool:
    """Whether an address is this machine's own."""
    return _embedded(ip_address(text)).is_loopback


class _Guarded:
    """Mixed into urllib3's connections; before it has connected, nothing of a request has left."""

    host: str
    port: int
    timeout: Any
    socket_options: Any
    sock: Any

    def __init__(
        self, *args: Any, loopback_allowed: bool, encrypted: bool, connected: list["_Guarded"], **kw: Any
    ) -> None:
        super().__init__(*args, **kw)
        self._loopback_allowed = loopback_allowed
        self._encrypted = encrypted
        self._connected = connected

    def connect(self) -> None:
        try:
            super().connect()  # type: ignore[misc]
        except (OSError, HTTPError, UnicodeError) as error:
            raise NeverSent(type(error).__name__) from None
        self._connected.append(self)

    def cut_off(self) -> None:
        """End the connection from another thread: whoever reads from it finds its end."""
        sock = self.sock
        if sock is not None:
            with suppress(OSError):
                socket.socket.shutdown(sock, socket.SHUT_RDWR)

    def _new_conn(self) -> socket.socket:
        failure = "no address"
        for address in self._addresses():
            try:
                return create_connection((address, self.port), self.timeout, socket_options=self.socket_options)
            except OSError as error:
                failure = type(error).__name__
        raise NeverSent(failure)

    def _addresses(self) -> Iterator[str]:
        found = socket.getaddrinfo(self.host.strip("[]"), self.port, type=socket.SOCK_STREAM)
        addresses = [cast(str, info[4][0]) for info in found]
        if not all(map(self._allowed, addresses)):
            raise ForbiddenAddress("not a public address")
        yield from dict.fromkeys(addresses)

    def _allowed(self, address: str) -> bool:
        if self._loopback_allowed and is_loopback(address):
            return True
        return self._encrypted and is_public(address)


class _GuardedHttp(_Guarded, HTTPConnection):
    pass


class _GuardedHttps(_Guarded, HTTPSConnection):
    pass


class GuardedAdapter(HTTPAdapter):
    """Mount for `requests`: https to public addresses only; with `loopback_allowed` this machine too, without TLS."""

    def __init__(self, loopback_allowed: bool) -> None:
        self._loopback_allowed = loopback_allowed
        self.connected: list[_Guarded] = []
        super().__init__(max_retries=0)

    def get_connection_with_tls_context(self, *args: Any, **kw: Any) -> Any:
        pool: Any = super().get_connection_with_tls_context(*args, **kw)
        encrypted = pool.scheme == "https"
        connection = _GuardedHttps if encrypted else _GuardedHttp
        pool.ConnectionCls = partial(
            connection, loopback_allowed=self._loopback_allowed, encrypted=encrypted, connected=self.connected
        )
        return pool


class GuardedSession(Session):
    """A session that goes where the adapter lets it and nowhere else: no redirect, no proxy, no .netrc."""

    def __init__(self, loopback_allowed: bool) -> None:
        super().__init__()
        self.trust_env = False
        self.headers["User-Agent"] = "smsdesk"
        for prefix in ("https://", "http://"):
            self.mount(prefix, GuardedAdapter(loopback_allowed))

    def cut_off(self) -> None:
        """End what is connected: a read's own timeout begins anew with each byte that comes."""
        for adapter in self.adapters.values():
            for connection in cast(GuardedAdapter, adapter).connected:
                connection.cut_off()

    def get_redirect_target(self, resp: Response) -> str | None:
        # `requests` reads a redirect's whole body and its target even when told not to follow it.
        return None
