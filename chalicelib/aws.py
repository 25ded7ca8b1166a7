"""Lazy AWS clients, one per service and process, with timeouts that fit the callers."""

import os
from functools import cache
from typing import Any

import boto3
from botocore.config import Config

# The receive function must answer its provider within 2 s (DESIGN 10); every other caller can live with the same.
_CONFIG = Config(connect_timeout=0.5, read_timeout=1, retries={"total_max_attempts": 2, "mode": "standard"})


@cache
def client(service: str) -> Any:
    """The client of one service; threads may share it."""
    made = boto3.client(service, config=_CONFIG)
    if os.environ.get("RECORD_CALLS") == "1" and "AWS_LAMBDA_FUNCTION_NAME" in os.environ:
        from chalicelib import recorder

        recorder.watch(made)
    return made
