"""Dispositions as they cross the API."""

from chalicelib.models.common import Description, Identifier, Input, Name, Output


class DispositionIn(Input):
    """A new disposition, below `parent_id` where one is named; there are three levels."""

    name: Name
    description: Description = ""
    parent_id: Identifier | None = None


class ListedDisposition(Output):
    """A disposition on its level (from 1); `path` has the names from level 1 down to its own."""

    id: str
    name: str
    description: str
    parent_id: str | None
    level: int
    path: list[str]
