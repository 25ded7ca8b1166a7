"""The command for providers: its matrix is current, and what it begins passes the suite as it stands."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from chalicelib import providers
from dev.providers import matrix, scaffold

ROOT = Path(__file__).parents[2]
COPIED = ("chalicelib", "dev", "tests", "docs", "app.py", "pyproject.toml")


def test_the_matrix_of_the_documentation_is_current() -> None:
    assert (ROOT / matrix.PAGE).read_text() == matrix.page(), "run: python -m dev.providers matrix"


def test_the_matrix_has_every_type_with_a_page_behind_its_link() -> None:
    page = matrix.page()
    for name in providers.types():
        assert page.count(f"]({name}.md)") == 2
        assert (ROOT / "docs" / "providers" / f"{name}.md").exists()


def test_every_page_of_a_provider_has_the_same_headings() -> None:
    wanted = ["What you need", "Console steps", "Limits", "Statuses", "Errors", "Authenticity", "What is assumed"]
    for name in providers.types():
        lines = (ROOT / "docs" / "providers" / f"{name}.md").read_text().splitlines()
        assert [line.removeprefix("## ") for line in lines if line.startswith("## ")] == wanted, name


def run(where: Path, *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", *command], cwd=where, capture_output=True, text=True, check=False)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The project elsewhere, so that a provider can be added without adding one."""
    for name in COPIED:
        source, target = ROOT / name, tmp_path / name
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(source, target, ignore=ignored) if source.is_dir() else shutil.copy(source, target)
    return tmp_path


def test_a_provider_that_was_just_begun_passes_everything_that_providers_must(copy: Path) -> None:
    begun = run(copy, "dev.providers", "new", "acme", "--label", "Acme Telecom")
    assert begun.returncode == 0, begun.stderr
    files = [copy / line for line in begun.stdout.splitlines()[:-1]]
    assert all(path.exists() for path in files)
    assert run(copy, "dev.providers", "matrix").returncode == 0
    assert "[Acme Telecom](acme.md)" in (copy / matrix.PAGE).read_text()
    python = [str(path) for path in files if path.suffix == ".py"]
    for lint in (("ruff", "check", *python), ("ruff", "format", "--check", *python)):
        checked = run(copy, *lint)
        assert checked.returncode == 0, checked.stdout
    chosen = "acme or registry or matrix or headings or all_types or every_provider"
    tests = (
        "tests/providers/test_conformance.py",
        "tests/providers/test_registry.py",
        "tests/api/test_account_types.py",
        "tests/dev/test_providers_command.py",
        "tests/dev/test_simulator_and_product.py",
    )
    passed = run(copy, "pytest", *tests, "-k", chosen, "-p", "no:cacheprovider")
    assert passed.returncode == 0, passed.stdout[-3000:]
    counted = int(passed.stdout.split(" passed")[0].split()[-1])
    assert counted > 60


def test_nothing_is_written_over_and_no_odd_name_is_taken(copy: Path) -> None:
    before = (copy / "chalicelib/providers/__init__.py").read_text()
    for name, label in (("twilio", "Twilio"), ("Acme", "Acme"), ("../acme", "Acme"), ("acme", 'Ac"me')):
        with pytest.raises(scaffold.Impossible):
            scaffold.begin(copy, name, label)
    assert run(copy, "dev.providers", "new", "twilio").returncode == 1
    assert (copy / "chalicelib/providers/__init__.py").read_text() == before
