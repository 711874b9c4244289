"""Suites of others, as tests: what they ask of a framework, over real sockets."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1] / "journeys")]
