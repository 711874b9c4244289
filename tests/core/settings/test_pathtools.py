"""The tools that a file switches on for paths: all of one list, each with what it is for."""

from __future__ import annotations

import json
import logging
import xmlrpc.client
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from segue import App, Request, Response, around, before
from segue.core.plan import FreezeError
from segue.testing import Client, LiveServer

TOOLS = """
[path."/accept"]
accept = ["application/json", "text/plain"]
[path."/vary"]
autovary = true
[path."/allow"]
allow = ["GET", "HEAD"]
[path."/linked"]
referer = 'https://films\\.example/.*'
[path."/unlinked"]
referer = { pattern = 'https://evil\\.example/.*', accept = false, missing = true }
[path."/slash"]
trailing_slash = "add"
[path."/params"]
params = { i = "int", price = "float" }
[path."/headers"]
headers = { x-frame-options = "DENY", x-who = "us" }
[path."/ranges"]
ignore_headers = ["Range", "Accept-Encoding"]
[path."/moved"]
redirect = "/allow"
[path."/behind"]
redirect = { to = "/shown?by=tool", internal = true }
[path."/fails"]
error_redirect = "/sorry"
[path."/fails/inside"]
error_redirect = { to = "/sorry", internal = true }
[path."/crash"]
log_headers = true
[path."/hooked"]
log_hooks = true
[path."/rpc"]
include = "calls_of_test:services"
[path."/wsgi"]
include = "calls_of_test:old"
"""
CALLS = """
from segue.services import Services

services = Services()


@services.method
async def add(a: int, b: int) -> int:
    return a + b


@services.method("films.title")
def title(id: int) -> str:
    return f"film {id}"


def old(environ, start_response):
    start_response("200 OK", [("content-type", "text/plain")])
    return [environ["PATH_INFO"].encode()]
"""


async def look(request: Request) -> None:
    request.state.looked = True


async def wrap(request: Request, next: Callable[[Request], Any]) -> Response:
    response: Response = await next(request)
    return response


def guard(request: Request) -> None: ...


@pytest.fixture
def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> App:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SEGUE_ENV", raising=False)
    (tmp_path / "segue.toml").write_text(TOOLS)
    (tmp_path / "calls_of_test.py").write_text(CALLS)
    monkeypatch.syspath_prepend(str(tmp_path))
    app = App("tools")

    async def echo(request: Request) -> dict[str, Any]:
        return {
            "who": request.headers.get("x-who"),
            "lang": "fr" in request.headers.get("accept-language", ""),
        }

    for path in ("accept", "vary", "allow", "linked", "unlinked", "params", "headers"):
        app.any(f"/{path}", name=path)(echo)
    app.get("/slash/", name="slash")(echo)

    @app.get("/ranges")
    async def ranges(request: Request) -> list[str]:
        return [name for name in request.headers if name in ("range", "accept-encoding", "x-kept")]

    @app.get("/shown")
    async def shown(request: Request, by: str = "") -> str:
        return f"shown by {by}"

    @app.get("/sorry")
    async def sorry() -> str:
        return "we are sorry"

    @app.get("/fails/{how}")
    @app.get("/fails/inside/{how}", name="inside")
    @app.get("/crash/{how}", name="crash")
    async def fails(how: str) -> str:
        raise ValueError(how)

    @app.get("/hooked", requires=[guard])
    @before(look)
    @around(wrap)
    async def hooked() -> str:
        return "hooked"

    @app.get("/parts")
    async def parts() -> AsyncIterator[Any]:
        yield "a"
        yield letters()
        yield later()
        yield "z"

    return app


def letters() -> Iterator[Any]:
    yield "b"
    yield (letter for letter in ("c", "d"))


async def later() -> AsyncIterator[Any]:
    yield letters()
    yield "e"


@pytest.mark.row("CP16")
def test_every_tool_does_its_work_where_the_file_says_so(app: App, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "segue.tools")
    with Client(app, raise_server_exceptions=False, follow_redirects=False) as client:

        def status(path: str, method: str = "GET", **headers: str) -> int:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            return client.request(method, path, headers=named).status

        # accept, autovary, allow, referer, trailing_slash, params
        assert (status("/accept", accept="text/html"), status("/accept", accept="text/*")) == (406, 200)
        vary = client.get("/vary", headers={"x-who": "django"}).headers["vary"]
        assert {"x-who", "accept-language"} <= {name.strip() for name in vary.lower().split(",")}
        assert "vary" not in client.get("/headers").headers
        refused = client.post("/allow")
        assert (refused.status, refused.headers["allow"]) == (405, "GET, HEAD")
        assert status("/linked") == status("/linked", referer="https://evil.example/") == 403
        assert status("/linked", referer="https://films.example/a") == 200
        assert status("/unlinked") == status("/unlinked", referer="https://films.example/") == 200
        assert status("/unlinked", referer="https://evil.example/x") == 403
        moved = client.get("/slash?a=1")
        assert (moved.status, moved.headers["location"]) == (301, "/slash/?a=1")
        assert status("/params?i=7&price=1.5") == 200
        assert (status("/params?i=abc"), status("/params?price=x"), status("/params?j=abc")) == (
            400,
            400,
            200,
        )
        # headers of responses and of requests
        answer = client.get("/headers")
        assert (answer.headers["x-frame-options"], answer.headers["x-who"]) == ("DENY", "us")
        sent = {"range": "bytes=0-1", "accept-encoding": "gzip", "x-kept": "1"}
        assert client.get("/ranges", headers=sent).json() == ["x-kept"]
        # redirects, seen by the client and not
        moved = client.get("/moved/x")
        assert (moved.status, moved.headers["location"]) == (307, "/allow")
        answer = client.get("/behind/x?by=client")
        assert (answer.status, answer.text) == (200, "shown by tool")
        moved = client.get("/fails/now")
        assert (moved.status, moved.headers["location"]) == (303, "/sorry")
        answer = client.get("/fails/inside/now")
        assert (answer.status, answer.text) == (200, "we are sorry")
        # what is logged: the header of a request that failed, without its secrets; what stands around a handler
        client.get("/crash/now", headers={"x-who": "django", "cookie": "session=hunter2"})
        client.get("/hooked")
        logged = [one.getMessage() for one in caplog.records if one.name == "segue.tools"]
        assert len(logged) == 2
        assert "x-who: django" in logged[0]
        assert "hunter2" not in logged[0]
        for line in ("guard guard (test_pathtools.py:", "before look (test_pathtools.py:", "around wrap ("):
            assert line in logged[1], logged[1]
        # flatten: generators that yield generators are one stream, without being asked for.
        assert client.get("/parts").text == "abcdbcdez"
        # WSGI as well as functions for other programs, at the path that the file says.
        assert client.get("/wsgi/x").text == "/x"
    with LiveServer(app) as server, xmlrpc.client.ServerProxy(f"{server.url}/rpc/xmlrpc") as proxy:
        assert proxy.add(2, 3) == 5
        assert proxy.films.title(7) == "film 7"


def test_generators_in_a_stream_are_closed_in_any_case(app: App) -> None:
    ended: list[str] = []

    def inner() -> Iterator[Any]:
        try:
            while True:
                yield "x" * 1000
        finally:
            ended.append("inner")

    async def outer() -> AsyncIterator[Any]:
        try:
            yield inner()
        finally:
            ended.append("outer")

    def endless() -> Iterator[Any]:
        yield endless()

    app.get("/long")(outer)
    app.get("/endless")(endless)
    app.get("/values")(lambda: (one for one in ([1], {"a": (2, 3)})))
    with Client(app, raise_server_exceptions=False) as client:
        with client.stream("GET", "/long") as response:
            next(iter(response))
        assert client.get("/endless").status == 500
        # A list is a value of a stream, no part of it.
        lines = [json.loads(line) for line in client.get("/values").text.splitlines()]
        assert lines == [[1], {"a": [2, 3]}]
    assert ended == ["inner", "outer"]


def test_what_cannot_be_included_and_tables_that_are_wrong_are_told(
    app: App, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "segue.toml").write_text(
        '[path."/a"]\ninclude = "nowhere_of_test:app"\n[path."/b"]\ninclude = "calls_of_test"\n'
        '[path."/c"]\nredirect = {internal = true}\n[path."/d"]\nreferer = {pattern = "x", missing = "yes"}\n'
        '[path."/e"]\nlog_hooks = 3\n'
    )
    with pytest.raises(FreezeError) as caught:
        app.freeze()
    told = "\n".join(caught.value.problems)
    assert len(caught.value.problems) == 5, told
    assert "segue.toml:2: include of [path.'/a']: nowhere_of_test:app is not there" in told
    assert "is named as module:attribute, not 'calls_of_test'" in told
    assert "a table for it has to, and may have internal, status" in told
    assert "missing is a bool" in told
    assert "it is true or false" in told
