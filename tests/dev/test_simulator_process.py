"""The simulator as a program: what a restart keeps and what a stop waits for."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests

from dev.simulator import providers
from dev.simulator.accounts import Accounts
from dev.simulator.exchange import Exchange
from dev.simulator.server import Server
from tests.dev.conftest import PHONE, Receiver, Simulator, eventually


@pytest.fixture
def process(tmp_path: Path) -> Iterator[Callable[[], tuple[subprocess.Popen, str]]]:
    """Starts the simulator's program; a call gives the process and its URL. All are ended at the end."""
    started: list[subprocess.Popen] = []

    def start() -> tuple[subprocess.Popen, str]:
        command = [
            sys.executable,
            "-m",
            "dev.simulator",
            "--port",
            "0",
            "--state",
            str(tmp_path / "sim" / "state.json"),
        ]
        root = Path(__file__).parents[2]
        found = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=root, env={**os.environ})
        started.append(found)
        return found, found.stdout.readline().split()[-1]

    yield start
    for found in started:
        found.kill()
        found.wait()
        found.stdout.close()


def test_a_restart_keeps_the_accounts_in_a_file_of_the_owner(process, receiver: Receiver, tmp_path: Path) -> None:
    first, url = process()
    assert url.startswith("http://127.0.0.1:")
    Simulator(url, receiver).put_account().raise_for_status()
    first.send_signal(signal.SIGTERM)
    assert first.wait(5) == 0
    state = tmp_path / "sim" / "state.json"
    assert state.stat().st_mode & 0o777 == 0o600
    _, url = process()
    assert requests.get(f"{url}/health", timeout=10).json()["accounts"] == ["acc_1"]
    again = Simulator(url, receiver)
    assert again.text().json()["status"] == 200
    assert again.send(From=PHONE).status_code == 201


def test_a_stop_does_not_wait_for_a_silent_answer(process, receiver: Receiver) -> None:
    running, url = process()
    client = Simulator(url, receiver)
    client.put_account()
    client.behave("accepted_then_timeout", seconds=60)
    with pytest.raises(requests.ReadTimeout):
        client.send(timeout=0.3)
    running.send_signal(signal.SIGINT)
    assert running.wait(5) == 0


def test_a_stop_ends_a_silent_answer_and_reports_nothing_more(receiver: Receiver) -> None:
    server = Server(0, Exchange(providers.load(), Accounts(), report_delay=30))
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    client = Simulator(server.url, receiver)
    client.put_account()
    client.behave("accepted_then_timeout", seconds=30)
    ended = threading.Event()

    def send() -> None:
        with pytest.raises(requests.ConnectionError):
            client.send(timeout=20)
        ended.set()

    threading.Thread(target=send, daemon=True).start()
    assert eventually(client.inbox)
    began = time.monotonic()
    server.stop()
    server.server_close()
    assert ended.wait(5)
    assert time.monotonic() - began < 5
    assert receiver.received == []
