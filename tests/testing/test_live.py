"""The live server and the fixtures of pytest."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.request import urlopen

import pytest

from segue import App
from segue.server import ServerConfig
from segue.testing import LiveServer

SOURCES = Path(__file__).resolve().parents[2] / "src"


def app_with(seen: list[str]) -> App:
    app = App()

    @app.lifespan
    async def life() -> AsyncIterator[None]:
        seen.append("up")
        yield
        seen.append("down")

    @app.get("/")
    async def index() -> str:
        return "hello"

    return app


def test_an_app_is_served_on_a_free_port() -> None:
    seen: list[str] = []
    with LiveServer(app_with(seen)) as server, LiveServer(app_with([])) as other:
        assert server.port != other.port
        assert server.url == f"http://127.0.0.1:{server.port}"
        with urlopen(server.url + "/", timeout=10) as response:
            assert response.read() == b"hello"
        assert seen == ["up"]
        with pytest.raises(RuntimeError, match="runs already"):
            server.start()
    assert seen == ["up", "down"]
    with pytest.raises(RuntimeError, match="does not run"):
        server.url  # noqa: B018 -- it is the reading that raises


def test_it_can_run_again() -> None:
    seen: list[str] = []
    server = LiveServer(app_with(seen))
    for _ in range(2):
        with server, urlopen(server.url, timeout=10) as response:
            assert response.status == 200
    assert seen == ["up", "down"] * 2


def test_several_addresses(tmp_path: Path) -> None:
    config = ServerConfig(binds=("127.0.0.1:0", f"unix:{tmp_path}/app.sock"))
    with LiveServer(app_with([]), config) as server:
        assert server.urls == [server.url, f"unix:{tmp_path}/app.sock"]


def test_a_start_that_fails_leaves_nothing_behind() -> None:
    app = App()

    @app.lifespan
    async def life() -> AsyncIterator[None]:
        raise OSError("no database")
        yield

    server = LiveServer(app)
    with pytest.raises(OSError, match="no database"):
        server.start()
    server.stop()


TESTS = """
from urllib.request import urlopen
from segue import App

app = App()
seen = []

@app.lifespan
async def life():
    seen.append("up")
    yield
    seen.append("down")

@app.get("/")
async def index() -> str:
    return "hello"

def test_live(live_server):
    with urlopen(live_server(app).url) as response:
        assert response.read() == b"hello"

def test_client(client):
    assert seen == ["up", "down"]
    assert client(app, base_url="http://films.localhost").get("/").text == "hello"

def test_the_end():
    assert seen == ["up", "down"] * 2
"""


def test_the_fixtures_of_pytest(tmp_path: Path) -> None:
    (tmp_path / "test_app.py").write_text(TESTS)
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "segue.testing.plugin", "-p", "no:cacheprovider", "."],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(SOURCES), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        timeout=60,
    )
    assert ran.returncode == 0, ran.stdout.decode()
    assert b"3 passed" in ran.stdout


def test_the_plugin_costs_next_to_nothing_where_it_is_not_used() -> None:
    program = "import sys, segue.testing.plugin; print('segue.server.server' in sys.modules, 'segue.testing.client' in sys.modules)"
    ran = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONPATH": str(SOURCES)},
        capture_output=True,
        timeout=60,
    )
    assert ran.stdout.split() == [b"False", b"False"], ran.stderr
