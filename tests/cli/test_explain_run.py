"""`segue explain --run`: what a request took."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from segue.cli import main

PROGRAM = """
from typing import Annotated

from segue import App, Forbidden, Meta, Request
from segue.cache import Cache, Caching, Pages
from segue.db import Database, Field, Model, Query, field
from segue.formats import CSV, JSON


class Film(Model):
    title: Field[str] = field(max_length=80)


class Clock:
    pass


app = App("films", plugins=[Database("sqlite:///films.db", migrate=True, models=[Film]), Caching()])
app.provide(Clock, Clock)


@app.middleware
async def timing(request, next):
    return await next(request)


def editors(request: Request) -> None:
    if "x-editor" not in request.headers:
        raise Forbidden("editors only")


@app.post("/films", requires=[editors], formats=[JSON, CSV])
async def add(film: Film, clock: Clock, cache: Cache) -> list[Film]:
    await Film.create(title=film.title)
    await cache.set("last", film.title)
    return await Film.order_by(Film.id)


@app.get("/films", middleware=[Pages(60)])
async def films(limit: Annotated[int, Meta(le=50)] = 20) -> Query[Film]:
    return Film.order_by(Film.id).limit(limit)
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "app.py").write_text(PROGRAM, encoding="utf-8")
    return tmp_path


def run(*arguments: str) -> str:
    result = CliRunner().invoke(main, ["explain", *arguments])
    assert result.exit_code == 0, result.output
    return result.output


@pytest.mark.row("BEY-7")  # with tests/cli/test_check.py, where the faults are planted
def test_route_middleware_guards_providers_validation_statements_cache_and_format_are_told() -> None:
    body = '{"title": "Nuages"}'
    told = run("POST /films", "--run", "--body", body, "--header", "x-editor: yes")
    route, middleware = told.index("POST /films"), told.index("timing")
    assert route < middleware
    assert "editors" in told[told.index("guards") :]
    assert "Clock" in told[told.index("provided") :]
    assert "film is missing or not valid" in told
    assert re.search(r"formats +application/json, text/csv, as the client prefers", told)
    assert "2 statements" in told
    assert "app.py:36" in told
    assert "INSERT INTO film" in told
    assert "asked for 0, had 0, kept 1" in told
    assert "200 OK" in told[told.index("\nreply") :]


def test_the_cache_is_watched_and_json_has_it_too() -> None:
    found = json.loads(run("GET /films?limit=3", "--run", "--json"))
    assert found["took"]["SQL"][0] == "1 statement"
    assert found["took"]["cache"][0].endswith("kept 1")
    assert found["took"]["reply"][0] == "200 OK, 2 bytes of application/json"


def test_nothing_runs_unless_it_is_said(folder: Path) -> None:
    assert "\nreply" not in run("GET /films")
    assert not (folder / "films.db").exists()
