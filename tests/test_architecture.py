"""Imports point one way, and only the store talks to DynamoDB."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1] / "chalicelib"
PACKAGES = {"api", "handlers", "inbound", "outbound", "routing", "store", "providers", "models"}
LEAVES = {"aws", "config", "clock", "observability"}
# Who may import whom; sideways only what is named here.
ALLOWED = {
    "api": {"api", "inbound", "routing", "outbound", "store", "providers", "models"},
    "handlers": {"inbound", "routing", "outbound", "store", "providers", "models"},
    "inbound": {"inbound", "routing", "outbound", "store", "providers", "models"},
    "routing": {"routing", "outbound", "store", "providers", "models"},
    "outbound": {"outbound", "store", "providers", "models"},
    "store": {"store", "models"},
    "providers": {"providers", "models"},
    "models": {"models"},
}
PURE = {"providers": {"aws", "clock", "observability"}, "models": {"aws", "clock", "observability"}}
# Entry points and the store read the clock or AWS; decisions get both as arguments or through the store.
FILES = sorted(ROOT.rglob("*.py"))


def imported(path: Path) -> set[str]:
    """The modules a file imports, with full names."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def part(module: str) -> str | None:
    """The package or leaf of ours that a module name belongs to."""
    words = module.split(".")
    return words[1] if words[0] == "chalicelib" and len(words) > 1 and words[1] in PACKAGES | LEAVES else None


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_imports_point_one_way(path: Path) -> None:
    where = path.relative_to(ROOT).parts[0]
    if where not in PACKAGES:
        return
    used = {part(module) for module in imported(path)} - {None}
    assert used & PACKAGES <= ALLOWED[where]
    assert not used & PURE.get(where, set())


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_only_the_store_calls_dynamodb(path: Path) -> None:
    if path.relative_to(ROOT).parts[0] == "store":
        return
    calls = [
        node
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", "")) == "client"
    ]
    services = {arg.value for call in calls for arg in call.args if isinstance(arg, ast.Constant)}
    assert "dynamodb" not in services


def test_no_file_and_no_function_grows_beyond_reading() -> None:
    long_files = [f"{p}: {len(p.read_text().splitlines())}" for p in FILES if len(p.read_text().splitlines()) > 300]
    exempt = {"routes.py"}  # a table
    assert [name for name in long_files if Path(name.split(":")[0]).name not in exempt] == []
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef):
                assert (node.end_lineno or 0) - node.lineno <= 45, f"{path}:{node.lineno} {node.name}"
