"""What `import segue` costs and shows."""

from __future__ import annotations

import importlib.metadata
import subprocess
import sys

import segue

# What a hello-world app must not load. (`ssl` comes with asyncio.)
STAY_OUT = {
    "alembic", "anyio", "asyncpg", "click", "h11", "httpx2", "jinja2", "multiprocessing", "redis", "rich", "sqlalchemy",
    "watchfiles", "websockets",
}  # fmt: skip


def loaded_by(code: str) -> set[str]:
    program = f"{code}\nimport sys\nprint(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_import_loads_nothing_that_a_first_app_does_not_use() -> None:
    before = loaded_by("")
    assert (loaded_by("import segue") - before) & STAY_OUT == set()


def test_the_version_has_one_source() -> None:
    assert importlib.metadata.version("segue") == segue.__version__


def test_every_name_of_the_front_door_is_there() -> None:
    assert [name for name in segue.__all__ if not hasattr(segue, name)] == []
