"""Pauses, the managed list of reasons to be away, over HTTP."""

from typing import Any

from chalicelib.api import pages
from chalicelib.api.request import Request, Response
from chalicelib.models.ids import new_id
from chalicelib.models.pauses import Pause
from chalicelib.store import pauses
from chalicelib.store.db import Item


def index(request: Request) -> dict[str, Any]:
    return pages.of_partition(request, "pauses", pauses.PARTITION, Pause.model_validate)


def create(request: Request) -> Pause:
    pause: Item = {**request.body.model_dump(), "id": new_id("pau"), "created_at": request.now, "version": 1}
    shown = Pause.model_validate(pause)
    once = request.once and request.once.answered(201, shown.model_dump(mode="json"))
    pauses.create(pause, once, request.now)
    return shown


def delete(_request: Request, pause_id: str) -> Response:
    pauses.delete(pause_id)
    return Response(204)
