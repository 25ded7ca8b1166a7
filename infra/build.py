"""Packages the app for a stage: Chalice's template merged with ours, and the code byte-compiled, in build/STAGE/."""

import argparse
import compileall
import hashlib
import json
import os
import py_compile
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from infra.graph import find_cycle

ROOT = Path(__file__).resolve().parents[1]
TEMPLATE = ROOT / "infra" / "template.yaml"
STATE_MACHINE = ROOT / "infra" / "routing.asl.json"
BIN = Path(sys.executable).parent
# Region only for Chalice, which asks for one; the template names none.
REGION = "us-east-1"
STAMP = (1980, 1, 1, 0, 0, 0)


class BuildError(Exception):
    """A tool refused the package; the text is what it said."""


@dataclass(frozen=True)
class Package:
    """What deploy.py takes: the template and the code, the code's SHA-256 being its name in the bucket."""

    template: Path
    code: Path

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.code.read_bytes()).hexdigest()


def package(stage: str, project: Path = ROOT, out: Path | None = None) -> Package:
    """Build both files into `out` (build/STAGE of the project). BuildError with the tool's words."""
    out = out or project / "build" / stage
    out.mkdir(parents=True, exist_ok=True)
    run_chalice(stage, project, out)
    template = complete(yaml.safe_load((out / "sam.yaml").read_text()))
    if circle := find_cycle(template):
        raise BuildError("circular references: " + " -> ".join(circle))
    built = Package(out / "template.json", out / "code.zip")
    built.template.write_text(json.dumps(template, indent=1, sort_keys=True))
    byte_compile(out / "deployment.zip", built.code)
    lint(built.template)
    return built


def lint(template: Path) -> None:
    """Raises BuildError with what cfn-lint found."""
    run([str(BIN / "cfn-lint"), "--regions", REGION, "--", str(template)], ROOT)


def run_chalice(stage: str, project: Path, out: Path) -> None:
    command = [str(BIN / "chalice"), "package", "--stage", stage, "--template-format", "yaml"]
    run([*command, "--merge-template", str(TEMPLATE), str(out)], project)


def run(command: list[str], folder: Path) -> None:
    done = subprocess.run(  # noqa: S603 fixed commands of this environment
        command,
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "AWS_DEFAULT_REGION": REGION},
    )
    if done.returncode:
        raise BuildError(f"{Path(command[0]).name} ended with {done.returncode}:\n{done.stdout}{done.stderr}")


def complete(template: dict[str, Any]) -> dict[str, Any]:
    """What merging cannot say: the state machine's text, and the code's place as parameters."""
    template["Resources"]["Routing"]["Properties"]["DefinitionString"] = STATE_MACHINE.read_text()
    template["Parameters"] |= {"CodeBucket": {"Type": "String"}, "CodeKey": {"Type": "String"}}
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            resource["Properties"]["CodeUri"] = {"Bucket": {"Ref": "CodeBucket"}, "Key": {"Ref": "CodeKey"}}
    return template


def byte_compile(source: Path, target: Path) -> None:
    """Copy a zip with a .pyc beside every .py; equal content gives an equal file.

    Unchecked hashes: Lambda's file dates differ from the zip's, and nobody edits the sources there.
    """
    with tempfile.TemporaryDirectory() as folder:
        with zipfile.ZipFile(source) as archive:
            archive.extractall(folder)
        compileall.compile_dir(
            folder,
            quiet=2,
            workers=0,
            stripdir=folder,
            prependdir="/var/task",
            invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
        )
        files = sorted(path for path in Path(folder).rglob("*") if path.is_file())
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
            for path in files:
                entry = zipfile.ZipInfo(path.relative_to(folder).as_posix(), STAMP)
                entry.external_attr = 0o644 << 16
                entry.compress_type = zipfile.ZIP_DEFLATED
                archive.writestr(entry, path.read_bytes())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stage", default="prod")
    built = package(parser.parse_args().stage)
    print(f"{built.template} {built.code} ({built.code.stat().st_size / 1e6:.1f} MB, {built.digest[:12]})")


if __name__ == "__main__":
    main()
