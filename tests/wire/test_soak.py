"""Many requests of every kind, one after the other: what they took is given back."""

from __future__ import annotations

import os
import re
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
from rig.client import connect, exchange
from rig.forms import field, multipart, post, upload

PROGRAMS = str(Path(__file__).parent / "rig" / "programs.py")
MB = 1_000_000
WARM_UP = 4_000
REQUESTS = 60_000
SAMPLES = 12
# Half an hour at 50 requests a second is SEGUE_SOAK_SECONDS=1800: the same requests, with pauses between them.
SECONDS = int(os.environ.get("SEGUE_SOAK_SECONDS", "0"))


def get(path: str, *fields: str) -> bytes:
    lines = "".join(f"{one}\r\n" for one in fields)
    return f"GET {path} HTTP/1.1\r\nHost: a\r\n{lines}\r\n".encode()


JSON = b'{"a":[1,2,3],"b":[4]}'
KEPT = [
    *[get("/ping"), get("/films/1940")] * 4,  # most of what a server does succeeds
    get("/films/7?times=3"),
    get("/films/seven"),  # 404
    get("/films/7?times=x"),  # 422
    get("/nowhere"),
    get("/thread"),
    get("/stream"),
    get("/boom"),  # 500, with a traceback in the log
    get("/ping", "Cookie: a=1; b=2", "Accept: text/html"),
    post("/form", multipart(field("a", b"b" * 5_000)), close=False),
    post("/spool", multipart(upload("picture", b"a.png", b"x" * 2_000)), close=False),
    post("/json", JSON, b"application/json", close=False),
]
# Each of these ends its connection.
LAST = [
    get("/ping", "Host: b"),  # 400
    b"POST /form HTTP/1.1\r\nHost: a\r\nContent-Length: 3000000\r\n\r\n",  # 413
    b"NONSENSE\r\n\r\n",
    get("/ping", "Connection: close"),
]
UPGRADE = get(
    "/socket",
    "Upgrade: websocket",
    "Connection: Upgrade",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
)
HELLO = b"\x81\x85\0\0\0\0hello"  # one text, masked with zeros, and what comes back
ECHO = b"\x81\x05hello"


def whole(connection: socket.socket, sent: bytes) -> bytes:
    """The head of the reply and its body, by its length or its last chunk."""
    connection.sendall(sent)
    received = connection.recv(65_536)
    while True:
        head, mark, body = received.partition(b"\r\n\r\n")
        if mark:
            if b"transfer-encoding: chunked" in head:
                if body.endswith(b"0\r\n\r\n"):
                    return received
            else:
                length = head.partition(b"content-length: ")[2].partition(b"\r\n")[0]
                if len(body) >= int(length or b"0"):
                    return received
        piece = connection.recv(65_536)
        assert piece, received
        received += piece


def ask_all(address: tuple[str, int]) -> int:
    """One of each, over connections that live as long as they would in a browser. Returns how many they were."""
    asked = 0
    for last in LAST:
        with connect(address) as connection:
            for sent in KEPT:
                assert whole(connection, sent).startswith(b"HTTP/1.1 ")
            asked += len(KEPT)
        assert exchange(address, [last]).startswith(b"HTTP/1.1 ")
        asked += 1
    with connect(address) as connection:
        connection.sendall(get("/download"))  # half a gigabyte, of which the client has seen enough
        connection.recv(65_536)
    with connect(address) as connection:
        assert whole(connection, UPGRADE).startswith(b"HTTP/1.1 101 ")
        connection.sendall(HELLO)
        assert connection.recv(100) == ECHO
    return asked + 2


@contextmanager
def served(log: Path) -> Iterator[tuple[tuple[str, int], psutil.Process]]:
    """`segue serve` as in production: a worker that is the process itself, and a log file."""
    command = [sys.executable, "-m", "segue", "serve", "--factory", f"{PROGRAMS}:soaked", "--port", "0"]
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with log.open("wb") as output:
        process = subprocess.Popen(command, env=env, stdout=output, stderr=subprocess.STDOUT)
    try:
        end = time.monotonic() + 20
        while not (found := re.search(r"http://127\.0\.0\.1:([0-9]+)", log.read_text())):
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < end, log.read_text()
            time.sleep(0.02)
        yield ("127.0.0.1", int(found[1])), psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait(30)


@pytest.mark.timeout(180 + 2 * SECONDS)
@pytest.mark.row("FAULT-22")
def test_memory_does_not_grow_with_the_number_of_requests(tmp_path: Path) -> None:
    """The row has 90,000 requests in half an hour, at 50 a second. Here 60,000 go as fast as they can.

    What would leak with each request is seen; what would leak with time, only by SEGUE_SOAK_SECONDS=1800.
    """
    count = max(REQUESTS, 50 * SECONDS)
    with served(tmp_path / "log") as (address, process):

        def run(requests: int, seconds: float) -> int:
            began, asked = time.monotonic(), 0
            while asked < requests:
                asked += ask_all(address)
                time.sleep(max(0.0, began + seconds * asked / requests - time.monotonic()))
            return asked

        run(WARM_UP, 0)
        points = [(0, process.memory_info().rss)]
        for _ in range(SAMPLES):
            asked = run(count // SAMPLES, SECONDS / SAMPLES)
            points.append((points[-1][0] + asked, process.memory_info().rss))
    assert points[-1][0] >= count
    slope = statistics.linear_regression(*zip(*points, strict=True)).slope * 10_000
    assert slope < MB, f"{slope / MB:.2f} MB in 10,000 requests: {[rss // 1000 for _, rss in points]} KB"
