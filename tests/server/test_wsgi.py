"""The WSGI adapter, called as a server calls it."""

from __future__ import annotations

import asyncio
import io
import json
import os
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from wsgiref.util import setup_testing_defaults
from wsgiref.validate import validator

import pytest

from segue import App, Request, Response
from segue.server.limits import Limits
from segue.server.wsgi import WSGIAdapter

SOURCES = Path(__file__).resolve().parents[2] / "src"


class Reply:
    def __init__(self) -> None:
        self.status = 0
        self.headers: list[tuple[str, str]] = []
        self.pieces: list[bytes] = []

    def start(self, status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
        self.status, self.headers = int(status[:3]), headers
        return self.pieces.append

    @property
    def body(self) -> bytes:
        return b"".join(self.pieces)


def environ_of(path: str = "/", method: str = "GET", body: bytes = b"", **more: Any) -> dict[str, Any]:
    environ: dict[str, Any] = {"REQUEST_METHOD": method, "PATH_INFO": path, "wsgi.input": io.BytesIO(body)}
    environ |= {"SCRIPT_NAME": "", "QUERY_STRING": "", "SERVER_PROTOCOL": "HTTP/1.1"}
    setup_testing_defaults(environ)
    if body:
        environ["CONTENT_LENGTH"] = str(len(body))
    environ.update(more)
    return environ


def call(wsgi: Any, environ: dict[str, Any]) -> Reply:
    reply = Reply()
    result = wsgi(environ, reply.start)
    try:
        reply.pieces.extend(result)
    finally:
        result.close()
    return reply


def echo_app() -> App:
    app = App()

    @app.any("/echo/{rest:path}")
    async def echo(request: Request, rest: str) -> list[object]:
        return [request.prefix, request.path, request.target, (await request.body()).decode()]

    return app


def test_what_a_validator_sees_is_wsgi() -> None:
    app = echo_app()

    @app.get("/file")
    async def file() -> Path:
        return Path(__file__)

    @app.get("/stream")
    async def stream() -> AsyncIterator[bytes]:
        yield b"a"
        yield b"b"

    wsgi = validator(app.wsgi)
    for path, size in (("/file", Path(__file__).stat().st_size), ("/stream", 2), ("/none", None)):
        reply = call(wsgi, environ_of(path))
        assert size is None or len(reply.body) == size


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({}, ["", "/echo/ä/b", "/echo/%C3%A4/b"]),
        ({"REQUEST_URI": "/echo/%C3%A4%2Fb"}, ["", "/echo/ä%2Fb", "/echo/%C3%A4%2Fb"]),
        ({"RAW_URI": "/echo/%C3%A4%2Fb?a=1", "QUERY_STRING": "a=1"}, ["", "/echo/ä%2Fb", "/echo/%C3%A4%2Fb?a=1"]),
        ({"SCRIPT_NAME": "/r o"}, ["/r%20o", "/echo/ä/b", "/echo/%C3%A4/b"]),
        ({"SCRIPT_NAME": "/r o", "REQUEST_URI": "/r%20o/echo/%C3%A4%2Fb"}, ["/r%20o", "/echo/ä%2Fb", "/echo/%C3%A4%2Fb"]),
        # Somebody has rewritten PATH_INFO: what the client sent does not count any more.
        ({"REQUEST_URI": "/other"}, ["", "/echo/ä/b", "/echo/%C3%A4/b"]),
    ],
)  # fmt: skip
def test_paths(more: dict[str, str], told: list[str]) -> None:
    path = "/echo/ä/b".encode().decode("latin-1")
    assert json.loads(call(echo_app().wsgi, environ_of(path, **more)).body) == [*told, ""]


@pytest.mark.row("FC25")
def test_a_body_ends_with_its_length() -> None:
    app = App()

    @app.post("/")
    async def read(request: Request) -> list[str]:
        first = await request.source.read()
        return [
            first.decode(),
            (await request.source.read()).decode(),
            (await request.source.read()).decode(),
        ]

    environ = environ_of(method="POST", body=b"hello", **{"wsgi.input": io.BytesIO(b"hello GET /next")})
    assert json.loads(call(app.wsgi, environ).body) == ["hello", "", ""]
    assert environ["wsgi.input"].read() == b" GET /next"


def test_a_client_that_leaves_during_its_upload() -> None:
    environ = environ_of("/echo/x", "POST", b"hello", CONTENT_LENGTH="10")
    assert call(echo_app().wsgi, environ).status == 499


def test_chunks_need_a_server_that_ends_them() -> None:
    chunked = {"HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input": io.BytesIO(b"hello")}
    assert call(echo_app().wsgi, environ_of("/echo/x", "POST", **chunked)).status == 411
    chunked["wsgi.input"] = io.BytesIO(b"hello")
    reply = call(echo_app().wsgi, environ_of("/echo/x", "POST", **chunked, **{"wsgi.input_terminated": True}))
    assert json.loads(reply.body)[3] == "hello"


@pytest.mark.row("FL21")
def test_async_views_run_on_one_loop_each_request_in_its_thread() -> None:
    app = App()
    seen: list[tuple[int, int]] = []
    both = asyncio.Event()

    @app.get("/")
    async def view() -> str:
        seen.append((id(asyncio.get_running_loop()), threading.get_ident()))
        if len(seen) == 2:
            both.set()
        await both.wait()
        return "both"

    wsgi = app.wsgi
    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(call, wsgi, environ_of())
        second = threads.submit(call, wsgi, environ_of())
        # Neither thread is free before its request is answered; both handlers run on the same loop.
        assert {first.result(10).body, second.result(10).body} == {b"both"}
    assert len(set(seen)) == 1
    assert seen[0][1] != threading.get_ident()


def test_bodies_are_streamed_in_both_directions() -> None:
    app = App()

    @app.post("/")
    async def upper(request: Request) -> Response:
        async def pieces() -> AsyncIterator[bytes]:
            async for piece in request.stream():
                yield piece.upper()

        return Response(pieces())

    class Slowly(io.RawIOBase):
        words: Iterator[bytes]

        def read(self, size: int = -1) -> bytes:
            return next(self.words, b"")

    source = Slowly()
    said: list[bytes] = []
    source.words = (said.append(word) or word for word in (b"one", b"two"))  # type: ignore[func-returns-value]
    environ = environ_of(method="POST", **{"wsgi.input": source, "wsgi.input_terminated": True})
    environ["HTTP_TRANSFER_ENCODING"] = "chunked"
    result = app.wsgi(environ, Reply().start)
    pieces = iter(result)
    assert next(pieces) == b"ONE"
    assert said == [b"one"]
    assert list(pieces) == [b"TWO"]
    result.close()


def test_closing_a_response_closes_its_generator() -> None:
    app = App()
    closed = threading.Event()

    @app.get("/")
    async def endless() -> AsyncIterator[bytes]:
        try:
            while True:
                yield b"x"
        finally:
            closed.set()

    result = app.wsgi(environ_of(), Reply().start)
    assert next(iter(result)) == b"x"
    result.close()
    assert closed.wait(10)


def test_what_is_left_to_do_is_done_when_the_server_has_sent_the_response() -> None:
    app = App()
    done = threading.Event()

    @app.get("/")
    async def index(request: Request) -> str:
        request.after(done.set)
        return "x"

    result = app.wsgi(environ_of(), Reply().start)
    assert list(result) == [b"x"]
    assert not done.is_set()
    result.close()
    assert done.wait(10)


def test_limits() -> None:
    wsgi = WSGIAdapter(echo_app(), Limits(max_body=10, max_target=50))
    assert call(wsgi, environ_of("/echo/x", "POST", b"x" * 11)).status == 413
    assert call(wsgi, environ_of("/echo/" + "x" * 50)).status == 414
    assert call(wsgi, environ_of("/echo/x", CONTENT_LENGTH="1_0")).status == 400
    assert call(wsgi, environ_of("/echo/x", HTTP_HOST="a b")).status == 400


def test_no_field_that_belongs_to_the_server() -> None:
    app = App()

    @app.get("/")
    async def index() -> Response:
        return Response("x", headers={"connection": "close", "keep-alive": "1", "x-own": "1"})

    names = [name for name, _ in call(app.wsgi, environ_of()).headers]
    assert "x-own" in names
    assert not {"connection", "keep-alive"} & set(names)


def test_an_app_that_does_not_start_is_tried_again() -> None:
    app = App()
    attempts: list[int] = []

    @app.lifespan
    async def life() -> AsyncIterator[None]:
        attempts.append(1)
        if len(attempts) == 1:
            raise OSError("no database yet")
        yield

    @app.get("/")
    async def index() -> str:
        return "up"

    with pytest.raises(OSError, match="no database yet"):
        call(app.wsgi, environ_of())
    assert call(app.wsgi, environ_of()).body == b"up"


PROGRAM = """
import os, sys
from segue import App

app = App()

@app.lifespan
async def life():
    print("up", os.getpid() == parent, flush=True)
    yield
    print("down", flush=True)

@app.get("/")
async def index() -> str:
    return str(os.getpid())

parent = os.getpid()
sys.path.insert(0, {here!r})
from test_wsgi import call, environ_of
wsgi = app.wsgi
child = os.fork()
assert child == 0 or os.waitpid(child, 0)[1] == 0
assert call(wsgi, environ_of()).body.decode() == str(os.getpid())
"""


def test_each_process_has_a_life_of_its_own() -> None:
    here = str(Path(__file__).parent)
    paths = os.pathsep.join([str(SOURCES), here])
    program = PROGRAM.format(here=here)
    told = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONPATH": paths},
        capture_output=True,
        timeout=60,
    )
    assert told.stderr == b""
    assert told.stdout.decode().split("\n") == ["up False", "down", "up True", "down", ""]
