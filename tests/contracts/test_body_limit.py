"""A body over the limit of its route is refused under every server, and not much more of it is taken than the limit.

What has come is more than what is kept: one read of a socket brings up to 256 KB, other servers hand on pieces of that
size, and what is too much of them is dropped at once (tests/wire/test_memory.py).
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import msgspec
import pytest

from segue.testing import Client, LiveServer

sys.path.insert(0, str(Path(__file__).parent))

from carriers import SERVERS, exchange, serving
from counted import LIMIT, app

SLACK = 64 * 1024 + 256 * 1024
SIZE = 5 * LIMIT
HEAD = b"POST /take HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
OVER = {
    "declared": HEAD + b"Content-Length: %d\r\n\r\n" % SIZE + b"x" * SIZE,
    "chunks": CHUNKED + b"c350\r\n%b\r\n" % (b"x" * 50_000) * 100 + b"0\r\n\r\n",
    "one chunk": CHUNKED + b"%x\r\n%b\r\n0\r\n\r\n" % (SIZE, b"x" * SIZE),
}


@pytest.fixture(
    scope="module",
    params=[
        "native",
        *[
            pytest.param(name, marks=pytest.mark.requires(name.partition("-")[0]))
            for name in ("uvicorn", "granian", "gunicorn", "gunicorn-threads")
        ],
    ],
)
def port(request: Any) -> Iterator[int]:
    with ExitStack() as stack:
        if request.param == "native":
            yield stack.enter_context(LiveServer(app)).port
            return
        server = SERVERS[request.param]
        command = tuple(part.replace("scenarios", "counted") for part in server.command)
        yield stack.enter_context(serving(msgspec.structs.replace(server, command=command)))


@pytest.mark.row("SEC-29")
@pytest.mark.parametrize("kind", OVER)
def test_too_much(port: int, kind: str) -> None:
    reply = exchange(port, OVER[kind], "POST")
    assert reply.status == 413
    assert int(dict(reply.headers)["x-received"]) <= LIMIT + SLACK


@pytest.mark.parametrize(("field", "taken"), [(b"", 0), (b"Content-Length: 10\r\n", 10)])
def test_what_follows_the_declared_body_is_not_part_of_it(port: int, field: bytes, taken: int) -> None:
    reply = exchange(port, HEAD + field + b"\r\n" + b"x" * SIZE, "POST")
    assert reply.status == 200
    assert reply.body == b'{"bytes":%d}' % taken


@pytest.mark.row("SEC-29")
def test_in_process() -> None:
    with Client(app) as client:
        for content in (b"x" * SIZE, iter([b"x" * 50_000] * 100)):
            reply = client.post("/take", content=content)
            assert reply.status == 413
            assert int(reply.headers["x-received"]) <= LIMIT + SLACK
