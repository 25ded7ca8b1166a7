"""No path makes more AWS calls than its budget, nor more when the table holds more; one call more is noticed."""

import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bench import __main__ as bench
from bench import start_up
from bench.budgets import CALLS, Line, broken, lines
from bench.on_moto import desk
from bench.paths import Paths
from chalicelib.inbound import messages
from chalicelib.store import db, table


def test_no_path_breaks_its_budget_or_grows_with_the_table() -> None:
    found = bench.counts()
    assert [str(line) for line in found if not line.holds] == []
    assert len(found) == 2 * len(CALLS)


def test_one_planted_read_breaks_the_budget_of_every_inbound_path(monkeypatch: pytest.MonkeyPatch) -> None:
    store: Callable[..., Any] = messages.store

    def dearer(*arguments: Any) -> Any:
        db.get(table.contact("planted"))
        return store(*arguments)

    monkeypatch.setattr(messages, "store", dearer)
    with desk() as made:
        paths = Paths(made, "+1555031")
        made.call("PUT", "/agents/me/presence", {"state": "online"})
        paths.inbound(paths.customer(1))
    measured = {**dict.fromkeys(CALLS, 0), **{name: one.calls for name, one in paths.passes.items()}}
    over = broken(lines(CALLS, measured))
    assert over == ["inbound, open and answered", "inbound, joins a round", "inbound, new", "duplicate inbound"]


def test_a_budget_holds_up_to_its_figure_and_the_table_says_which_is_broken() -> None:
    kept, gone = Line("kept", 2, 2), Line("gone", 2, 3)
    assert (kept.holds, gone.holds) == (True, False)
    assert str(gone).endswith("BROKEN")
    assert broken([kept, gone]) == ["gone"]


def test_the_bench_fails_when_a_budget_is_broken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["bench", "--counts"])
    monkeypatch.setattr(bench, "counts", lambda: [Line("gone", 2, 3)])
    assert bench.main() == 1
    monkeypatch.setattr(bench, "counts", lambda: [Line("kept", 2, 2)])
    assert bench.main() == 0


def test_the_receive_function_loads_nothing_unwanted() -> None:
    assert start_up.unwanted_modules() == []


def test_a_resource_a_tracer_and_requests_would_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    planted = "import boto3, requests, chalicelib.clock; boto3.resource('dynamodb')\n"
    planted += "from aws_lambda_powertools import Tracer; chalicelib.clock.tracer = Tracer\n"
    monkeypatch.setattr(start_up, "RECEIVE", planted + start_up.RECEIVE)
    assert start_up.unwanted_modules() == list(start_up.UNWANTED)


def test_a_source_without_its_compiled_form_is_found(tmp_path: Path) -> None:
    code = tmp_path / "code.zip"
    with zipfile.ZipFile(code, "w") as archive:
        for name in ("a.py", f"__pycache__/a.{sys.implementation.cache_tag}.pyc", "b/c.py"):
            archive.writestr(name, "")
    assert start_up.uncompiled(code) == (["b/c.py"], 2)


def test_a_snippet_that_fails_is_no_measurement() -> None:
    with pytest.raises(subprocess.CalledProcessError):
        start_up.run("import no_such_module_anywhere")
