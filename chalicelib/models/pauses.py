"""Pauses, the managed list of reasons to be away, as they cross the API."""

from chalicelib.models.common import Input, Name, Output


class PauseIn(Input):
    """A new pause."""

    name: Name


class Pause(Output):
    id: str
    name: str
