"""Packaging: the code in the zip is compiled, and equal code is an equal file."""

import json
import marshal
import zipfile
from pathlib import Path

import pytest

from infra.build import STATE_MACHINE, Package, byte_compile

UNCHECKED = 0b01  # the flags of a .pyc whose hash is not compared: PEP 552


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "source.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("app.py", "ANSWER = 42\n")
        archive.writestr("chalicelib/deep/module.py", "def double(n):\n    return 2 * n\n")
        archive.writestr("chalicelib/data.json", "{}")
    return path


def test_every_source_has_its_compiled_form_beside_it(source: Path, tmp_path: Path) -> None:
    byte_compile(source, tmp_path / "code.zip")
    with zipfile.ZipFile(tmp_path / "code.zip") as archive:
        names = archive.namelist()
        compiled = [name for name in names if name.endswith(".pyc")]
        assert len(compiled) == len([name for name in names if name.endswith(".py")]) == 2
        for name in compiled:
            content = archive.read(name)
            assert int.from_bytes(content[4:8], "little") == UNCHECKED
            assert marshal.loads(content[16:]).co_filename.startswith("/var/task/")  # noqa: S302 compiled just now


def test_equal_code_gives_an_equal_file(source: Path, tmp_path: Path) -> None:
    byte_compile(source, tmp_path / "a.zip")
    byte_compile(source, tmp_path / "b.zip")
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()


def test_the_package_is_complete(packaged: Package) -> None:
    with zipfile.ZipFile(packaged.code) as archive:
        names = set(archive.namelist())
    assert {"app.py", "chalicelib/config.py", "chalice/app.py", "pydantic/main.py"} <= names
    assert any(name.startswith("chalicelib/__pycache__/config.") for name in names)
    assert not [name for name in names if name.startswith(("boto3/", "tests/", "dev/", "infra/"))]


def test_the_template_carries_the_state_machine_and_takes_the_code_by_parameter(packaged: Package) -> None:
    template = json.loads(packaged.template.read_text())
    assert template["Resources"]["Routing"]["Properties"]["DefinitionString"] == STATE_MACHINE.read_text()
    assert template["Resources"]["Receive"]["Properties"]["CodeUri"] == {
        "Bucket": {"Ref": "CodeBucket"},
        "Key": {"Ref": "CodeKey"},
    }
