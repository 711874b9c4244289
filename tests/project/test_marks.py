"""The marks of tests/conftest.py: rows that exist, tools that are there, no process left."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest


@pytest.fixture
def project(tmp_path: Path, root: Path) -> Path:
    """A small project with this one's rows, configuration and conftest."""
    for name in (
        "pyproject.toml",
        "tests/conftest.py",
        "tools/features/rows.toml",
        "tools/features/table.py",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(root / name, tmp_path / name)
    return tmp_path


def run(project: Path, *command: str, **environment: str) -> tuple[int, str]:
    inherited = {
        name: value for name, value in os.environ.items() if name not in {"PYTEST_ADDOPTS", "SEGUE_REQUIRE"}
    }
    done = subprocess.run(
        [sys.executable, *command], cwd=project, env=inherited | environment, capture_output=True, text=True
    )
    return done.returncode, done.stdout + done.stderr


def pytest_on(project: Path, body: str, **environment: str) -> tuple[int, str]:
    (project / "tests" / "test_it.py").write_text(f"import subprocess, pytest\n{body}\n")
    return run(project, "-m", "pytest", "-p", "no:cacheprovider", **environment)


def test_no_row_is_listed_twice(root: Path) -> None:
    sources = tomllib.loads((root / "tools/features/rows.toml").read_text())
    ids = [row for source in sources.values() for row in source["rows"]]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("mark", ['row("SEC-999")', "row()", 'row("SEC-1", "sec-2")'])
def test_a_mark_for_no_known_row_stops_the_collection(project: Path, mark: str) -> None:
    code, said = pytest_on(project, f"@pytest.mark.{mark}\ndef test_x(): pass")
    assert code == pytest.ExitCode.USAGE_ERROR
    assert "test_it.py::test_x" in said
    assert "rows.toml" in said


def test_what_is_absent_is_skipped_by_name(project: Path) -> None:
    code, said = pytest_on(project, "@pytest.mark.requires('no-such-tool')\ndef test_x(): pass")
    assert code == pytest.ExitCode.OK
    assert "no-such-tool is absent" in said


@pytest.mark.parametrize("demanded", ["all", "other,no-such-tool"])
def test_what_is_demanded_and_absent_fails(project: Path, demanded: str) -> None:
    body = "@pytest.mark.requires('no-such-tool')\ndef test_x(): pass"
    code, said = pytest_on(project, body, SEGUE_REQUIRE=demanded)
    assert code == pytest.ExitCode.TESTS_FAILED
    assert "no-such-tool is absent" in said


def test_what_is_there_runs(project: Path) -> None:
    code, _ = pytest_on(project, "@pytest.mark.requires('sh')\ndef test_x(): pass", SEGUE_REQUIRE="all")
    assert code == pytest.ExitCode.OK


@pytest.mark.requires("procfs")
def test_a_process_left_behind_fails_the_test_that_left_it(project: Path) -> None:
    body = (
        "left = []\n"
        "def test_x(): left.append(subprocess.Popen(['sleep', '60']))\n"
        "def test_y(): left[0].kill(); left[0].wait()"
    )
    code, said = pytest_on(project, body)
    assert code == pytest.ExitCode.TESTS_FAILED
    assert "left processes behind" in said
    assert "sleep 60" in said


def test_the_table_names_the_tests_that_prove_a_row(project: Path) -> None:
    (project / "tests" / "test_it.py").write_text(
        "import pytest\n"
        "@pytest.mark.parametrize('n', [1, 2])\n"
        "@pytest.mark.row('SEC-1', 'FL1')\n"
        "def test_x(n): assert False, 'collected, never run'\n"
    )
    code, said = run(project, "tools/features/table.py")
    page = (project / "docs" / "features.md").read_text()
    assert code == 0
    assert "2 of " in said
    line = next(line for line in page.splitlines() if line.startswith("| SEC-1 |"))
    assert line.endswith("| `tests/test_it.py::test_x` |")
    assert run(project, "tools/features/table.py", "--check")[0] == 0


def test_a_table_that_is_not_up_to_date_is_refused(project: Path) -> None:
    code, said = run(project, "tools/features/table.py", "--check")
    assert code != 0
    assert "make features" in said
