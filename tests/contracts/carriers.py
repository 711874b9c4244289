"""The servers that a Segue app is at home in, each behind one call: bytes of a request in, a reply out."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import msgspec

HERE = Path(__file__).resolve().parent
SOURCES = HERE.parents[1] / "src"
# What a carrier writes by itself, into every reply or to frame one.
CARRIERS_OWN = frozenset({"date", "server", "connection", "keep-alive", "transfer-encoding", "via"})


class Reply(msgspec.Struct, frozen=True):
    """A reply without what its carrier adds. `headers` in their order. `whole`: it was not broken off."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes
    whole: bool = True


class Server(msgspec.Struct, frozen=True):
    """How a server is started: `command` with `{port}` in it. `needs`: its package.

    `own_ways`: cases in which the server itself decides the reply before or after the app, and why.
    """

    name: str
    needs: str
    command: tuple[str, ...]
    own_ways: dict[str, tuple[str, ...]] = {}


_CHUNKED = (
    "JSON, chunked",
    "upload, chunked",
    "body over the limit, chunked",
    "body over the limit of all routes, chunked",
    "body without a limit, chunked",
)
_STREAMS = ("stream", "sync stream", "events", "stream that fails after its first byte")
_H11 = {
    "h11 takes a list of equal lengths for one, as RFC 9110 section 8.6 allows": ("Content-Length '1, 1'",)
}

SERVERS = {
    server.name: server
    for server in (
        Server("uvicorn", "uvicorn", ("uvicorn", "--port", "{port}", "--no-access-log", "scenarios:app")),
        Server(
            "uvicorn-h11",
            "uvicorn",
            ("uvicorn", "--http", "h11", "--port", "{port}", "--no-access-log", "scenarios:app"),
            _H11,
        ),
        Server(
            "granian",
            "granian",
            ("granian", "--interface", "asgi", "--port", "{port}", "scenarios:app"),
            {"one reply, then the connection is closed": ("a length and chunks",)},
        ),
        Server("hypercorn", "hypercorn", ("hypercorn", "--bind", "127.0.0.1:{port}", "scenarios:app"), _H11),
        Server(
            "gunicorn",
            "gunicorn",
            ("gunicorn", "--bind", "127.0.0.1:{port}", "--limit-request-line", "8190", "scenarios:wsgi"),
        ),
        Server(
            "gunicorn-threads",
            "gunicorn",
            (
                "gunicorn",
                "--bind",
                "127.0.0.1:{port}",
                "--worker-class",
                "gthread",
                "--threads",
                "4",
                "scenarios:wsgi",
            ),
        ),
        Server(
            "waitress",
            "waitress",
            ("waitress", "--listen", "127.0.0.1:{port}", "scenarios:wsgi"),
            {
                "keeps chunks back until it knows their length, which the refusal then names": _CHUNKED[2:4],
                "one reply, then the connection is closed": ("a length and chunks",),
            },
        ),
        Server(
            "cheroot",
            "cheroot",
            ("cheroot", "--bind", "127.0.0.1:{port}", "scenarios:wsgi"),
            {
                "of a repeated field that it does not know as a list, the last one counts": (
                    "repeated headers",
                    "two hosts",
                )
            },
        ),
        Server(
            "wsgiref",
            "wsgiref",
            ("serve_wsgi", "wsgiref", "{port}"),
            {
                "tells nothing of the path before it was decoded": (
                    "escaped slash",
                    "escaped slash in a tail",
                ),
                "gives a request without a content type one": (
                    *("empty query", "query", "headers", "repeated headers", "latin-1 header"),
                    *("cookies", "no body at all"),
                ),
                "reads no chunks": _CHUNKED,
                "a reply in HTTP/1.0 cannot be seen to be cut": ("stream that fails after its first byte",),
                "of a repeated field, the first one counts": ("two hosts",),
            },
        ),
        Server(
            "fastpysgi",
            "fastpysgi",
            ("serve_wsgi", "fastpysgi", "{port}"),
            {
                "decodes the path in a way of its own": (
                    *("escaped segment", "escaped slash", "escaped slash in a tail", "bad UTF-8 in the path"),
                    *("NUL in the path", "line end after the path"),
                ),
                "reads and writes header fields as UTF-8": ("latin-1 header", "response headers"),
                "of a repeated field, the last one counts": ("repeated headers", "two hosts"),
                "keeps bodies back until it knows their length": (*_STREAMS, *_CHUNKED[2:4]),
            },
        ),
    )
}


@contextmanager
def serving(server: Server) -> Iterator[int]:
    """Runs a server with the scenario app, and gives its port."""
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        port = reserved.getsockname()[1]
    command = [sys.executable, "-m", *(part.format(port=port) for part in server.command)]
    paths = os.pathsep.join([str(SOURCES), str(HERE), os.environ.get("PYTHONPATH", "")])
    process = subprocess.Popen(
        command,
        cwd=HERE,
        env={**os.environ, "PYTHONPATH": paths},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        _until_it_answers(process, port)
        yield port
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(10)


def _until_it_answers(process: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + 30
    while True:
        try:
            if (
                exchange(
                    port, b"GET /text HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", "GET"
                ).status
                == 200
            ):
                return
        except (OSError, ValueError):
            pass
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"{process.args!r} does not serve (exit code {process.returncode})")
        time.sleep(0.05)


def exchange(port: int, request: bytes, method: str) -> Reply:
    """Sends the bytes of a request and reads the reply to its end."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        try:
            connection.sendall(request)
        except (BrokenPipeError, ConnectionResetError):
            pass  # a refusal may come, and the connection close, before all of a body was sent
        with connection.makefile("rb") as file:
            return _reply(file, method)


def _reply(file: BinaryIO, method: str) -> Reply:
    status, headers = _head(file)
    while status == 100:
        status, headers = _head(file)
    fields = {name.lower(): value for name, value in headers}
    if method == "HEAD" or status in (204, 304):
        body, whole = b"", True
    elif fields.get("transfer-encoding", "").lower() == "chunked":
        body, whole = _chunked(file)
    elif "content-length" in fields:
        size = int(fields["content-length"])
        body = file.read(size)
        whole = len(body) == size
    else:
        body, whole = file.read(), True
    return Reply(status, kept(headers, body), body, whole)


def kept(headers: list[tuple[str, str]], body: bytes) -> list[tuple[str, str]]:
    """Without what the carrier writes. That nothing follows, it says in its own way too."""
    own = CARRIERS_OWN if body else CARRIERS_OWN | {"content-length"}
    return [pair for pair in headers if pair[0].lower() not in own]


def _head(file: BinaryIO) -> tuple[int, list[tuple[str, str]]]:
    line = file.readline()
    if not line.startswith(b"HTTP/1."):
        raise ValueError(f"no reply: {line!r}")
    headers: list[tuple[str, str]] = []
    while (field := file.readline()) not in (b"\r\n", b""):
        name, _, value = field.decode("latin-1").partition(":")
        headers.append((name, value.strip()))
    return int(line[9:12]), headers


def _chunked(file: BinaryIO) -> tuple[bytes, bool]:
    pieces: list[bytes] = []
    while True:
        try:
            line = file.readline().strip()
            size = int(line, 16) if line else -1
            if size <= 0:
                return b"".join(pieces), size == 0
            pieces.append(file.read(size))
            file.readline()
        except ConnectionResetError:
            return b"".join(pieces), False
