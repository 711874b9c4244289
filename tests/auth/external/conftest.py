"""A provider to sign in with."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from idp import Idp


@pytest.fixture
def idp() -> Iterator[Idp]:
    one = Idp()
    with one.serve() as server:
        one.url = server.url
        yield one
