"""The one exception with which the layers below the API refuse to do something."""

from typing import Any


class Refused(Exception):
    """A rule of the product says no. Knows nothing of HTTP: `chalicelib.api.problem` maps its code to a status.

    `code` is a stable word such as `not-found` or `at-capacity`; `detail` is a sentence for a person, without
    secrets or customers' texts; `extra` are further members of the answer, such as the owner of a taken offer.
    """

    def __init__(self, code: str, detail: str, **extra: Any) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail
        self.extra = extra


def invalid(pointer: str, detail: str) -> Refused:
    """A value that is well formed but not allowed, at a JSON pointer of the request's body."""
    return Refused("invalid", "The request is not valid.", errors=[{"pointer": pointer, "detail": detail}])
