"""The client handed to providers, against real sockets of this machine."""

import gzip
import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from chalicelib.providers import calls, guard
from chalicelib.providers.calls import ForbiddenAddress, NeverSent, NoAnswer, Unwritable
from chalicelib.providers.contract import SendError
from chalicelib.providers.http import ANSWER_BYTES, Http


class Handler(BaseHTTPRequestHandler):
    seen: list[str]

    def log_message(self, *_: Any) -> None:
        pass

    def do_POST(self) -> None:
        self.server.seen.append(f"{self.command} {self.path}")  # type: ignore[attr-defined]
        getattr(self, "answer_" + self.path.partition("?")[0].rsplit("/", 1)[-1], self.answer_ok)()

    do_GET = do_POST

    def reply(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def answer_ok(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.reply(201, b'{"ok": "' + body + b'"}', Retry_After="3")

    def answer_moved(self) -> None:
        self.reply(302, b"elsewhere", Location=f"http://127.0.0.1:{self.server.server_port}/ok")  # type: ignore[attr-defined]

    def answer_moved_nowhere(self) -> None:
        self.reply(302, b"x", Location="gopher://[")

    def answer_large(self) -> None:
        self.reply(200, b"x" * (ANSWER_BYTES + 1))

    def answer_bomb(self) -> None:
        self.reply(200, gzip.compress(b"\0" * (20 * ANSWER_BYTES)), Content_Encoding="gzip")

    def answer_slow(self) -> None:
        time.sleep(0.6)
        self.answer_ok()

    def answer_drip(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "100")
        self.end_headers()
        for _ in range(100):
            self.wfile.write(b"x")
            time.sleep(0.05)

    def answer_drip_headers(self) -> None:
        for letter in b"HTTP/1.1 200 OK\r\nX-Slow: " + b"x" * 80 + b"\r\nContent-Length: 2\r\n\r\n{}":
            self.wfile.write(bytes([letter]))
            time.sleep(0.05)

    def answer_cut(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "100")
        self.end_headers()
        self.wfile.write(b"x")

    def answer_gone(self) -> None:
        self.close_connection = True


@pytest.fixture(scope="module")
def server() -> Iterator[ThreadingHTTPServer]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.handle_error = lambda *_: None  # type: ignore[method-assign]
    server.seen = []  # type: ignore[attr-defined]
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def base(server: ThreadingHTTPServer) -> str:
    return f"http://127.0.0.1:{server.server_port}"


@pytest.fixture
def http() -> Http:
    return Http({}, loopback_allowed=True, connect_timeout=1, read_timeout=0.3)


def test_an_answer_has_the_names_of_requests(http: Http, base: str) -> None:
    answer = http.post(f"{base}/ok", data={"a": "1"})
    assert (answer.status_code, answer.json(), answer.headers["retry-after"]) == (201, {"ok": "a=1"}, "3")
    assert (answer.text, answer.content) == ('{"ok": "a=1"}', b'{"ok": "a=1"}')
    assert http.get(f"{base}/ok", params={"q": "ä"}).status_code == 201


def test_a_providers_host_is_replaced_and_the_rest_of_the_url_kept(base: str, server: Any) -> None:
    http = Http({"api.provider.example": f"{base}/stand-in/"}, True, 1, 1)
    assert http.post("https://api.provider.example/v1/ok?a=b").status_code == 201
    assert server.seen[-1] == "POST /stand-in/v1/ok?a=b"


def test_a_redirect_is_an_answer_and_not_followed(http: Http, base: str, server: Any) -> None:
    before = len(server.seen)
    assert http.post(f"{base}/moved").status_code == 302
    assert http.post(f"{base}/moved_nowhere").status_code == 302
    assert len(server.seen) == before + 2


@pytest.mark.parametrize("path", ["large", "bomb", "slow", "drip", "drip_headers", "cut", "gone"])
def test_no_usable_answer_after_the_request_left_is_told_apart(http: Http, base: str, path: str) -> None:
    began = time.monotonic()
    with pytest.raises(NoAnswer):
        http.post(f"{base}/{path}")
    assert time.monotonic() - began < 3
    with pytest.raises(SendError) as error:
        calls.call(http, "POST", f"{base}/{path}")
    assert error.value.kind == "unknown_outcome"


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def test_a_refused_connection_was_never_sent(http: Http) -> None:
    with pytest.raises(NeverSent):
        http.post(f"http://127.0.0.1:{closed_port()}/")
    with pytest.raises(SendError) as error:
        calls.call(http, "POST", f"http://127.0.0.1:{closed_port()}/")
    assert error.value.kind == "unavailable"


def test_a_failed_handshake_was_never_sent(http: Http, base: str) -> None:
    with pytest.raises(NeverSent):
        http.post(base.replace("http://", "https://") + "/ok")


def test_a_plain_requests_session_is_told_apart_too(base: str) -> None:
    import requests

    session = requests.Session()
    for url, kind in ((f"http://127.0.0.1:{closed_port()}/", "unavailable"), (f"{base}/gone", "unknown_outcome")):
        with pytest.raises(SendError) as error:
            calls.call(session, "POST", url)  # type: ignore[arg-type]
        assert error.value.kind == kind


@pytest.mark.parametrize("host", ["nowhere.invalid", "a" * 70 + ".example", "a..example"])
def test_a_name_without_an_address_was_never_sent(http: Http, host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: Any, **__: Any) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "unknown")

    monkeypatch.setattr("socket.getaddrinfo", unknown)
    with pytest.raises(NeverSent):
        http.get(f"https://{host}/")


@pytest.mark.parametrize("url", ["ftp://a.example/", "a.example", "", "http://", "https://[::1", "file:///etc/passwd"])
def test_what_is_no_web_address_is_forbidden(http: Http, url: str) -> None:
    with pytest.raises(ForbiddenAddress):
        http.get(url)


@pytest.mark.parametrize(
    "given",
    [
        {"headers": {"Authorization": "Bearer kłucz"}},
        {"headers": {"Authorization": "Bearer two\nlines"}},
        {"data": {"text": "\ud800"}},
        {"json": {"at": float("nan")}},
    ],
)
def test_a_call_that_cannot_be_written_was_never_sent_and_is_not_tried_again(
    http: Http, base: str, server: Any, given: dict[str, Any]
) -> None:
    before = len(server.seen)
    with pytest.raises(Unwritable):
        http.post(f"{base}/ok", **given)
    with pytest.raises(SendError) as error:
        calls.call(http, "POST", f"{base}/ok", **given)
    assert (error.value.kind, error.value.code, error.value.retryable) == ("configuration", "unwritable", False)
    assert "credentials" in str(error.value.detail)
    assert len(server.seen) == before


INSIDE = [
    "127.0.0.1",
    "127.8.8.8",
    "0.0.0.0",  # noqa: S104
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "100.64.0.1",
    "169.254.169.254",
    "169.254.170.2",
    "224.0.0.1",
    "255.255.255.255",
    "::1",
    "::",
    "fe80::1",
    "fe80::1%eth0",
    "fc00::1",
    "fd00:ec2::254",
    "fec0::1",
    "ff02::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:169.254.169.254",
    "64:ff9b::a00:1",
    "64:ff9b::a9fe:a9fe",
    "2002:a00:1::",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    "::127.0.0.1",
    "::ffff:0:10.0.0.1",
    "64:ff9b:1::a00:1",
    "5f00::1",
]


@pytest.mark.parametrize("address", INSIDE)
def test_addresses_inside_are_not_public(address: str) -> None:
    assert not guard.is_public(address)


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808", "2002:808:808::"]
)
def test_addresses_of_the_internet_are_public(address: str) -> None:
    assert guard.is_public(address)


def resolving(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> list[tuple[str, int]]:
    """Make every name resolve to these addresses; the list fills with what is connected to."""
    connected: list[tuple[str, int]] = []

    def found(host: str, port: int, *_: Any, **__: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses]

    def connect(address: tuple[str, int], *_: Any, **__: Any) -> None:
        connected.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr("chalicelib.providers.guard.socket.getaddrinfo", found)
    monkeypatch.setattr("chalicelib.providers.guard.create_connection", connect)
    return connected


@pytest.mark.parametrize("address", INSIDE)
def test_a_name_that_leads_inside_is_not_called(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    connected = resolving(monkeypatch, "8.8.8.8", address)
    with pytest.raises(ForbiddenAddress):
        Http({}, loopback_allowed=False, connect_timeout=1, read_timeout=1).get("https://innocent.example/")
    assert connected == []


def test_the_checked_addresses_are_the_ones_connected_to(monkeypatch: pytest.MonkeyPatch) -> None:
    connected = resolving(monkeypatch, "8.8.8.8", "8.8.4.4")
    with pytest.raises(NeverSent):
        Http({}, False, 1, 1).get("https://innocent.example/")
    assert connected == [("8.8.8.8", 443), ("8.8.4.4", 443)]


def test_http_without_tls_goes_to_this_machine_only_and_only_where_allowed(
    monkeypatch: pytest.MonkeyPatch, base: str
) -> None:
    for url in (base, base.replace("127.0.0.1", "localhost"), base.replace("127.0.0.1", "2130706433")):
        with pytest.raises(ForbiddenAddress):
            Http({}, False, 1, 1).get(f"{url}/ok")
    resolving(monkeypatch, "8.8.8.8")
    for allowed in (True, False):
        with pytest.raises(ForbiddenAddress):
            Http({}, allowed, 1, 1).get("http://innocent.example/")


def test_no_proxy_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch, http: Http, base: str) -> None:
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{closed_port()}")
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{closed_port()}")
    assert http.get(f"{base}/ok").status_code == 201
