"""The film club: its own tests over each database, in a process of their own, as other tests have models of these names."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import segue

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "filmclub"


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    "database",
    [
        "sqlite",
        pytest.param("postgresql", marks=pytest.mark.requires("postgresql")),
        pytest.param("mariadb", marks=pytest.mark.requires("mariadb")),
    ],
)
def test_the_tests_of_the_film_club_pass(database: str, servers: dict[str, str], tmp_path: Path) -> None:
    told = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", str(EXAMPLE / "tests")],
        cwd=tmp_path,
        env={
            **os.environ,
            "PYTHONPATH": str(Path(segue.__file__).parents[1]),
            "DATABASE_URL": servers.get(database, f"sqlite:///{tmp_path}/club.db"),
        },
        capture_output=True,
        text=True,
        timeout=590,
    )
    assert told.returncode == 0, told.stdout + told.stderr
