"""`segue shell`: await at the prompt, with the app started."""

from __future__ import annotations

import os
import pty
import re
import select
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
from collections.abc import AsyncIterator

from segue import App, Struct

app = App("films")
started = []

@app.lifespan
async def life():
    started.append("up")
    yield
    print("ended")

class Film(Struct):
    title: str

@app.get("/x")
async def x() -> list[str]:
    return started

@app.post("/films")
async def add(film: Film) -> Film:
    return film

class Mailer:
    pass


@app.provide
async def mailer() -> AsyncIterator[Mailer]:
    yield Mailer()
    print("closed")


async def double(number: int) -> int:
    return number * 2
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "app.py").write_text(PROGRAM, encoding="utf-8")
    return tmp_path


def shell(folder: Path, *arguments: str, text: str = "") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "segue", "shell", *arguments]
    return subprocess.run(command, cwd=folder, input=text, capture_output=True, text=True, timeout=60)


@pytest.mark.row("SA21")
def test_a_request_that_is_typed_gives_a_response_object(folder: Path) -> None:
    # What of SA21 is reloading is in tests/server/test_reload.py.
    done = shell(folder, text='await do("/x")\n(await do("/x")).json()\nclient\napp\n')
    lines = done.stdout.splitlines()
    assert lines[0] == "<ClientResponse 200 OK to GET http://localhost/x>"
    assert lines[1] == "['up']"
    assert "AsyncClient" in lines[2]
    assert lines[3:] == ["<App 'films'>", "ended"]


def test_names_of_the_module_blocks_and_bodies_work(folder: Path) -> None:
    typed = (
        "def twice(n):\n    return n + n\n\ntwice(4)\nawait double(21)\n"
        'r = await do("POST /films", json={"title": "Nuages"})\nr.json(Film)\nimport segue\nsegue.wait(double(3))\n'
    )
    assert shell(folder, text=typed).stdout.splitlines() == ["8", "42", "Film(title='Nuages')", "6", "ended"]


def test_what_the_app_provides_is_there_until_the_end(folder: Path) -> None:
    typed = "type(await scope.get(Mailer)).__name__\n(await scope.get(Mailer)) is (await scope.get(Mailer))\n"
    assert shell(folder, text=typed).stdout.splitlines() == ["'Mailer'", "True", "closed", "ended"]


def test_an_error_is_shown_and_the_prompt_goes_on(folder: Path) -> None:
    done = shell(folder, text="1 / 0\nawait nothing()\n2\n")
    assert "ZeroDivisionError" in done.stderr
    assert "NameError" in done.stderr
    assert done.stdout.splitlines() == ["2", "ended"]


def test_code_is_run_instead_of_a_prompt(folder: Path) -> None:
    assert shell(folder, "-c", "n = await double(4)\nn").stdout == "8\nended\n"
    assert shell(folder, "-c", "1 / 0").returncode == 1
    assert shell(folder, "-c", "1 +").returncode == 1


@pytest.mark.skipif(sys.platform == "win32", reason="there are no pseudo-terminals")
def test_at_a_terminal_there_is_a_prompt(folder: Path) -> None:
    outer, inner = pty.openpty()
    command = [sys.executable, "-m", "segue", "shell"]
    process = subprocess.Popen(command, cwd=folder, stdin=inner, stdout=inner, stderr=inner, close_fds=True)
    os.close(inner)
    shown = b""
    try:
        shown += until(outer, rb">>> ")
        os.write(outer, b"await do('/x')\n")
        shown += until(outer, rb"<ClientResponse 200 OK.*>>> ")
        os.write(outer, b"\x04")
        process.wait(30)
    finally:
        process.kill()
        process.wait()
        os.close(outer)
    assert b"await do('GET /')" in shown


def until(terminal: int, wanted: bytes) -> bytes:
    """What is shown until something like ``wanted`` is."""
    shown = b""
    while not re.search(wanted, shown, re.DOTALL):
        assert select.select([terminal], [], [], 60)[0], shown
        shown += os.read(terminal, 4096)
    return shown
