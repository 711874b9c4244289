"""`segue explain`: what answers a request."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from segue.cli import main

PROGRAM = """
from segue import App, Request, Struct

app = App("films", max_body=5000)

class Film(Struct):
    title: str

@app.middleware
async def timing(request, next):
    return await next(request)

@app.post("/films")
async def add(film: Film, dry: bool = False) -> dict[str, str]:
    return {"title": film.title}
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "app.py").write_text(PROGRAM, encoding="utf-8")
    return tmp_path


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(main, ["explain", *arguments])
    return result.exit_code, result.output


def rows(output: str) -> list[list[str]]:
    return [line.split() for line in output.splitlines()]


def test_the_whole_way_of_a_request_is_told() -> None:
    code, output = run("POST /films")
    assert code == 0
    assert output.startswith("POST /films is answered by films.add\n")
    assert ["declared", "app.py:13"] in rows(output)
    assert ["1", "timing", "app.py:9", "of", "films"] in rows(output)
    assert ["film", "body", "Film", "required"] in rows(output)
    assert ["dry", "query", "bool", "default", "False"] in rows(output)
    assert ["body", "5,000", "bytes"] in rows(output)
    assert any(row[:1] == ["422"] for row in rows(output))
    assert "async def call(request):" not in output


def test_the_application_the_method_and_the_path_are_words() -> None:
    for words in (("app.py", "POST", "/films"), ("app.py", "post /films"), ("post", "/films")):
        assert run(*words)[1].startswith("POST /films is answered by")
    assert "The last word is a path" in run("films")[1]
    assert "What is 'films'?" in run("app.py", "films", "POST", "/x")[1]


def test_the_source_is_the_function_that_binds() -> None:
    assert "async def call(request):" in run("POST /films", "--source")[1]


def test_where_nothing_answers_it_says_why_and_fails() -> None:
    code, output = run("/films")
    assert code == 1
    assert "GET /films is answered by nobody: 405" in output
    assert "POST /films (app.py:13)" in output


def test_it_comes_as_json() -> None:
    found = json.loads(run("POST /films", "--json")[1])
    assert found["route"]["parameters"][0]["name"] == "film"
    assert found["middleware"][0]["name"] == "timing"


PROVIDED = """
from segue import App, Header, Request
from segue.formats import CSV, JSON

app = App("films")


class Pool: ...


class Session: ...


@app.provide(life="app")
def pool() -> Pool:
    return Pool()


@app.provide
def session(pool: Pool, trace: Header[str] = "") -> Session:
    return Session()


def members_only(token: Header[str]) -> None: ...


@app.before
def noted(request: Request) -> None: ...


@app.get("/films", formats=[JSON, CSV], requires=[members_only])
def films(session: Session) -> list[dict[str, str]]:
    return []
"""


def test_guards_providers_and_formats_are_told(folder: Path) -> None:
    (folder / "provided.py").write_text(PROVIDED, encoding="utf-8")
    output = run("provided.py", "/films")[1]
    lines = rows(output)
    assert ["session", "provided", "Session"] in lines
    assert ["Session", "for", "the", "request", "provided.py:19"] in lines
    assert ["Pool", "for", "the", "app", "provided.py:14"] in lines
    assert ["members_only", "provided.py:24"] in lines
    assert ["before", "noted", "provided.py:27", "of", "films"] in lines
    assert output.index("\nguards") < output.index("members_only") < output.index("\nprovided, in")
    assert "application/json, text/csv" in output
    assert (
        json.loads(run("provided.py", "/films", "--json")[1])["route"]["guards"][0]["name"] == "members_only"
    )
