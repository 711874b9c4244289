"""The rigs that start processes and browsers are with the tests that had them first."""

import sys
from pathlib import Path

for folder in ("server", "examples"):
    sys.path.insert(0, str(Path(__file__).parents[1] / folder))
