"""`segue new`: what it makes runs, passes its own tests, and has nothing that `check --deploy` finds."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from process_rig import get, segue as segue_process

KINDS = ["micro", "api", "site"]


def run(*arguments: str, cwd: Path, answer: str = "") -> subprocess.CompletedProcess[str]:
    environment = {
        key: value
        for key, value in os.environ.items()
        if not key.startswith(("SECURITY_", "DATABASE_", "SEGUE_"))
    }
    environment["PYTHONPATH"] = os.pathsep.join([*sys.path, str(cwd)])
    return subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=cwd,
        env=environment,
        input=answer,
        capture_output=True,
        text=True,
    )


@pytest.fixture(scope="module", params=KINDS)
def project(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp(request.param)
    done = run("segue", "new", "film-club", f"--{request.param}", cwd=folder)
    assert done.returncode == 0, done.stderr
    return folder / "film_club"


def test_it_passes_its_own_tests(project: Path) -> None:
    done = run("pytest", "-q", "-p", "no:cacheprovider", cwd=project)
    assert done.returncode == 0, done.stdout
    assert "passed" in done.stdout
    # The command `pytest`, which its README names, does not look in the working folder by itself.
    environment = {
        key: value for key, value in os.environ.items() if not key.startswith(("SECURITY_", "DATABASE_"))
    }
    plain = subprocess.run(
        [Path(sys.executable).with_name("pytest"), "-q", "-p", "no:cacheprovider"],
        cwd=project,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert plain.returncode == 0, plain.stdout


def test_nothing_is_found_in_it(project: Path) -> None:
    assert run("segue", "check", "--deploy", cwd=project).returncode == 0
    assert run("segue", "check", cwd=project).returncode == 0


def test_its_tables_are_those_of_its_models_and_it_serves(project: Path) -> None:
    if (project / "migrations").exists():
        migrated = run("segue", "db", "migrate", cwd=project)
        assert migrated.returncode == 0, migrated.stderr
        assert run("segue", "db", "check", cwd=project).returncode == 0
    with segue_process(
        "serve",
        "--port",
        "0",
        cwd=project,
        env={"PYTHONPATH": os.pathsep.join(sys.path), "MAIL_URL": "memory:"},
    ) as server:
        port = server.ready().port
        # The notes of a site are its first page, and somebody's: a stranger is sent to the login.
        statuses = (get(port, "/")[0], get(port, "/notes")[0])
        assert (
            statuses == {"micro": (200, 200), "api": (404, 200), "site": (302, 404)}[project.parent.name[:-1]]
        )


def test_its_types_and_its_style_are_sound(project: Path) -> None:
    checked = run(
        "mypy",
        "--strict",
        "--no-error-summary",
        "--cache-dir",
        str(project.parent / "mypy"),
        ".",
        cwd=project,
    )
    assert checked.returncode == 0, checked.stdout
    style = run("ruff", "check", "--no-cache", "--isolated", "--select", "E4,E7,E9,F,I,UP", ".", cwd=project)
    assert style.returncode == 0, style.stdout


def test_its_key_is_its_own_and_nobody_elses(project: Path, tmp_path: Path) -> None:
    secret = project / ".env"
    assert secret.stat().st_mode & 0o077 == 0
    assert ".env" in (project / ".gitignore").read_text()
    assert run("segue", "new", "other", "--micro", cwd=tmp_path).returncode == 0
    assert (tmp_path / "other" / ".env").read_text() != secret.read_text()


def test_nothing_is_overwritten(project: Path) -> None:
    before = {
        path: path.read_bytes()
        for path in project.rglob("*")
        if path.is_file() and "__pycache__" not in str(path)
    }
    again = run("segue", "new", "film_club", "--micro", cwd=project.parent)
    assert again.returncode == 1
    assert "nothing was written" in again.stderr
    assert {path: path.read_bytes() for path in before} == before


def test_without_a_kind_it_asks(tmp_path: Path) -> None:
    done = run("segue", "new", "shop", cwd=tmp_path, answer="api\n")
    assert "one file, and its tests" in done.stdout
    assert (tmp_path / "shop" / "shop" / "models.py").is_file()


@pytest.mark.parametrize("name", ["1st", "a b", "../evil", "class", "tests", "segue", "x" * 60, "é"])
def test_what_is_no_name_is_told(tmp_path: Path, name: str) -> None:
    done = run("segue", "new", name, "--micro", cwd=tmp_path)
    assert done.returncode == 1
    assert "cannot be a project" in done.stderr
    assert list(tmp_path.iterdir()) == []
