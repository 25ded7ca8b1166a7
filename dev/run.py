"""Runs smsdesk on this machine until Ctrl-C: `make run`."""

import argparse
import os
import signal
import socket
import sys
import time
from pathlib import Path
from types import FrameType

from dev import ministack
from dev.laptop import Laptop, StartError
from dev.ministack import NotRunning
from dev.seed import SeedError
from infra.build import ROOT, BuildError
from infra.deploy import DeployError

PORT, SIMULATOR_PORT = 4566, 4580
BEGAN = time.monotonic()
FAILURES = (StartError, NotRunning, BuildError, DeployError, SeedError)


def say(text: str) -> None:
    """One line of progress with the seconds since the start; flushed, for pipes."""
    print(f"[{time.monotonic() - BEGAN:6.1f} s] {text}", flush=True)


def end(number: int, _: FrameType | None) -> None:
    raise SystemExit(0 if number == signal.SIGTERM else 130)


def port_of(variable: str, default: int) -> int:
    """A free port of 127.0.0.1 by an environment variable; StartError when it is taken."""
    port = int(os.environ.get(variable) or default)
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((ministack.HOST, port))
        except OSError:
            raise StartError(f"port {port} is taken; choose another: {variable}={port + 1} make run") from None
    return port


def ready(laptop: Laptop) -> str:
    return f"""
smsdesk is ready

  API         {laptop.api}   (docs: {laptop.api}/docs)
  simulator   {laptop.simulator_url}
  tokens      {laptop.dev_json}

  Text the desk as a customer would:   make text
  Stop it with Ctrl-C; its data stays in {laptop.folder}, and the next start goes on with it.
"""


def watch(laptop: Laptop) -> None:
    """Until a signal comes, or a child ends by itself (StartError)."""
    while True:
        time.sleep(1)
        if name := laptop.failed():
            raise StartError(f"{name} ended by itself")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m dev.run", description=__doc__)
    parser.add_argument("--folder", type=Path, default=ROOT / ".local", help="keeps the data, the logs and dev.json")
    folder = parser.parse_args().folder.resolve()
    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    laptop = None
    try:
        ports = port_of("PORT", PORT), port_of("SIMULATOR_PORT", SIMULATOR_PORT)
        laptop = Laptop(folder, ROOT / "build" / "local", *ports, say)
        laptop.start()
        print(ready(laptop), flush=True)
        watch(laptop)
    except FAILURES as error:
        print(f"\n{error}", file=sys.stderr, flush=True)
        return 1
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        if laptop and laptop.engine:
            say("stopping …")
            laptop.stop()
            say("stopped")
    return 0


if __name__ == "__main__":
    sys.exit(main())
