"""`make run` as a new user meets it: it says when it is ready, stops cleanly, and goes on where it stopped."""

import json
import os
import re
import signal
import socket
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests

from infra.build import ROOT
from tests.stack.conftest import free_port

READY_SECONDS = 170


class Run:
    """One `python -m dev.run` without a terminal."""

    def __init__(self, folder: Path, ports: tuple[int, int]) -> None:
        self.folder = folder
        self.process = subprocess.Popen(
            [sys.executable, "-m", "dev.run", "--folder", str(folder)],
            cwd=ROOT,
            env={**os.environ, "PORT": str(ports[0]), "SIMULATOR_PORT": str(ports[1])},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.lines: list[str] = []
        self.ready = threading.Event()
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self) -> None:
        for line in self.process.stdout or ():
            self.lines.append(line.rstrip())
            if "smsdesk is ready" in line:
                self.ready.set()

    @property
    def output(self) -> str:
        return "\n".join(self.lines)

    @property
    def dev(self) -> dict[str, Any]:
        return json.loads((self.folder / "dev.json").read_text())

    def end(self, number: int) -> int:
        self.process.send_signal(number)
        code = self.process.wait(90)
        self.reader.join(5)
        return code


@contextmanager
def started(folder: Path, ports: tuple[int, int]) -> Iterator[Run]:
    run = Run(folder, ports)
    try:
        assert run.ready.wait(READY_SECONDS), run.output
        yield run
    finally:
        if run.process.poll() is None:
            run.end(signal.SIGTERM)


def accounts(dev: dict[str, Any]) -> list[dict[str, Any]]:
    headers = {"Authorization": f"Bearer {dev['tokens']['admin']}"}
    return requests.get(f"{dev['api']}/sms/accounts", headers=headers, timeout=30).json()["data"]


def accepts(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_the_desk_starts_stops_and_goes_on_with_its_data(tmp_path: Path) -> None:
    ports = free_port(), free_port()
    with started(tmp_path, ports) as first:
        dev = first.dev
        assert dev.keys() == {"api", "tokens", "accounts", "simulator"}
        assert len(dev["tokens"]["agents"]) == 3
        assert stat.S_IMODE((tmp_path / "dev.json").stat().st_mode) == 0o600
        known = accounts(dev)
        assert [account["id"] for account in known] == list(dev["accounts"].values())
        assert re.search(r"^\[ +\d+\.\d s\] deploying the template: ", first.output, re.MULTILINE)
        assert first.end(signal.SIGTERM) == 0
        assert first.lines[-1].endswith("stopped")
    assert not [port for port in ports if accepts(port)]
    with started(tmp_path, ports) as second:
        assert "deploying" not in second.output
        assert second.dev == dev
        assert accounts(dev) == known
        assert second.end(signal.SIGINT) == 130


def test_a_taken_port_is_named_with_what_to_do(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        run = Run(tmp_path, (port, free_port()))
        assert run.process.wait(30) == 1
        run.reader.join(5)
    assert f"port {port} is taken" in run.output
    assert "PORT=" in run.output
