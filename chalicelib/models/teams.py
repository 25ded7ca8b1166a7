"""Teams of agents as they cross the API."""

from chalicelib.models.common import Description, Input, Name, Output, patch_of


class TeamIn(Input):
    """A new team."""

    name: Name
    description: Description = ""


TeamPatch = patch_of(TeamIn)


class Team(Output):
    id: str
    name: str
    description: str
    version: int
