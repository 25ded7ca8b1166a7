"""Play a customer in the terminal: `python -m dev.text` texts the demo account and prints what comes back."""

import argparse
import json
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import requests

POLL_SECONDS = 1.0
REMEDY = "run `make run` first, and leave it running"


class NotRunning(Exception):
    """The laptop's stack cannot be used; the message says why and what to do."""


@dataclass
class Customer:
    """One phone in a customer's hand; `seen` is the order number of the last text that was read."""

    simulator: str
    account_id: str
    number: str
    seen: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def send(self, text: str) -> int | None:
        """Text the account; the HTTP status with which the app took it, None when it did not answer."""
        status: int | None = self._call("POST", {"account_id": self.account_id, "text": text})["status"]
        return status

    def receive(self) -> list[str]:
        """The texts of the account that came since the last call, oldest first."""
        with self._lock:
            texts = self._call("GET")["data"]
            fresh = [text for text in texts if text["n"] > self.seen and text["account_id"] == self.account_id]
            self.seen = max([self.seen, *(text["n"] for text in fresh)])
        return [" ".join([text["text"], *text["media"]]) for text in fresh]

    def _call(self, method: str, document: Mapping[str, str] | None = None) -> dict:
        url = f"{self.simulator}/customers/{quote(self.number, safe='')}/messages"
        try:
            answer = requests.request(method, url, json=document, timeout=60)
        except requests.RequestException:
            raise NotRunning(f"The simulator does not answer at {self.simulator}: {REMEDY}.") from None
        content = answer.json()
        if not answer.ok:
            raise NotRunning(f"The simulator refuses {content['field']}: {content['error']}.")
        return content


def customer(dev_json: Path, provider: str, number: str) -> Customer:
    """The customer of a provider's demo account; raises NotRunning when the stack or the account is not there."""
    try:
        dev = json.loads(dev_json.read_text())
        accounts: dict[str, str] = dev["accounts"]
        simulator: str = dev["simulator"]
    except FileNotFoundError:
        raise NotRunning(f"{dev_json} is missing: {REMEDY}.") from None
    except (ValueError, KeyError, TypeError):
        raise NotRunning(f"{dev_json} is not complete: {REMEDY}.") from None
    if provider not in accounts:
        raise NotRunning(f"The demo has no {provider} account, only: {', '.join(accounts)}.")
    found = Customer(simulator, accounts[provider], number)
    found.receive()
    return found


def _send(phone: Customer, text: str) -> bool:
    """Send, and say so when the app did not take the text."""
    status = phone.send(text)
    taken = status is not None and status < 300
    if not taken:
        print(f"(not taken by the app: {f'HTTP {status}' if status else 'no answer'})", flush=True)
    return taken


def _print_fresh(phone: Customer) -> None:
    for text in phone.receive():
        print(f"< {text}", flush=True)


def once(phone: Customer, text: str, wait: float) -> bool:
    """Send one text and print what arrives within `wait` seconds; whether the app took the text."""
    taken = _send(phone, text)
    end = time.monotonic() + wait
    while taken and time.monotonic() < end:
        time.sleep(min(POLL_SECONDS, max(0.0, end - time.monotonic())))
        _print_fresh(phone)
    return taken


def converse(phone: Customer) -> None:
    """Send each line typed, print what comes as it comes; ends at the end of input, after one last look."""
    ended = threading.Event()

    def listen() -> None:
        while not ended.wait(POLL_SECONDS):
            try:
                _print_fresh(phone)
            except NotRunning as problem:
                print(problem, file=sys.stderr, flush=True)

    threading.Thread(target=listen, daemon=True).start()
    print(f"You are {phone.number}. Type a text and press Enter; Ctrl-D ends.", flush=True)
    try:
        for line in sys.stdin:
            if line.strip():
                _send(phone, line.rstrip("\n"))
    except KeyboardInterrupt:
        print()
    ended.set()
    _print_fresh(phone)


def main(argv: Sequence[str] | None = None) -> int:
    """The command; 0, or 1 when something is not running or a text was not taken."""
    arguments = argparse.ArgumentParser(prog="python -m dev.text", description=__doc__)
    arguments.add_argument("--account", default="twilio", help="provider of the demo account")
    arguments.add_argument("--from", dest="number", default="+15550001111", help="the customer's number")
    arguments.add_argument("--once", metavar="TEXT", help="send one text and stop after --wait seconds")
    arguments.add_argument("--wait", type=float, default=10.0, help="seconds, with --once")
    arguments.add_argument("--dev-json", type=Path, default=Path(".local/dev.json"), help="written by `make run`")
    given = arguments.parse_args(argv)
    try:
        phone = customer(given.dev_json, given.account, given.number)
        if given.once is not None:
            return 0 if once(phone, given.once, given.wait) else 1
        converse(phone)
    except NotRunning as problem:
        print(problem, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
