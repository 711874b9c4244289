"""`segue add`: lines are added to a project, and it runs, passes its tests and has no new faults."""

from __future__ import annotations

import os
import re
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from process_rig import get, segue as segue_process

# Each of them starts dozens of processes.
pytestmark = pytest.mark.timeout(600)


def run(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    environment = {
        key: value
        for key, value in os.environ.items()
        if not key.startswith(("SECURITY_", "DATABASE_", "MAIL_", "SEGUE_"))
    }
    environment["PYTHONPATH"] = os.pathsep.join(sys.path)
    return subprocess.run(
        [sys.executable, "-m", *arguments], cwd=cwd, env=environment, capture_output=True, text=True
    )


def files_of(folder: Path) -> dict[str, list[str]]:
    return {
        path.relative_to(folder).as_posix(): path.read_text().splitlines()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and "cache" not in str(path) and ".db" not in path.name
    }


def only_adds(before: dict[str, list[str]], after: dict[str, list[str]]) -> None:
    """Every line of before is there, in its order."""
    for name, lines in before.items():
        left = iter(after[name])
        assert all(line in left for line in lines), name


def new(folder: Path, kind: str) -> Path:
    done = run("segue", "new", "film-club", f"--{kind}", cwd=folder)
    assert done.returncode == 0, done.stderr
    return folder / "film_club"


def add(project: Path, *words: str) -> str:
    before = files_of(project)
    done = run("segue", "add", *words, cwd=project)
    assert done.returncode == 0, done.stdout + done.stderr
    only_adds(before, files_of(project))
    return done.stdout + done.stderr


def sound(project: Path, *, deploys: bool = True) -> None:
    """Tests, types and what must not go out."""
    for command in (
        ["pytest", "-q", "-p", "no:cacheprovider"],
        ["mypy", "--strict", "--no-error-summary", "--cache-dir", str(project.parent / "mypy"), "."],
        *([["segue", "check", "--deploy"]] if deploys else []),
        ["segue", "check"],
    ):
        done = run(*command, cwd=project)
        assert done.returncode == 0, (command, done.stdout, done.stderr)


def paths_of(project: Path) -> set[str]:
    return {line.split()[1] for line in run("segue", "routes", cwd=project).stdout.splitlines()}


def test_a_single_file_gets_accounts_and_the_rest(tmp_path: Path) -> None:
    project = new(tmp_path, "micro")
    for word in ("auth", "api", "health", "metrics", "cache", "channels", "i18n", "pages", "toolbar"):
        add(project, word)
        assert "has" in next(
            line for line in run("segue", "add", cwd=project).stdout.splitlines() if f" {word} " in line
        )
    assert {"/login", "/docs", "/health", "/metrics", "/notes"} <= paths_of(project)
    assert "app.install(Auth())" in (project / "app.py").read_text()
    assert "segue[auth]~=" in (project / "requirements.txt").read_text()
    sound(project)
    before = files_of(project)
    assert "has auth already" in add(project, "auth")
    assert files_of(project) == before
    environment = {"PYTHONPATH": os.pathsep.join(sys.path), "MAIL_URL": "memory:"}
    with segue_process("serve", "app.py", "--port", "0", cwd=project, env=environment) as server:
        port = server.ready().port
        assert (get(port, "/notes")[0], get(port, "/login")[0]) == (200, 200)


def test_an_api_gets_accounts_models_and_resources(tmp_path: Path) -> None:
    project = new(tmp_path, "api")
    add(project, "auth")
    assert (project / "migrations" / "0002_auth.py").is_file()
    add(project, "model", "Person", "name:str")
    add(
        project,
        "model",
        "Film",
        "title:str",
        "year:int?",
        "released:date",
        "rating:decimal",
        "director:Person?",
    )
    add(project, "resource", "films")
    add(project, "template", "films/list")
    assert [one.name for one in sorted((project / "migrations").glob("*.py"))] == [
        "0001_notes.py",
        "0002_auth.py",
        "0003_model_person.py",
        "0004_model_film.py",
    ]
    assert {"/films", "/films/{id}", "/login"} <= paths_of(project)
    sound(project)
    for command in (["db", "migrate"], ["db", "check"]):
        done = run("segue", *command, cwd=project)
        assert done.returncode == 0, done.stdout + done.stderr
    with (project / ".env").open("a") as secrets:
        secrets.write("MAIL_URL=memory:\n")
    made = run(
        "segue",
        "request",
        "POST",
        "/films",
        "--json",
        '{"title": "Nuages", "released": "1953-05-16", "rating": "7.50"}',
        cwd=project,
    )
    assert '"title":"Nuages"' in made.stdout.replace(": ", ":"), made.stdout + made.stderr
    assert (
        "There is a film_club/films.py already"
        in run("segue", "add", "resource", "films", cwd=project).stderr
    )


def test_a_site_gets_what_it_has_not(tmp_path: Path) -> None:
    project = new(tmp_path, "site")
    add(project, "api")
    add(project, "cache")
    # Its plugins have a line each, and so does a new one.
    assert re.search(
        r"\n        health,\n(        .*\n)*        Caching\(",
        (project / "film_club" / "__init__.py").read_text(),
    )
    add(project, "model", "Film", "title:str", "about:text")
    add(project, "resource", "films")
    sound(project)


def test_what_has_grown_can_be_added_to(tmp_path: Path) -> None:
    project = new(tmp_path, "micro")
    assert run("segue", "grow", cwd=project).returncode == 0
    add(project, "model", "Film", "title:str")
    add(project, "resource", "films")
    add(project, "docker")
    add(project, "systemd")
    add(project, "ci")
    assert "class Film(Model)" in (project / "film_club" / "models.py").read_text()
    assert 'app.include(films, at="/films")' in (project / "film_club" / "application.py").read_text()
    assert 'CMD ["segue", "serve", "app:app"' in (project / "Dockerfile").read_text()
    assert "segue db" not in (project / ".github" / "workflows" / "tests.yml").read_text()
    sound(project)


def test_a_file_of_ones_own_gets_a_model_and_its_routes(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(
        '"""Mine."""\nfrom segue import App\n\n\ndef make() -> App:\n    return App("mine")\n\n\napp = App("mine")\n\n\n'
        '@app.get("/")\nasync def home() -> str:\n    return "home"\n\n\nif __name__ == "__main__":\n    app.run()\n'
    )
    add(tmp_path, "model", "Film", "title:str")
    add(tmp_path, "resource", "films")
    assert {"/", "/films", "/films/{id}"} <= paths_of(tmp_path)
    sound(tmp_path, deploys=False)  # it was not ready to go out before
    text = (tmp_path / "app.py").read_text()
    assert (
        text.index("class Film")
        < text.index('@app.get("/")')
        < text.index("def delete_film")
        < text.index("__main__")
    )


def test_a_dry_run_shows_the_diff_and_hides_the_key(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text("from segue import App\n\napp = App('mine')\n")
    before = files_of(tmp_path)
    done = run("segue", "add", "sessions", "--dry-run", cwd=tmp_path)
    assert done.returncode == 0
    assert '+app.install(Sessions("sessions.db"))' in done.stdout
    assert "+SECURITY_KEY=..." in done.stdout
    assert files_of(tmp_path) == before
    assert not [
        line for line in done.stdout.splitlines() if line.startswith("-") and not line.startswith("---")
    ]
    add(tmp_path, "sessions")
    assert stat.S_IMODE((tmp_path / ".env").stat().st_mode) == 0o600
    assert ".env" in (tmp_path / ".gitignore").read_text()


def test_dependencies_go_where_they_are_kept(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text("from segue import App\n\napp = App('mine')\n")
    (tmp_path / "pyproject.toml").write_text(
        '[project]\nname = "mine"\nversion = "1"\ndependencies = [\n    "segue",\n]\n'
    )
    add(tmp_path, "mail")
    assert re.search(
        r'dependencies = \[\n    "segue\[mail\]~=[\d.]+",\n    "segue",\n\]',
        (tmp_path / "pyproject.toml").read_text(),
    )
    assert not (tmp_path / "requirements.txt").exists()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["nothing"], "There is no 'nothing' to add"),
        (["model", "film"], "is no name of a model"),
        (["model", "Film", "title:blob"], "there is no type 'blob'"),
        (["model", "Film", "1st:str"], "is no field"),
        (["model", "Film", "by:Person"], "has no model Person"),
        (["resource", "films"], "There is no model for films"),
        (["resource", "../films"], "is no name of a resource"),
        (["template", "../../etc/passwd"], "is no name of a template"),
        (["template"], "Which template?"),
    ],
)
def test_what_cannot_be_added_is_told_and_nothing_is_written(
    tmp_path: Path, words: list[str], told: str
) -> None:
    (tmp_path / "app.py").write_text("from segue import App\n\napp = App('mine')\n")
    before = files_of(tmp_path)
    done = run("segue", "add", *words, cwd=tmp_path)
    assert done.returncode in (1, 2)
    assert told in done.stderr
    assert files_of(tmp_path) == before


def test_what_would_not_load_is_not_written(tmp_path: Path) -> None:
    # There is a page of this path already: two of one level are a conflict.
    (tmp_path / "app.py").write_text(
        "from segue import App\nfrom segue.db import Database, Field, Model\n\napp = App('mine', plugins=[Database('sqlite://')])\n\n\n"
        "class Film(Model):\n    title: Field[str]\n\n\n@app.get('/films')\nasync def films() -> str:\n    return 'mine'\n"
    )
    before = files_of(tmp_path)
    done = run("segue", "add", "resource", "films", cwd=tmp_path)
    assert done.returncode == 1
    assert "Nothing was written" in done.stderr
    assert "GET /films is declared at" in done.stderr
    assert files_of(tmp_path) == before
