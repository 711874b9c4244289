"""What Pyramid's tools for looking into an app show, by Segue's commands."""

from __future__ import annotations

import importlib.metadata
import platform
from pathlib import Path

import pytest
from click.testing import CliRunner

from segue import inspect_app
from segue.cli import main
from segue.cli.loading import load_app

PROGRAM = """
from segue import App

app = App("films")


@app.get("/x", accept="text/html")
async def page() -> str:
    return "page"


@app.get("/x", accept="application/json")
async def data() -> dict[str, int]:
    return {"x": 1}
"""


def run(*arguments: str) -> str:
    return CliRunner().invoke(main, arguments).output


def test_versions_are_those_that_are_installed() -> None:
    lines = dict(line.split(None, 1) for line in run("info").splitlines())
    assert lines["python"].startswith(platform.python_version())
    assert lines["msgspec"] == importlib.metadata.version("msgspec")
    assert "pytest" not in lines
    assert "pytest" in run("info", "--all")


@pytest.mark.row("PY-22")
def test_routes_views_of_a_url_shell_request_and_distributions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "viewed.py").write_text(PROGRAM, encoding="utf-8")
    app = ("--app", "viewed.py")
    assert "viewed.py:7" in run(*app, "routes")
    explained = run(*app, "explain", "/x", "-H", "accept: application/json")
    assert "films.page" in explained
    assert "> films.data" in " ".join(explained.split())
    assert run(*app, "request", "GET", "/x", "-H", "accept: text/html") == "page\n"
    assert "x': 1" in run(
        *app, "shell", "-c", "(await do('/x', headers={'accept': 'application/json'})).json()"
    )
    assert "msgspec" in run("info")
    assert [one.name for one in inspect_app(load_app("viewed.py")).routes] == ["films.page", "films.data"]
