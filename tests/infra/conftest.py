"""The package of the laptop's stage, built once for all tests and all test processes."""

import fcntl
import json
from pathlib import Path
from typing import Any

import pytest

from infra.build import Package, package


@pytest.fixture(scope="session")
def packaged(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Package:
    base = tmp_path_factory.getbasetemp()
    shared = base if worker_id == "master" else base.parent
    built = Package(shared / "package" / "template.json", shared / "package" / "code.zip")
    with (shared / "package.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not built.code.exists():
            package("local", out=shared / "package")
    return built


@pytest.fixture(scope="session")
def template(packaged: Package) -> dict[str, Any]:
    return json.loads(packaged.template.read_text())


@pytest.fixture(scope="session")
def functions(template: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The properties of every function, by logical id."""
    resources = template["Resources"].items()
    return {name: body["Properties"] for name, body in resources if body["Type"] == "AWS::Serverless::Function"}


@pytest.fixture
def broken(template: dict[str, Any], tmp_path: Path) -> tuple[dict[str, Any], Path]:
    """A copy of the template to be damaged, and where to write it."""
    return json.loads(json.dumps(template)), tmp_path / "template.json"
