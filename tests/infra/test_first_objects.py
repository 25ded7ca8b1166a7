"""What a deployment puts into its table: the first token once, and the defaults whatever happened before."""

import io
import runpy
import sys

import pytest

from chalicelib.store import db, intervals, lists, tokens


def test_a_deployment_makes_the_token_once_and_the_defaults_beside_it(
    table: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for secret in ("first-secret", ""):  # the second deployment hands no secret over
        monkeypatch.setattr(sys, "stdin", io.StringIO(secret))
        runpy.run_module("infra.admin_token", run_name="__main__")
    assert tokens.find(tokens.digest("first-secret"))
    assert tokens.find(tokens.digest("")) is None
    assert [one["name"] for one in db.query_all(lists.PARTITION)] == ["Default"]
    assert sorted(one["name"] for one in db.query_all(intervals.PARTITION)) == ["holidays", "working time"]
