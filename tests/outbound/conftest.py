"""The scene in which texts leave."""

from collections.abc import Iterator

import pytest

from tests.outbound.scene import Scene, start


@pytest.fixture
def scene(table: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    """An account, an agent and the simulated provider on an empty table."""
    found, server = start(monkeypatch)
    yield found
    server.stop()
    server.server_close()
