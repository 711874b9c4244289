"""The wall clock jumps by two days and back by an hour while a server runs; the monotonic clock goes on as it is (libfaketime)."""

from __future__ import annotations

import http.client
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import segue

PROGRAM = """
import time

from segue import App, Request
from segue.security import MemorySessions, Session, SessionCookie, Sessions

key = "the-secret-key-of-these-tests-0123456789-abcdefghijklmnop"
app = App(plugins=[Sessions(MemorySessions(), key=key, cookie=SessionCookie(secure=False), idle=3600.0 * 5, absolute=86_400.0)])
ticks = 0


@app.every(0.25)
async def tick() -> None:
    global ticks
    ticks += 1


@app.get("/clock")
async def clock() -> list[float]:
    return [time.time(), time.monotonic(), ticks]


@app.get("/put")
async def put(session: Session) -> str:
    session["who"] = "Django"
    return "put"


@app.get("/look")
async def look(session: Session) -> str:
    return str(session.get("who"))


@app.get("/slow")
async def slow() -> str:
    import asyncio

    await asyncio.sleep(2.5)
    return "done"
"""


def _library() -> str | None:
    found = [
        *Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"),
        *Path("/usr/lib/faketime").glob("libfaketimeMT.so.1"),
    ]
    return str(found[0]) if found else None


class Clocked:
    """A server whose wall clock can be moved."""

    def __init__(self, port: int, file: Path) -> None:
        self.port = port
        self._file = file
        self.cookie = ""

    def move(self, offset: str) -> None:
        """The wall clock is that of the machine and this, ``+2d``, from now on; the change is one step."""
        beside = self._file.with_suffix(".new")
        beside.write_text(f"{offset}\n")
        beside.replace(self._file)

    def connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)

    def ask(self, path: str, connection: http.client.HTTPConnection | None = None) -> str:
        used = connection or self.connect()
        try:
            used.request("GET", path, headers={"cookie": self.cookie} if self.cookie else {})
            answer = used.getresponse()
            if given := answer.getheader("set-cookie"):
                self.cookie = given.partition(";")[0]
            assert answer.status == 200
            return answer.read().decode()
        finally:
            if connection is None:
                used.close()

    def clock(self) -> tuple[float, float, int]:
        wall, monotonic, ticks = re.findall(r"[\d.e+]+", self.ask("/clock"))
        return float(wall), float(monotonic), int(float(ticks))


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Clocked]:
    (tmp_path / "program.py").write_text(PROGRAM)
    (tmp_path / "offset").write_text("+0\n")
    environment = {
        **os.environ,
        "PYTHONPATH": str(Path(segue.__file__).parents[1]),
        "PYTHONUNBUFFERED": "1",
        "LD_PRELOAD": _library() or "",
        "FAKETIME_TIMESTAMP_FILE": str(tmp_path / "offset"),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "DONT_FAKE_MONOTONIC": "1",
    }
    command = [
        sys.executable,
        "-m",
        "segue",
        "serve",
        f"{tmp_path}/program.py:app",
        "--port",
        "0",
        "--request-timeout",
        "20",
        "--keep-alive",
        "60",
    ]
    process = subprocess.Popen(
        command, env=environment, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    assert process.stdout is not None
    drain = threading.Thread()
    try:
        lines = []
        for line in process.stdout:
            lines.append(line)
            if found := re.search(r"http://127\.0\.0\.1:(\d+)", line):
                break
        else:
            pytest.fail("".join(lines))
        drain = threading.Thread(target=process.stdout.read, daemon=True)
        drain.start()
        yield Clocked(int(found[1]), tmp_path / "offset")
    finally:
        process.terminate()
        process.wait(30)
        if drain.is_alive():
            drain.join(10)
        process.stdout.close()


@pytest.mark.row("FAULT-21")
@pytest.mark.requires("faketime")
def test_clocks_jump_and_nothing_else_does(server: Clocked) -> None:
    def ticked(seconds: float) -> tuple[float, float]:
        """How often the task ran in each second of the monotonic clock; and what the wall clock is ahead."""
        _, begun, before = server.clock()
        time.sleep(seconds)
        wall, ended, after = server.clock()
        return (after - before) / (ended - begun), wall - time.time()

    kept = server.connect()
    assert server.ask("/put", kept) == "put"
    assert server.ask("/look", kept) == "Django"
    usual, ahead = ticked(2)
    assert abs(ahead) < 5

    # A request that is under way, and a connection that is open, know nothing of it.
    slow: list[str] = []
    under_way = threading.Thread(target=lambda: slow.append(server.ask("/slow")))
    under_way.start()
    time.sleep(0.5)
    server.move("+2d")
    rate, ahead = ticked(2)
    under_way.join()
    assert slow == ["done"]
    assert 2 * 86_400 - 60 < ahead < 2 * 86_400 + 60
    assert 0 < rate < 3 * max(usual, 4.0)  # neither all that was missed at once, nor none

    # A session is as old as the wall clock says, and that once: the new one is no older.
    assert server.ask("/look", kept) == "None"
    assert server.ask("/put", kept) == "put"
    assert server.ask("/look", kept) == "Django"

    # An hour back from there: the session is from the future, and is not over for that, nor lasts for ever.
    server.move("+47h")
    rate, ahead = ticked(2)
    assert 47 * 3_600 - 60 < ahead < 47 * 3_600 + 60
    assert 0 < rate < 3 * max(usual, 4.0)
    assert server.ask("/look", kept) == "Django"
    server.move("+4d")
    assert server.ask("/look", kept) == "None"
    kept.close()
