"""`segue openapi` and `segue client`: files made from an application, and whether they still are what it is."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from segue.cli import main

PROGRAM = """
from msgspec import Struct
from segue import App
from segue.openapi import OpenAPI

app = App("shop", plugins=[OpenAPI("Shop", "1.0"), OpenAPI("Second", "2.0", at="/v2")])
plain = App("plain")


class Film(Struct):
    title: str


@app.get("/films/{id}")
@plain.get("/films/{id}")
async def show(id: int) -> Film:
    return Film("Slam")


@app.get("/v2/films")
async def all() -> list[Film]:
    return []
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "shop.py").write_text(PROGRAM, encoding="utf-8")
    return tmp_path


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(main, arguments)
    return result.exit_code, result.output


def test_the_description_is_printed(folder: Path) -> None:
    code, output = run("openapi", "shop.py")
    assert code == 0
    document = json.loads(output)
    assert document["info"] == {"title": "Shop", "version": "1.0"}
    assert set(document["paths"]) == {"/films/{id}", "/v2/films"}


def test_one_of_several_descriptions(folder: Path) -> None:
    document = json.loads(run("openapi", "shop.py", "--at", "/v2")[1])
    assert (document["info"]["title"], list(document["paths"])) == ("Second", ["/v2/films"])
    assert run("openapi", "shop.py", "--at", "/v3")[0] == 1


def test_an_app_without_the_plugin_is_described_too(folder: Path) -> None:
    document = json.loads(run("openapi", "shop.py:plain")[1])
    assert document["info"]["title"] == "plain"


def test_a_stale_file_fails_the_check(folder: Path) -> None:
    arguments = ("openapi", "shop.py", "--out", "openapi.json")
    assert run(*arguments, "--check")[0] == 1
    assert run(*arguments)[0] == 0
    assert run(*arguments, "--check") == (0, "")
    (folder / "shop.py").write_text(PROGRAM.replace("title: str", "name: str"), encoding="utf-8")
    code, output = run(*arguments, "--check")
    assert code == 1
    assert "openapi.json is not what the application is" in output
    assert '+          "name": {' in output


@pytest.mark.row("LI14")
def test_types_and_clients_are_files(folder: Path) -> None:
    arguments = ("client", "shop.py", "--typescript", "shop.ts", "--python", "shop_client.py")
    assert run(*arguments) == (0, "")
    assert "export interface Film {\n  title: string;\n}" in (folder / "shop.ts").read_text(encoding="utf-8")
    assert "async show(args: { id: number }" in (folder / "shop.ts").read_text(encoding="utf-8")
    assert "class Film(msgspec.Struct" in (folder / "shop_client.py").read_text(encoding="utf-8")
    assert run(*arguments, "--check")[0] == 0
    (folder / "shop.py").write_text(PROGRAM.replace("title: str", "name: str"), encoding="utf-8")
    code, output = run(*arguments, "--check")
    assert code == 1
    assert "shop.ts is not" in output
    assert "shop_client.py is not" in output


def test_a_client_needs_a_file(folder: Path) -> None:
    code, output = run("client", "shop.py")
    assert code == 2
    assert "--typescript films.ts" in output
