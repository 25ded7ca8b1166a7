"""The providers by name."""

import subprocess
import sys

import pytest

from chalicelib import providers
from tests.providers.tables import TABLES


def test_every_provider_has_a_conformance_table() -> None:
    assert {table.name for table in TABLES.values()} == {*providers.names(), "custom"}


def test_the_declared_type_is_there_but_none_of_the_named_providers() -> None:
    assert providers.get("custom").name == "custom"
    assert "custom" not in providers.names()


def test_an_unknown_name_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        providers.get("carrier-pigeon")


def test_loading_a_provider_loads_nothing_heavy() -> None:
    code = (
        "import sys, chalicelib.providers as p, chalicelib.providers.http;"
        "[p.get(name) for name in (*p.names(), 'custom')];"
        "heavy = {'requests', 'urllib3', 'pydantic', 'boto3', 'botocore', 'email', 'xml', 'cryptography'};"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
