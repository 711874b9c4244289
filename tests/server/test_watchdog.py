"""Code that blocks the loop is named by file and line, and holds up nobody but its own worker."""

from __future__ import annotations

import asyncio
import threading
import time
from pathlib import Path

import pytest
from process_rig import Segue, get, segue, serve, until

from segue.server.watchdog import Watchdog

PROGRAM = """
import time
from segue import App

app = App()


def deep(seconds: float) -> None:
    time.sleep(seconds)


@app.get("/block/{seconds:float}")
async def block(seconds: float) -> str:
    deep(seconds)
    return "blocked"


@app.get("/compute")
async def compute() -> str:
    end = time.monotonic() + 0.5
    while time.monotonic() < end:
        sum(range(1000))
    return "computed"


@app.get("/thread")
def thread() -> str:
    time.sleep(0.5)
    return "threaded"


@app.get("/")
async def home() -> str:
    return "home"
"""


def run_in_development(folder: Path) -> Segue:
    (folder / "served.py").write_text(PROGRAM, encoding="utf-8")
    return Segue("run", "served.py", "--port", "0", cwd=folder)


@pytest.mark.row("FAULT-9", "U25")
def test_what_blocks_the_loop_is_named_in_development_and_in_production(tmp_path: Path) -> None:
    development = run_in_development(tmp_path)
    try:
        with serve(PROGRAM, tmp_path) as production:
            for server in (production, development.ready()):
                assert server.get("/block/0.5") == (200, "blocked")
                server.says("served.py:9 in deep: `time.sleep(seconds)`")
                assert "more than 100 ms" in server.output
                assert 'served.py", line 14, in block' in server.output
                server.says("The loop goes on after 0.5 s")
    finally:
        development.end()


def test_an_incident_is_told_once_and_busy_code_is_named_too(tmp_path: Path) -> None:
    with serve(PROGRAM, tmp_path) as server:
        server.get("/block/0.6")
        server.says("The loop goes on")
        assert server.output.count("The loop is blocked") == 1
        server.get("/compute")
        server.says("in compute")


def test_threads_short_blocks_and_idleness_are_no_incidents(tmp_path: Path) -> None:
    with serve(PROGRAM, tmp_path) as server:
        assert server.get("/thread") == (200, "threaded")
        assert server.get("/block/0.02") == (200, "blocked")
        time.sleep(0.5)
        assert "The loop is blocked" not in server.output


def test_the_watch_can_be_turned_off(tmp_path: Path) -> None:
    with serve(PROGRAM, tmp_path, "--block-limit", "0") as server:
        server.get("/block/0.5")
        assert "The loop is blocked" not in server.output


def test_a_blocking_handler_is_named_and_the_others_do_not_feel_it(tmp_path: Path) -> None:
    development = run_in_development(tmp_path)
    try:
        development.ready().get("/block/0.5")
        development.says("served.py:9 in deep")
    finally:
        development.end()
    with serve(PROGRAM, tmp_path, "--workers", "2") as server:
        port = server.port
        blocker = threading.Thread(target=get, args=(port, "/block/2"))
        blocker.start()
        server.says("The loop is blocked")
        times = []
        while blocker.is_alive() and len(times) < 400:
            began = time.monotonic()
            assert get(port, "/") == (200, "home")
            times.append(time.monotonic() - began)
        blocker.join()
        assert len(times) > 100
        assert sorted(times)[int(len(times) * 0.99)] < 0.05


def test_the_shutdown_is_not_held_up_by_a_blocked_loop(tmp_path: Path) -> None:
    (tmp_path / "served.py").write_text(PROGRAM, encoding="utf-8")
    with segue("serve", "served.py", "--port", "0", "--grace", "0.5", cwd=tmp_path) as server:
        server.ready()
        blocker = threading.Thread(target=try_to_get, args=(server.port,))
        blocker.start()
        server.says("The loop is blocked")
        server.process.terminate()
        assert server.wait() == 0
        until(lambda: not blocker.is_alive(), "the end of the client")
        assert "It was still at: served.py:9 in deep" in server.output


def try_to_get(port: int) -> None:
    try:
        get(port, "/block/60")
    except OSError:
        pass


def test_help_that_fails_is_told_once_and_the_watch_goes_on(caplog: pytest.LogCaptureFixture) -> None:
    asked: list[int] = []

    def fail() -> int:
        asked.append(1)
        raise ZeroDivisionError

    async def block_twice() -> None:
        watchdog.watch(asyncio.get_running_loop(), fail)
        for _ in range(2):
            await asyncio.sleep(0.2)
            time.sleep(1.0)  # noqa: ASYNC251 -- it is to block
        await asyncio.sleep(0.2)

    watchdog = Watchdog(0.1)
    try:
        asyncio.run(block_twice())
    finally:
        watchdog.stop()
    assert len(asked) == 1
    assert caplog.text.count("could not be relieved") == 1
    assert caplog.text.count("The loop is blocked") == 2
