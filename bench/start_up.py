"""What a cold start costs: the import of the app beside the least it could be, and what lies in the package."""

import json
import statistics
import subprocess
import sys
import zipfile
from pathlib import Path

from bench.budgets import IMPORT_RATIO, Line

ROOT = Path(__file__).resolve().parents[1]
ROUNDS = 9
FLOOR = "import chalice; import boto3; boto3.client('dynamodb', region_name='us-east-1')"
# The app as its receive function has it after the first call's imports: a client included, as in the floor.
APP = "import app; from chalicelib.aws import client; client('dynamodb')"
# What the receive function has loaded when it takes its first call. Powertools loads its Tracer's module with the
# Logger, which costs nothing; making or holding a Tracer is what costs, so modules of ours are searched for one.
RECEIVE = """
import app, chalicelib.api.dispatch, chalicelib.api.receive, chalicelib.inbound.messages, json, sys
from aws_lambda_powertools import Tracer
from chalicelib.aws import client
client("dynamodb"), client("stepfunctions")
held = [value for name, module in list(sys.modules.items()) if name.startswith(("app", "chalicelib"))
        for value in vars(module).values() if value is Tracer or isinstance(value, Tracer)]
print(json.dumps([*sys.modules, *["a Tracer" for _ in held]]))
"""
# A boto3.resource loads its service's transformations.
UNWANTED = ("a Tracer", "boto3.dynamodb.transform", "requests")
ENVIRONMENT = {"AWS_DEFAULT_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}


def measure(code: Path) -> list[Line]:
    """The lines of the table; `code` is the zip that is deployed."""
    floor, app = side_by_side(ROUNDS)
    loaded = unwanted_modules()
    missing, sources = uncompiled(code)
    return [
        Line("import of the app / of chalice and one client", IMPORT_RATIO, app / floor, f"{app:.0f} / {floor:.0f} ms"),
        Line("unwanted modules of the receive function", 0, len(loaded), " ".join(loaded)),
        Line("sources in the zip without a .pyc", 0, len(missing), f"of {sources}"),
    ]


def side_by_side(rounds: int) -> tuple[float, float]:
    """Medians in milliseconds of the floor and of the app, in turns, so that a busy machine slows both."""
    floor, app = [], []
    for _ in range(rounds):
        floor.append(milliseconds(FLOOR))
        app.append(milliseconds(APP))
    return statistics.median(floor), statistics.median(app)


def milliseconds(code: str) -> float:
    """CPU time of a fresh interpreter for this code, its own start not counted."""
    timed = f"import time; began = time.process_time(); {code}; print((time.process_time() - began) * 1000)"
    return float(run(timed))


def unwanted_modules() -> list[str]:
    """What the receive function loads and should not."""
    loaded = set(json.loads(run(RECEIVE)))
    return [name for name in UNWANTED if name in loaded]


def uncompiled(code: Path) -> tuple[list[str], int]:
    """Sources of a zip without their compiled form, and the number of all sources."""
    with zipfile.ZipFile(code) as archive:
        names = set(archive.namelist())
    sources = [name for name in names if name.endswith(".py")]
    tag = sys.implementation.cache_tag
    return [name for name in sources if compiled(name, tag) not in names], len(sources)


def compiled(source: str, tag: str | None) -> str:
    folder, _, file = source.rpartition("/")
    return f"{folder}/__pycache__/{file[:-3]}.{tag}.pyc".removeprefix("/")


def run(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=ENVIRONMENT, capture_output=True, check=True)
    return done.stdout.decode().strip().splitlines()[-1]
