"""Makes the runner of this folder, the site's tools, and what looks at pages in a browser, importable; builds the site."""

import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[1]
sys.path[:0] = [
    str(Path(__file__).parent),
    str(TESTS / "examples"),
    str(TESTS / "html" / "look"),
    str(TESTS.parent / "tools" / "site"),
]


@pytest.fixture(scope="session")
def site() -> Path:
    """The folder of the site, as `make docs` builds it: a warning is an error."""
    root = TESTS.parent
    build = [sys.executable, root / "tools" / "site" / "build.py"]
    done = subprocess.run(build, capture_output=True, text=True, timeout=110)
    assert done.returncode == 0, done.stdout + done.stderr
    return root / "build" / "docs"
