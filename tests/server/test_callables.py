"""A function that answers every request, served without an app."""

from __future__ import annotations

import asyncio
import http.client
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from process_rig import PATIENCE, segue, until

from segue.http.errors import NotFound, SeeOther
from segue.http.request import Request
from segue.http.response import Response
from segue.server import FunctionApplication, Limits, Server, ServerConfig
from segue.testing import Client

PROGRAM = """
import sys

from segue.http.request import Request
from segue.http.response import Response
from segue.server import ServerConfig, run


async def echo(request: Request) -> Response:
    if request.path == "/loaded":
        return Response(str([name for name in sys.modules if name.startswith("segue.core.routing.disp")]))
    return Response(f"{request.method} {request.target} " + (await request.body()).decode())


class Counting:
    def __init__(self):
        self.count = 0

    async def __call__(self, request):
        self.count += 1
        return Response(str(self.count))


counting = Counting()


def plain(request):
    return Response("x")


if __name__ == "__main__":
    run(echo, ServerConfig(binds=("127.0.0.1:0",), workers=int(sys.argv[1])))
"""


async def answer(request: Request) -> Response:
    if request.path == "/stream":

        async def pieces() -> AsyncIterator[bytes]:
            async for piece in request.stream():
                yield piece.upper()

        return Response(pieces())
    if request.path == "/lost":
        raise NotFound("No such thing.")
    if request.path == "/old":
        raise SeeOther("/new")
    if request.path == "/data":
        return {"no": "response"}  # type: ignore[return-value]
    if request.path == "/crash":
        raise ZeroDivisionError("nobody foresaw it")
    return Response(f"{request.method} {request.path} {(await request.body()).decode()}")


@pytest.mark.row("AI19")
def test_a_function_answers_each_request_and_there_is_no_application(tmp_path: Path) -> None:
    async def both() -> None:
        config = ServerConfig(binds=("127.0.0.1:0",), limits=Limits(max_body=1000))
        async with Server(answer, config) as server:
            await asyncio.to_thread(ask_all, int(server.urls[0].rpartition(":")[2]))

    asyncio.run(both())
    # In a process of its own, in which no app was ever frozen: that loads the dispatcher.
    (tmp_path / "program.py").write_text(PROGRAM, encoding="utf-8")
    for workers in ("1", "2"):
        with segue(str(tmp_path / "program.py"), workers, cwd=tmp_path, module=False) as server:
            assert server.ready().get("/anything?x=1") == (200, "GET /anything?x=1 ")
            assert server.get("/loaded") == (200, "[]")


def ask_all(port: int) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)

    def ask(method: str, path: str, body: bytes | None = None) -> tuple[int, bytes]:
        connection.request(method, path, body)
        response = connection.getresponse()
        headers[:] = response.getheaders()
        return response.status, response.read()

    headers: list[tuple[str, str]] = []
    # One connection for all of them: it stays open whatever is answered.
    assert ask("GET", "/a") == (200, b"GET /a ")
    assert ("x-content-type-options", "nosniff") in headers
    assert ask("PROPFIND", "/any/path", b"tea") == (200, b"PROPFIND /any/path tea")
    assert ask("POST", "/stream", b"abc" * 100) == (200, b"ABC" * 100)
    assert ask("GET", "/lost") == (404, b"404 Not Found\nNo such thing.\n")
    assert ask("GET", "/old") == (303, b"")
    assert ("location", "/new") in headers
    status, body = ask("GET", "/crash")
    assert status == 500
    assert b"foresaw" not in body
    assert ask("GET", "/data")[0] == 500
    assert ask("POST", "/a", b"x" * 2000)[0] == 413
    connection.close()


def test_the_command_line_serves_functions_too(tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text(PROGRAM, encoding="utf-8")
    with segue("serve", "program:echo", "--port", "0", cwd=tmp_path) as server:
        assert server.ready().get("/x") == (200, "GET /x ")
    with segue("run", "program.py:counting", "--port", "0", cwd=tmp_path) as server:
        assert [server.ready().get()[1], server.get()[1]] == ["1", "2"]
        (tmp_path / "program.py").write_text(PROGRAM.replace("count = 0", "count = 10"), encoding="utf-8")
        until(lambda: server.get()[1] == "11", "the new program")
    with segue("serve", "program:plain", "--port", "0", cwd=tmp_path) as server:
        assert server.wait() == 1
        assert "an `async def` that takes the request" in server.output


def test_it_can_be_tested_in_process_and_mounted_headers_are_its_own() -> None:
    bare = FunctionApplication(answer, headers=[(b"x-own", b"1")])
    with Client(bare) as client:
        reply = client.post("/a", content=b"b")
        assert (reply.text, reply.headers["x-own"]) == ("POST /a b", "1")
        assert "x-content-type-options" not in reply.headers
        with pytest.raises(TypeError, match=r"<FunctionApplication answer> returned \{'no': 'response'\}"):
            client.get("/data")


@pytest.mark.parametrize("given", ["app", 3, lambda request: None, print])
def test_what_is_no_application_is_refused(given: object) -> None:
    with pytest.raises(TypeError, match="neither an App nor an `async def` function of one request"):
        Server(given)  # type: ignore[arg-type]
