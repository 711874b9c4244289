"""`segue testserver`: a try that leaves nothing behind."""

from __future__ import annotations

import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

APP = """
from segue import App
from segue.db import Database, Field, Model, field


class Film(Model, table="try_film"):
    title: Field[str] = field(max_length=60)


app = App(plugins=[Database("sqlite:///films.db", models=[Film])])


@app.get("/films")
async def films() -> list[Film]:
    return await Film.order_by(Film.title)


@app.post("/films")
async def add(film: Film) -> Film:
    return await film.save()
"""


def command(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-u", "-m", "segue", *arguments],
        cwd=folder,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )


def asked(url: str, body: object = None) -> object:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"content-type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as reply:
        return json.load(reply)


def test_it_serves_what_was_loaded_and_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(APP)
    (tmp_path / "films.jsonl").write_text('{"model": "Film", "fields": {"id": 7, "title": "Nuages"}}\n')
    process = command(tmp_path, "testserver", "app:app", "--load", "films.jsonl", "--bind", "127.0.0.1:0")
    try:
        assert process.stdout is not None
        lines: list[str] = []
        while not lines or "A test server is at" not in lines[-1]:
            lines.append(process.stdout.readline())
            assert lines[-1], "".join(lines)
        assert "1 object loaded" in lines[0]
        found = re.search(r"http://[\d.:]+", lines[-1])
        assert found is not None
        url = f"{found[0]}/films"
        assert asked(url) == [{"id": 7, "title": "Nuages"}]
        made = asked(url, {"title": "Minor Swing"})
        assert made == {"id": 8, "title": "Minor Swing"}
        process.send_signal(signal.SIGTERM)
        rest = process.communicate(timeout=60)[0]
        assert (process.returncode, "are gone" in rest) == (0, True), rest
    finally:
        process.kill()
        process.wait()
    real = tmp_path / "films.db"
    if real.exists():
        with sqlite3.connect(real) as connection:
            assert connection.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,)
    assert sorted(one.name for one in tmp_path.iterdir() if one.suffix in (".py", ".jsonl")) == [
        "app.py",
        "films.jsonl",
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("from segue import App\napp = App()\n", "has no database"),
        (APP.replace('"sqlite:///films.db"', '"sqlite:///x.db", name="other"'), "does not exist"),
    ],
)
def test_what_cannot_be_is_told(tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / "app.py").write_text(text)
    process = command(tmp_path, "testserver", "app:app", *(["--load", "no.json"] if "other" in text else []))
    out = process.communicate(timeout=60)[0]
    assert process.returncode == 2
    assert told in out
