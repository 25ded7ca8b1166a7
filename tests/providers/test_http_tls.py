"""The client over TLS: the name is checked although the connection goes to the address that was looked at."""

import socket
import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from chalicelib.providers.calls import NeverSent
from chalicelib.providers.http import Http

HTTP = Http({}, loopback_allowed=True, connect_timeout=2, read_timeout=2)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A self-signed certificate for `localhost` with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "localhost.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + signed.public_bytes(serialization.Encoding.PEM))
    return path


@pytest.fixture
def server(certificate: Path) -> Iterator[tuple[int, list[bytes]]]:
    """A TLS server that answers one line, and the decrypted bytes that it got."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    got: list[bytes] = []
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        try:
            connection, _ = listener.accept()
            with connection, context.wrap_socket(connection, server_side=True) as secured:
                got.append(secured.recv(4096))
                secured.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        except OSError:
            return

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield listener.getsockname()[1], got
    listener.close()
    thread.join(2)


def test_a_trusted_name_is_called(server: tuple[int, list[bytes]], certificate: Path) -> None:
    port, got = server
    assert HTTP.get(f"https://localhost:{port}/x", verify=str(certificate)).text == "ok"
    assert got[0].startswith(b"GET /x HTTP/1.1\r\nHost: localhost")


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_an_untrusted_or_wrong_name_gets_nothing(server: tuple[int, list[bytes]], certificate: Path, host: str) -> None:
    port, got = server
    trusted = {"verify": str(certificate)} if host == "127.0.0.1" else {}
    with pytest.raises(NeverSent):
        HTTP.get(f"https://{host}:{port}/x", **trusted)
    assert got == []
