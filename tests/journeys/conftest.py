"""Makes the rigs of this folder importable, and serves the film example as users do: by the command."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "server"))  # the rig that starts processes
sys.path.insert(0, str(Path(__file__).parent))

from journey_process import Serving

FILMS = Path(__file__).resolve().parents[2] / "examples" / "films.py"


@pytest.fixture
def films() -> Iterator[Serving]:
    """`segue serve examples/films.py --workers 2`."""
    with Serving(str(FILMS), "--workers", "2", "--grace", "10") as serving:
        yield serving
