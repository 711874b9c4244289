"""`segue routes`: what an application answers, and where that is written."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from segue import inspect_app
from segue.cli import main
from segue.cli.loading import load_app

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

WHOLE = """
from segue import App, NotFound

app = App()

@app.middleware
async def timing(request, next):
    return await next(request)


@app.get("/")
async def home() -> str:
    return ""

@app.error_handler(NotFound)
async def lost(request, error):
    return "lost"
app.static("/static", ".")
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


@pytest.mark.row("FC18")
def test_internal_adds_what_segue_answers_itself_and_the_pipeline(folder: Path) -> None:
    (folder / "listed_whole.py").write_text(WHOLE, encoding="utf-8")
    _, plain = run("routes", "listed_whole:app")
    assert "listed_whole.py:11" in plain  # the responder
    assert "listed_whole.py:18" in plain  # static files: where they are declared
    assert "HEAD" not in plain
    _, internal = run("routes", "listed_whole:app", "--internal")
    assert "GET,HEAD,OPTIONS" in internal
    assert "static.py:" in internal
    assert "listed_whole.py:6" in internal  # the middleware
    assert "listed_whole.py:15" in internal  # the error handler
    assert inspect_app(load_app("listed_whole:app")).error_handlers[0].what == "NotFound"


@pytest.mark.parametrize(
    ("key", "names"),
    [("name", ["add", "all", "show"]), ("path", ["all", "add", "show"]), ("method", ["all", "show", "add"])],
)
def test_the_rows_can_be_sorted(folder: Path, key: str, names: list[str]) -> None:
    (folder / f"listed_by_{key}.py").write_text(PROGRAM.replace("App()", "App('x')"), encoding="utf-8")
    _, output = run("routes", f"listed_by_{key}:app", "--sort", key)
    assert [line.split()[2].rpartition(".")[2] for line in output.splitlines()] == names


def test_all_that_is_known_comes_as_json(folder: Path) -> None:
    (folder / "listed_json.py").write_text(PROGRAM, encoding="utf-8")
    _, output = run("routes", "listed_json:app", "--json")
    assert [one["path"] for one in json.loads(output)["routes"]] == [
        "/films/{id:int}",
        "/films",
        "/blog/posts",
    ]


def test_the_application_need_not_be_named_when_it_is_in_app_py(folder: Path) -> None:
    assert "Which application?" in run("routes")[1]
    (folder / "app.py").write_text(PROGRAM, encoding="utf-8")
    assert "/films" in run("routes")[1]


def test_the_group_names_the_application_for_all_commands(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "listed_named.py").write_text(PROGRAM, encoding="utf-8")
    monkeypatch.setenv("SEGUE_APP", "nothing:app")
    assert "/films" in run("--app", "listed_named:app", "routes")[1]
    assert "nothing" in run("routes")[1]


def test_a_factory_takes_arguments(folder: Path) -> None:
    (folder / "listed_made.py").write_text(
        "from segue import App\ndef make(name, path='/a'):\n    app = App(name)\n"
        "    @app.get(path)\n    async def home() -> str:\n        return ''\n    return app\n",
        encoding="utf-8",
    )
    assert "/x:y" in run("routes", "listed_made:make('shop', path='/x:y')")[1]
    assert "shop.home" in run("routes", "listed_made:make('shop')")[1]
    assert "missing a required argument: 'name'" in run("routes", "listed_made:make()")[1]
    assert "literals" in run("routes", "listed_made:make(open('/etc/passwd'))")[1]
