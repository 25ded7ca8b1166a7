"""The whole of smsdesk on one machine: MiniStack, the deployed template, the provider simulator and the demo team."""

import hashlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests

from dev import demo_accounts, ministack, seed
from infra import admin_token
from infra.build import ROOT, Package, package
from infra.deploy import deploy
from infra.target import Target, outputs_of

API_ID = "smsdesk"  # pinned, so that receive URLs outlive a redeployment
SOURCES = ("app.py", "requirements.txt", ".chalice/config.json", "chalicelib", "infra")
SIMULATOR_SECONDS = 15
Say = Callable[[str], None]


class StartError(Exception):
    """A part did not come up; the text says which and where its log is."""


@dataclass
class Laptop:
    """Everything that runs, with its state in `folder` and its package in `build`; ports are of 127.0.0.1."""

    folder: Path
    build: Path
    port: int
    simulator_port: int
    say: Say
    engine: ministack.MiniStack | None = None
    simulator: "subprocess.Popen[bytes] | None" = None
    outputs: dict[str, str] = field(default_factory=dict)

    @property
    def endpoint(self) -> str:
        return f"http://{ministack.HOST}:{self.port}"

    @property
    def api(self) -> str:
        return f"{self.endpoint}/_aws/execute-api/{API_ID}/api"

    @property
    def simulator_url(self) -> str:
        return f"http://{ministack.HOST}:{self.simulator_port}"

    @property
    def dev_json(self) -> Path:
        return self.folder / "dev.json"

    @property
    def target(self) -> Target:
        hosts = {host: self.simulator_url + path for host, path in demo_accounts.HOSTS.items()}
        parameters = {"PublicBase": self.api, "ProviderHosts": json.dumps(hosts)}
        return Target("local", ministack.REGION, self.endpoint, parameters, {"ms-custom-id": API_ID})

    def client(self, service: str) -> Any:
        """A boto3 client of the laptop's AWS."""
        return self.target.client(service)

    def start(self) -> dict[str, Any]:
        """Bring everything up and answer with what .local/dev.json says. StartError, BuildError or DeployError."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with self.stage("starting MiniStack"):
            self.engine = ministack.start(self.port, self.folder / "ministack")
        self.roll_out()
        with self.stage("starting the provider simulator"):
            self.start_simulator()
        with self.stage("seeding the demo"):
            dev = self.seed_demo()
        with self.stage("going on with what was waiting"):
            self.reconcile(all_waits_due=True)
        return dev

    def stop(self) -> None:
        """End the children, MiniStack last and so that its state is written."""
        if self.simulator:
            self.simulator.terminate()
            try:
                self.simulator.wait(SIMULATOR_SECONDS)
            except subprocess.TimeoutExpired:
                self.simulator.kill()
                self.simulator.wait()
            self.simulator = None
        if self.engine:
            self.engine.stop()
            self.engine = None

    def failed(self) -> str | None:
        """The name of a child that ended by itself."""
        if self.engine and self.engine.process.poll() is not None:
            return f"MiniStack (log: {self.engine.log})"
        if self.simulator and self.simulator.poll() is not None:
            return f"the simulator (log: {self.folder / 'simulator.log'})"
        return None

    def roll_out(self) -> None:
        """Package when a source changed; deploy when the package or a parameter did."""
        sources = digest_of(SOURCES)
        stamp = self.folder / "deployed.json"
        wanted = {"sources": sources, "parameters": self.target.parameters}
        if stamp.exists() and json.loads(stamp.read_text()) == wanted:
            self.outputs = outputs_of(self.target)
            return
        stamp.unlink(missing_ok=True)
        with self.stage("packaging the app"):
            built = self.packaged(sources)
        with self.stage("deploying the template"):
            self.outputs = deploy(built, self.target, self.say)
        stamp.write_text(json.dumps(wanted))

    def packaged(self, sources: str) -> Package:
        built, stamp = Package(self.build / "template.json", self.build / "code.zip"), self.build / "sources"
        if not (stamp.exists() and stamp.read_text() == sources):
            stamp.unlink(missing_ok=True)
            built = package("local", out=self.build)
            stamp.write_text(sources)
        return built

    def start_simulator(self) -> None:
        log = self.folder / "simulator.log"
        command = [sys.executable, "-m", "dev.simulator", "--port", str(self.simulator_port)]
        files = ["--dev-json", str(self.dev_json), "--state", str(self.folder / "simulator.json")]
        with log.open("ab") as output:
            self.simulator = subprocess.Popen(
                [*command, *files], cwd=ROOT, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
            )
        deadline = time.monotonic() + SIMULATOR_SECONDS
        while time.monotonic() < deadline and self.simulator.poll() is None:
            try:
                requests.get(f"{self.simulator_url}/health", timeout=2)
                return
            except requests.ConnectionError:
                time.sleep(0.1)
        raise StartError(f"the simulator did not answer; see {log}")

    def seed_demo(self) -> dict[str, Any]:
        """Make what is missing of the demo, and write dev.json, readable by its owner alone: it holds tokens."""
        known = json.loads(self.dev_json.read_text()) if self.dev_json.exists() else {}
        admin = admin_token.ensure(self.target, self.outputs)
        dev = seed.demo(self.api, admin, self.simulator_url, known.get("tokens", {}))
        self.dev_json.touch(mode=0o600)
        self.dev_json.write_text(json.dumps(dev, indent=2) + "\n")
        return dev

    def reconcile(self, all_waits_due: bool = False) -> dict[str, Any]:
        """Run the reconciler once, as its schedule does, and answer with its findings."""
        event = {"all_waits_due": all_waits_due, **dict.fromkeys(SCHEDULED_EVENT, "")}
        answer = self.client("lambda").invoke(
            FunctionName=self.outputs["ReconcileName"],
            Payload=json.dumps(event | {"resources": [], "detail": {}}),
        )
        payload = json.loads(answer["Payload"].read())
        if "FunctionError" in answer:
            raise StartError(f"the reconciler failed: {payload.get('errorMessage')}")
        return payload

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Show what is being done, and how long it took."""
        began = time.monotonic()
        self.say(f"{name} …")
        yield
        self.say(f"{name}: {time.monotonic() - began:.1f} s")


# What Chalice's event class reads: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-events-structure.html
SCHEDULED_EVENT = ("version", "id", "detail-type", "source", "account", "time", "region")


def digest_of(sources: tuple[str, ...]) -> str:
    """The SHA-256 over these files and folders of the project, and the Python that packages them."""
    digest = hashlib.sha256(sys.version.encode())
    for source in sources:
        for path in sorted([ROOT / source, *(ROOT / source).rglob("*")]):
            if path.is_file() and path.suffix != ".pyc":
                digest.update(os.fsencode(path.relative_to(ROOT)) + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()
