"""A running simulator with one Twilio account, and a receiver that stands where the app's webhook URLs are."""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import requests

from dev.simulator import providers
from dev.simulator.accounts import Accounts
from dev.simulator.exchange import Exchange
from dev.simulator.server import Server

SID = "AC" + "0123456789abcdef" * 2
TOKEN = "a-token-of-the-simulated-account"
PHONE = "+15005550006"
CUSTOMER = "+15550001111"
TWIML = (200, "text/xml; charset=utf-8", b'<?xml version="1.0" encoding="UTF-8"?><Response/>')


@dataclass
class Received:
    """One request that reached the receiver."""

    method: str
    url: str
    headers: dict[str, str]
    body: bytes
    at: float


@dataclass
class Receiver:
    """Records what is posted and answers what `answer` says; None closes the connection."""

    url: str = ""
    answer: Callable[[Received], tuple[int, str, bytes] | None] = field(default=lambda _: TWIML)
    received: list[Received] = field(default_factory=list)

    def wait(self, count: int, seconds: float = 5.0) -> list[Received]:
        """What came in, once there are `count` requests or the time is over."""
        eventually(lambda: len(self.received) >= count, seconds)
        return list(self.received)


def eventually(holds: Callable[[], object], seconds: float = 5.0) -> bool:
    """Whether something becomes true within the time."""
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            return False
        time.sleep(0.01)
    return True


def _handler(receiver: Receiver) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def _serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            headers = {name.lower(): value for name, value in self.headers.items()}
            got = Received(self.command, receiver.url + self.path, headers, body, time.monotonic())
            receiver.received.append(got)
            answer = receiver.answer(got)
            if answer is None:
                return
            self.send_response(answer[0])
            self.send_header("Content-Type", answer[1])
            self.send_header("Content-Length", str(len(answer[2])))
            self.end_headers()
            self.wfile.write(answer[2])

        do_GET = do_POST = _serve

        def log_message(self, format: str, *args: object) -> None:
            pass

    return Handler


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """The app's side: a server on a free port."""
    found = Receiver()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(found))
    found.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield found
    server.shutdown()
    server.server_close()


@dataclass
class Simulator:
    """A client of the simulator: its control calls and Twilio's API, as the app would call them."""

    url: str
    receiver: Receiver

    def put_account(self, account_id: str = "acc_1", **changes: object) -> requests.Response:
        """Register an account whose webhooks go to the receiver."""
        account = {
            "provider": "twilio",
            "phone": PHONE,
            "credentials": {"account_sid": SID, "auth_token": TOKEN},
            "receive_url": f"{self.receiver.url}/sms/accounts/{account_id}/receive/tok",
            "delivery_url": None,
        }
        return requests.put(f"{self.url}/accounts/{account_id}", json=account | changes, timeout=10)

    def send(self, timeout: float = 10.0, auth: tuple[str, str] | None = (SID, TOKEN), **changes: object):
        """Call Twilio's send API; a change to None leaves the field out."""
        callback = f"{self.receiver.url}/sms/accounts/acc_1/delivery/tok/msg_1"
        form = {"To": CUSTOMER, "From": PHONE, "Body": "Hello", "StatusCallback": callback} | changes
        form = {name: value for name, value in form.items() if value is not None}
        url = f"{self.url}/twilio/2010-04-01/Accounts/{SID}/Messages.json"
        return requests.post(url, data=form, auth=auth, timeout=timeout)

    def text(self, text: str = "Hi", number: str = CUSTOMER, **changes: object) -> requests.Response:
        """Let a customer text the account."""
        document = {"account_id": "acc_1", "text": text} | changes
        return requests.post(f"{self.url}/customers/{number}/messages", json=document, timeout=40)

    def inbox(self, number: str = CUSTOMER) -> list[dict]:
        """What a customer has received."""
        return requests.get(f"{self.url}/customers/{number}/messages", timeout=10).json()["data"]

    def behave(self, mode: str, **changes: object) -> requests.Response:
        """Set Twilio's behaviour."""
        document = {"provider": "twilio", "mode": mode} | changes
        return requests.put(f"{self.url}/behaviour", json=document, timeout=10)

    def list(self, what: str) -> list[dict]:
        """A control list: `requests` or `mismatches`."""
        return requests.get(f"{self.url}/{what}", timeout=10).json()["data"]


@pytest.fixture
def simulator(receiver: Receiver) -> Iterator[Simulator]:
    """A simulator on a free port that knows the account acc_1."""
    server = Server(0, Exchange(providers.load(), Accounts(), report_delay=0.05))
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    client = Simulator(server.url, receiver)
    client.put_account().raise_for_status()
    yield client
    server.stop()
    server.server_close()
