"""The film example behind a real server, and a browser to look at it."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import httpx2
import pytest

from segue.testing import LiveServer

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1] / "journeys"))

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


@pytest.fixture
def films() -> ModuleType:
    """The module, loaded anew: a test may post films."""
    spec = importlib.util.spec_from_file_location("films_example", EXAMPLES / "films.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def server(films: ModuleType) -> Iterator[LiveServer]:
    with LiveServer(films.app) as live:
        yield live


@pytest.fixture
def client(server: LiveServer) -> Iterator[httpx2.Client]:
    with httpx2.Client(base_url=server.url, timeout=30) as made:
        yield made
