"""`segue routes`: what an application answers, and where that is written."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from segue.cli import main

PROGRAM = """
from segue import App

app = App()
blog = App()


@app.get("/films/{id:int}")
async def show(id: int) -> str:
    return "film"


@app.post("/films")
async def add() -> str:
    return "added"


@blog.get("/posts", name="all")
async def posts() -> str:
    return "posts"


app.include(blog, at="/blog")
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    return tmp_path


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(main, arguments)
    return result.exit_code, result.output


def test_each_route_is_listed_with_its_method_path_name_and_place(folder: Path) -> None:
    (folder / "listed_films.py").write_text(PROGRAM, encoding="utf-8")
    code, output = run("routes", "listed_films:app")
    assert code == 0
    lines = [line.split() for line in output.splitlines()]
    assert ["GET", "/films/{id:int}", "listed_films.show", "listed_films.py:8"] in lines
    assert ["POST", "/films", "listed_films.add", "listed_films.py:13"] in lines
    assert any(line[1] == "/blog/posts" and line[3] == "listed_films.py:18" for line in lines)


def test_a_module_that_fails_shows_the_users_line_only(folder: Path) -> None:
    (folder / "listed_broken.py").write_text("x = 1\nraise ValueError('no settings')\n", encoding="utf-8")
    code, output = run("routes", "listed_broken:app")
    assert code == 1
    assert "ValueError: no settings" in output
    assert "line 2" in output
    assert "segue/" not in output


def test_conflicts_are_told_with_both_places(folder: Path) -> None:
    (folder / "listed_twice.py").write_text(
        "from segue import App\napp = App()\n@app.get('/a')\nasync def one() -> str:\n    return ''\n"
        "@app.get('/a')\nasync def two() -> str:\n    return ''\n",
        encoding="utf-8",
    )
    code, output = run("routes", "listed_twice:app")
    assert code == 1
    assert "listed_twice.py:3" in output
    assert "listed_twice.py:6" in output
