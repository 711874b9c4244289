"""A project from its command line, and its tests: in the process, over sockets, rolled back, two runs side by side."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

APP = '''
from pathlib import Path

import msgspec

from segue import App
from segue.auth import Auth
from segue.db import Database, Field, Model, field
from segue.mail import Mail


class Shop(msgspec.Struct):
    greeting: str = "hello"


class Film(Model, table="kept_film"):
    title: Field[str] = field(max_length=60, unique=True)


auth = Auth(origin="http://127.0.0.1", pages=False)
db = Database("sqlite:///films.db", models=[Film, *auth.models], migrations="migrations")
app = App(plugins=[db, auth, Mail(f"file://{Path(__file__).parent}/letters", sender="films@example.org")])
shop = app.settings(Shop)


@app.command
async def greet(name: str, *, loud: bool = False) -> str:
    """Greets NAME."""
    return (f"hello, {name}").upper() if loud else f"hello, {name}"


@app.get("/greeting")
async def greeting(settings: Shop) -> str:
    return settings.greeting


@app.get("/films")
async def films() -> list[Film]:
    return await Film.order_by(Film.title)


@app.post("/films", skip=["csrf"])
async def add(film: Film) -> Film:
    return await film.save()
'''

TESTS = """
import asyncio
import os
import time
from pathlib import Path
from urllib.request import urlopen

import pytest
from app import Film, Shop, app, db

from segue.testing import AsyncClient, Client


@pytest.fixture(scope="session", autouse=True)
def database():
    with db.testing():
        # Both runs are here at the same time, each with a database of its own.
        Path(f"here-{os.environ['RUN']}").touch()
        until = time.monotonic() + 60
        while len(list(Path().glob("here-*"))) < 2 and time.monotonic() < until:
            time.sleep(0.05)
        yield


@pytest.fixture
def rolled_back(database):
    with db.rolled_back():
        yield


@pytest.mark.parametrize("turn", [1, 2])
def test_what_one_writes_the_next_does_not_see(rolled_back, client, turn):
    films = client(app)
    assert films.get("/films").json() == []
    assert films.post("/films", json={"title": "Nuages"}).status == 200
    assert len(films.get("/films").json()) == 1


def test_a_coroutine_has_a_client_too(rolled_back):
    async def ask():
        async with AsyncClient(app) as client:
            return (await client.get("/films")).json()

    assert asyncio.run(ask()) == []


def test_settings_for_one_test(client):
    films = client(app)
    assert films.get("/greeting").text == "hello"
    with films.override(Shop, Shop(greeting="salut")):
        assert films.get("/greeting").text == "salut"
    assert films.get("/greeting").text == "hello"


def test_transactions_that_are_committed_and_a_server_of_sockets(live_server):
    async def fill():
        async with db:
            async with db.transaction():
                await Film.create(title=f"of run {os.environ['RUN']}")

    asyncio.run(fill())
    with urlopen(live_server(app).url + "/films") as reply:
        assert reply.read().count(b"of run") == 1
"""


KEY = "the-secret-key-of-these-tests-0123456789-abcdefghijklmnop"


def run(folder: Path, *arguments: str, give: str = "") -> str:
    """What a command says; it has to end well."""
    done = subprocess.run(
        [sys.executable, "-m", "segue", "--app", "app:app", *arguments],
        cwd=folder,
        input=give,
        text=True,
        capture_output=True,
        timeout=120,
        env={**os.environ, "PYTHONPATH": os.pathsep.join((str(folder), *sys.path)), "SECURITY_KEY": KEY},
    )
    assert done.returncode == 0, f"{arguments}: {done.stdout}{done.stderr}"
    return done.stdout


@pytest.mark.row("DJ-28")
@pytest.mark.requires("sqlite3")
def test_a_project_is_kept_with_commands_and_tested_from_all_sides(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(APP)
    (tmp_path / "test_app.py").write_text(TESTS)
    password = "nuages over the seine"
    run(tmp_path, "db", "diff", "-m", "first")
    run(tmp_path, "db", "migrate")
    assert "ada@example.org" in run(
        tmp_path, "auth", "create-user", "ada@example.org", "--admin", give=f"{password}\n{password}\n"
    )
    run(tmp_path, "mail", "send-test", "ada@example.org")
    assert len(list((tmp_path / "letters").rglob("*.eml"))) == 1
    assert run(tmp_path, "greet", "Ada", "--loud").strip() == "HELLO, ADA"
    shell = 'from app import Film; (await Film.create(title="Nuages")).title; await Film.all().count()'
    assert run(tmp_path, "shell", "-c", shell).split() == ["'Nuages'", "1"]
    assert run(tmp_path, "db", "shell", "SELECT title FROM kept_film").strip() == "Nuages"
    inspected = run(tmp_path, "db", "inspect", "kept_film")
    assert "class KeptFilm(Model" in inspected
    assert "title: Field[str]" in inspected
    run(tmp_path, "db", "dump", "films.json", "--model", "Film")
    assert json.loads((tmp_path / "films.json").read_text())[0]["fields"]["title"] == "Nuages"
    run(tmp_path, "shell", "-c", "from app import Film; await Film.all().delete()")
    run(tmp_path, "db", "load", "films.json")
    assert run(tmp_path, "db", "shell", "SELECT count(*) FROM kept_film").strip() == "1"
    assert "kept_film" in run(tmp_path, "db", "stats")
    run(tmp_path, "check")
    assert "/films" in run(tmp_path, "routes")
    listed = " ".join(run(tmp_path, *group, "--help") for group in ((), ("db",), ("exec",)))
    named = {line.split()[0] for line in listed.splitlines() if line.startswith("  ") and line.split()}
    assert len(named) >= 30

    runs = [_tests(tmp_path, number) for number in ("1", "2")]
    for one in runs:
        out = one.communicate(timeout=180)[0]
        assert (one.returncode, "5 passed" in out) == (0, True), out
    # What they wrote is in no database that stays.
    assert run(tmp_path, "db", "shell", "SELECT title FROM kept_film").strip() == "Nuages"


def _tests(folder: Path, number: str) -> subprocess.Popen[Any]:
    return subprocess.Popen(
        [sys.executable, "-m", "pytest", "-q", "-p", "segue.testing.plugin", "-p", "no:cacheprovider", "."],
        cwd=folder,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={
            **os.environ,
            "PYTHONPATH": os.pathsep.join((str(folder), *sys.path)),
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
            "RUN": number,
            "SECURITY_KEY": KEY,
        },
    )
