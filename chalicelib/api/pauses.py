"""Pauses, the managed list of reasons to be away, over HTTP."""

from typing import Any

from chalicelib.api import objects, pages
from chalicelib.api.request import Request, Response
from chalicelib.models.pauses import Pause
from chalicelib.store import pauses


def index(request: Request) -> dict[str, Any]:
    return pages.of_partition(request, "pauses", pauses.PARTITION, Pause.model_validate)


def create(request: Request) -> Pause:
    return objects.create(request, "pau", Pause.model_validate, pauses.create)


def delete(_request: Request, pause_id: str) -> Response:
    pauses.delete(pause_id)
    return Response(204)
