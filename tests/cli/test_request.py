"""`segue request`: one request in the process of the command."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from segue.cli import main

PROGRAM = """
from segue import App, Form, Request, SeeOther

app = App("films")
started = []

@app.lifespan
async def life():
    started.append(1)
    yield

@app.get("/")
async def home(request: Request) -> dict[str, object]:
    return {"started": len(started), "by": request.headers.get("x-by")}

@app.post("/echo")
async def echo(request: Request) -> bytes:
    return await request.body()

@app.post("/form")
async def form(title: Form[str]) -> str:
    return title

@app.get("/old")
async def old() -> str:
    raise SeeOther("/")
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "app.py").write_text(PROGRAM, encoding="utf-8")


def run(*arguments: str, input: str | None = None) -> tuple[int, str]:
    result = CliRunner().invoke(main, ["request", *arguments], input=input)
    return result.exit_code, result.output


def test_the_body_is_printed_and_the_app_was_started() -> None:
    assert run("GET", "/") == (0, '{"started":1,"by":null}\n')
    assert run("app.py", "/", "-H", "X-By: me") == (0, '{"started":1,"by":"me"}\n')


def test_include_prints_the_head_of_the_response() -> None:
    output = run("/", "-i")[1]
    assert output.startswith("200 OK\n")
    assert "content-type: application/json\n" in output


def test_bodies_are_json_or_forms_and_the_method_is_post_then() -> None:
    assert run("/echo", "--json", '{"a": 1}') == (0, '{"a":1}\n')
    assert run("/echo", "--json", "-", input="[1]") == (0, "[1]\n")
    assert run("/form", "-F", "title=Nuages") == (0, "Nuages\n")
    assert "is no JSON" in run("/echo", "--json", "{")[1]


def test_redirects_are_followed_when_asked_for() -> None:
    assert run("/old", "-i")[1].startswith("303 See Other\n")
    assert run("/old", "--follow")[1].startswith('{"started"')


def test_an_error_is_printed_and_is_the_exit_code() -> None:
    code, output = run("/nothing")
    assert code == 1
    assert '"status":404' in output
