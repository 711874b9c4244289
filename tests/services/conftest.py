"""A client of the service that every way of calling is tried on."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from segue.testing import Client

sys.path.insert(0, str(Path(__file__).parent))

from offered import make


@pytest.fixture
def client() -> Iterator[Client]:
    with Client(make()) as client:
        yield client
