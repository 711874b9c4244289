"""A client of the service that every way of calling is tried on."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pyamf.util.imports
import pytest

from segue.testing import Client

sys.path.insert(0, str(Path(__file__).parent))

from offered import make

# The other implementation of AMF watches every import of the process for modules that it adapts, Django's of old among them:
# other tests import Django's of today.
if pyamf.util.imports.finder in sys.meta_path:
    sys.meta_path.remove(pyamf.util.imports.finder)


@pytest.fixture
def client() -> Iterator[Client]:
    with Client(make()) as client:
        yield client
