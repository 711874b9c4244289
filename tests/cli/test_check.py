"""`segue check`: it finds what is planted, and nothing where nothing is."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from segue.cli import main

# Each line with a fault says which one; all others are sound.
PLANTED = """
import functools
import os
import sqlite3
import subprocess
import time
import urllib.request
from datetime import date
from time import sleep as nap

from segue import App, Cookie, Next, Request, Response, Struct, WebSocket, wait

app = App("planted")
app.templates("templates")


class Film(Struct):
    title: str


def logged(function):
    @functools.wraps(function)
    async def call(*args, **named):
        return await function(*args, **named)

    return call


def read_all(address):
    with urllib.request.urlopen(address) as answer:  # FAULT blocking
        return answer.read()


async def notify(film: Film) -> None:
    pass


@app.middleware
async def timing(request: Request, next: Next) -> Response:
    nap(0.1)  # FAULT blocking
    return await next(request)


@app.get("/")
async def home(request: Request) -> str:
    time.sleep(1)  # FAULT blocking
    return request.url_for("planted.homepage")  # FAULT dead-link


@app.get("/films/{id:int}")
async def show(id: int, request: Request) -> str:
    subprocess.run(["true"])  # FAULT blocking
    return app.url_for("show")  # FAULT dead-link


@app.put("/films/{title}")  # FAULT shadowed
async def rename(title: str) -> str:
    read_all("http://localhost/" + title)
    return title


@app.post("/films")
async def add(film: Film) -> Film:
    notify(film)  # FAULT not-awaited
    os.system("true")  # FAULT blocking
    return film


@app.post("/theme")  # FAULT unguarded
async def theme(theme: Cookie[str]) -> str:
    return theme


@app.get("/days/{day:date}")  # FAULT never-matches
async def diary(day: int) -> str:
    return ""


@app.get("/search")  # FAULT get-body
def search(film: Film) -> str:
    return ""


@app.get("/count")  # FAULT no-reply
async def count() -> int:
    import sqlite3 as database

    database.connect(":memory:").close()  # FAULT blocking
    return 1


@logged
@app.get("/admin")
async def admin() -> str:
    return ""


@app.websocket("/chat")
async def chat(socket: WebSocket) -> None:
    socket.send("hello")  # FAULT not-awaited
    wait(notify(Film("x")))  # FAULT blocking


@app.error_handler(404)
def lost(request: Request, error: Exception) -> str:
    input("what now?")  # FAULT blocking
    return "lost"


class Mailer(Struct):
    host: str


@app.command  # FAULT not-provided
def send(mailer: Mailer) -> None:
    pass


@app.check
def named(app):  # the check itself is declared one line above
    if "admin" in {one.name.rpartition(".")[2] for one in app.plan.endpoints}:
        yield "there is an admin page"
"""

TEMPLATE = """\
<a href="{{ url_for('planted.home') }}">Home</a>
{# url_for('planted.old') #}
<a href="{{ url_for("planted.gone") }}">Gone</a>
<a href="{{ url_for('planted.show', id=film.id) }}">Film</a>
<a href="{{ url_for('planted.show') }}">Film</a>
"""

CLEAN = """
import asyncio
import functools
import sqlite3
import time
from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path
from uuid import UUID

import msgspec

from segue import App, Form, Next, Query, Request, Response, Struct, WebSocket, wait

app = App("clean")
blog = App("blog")
app.templates("templates")


class Film(Struct):
    title: str


def slow() -> None:
    time.sleep(1)


def traced(function):
    @functools.wraps(function)
    async def call(*args, **named):
        return await function(*args, **named)

    return call


async def notify() -> None:
    await asyncio.sleep(0)


@app.middleware
async def timing(request: Request, next: Next) -> Response:
    response = await next(request)
    return response


@app.get("/films/new")
async def form() -> str:
    return app.url_for("clean.show", id=1, page=2, _anchor="x")


@app.get("/films/{id:int}")
@traced
async def show(id: int) -> dict[str, int]:
    await asyncio.to_thread(slow)
    await asyncio.to_thread(time.sleep, 0)
    later = notify()
    await later
    task = asyncio.create_task(notify())
    await task
    run = lambda: time.sleep(1)  # never called here

    def inner() -> None:
        time.sleep(1)

    await asyncio.get_running_loop().run_in_executor(None, inner)
    return {"id": id}


@app.delete("/films/{id:int}")
@app.get("/old/{id}")
def remove(id: int, request: Request) -> str:
    slow()
    wait(notify())
    sqlite3.connect(":memory:").close()
    return request.url_for("blog.posts", page=3)


@app.post("/films")
async def add(film: Film) -> Film:
    sleep = asyncio.sleep
    await sleep(0)
    return film


@app.get("/prices/{price:float}")
async def price(price: float) -> str:
    return ""


@app.get("/sums/{number:int}")
async def total(number: float) -> str:
    return ""


@app.query("/films")
async def search(film: Film) -> list[Film]:
    return [film]


@app.get("/keys/{key:uuid}/{day:date}")
async def key(key: UUID, day: date, time: Query[str] = "") -> str:
    return time.upper()


@app.get("/waits")
async def waits(request: Request) -> str:
    time.sleep(0)  # segue: ignore[blocking]
    return request.url_for(request.query.get("to", "clean.form"))


@app.websocket("/chat")
async def chat(socket: WebSocket) -> None:
    await socket.send("hello")


@app.get("/numbers")
def numbers() -> tuple[dict[str, int], int]:
    return {"n": 1}, 201


@app.provide
async def film() -> Film:
    return Film("Nuages")


@app.command
async def shown(film: Film, times: int = 1) -> str:
    return film.title


@app.every(60)
async def tick() -> None:
    await notify()


@blog.get("/posts")
async def posts(request: Request, page: int = 1) -> str:
    return blog.url_for("posts") + request.url_for("posts") + request.url_for("clean.form")


other = App("other")


@other.get("/elsewhere")
async def elsewhere(request: Request) -> str:
    return request.url_for("elsewhere")


def linked(app: App) -> str:
    return app.url_for("elsewhere")


app.include(blog, at="/blog")
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def check(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(main, ["check", *arguments])
    return result.exit_code, result.stdout


@pytest.mark.row("BEY-7")  # with test_explain_run.py
def test_every_planted_fault_is_found_at_its_line_and_nothing_else(folder: Path) -> None:
    (folder / "planted.py").write_text(PLANTED, encoding="utf-8")
    (folder / "templates").mkdir()
    (folder / "templates" / "home.html").write_text(TEMPLATE, encoding="utf-8")
    code, output = check("planted.py")
    assert code == 1
    planted = {
        ("planted.py", number, line.rpartition("FAULT ")[2])
        for number, line in enumerate(PLANTED.splitlines(), 1)
        if "# FAULT" in line
    }
    planted |= {("templates/home.html", 3, "dead-link"), ("templates/home.html", 5, "dead-link")}
    planted |= {
        ("planted.py", line_of("@logged"), "lost-decorator"),
        ("planted.py", line_of("@app.check"), "named"),
    }
    found = {
        (match["file"], int(match["line"]), match["code"])
        for match in re.finditer(r"^(?P<file>\S+?):(?P<line>\d+): (?P<code>[\w-]+) ", output, re.MULTILINE)
    }
    assert found == planted
    assert len(planted) >= 12


def line_of(text: str) -> int:
    return PLANTED.splitlines().index(text) + 1


def test_a_clean_app_and_the_examples_raise_no_alarm(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "clean.py").write_text(CLEAN, encoding="utf-8")
    (folder / "templates").mkdir()
    assert check("clean.py") == (0, "")
    examples = Path(__file__).resolve().parents[2] / "examples"
    monkeypatch.chdir(examples)
    # What is served has a key of its own.
    monkeypatch.setenv("SECURITY_KEY", "kO3v9xQ2mZ7rT1bN8sW4yL6pD0cF5hJ_aGeUiXqV-RtYwBnMzKj")
    apps = [
        one
        for one in sorted(examples.rglob("*.py"))
        if re.search(r"^app = App\(", one.read_text("utf-8"), re.MULTILINE)
    ]
    assert apps
    for one in apps:
        assert (one.name, check(str(one))) == (one.name, (0, ""))


def test_an_app_that_cannot_start_says_why_and_is_read_nevertheless(folder: Path) -> None:
    (folder / "broken.py").write_text(
        "import time\nfrom segue import App\napp = App()\n\n@app.get('/a/{id}')\nasync def one() -> str:\n"
        "    time.sleep(1)\n    return ''\n\n@app.get('/b')\nasync def two(film: object) -> str:\n    return ''\n\n"
        "@app.get('/b')\nasync def three() -> str:\n    return ''\n",
        encoding="utf-8",
    )
    code, output = check("broken.py")
    assert code == 1
    lines = [line.split()[:2] for line in output.splitlines()]
    assert ["broken.py:5:", "cannot-start"] in lines
    assert ["broken.py:10:", "cannot-start"] in lines
    assert ["broken.py:7:", "blocking"] in lines


def test_findings_come_as_json(folder: Path) -> None:
    (folder / "counted.py").write_text(
        "from segue import App\napp = App()\n@app.get('/')\nasync def count() -> int:\n    return 1\n",
        encoding="utf-8",
    )
    code, output = check("counted.py", "--json")
    assert code == 1
    assert [(one["file"], one["line"], one["code"]) for one in json.loads(output)] == [
        ("counted.py", 3, "no-reply")
    ]


def test_a_comment_silences_what_it_names(folder: Path) -> None:
    for number, (comment, code) in enumerate(
        [("", 1), ("# segue: ignore", 0), ("# segue: ignore[no-reply]", 0), ("# segue: ignore[blocking]", 1)]
    ):
        (folder / f"silent{number}.py").write_text(
            f"from segue import App\napp = App()\n@app.get('/')  {comment}\nasync def count() -> int:\n    return 1\n",
            encoding="utf-8",
        )
        assert check(f"silent{number}.py")[0] == code


def test_a_plugin_checks_with_findings_of_its_own(folder: Path) -> None:
    (folder / "plugged.py").write_text(
        "from segue import App\nfrom segue.core.inspection.checks import Finding\n\nclass Names:\n    name = 'names'\n\n"
        "    def setup(self, to):\n        to.check(self.look)\n\n"
        "    async def look(self, app):\n        return [Finding('x.py', 7, 'odd', app.name + ' is odd')]\n\n"
        "app = App('thing', plugins=[Names()])\n",
        encoding="utf-8",
    )
    assert check("plugged.py") == (1, "x.py:7: odd thing is odd\n")
