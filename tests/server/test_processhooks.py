"""What is done once in each process: the first one, the one that watches files, and each worker; and to begin anew."""

from __future__ import annotations

import asyncio
import http.client
import json
import signal
from pathlib import Path

import pytest
from process_rig import segue, until

from segue import App, AppStarted, AppStarting, AppStopped, AppStopping
from segue.testing import AsyncClient

PROGRAM = """
import os
from segue import App, AppStarted, AppStarting, AppStopped, AppStopping, AppSignal, RequestIds
from segue.server import restart

app = App()
app.middleware(RequestIds())


@app.on(AppSignal)
def note(signal):
    with open("events", "a") as file:
        file.write(f"{os.getpid()} {type(signal).__name__}\\n")


@app.get("/")
async def home() -> str:
    return str(os.getpid())


@app.get("/bad")
async def bad() -> str:
    raise ValueError("bad")


@app.post("/restart")
async def begin_anew() -> None:
    restart()
"""

HOOKS = """
import os

def note(what):
    with open("events", "a") as file:
        file.write(f"{os.getpid()} {what}\\n")

def main_process_start(): note("main_process_start")
def main_process_stop(): note("main_process_stop")
def reload_process_start(): note("reload_process_start")
def reload_process_stop(): note("reload_process_stop")
"""

LOGGERS = """
class Logger:
    def __init__(self):
        self.count = 0

    def __call__(self, request, status, size, seconds):
        self.count += 1
        with open("access", "a") as file:
            file.write(f"{self.count} {request.method} {request.path} {status} {size} {seconds >= 0}\\n")
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in (("served.py", PROGRAM), ("hooks_of_test.py", HOOKS), ("loggers_of_test.py", LOGGERS)):
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def events(folder: Path) -> dict[int, list[str]]:
    """What was noted, by process."""
    found: dict[int, list[str]] = {}
    for line in (folder / "events").read_text().splitlines():
        pid, what = line.split()
        found.setdefault(int(pid), []).append(what)
    return found


@pytest.mark.row("SA6")
def test_the_first_process_has_hooks_of_its_own_and_each_worker_its_signals(folder: Path) -> None:
    arguments = ("--port", "0", "--main", "hooks_of_test")
    with segue("serve", "served:app", "--workers", "4", *arguments, cwd=folder) as server:
        server.ready()
        workers = set(server.workers)
        server.signal(signal.SIGTERM)
        assert server.wait() == 0
    found = events(folder)
    assert found.pop(server.pid) == ["main_process_start", "main_process_stop"]
    assert len(workers) == 4
    assert found == {one: ["AppStarting", "AppStarted", "AppStopping", "AppStopped"] for one in workers}
    # They stand around all that the workers do.
    lines = (folder / "events").read_text().split()[1::2]
    assert (lines[0], lines[-1]) == ("main_process_start", "main_process_stop")
    (folder / "events").unlink()
    with segue("run", "served.py", *arguments, cwd=folder) as server:
        server.ready()
        until(lambda: "reload_process_start" in (folder / "events").read_text(), "the process that watches")
        server.signal(signal.SIGTERM)
        assert server.wait() == 0
    found = events(folder)
    assert found.pop(server.pid) == ["main_process_start", "main_process_stop"]
    assert ["reload_process_start", "reload_process_stop"] in found.values()


def test_one_worker_without_a_supervisor_has_them_too(folder: Path) -> None:
    with segue("serve", "served:app", "--port", "0", "--main", "hooks_of_test", cwd=folder) as server:
        server.ready()
        server.signal(signal.SIGTERM)
        assert server.wait() == 0
    assert list(events(folder)) == [server.pid]
    assert events(folder)[server.pid][0] == "main_process_start"
    assert events(folder)[server.pid][-1] == "main_process_stop"


@pytest.mark.parametrize(
    ("module", "part"), [("nowhere_at_all", "no module"), ("loggers_of_test", "none of the functions")]
)
def test_a_module_without_hooks_is_told(folder: Path, module: str, part: str) -> None:
    with segue("serve", "served:app", "--port", "0", "--main", module, cwd=folder) as server:
        assert server.wait() == 1
        assert part in server.output


@pytest.mark.row("AI23")
def test_the_access_log_may_be_a_class_of_ones_own_or_have_a_format(folder: Path) -> None:
    arguments = ("--port", "0", "--access-logger", "loggers_of_test:Logger")
    with segue("serve", "served:app", *arguments, cwd=folder) as server:
        server.ready().get("/")
        server.get("/no")
        log = folder / "access"
        until(lambda: log.exists() and log.read_text().count("\n") == 2, "two lines")
        first, second = log.read_text().splitlines()
        assert first.startswith("1 GET / 200 ")
        assert second.startswith("2 GET /no 404 ")
    with segue(
        "serve", "served:app", "--port", "0", "--access-logger", "loggers_of_test:No", cwd=folder
    ) as server:
        assert server.wait() == 1
        assert "loggers_of_test:No" in server.output
    formatted = ("--access-log", "formatted", "--access-log-format", "{method} {status} <{header.x-a}>")
    with segue("serve", "served:app", "--port", "0", *formatted, cwd=folder) as server:
        server.ready().get("/no")
        until(lambda: (folder / "formatted").read_text() == "GET 404 <->\n", "a line of this format")


def test_the_id_of_a_request_is_echoed_and_logged(folder: Path) -> None:
    arguments = ("--port", "0", "--access-log", "access.json", "--access-log-format", "json")
    with segue("serve", "served:app", *arguments, cwd=folder) as server:
        server.ready()
        seen: list[str | None] = []
        for sent in ({"x-request-id": "abc-123"}, {"x-request-id": "an evil id"}, {}):
            connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
            connection.request("GET", "/bad", headers=sent)
            response = connection.getresponse()
            response.read()
            seen.append(response.getheader("x-request-id"))
            connection.close()
        log = folder / "access.json"
        until(lambda: log.read_text().count("\n") == 3, "three lines")
        assert [json.loads(line)["id"] for line in log.read_text().splitlines()] == seen
        assert seen[0] == "abc-123"
        assert len({*seen, "an evil id"}) == 4
        until(lambda: all(f"[{one}]" in server.output for one in seen), "the ids in the log of errors")


@pytest.mark.row("CP20")
def test_states_channels_in_order_and_a_restart_from_within(folder: Path) -> None:
    app = App()
    states: list[str] = []
    saved: list[str] = []
    for kind in (AppStarting, AppStarted, AppStopping, AppStopped):
        app.on(kind)(lambda: states.append(app.phase))

    @app.on("db-save")
    async def second(what: str) -> str:
        saved.append(f"second {what}")
        return "second"

    @app.on("db-save", before=second)
    def first(what: str) -> str:
        saved.append(f"first {what}")
        return "first"

    async def live() -> None:
        states.append(app.phase)
        async with AsyncClient(app):
            states.append(app.phase)
            assert await app.emit("db-save", what="x") == ["first", "second"]
        states.append(app.phase)

    asyncio.run(live())
    assert states == ["stopped", "starting", "starting", "started", "stopping", "stopping", "stopped"]
    assert saved == ["first x", "second x"]
    # A subscriber to the start has run when the first request is accepted: the port answers only then.
    with segue("serve", "served:app", "--port", "0", cwd=folder) as server:
        pid = int(server.ready().get()[1])
        assert events(folder)[pid] == ["AppStarting", "AppStarted"]
        post(server.port, "/restart")
        until(
            lambda: events(folder)[server.pid].count("AppStarted") == 2, "the same process, and a second life"
        )
        assert events(folder)[server.pid][2:4] == ["AppStopping", "AppStopped"]
    (folder / "events").unlink()
    with segue("serve", "served:app", "--port", "0", "--workers", "2", cwd=folder) as server:
        first = {int(server.ready().get()[1]), *server.workers}
        post(server.port, "/restart")
        until(lambda: len(events(folder)) == 4 and not first & set(server.workers), "two new workers alone")
        assert int(server.get()[1]) not in first


def post(port: int, path: str) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request("POST", path, headers={"connection": "close"})
    assert connection.getresponse().status == 204
    connection.close()
