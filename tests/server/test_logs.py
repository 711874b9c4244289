"""The log: for people in colours, for programs as JSON, and with the id of the request that it is about."""

from __future__ import annotations

import http.client
import json
import os
import pty
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from process_rig import PATIENCE, PORT, Segue, segue, until

PROGRAM = """
import logging

from segue import App, RequestIds

app = App()
app.middleware(RequestIds())
log = logging.getLogger("films")


class Odd:
    def __repr__(self):
        return "<odd \\x1b[31m>"


@app.get("/ok")
async def ok() -> str:
    circle: list = []
    circle.append(circle)
    log.warning("sold\\nout %d", 3, extra={"film": 3, "odd": Odd()})
    log.warning("a circle", extra={"circle": circle})
    return "ok"


@app.get("/bad")
async def bad() -> str:
    raise ZeroDivisionError("nobody foresaw it")
"""
ESCAPE = re.compile(r"\x1b\[[0-9;]*m")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "served.py").write_text(PROGRAM, encoding="utf-8")
    return tmp_path


def ask(port: int, path: str, identifier: str) -> str | None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    connection.request("GET", path, headers={"x-request-id": identifier, "connection": "close"})
    response = connection.getresponse()
    response.read()
    connection.close()
    return response.getheader("x-request-id")


class Terminal:
    """What a terminal shows of a program that runs in it."""

    def __init__(self, command: list[str], cwd: Path, env: dict[str, str]) -> None:
        self._own, inner = pty.openpty()
        self.process = subprocess.Popen(command, cwd=cwd, env=env, stdin=inner, stdout=inner, stderr=inner)
        os.close(inner)
        self.shown = b""
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        while True:
            try:
                piece = os.read(self._own, 65536)
            except OSError:  # the program has ended
                return
            if not piece:
                return
            self.shown += piece

    @property
    def text(self) -> str:
        return self.shown.decode(errors="replace")

    def close(self) -> None:
        self.process.terminate()
        self.process.wait(PATIENCE)
        self._reader.join(PATIENCE)
        os.close(self._own)


@contextmanager
def in_terminal(folder: Path, *arguments: str, **env: str) -> Iterator[Terminal]:
    whole = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "TERM": "xterm", **env}
    for name in ("NO_COLOR", "FORCE_COLOR"):
        if name not in env:
            whole.pop(name, None)
    terminal = Terminal([sys.executable, "-m", "segue", *arguments], folder, whole)
    try:
        until(lambda: PORT.search(ESCAPE.sub("", terminal.text)), "the address of the server")
        yield terminal
    finally:
        terminal.close()


def port_of(terminal: Terminal) -> int:
    found = PORT.search(ESCAPE.sub("", terminal.text))
    assert found
    return int(found[1])


def objects(server: Segue) -> list[dict[str, Any]]:
    return [json.loads(line) for line in server.lines if line.startswith("{")]


@pytest.mark.row("SA24")
def test_logs_are_coloured_for_people_structured_for_programs_and_have_the_id(folder: Path) -> None:
    # In a terminal, colours: the level of a line, the status of a response.
    with in_terminal(folder, "run", "served.py", "--port", "0") as terminal:
        port = port_of(terminal)
        assert ask(port, "/ok", "id-one") == "id-one"
        assert ask(port, "/bad", "id-two") == "id-two"
        ask(port, "/none", "id-three")
        until(lambda: "/none" in terminal.text, "the last line")
        shown = terminal.text
        assert "\x1b[1mGET\x1b[0m /ok \x1b[32m200\x1b[0m" in shown
        assert "/bad \x1b[31m500\x1b[0m" in shown
        assert "/none \x1b[33m404\x1b[0m" in shown
        assert re.search(r"\x1b\[33mwarning *\x1b\[0m", shown)
        assert re.search(r"\x1b\[31merror *\x1b\[0m", shown)
        assert "[id-two]" in shown
    # For programs: each record and each response is an object, which knows the id that the client sent and got back.
    arguments = ("--log-format", "json", "--access-log", "-", "--access-log-format", "json")
    with segue("serve", "served:app", "--port", "0", *arguments, cwd=folder) as server:
        until(lambda: any("serves at" in line for line in server.lines), "the server's address")
        port = server.port
        assert ask(port, "/ok", "id-one") == "id-one"
        assert ask(port, "/bad", "id-two") == "id-two"
        until(lambda: len([one for one in objects(server) if one.get("status")]) == 2, "two responses")
        until(lambda: any(one.get("request_id") for one in objects(server)), "the error")
        logged = objects(server)
        assert len(logged) == len(server.lines), server.output
    answered = {one["target"]: one for one in logged if "status" in one}
    assert (answered["/ok"]["id"], answered["/ok"]["status"]) == ("id-one", 200)
    assert (answered["/bad"]["id"], answered["/bad"]["status"]) == ("id-two", 500)
    (failed,) = [one for one in logged if one.get("level") == "error"]
    assert (failed["request_id"], failed["logger"]) == ("id-two", "segue.errors")
    assert (failed["method"], failed["target"]) == ("GET", "/bad")
    assert "nobody foresaw it" in failed["exception"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d{4}", failed["time"])
    (sold,) = [one for one in logged if one.get("film")]
    assert (sold["message"], sold["film"], sold["level"]) == ("sold\nout 3", 3, "warning")
    assert sold["odd"] == "<odd \x1b[31m>"
    assert any(one.get("message") == "'a circle'" for one in logged)


@pytest.mark.parametrize("env", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_who_wants_no_colours_has_none(folder: Path, env: dict[str, str]) -> None:
    with in_terminal(folder, "run", "served.py", "--port", "0", "--no-reload", **env) as terminal:
        ask(port_of(terminal), "/ok", "x")
        until(lambda: "GET /ok 200" in terminal.text, "the line")
        assert "\x1b[" not in terminal.text


def test_files_and_pipes_have_none_unless_they_are_asked_for(folder: Path) -> None:
    files = ("--log-file", "server.log", "--access-log", "access.log")
    with segue("run", "served.py", "--port", "0", "--no-reload", cwd=folder) as server:
        server.ready().get("/ok")
        server.says("GET /ok 200")
        assert "\x1b[" not in server.output
    with segue(
        "run", "served.py", "--port", "0", "--no-reload", cwd=folder, env={"FORCE_COLOR": "1"}
    ) as server:
        until(lambda: PORT.search(server.output), "the server's address")
        server.get("/ok")
        server.says("/ok \x1b[32m200\x1b[0m")
    with segue("serve", "served:app", "--port", "0", *files, cwd=folder, env={"FORCE_COLOR": "1"}) as server:
        log = folder / "server.log"
        until(lambda: log.exists() and "serves at" in log.read_text(), "the log")
        server.lines.append(log.read_text())
        server.get("/ok")
        until(lambda: "/ok" in (folder / "access.log").read_text(), "a line")
        assert "\x1b[" not in log.read_text() + (folder / "access.log").read_text()
