"""Servers to call, and the rig of this folder made importable."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from segue.testing import LiveServer

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture
def serve() -> Iterator[Callable[..., LiveServer]]:
    """Starts an app on a free port."""
    running: list[LiveServer] = []

    def start(app: Any, config: Any = None) -> LiveServer:
        server = LiveServer(app, config)
        server.start()
        running.append(server)
        return server

    yield start
    for server in reversed(running):
        server.stop()
