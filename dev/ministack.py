"""Starts and stops MiniStack, the AWS of the laptop, on 127.0.0.1 with its state in a folder of its own."""

import os
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PYTHON = ROOT / ".venv-ministack" / "bin" / "python"
HOST = "127.0.0.1"
REGION = "us-east-1"
READY_SECONDS = 30
STOP_SECONDS = 60  # a clean stop writes the whole state


class NotRunning(Exception):
    """MiniStack ended or did not answer in time; the text says where its log is."""


@dataclass
class MiniStack:
    """A running MiniStack."""

    port: int
    log: Path
    process: "subprocess.Popen[bytes]"

    @property
    def endpoint(self) -> str:
        return f"http://{HOST}:{self.port}"

    def stop(self) -> None:
        """End it so that its state is written; kill it when that takes longer than STOP_SECONDS."""
        self.process.terminate()
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def start(port: int, state: Path) -> MiniStack:
    """Start MiniStack on a port of 127.0.0.1 and wait until it answers.

    `state` keeps its data, log and temporary files. NotRunning when it does not answer within READY_SECONDS.
    """
    for folder in ("data", "s3", "tmp"):
        (state / folder).mkdir(parents=True, exist_ok=True)
    log = state / "ministack.log"
    with log.open("ab") as output:
        process = subprocess.Popen(
            [str(PYTHON), "-P", str(ROOT / "dev" / "engine.py")],
            env=environment(port, state, os.environ),
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C reaches the starter alone, which stops things in order
        )
    running = MiniStack(port, log, process)
    try:
        wait_until_ready(running)
    except NotRunning:
        running.stop()
        raise
    return running


def environment(port: int, state: Path, inherited: Mapping[str, str]) -> dict[str, str]:
    """The variables of the process; nothing of the caller's own AWS set-up reaches it."""
    kept = {name: value for name, value in inherited.items() if not name.startswith(("AWS_", "LOCALSTACK_"))}
    return kept | {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": REGION,
        "AUTH": "true",  # the functions may do what their policies say, as on AWS
        "BIND_HOST": HOST,
        "GATEWAY_PORT": str(port),
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "LOG_LEVEL": "INFO",
        "PERSIST_STATE": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "S3_DATA_DIR": str(state / "s3"),
        "S3_PERSIST": "1",
        "STATE_DIR": str(state / "data"),
        "TMPDIR": str(state / "tmp"),
    }


def wait_until_ready(running: MiniStack) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        if running.process.poll() is not None:
            raise NotRunning(f"MiniStack ended at once; see {running.log}")
        try:
            with urllib.request.urlopen(f"{running.endpoint}/_ministack/ready", timeout=2):  # noqa: S310
                return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.1)
    raise NotRunning(f"MiniStack did not answer within {READY_SECONDS} s; see {running.log}")
