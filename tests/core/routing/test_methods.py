"""Methods of a path: HEAD and OPTIONS by themselves, 405 with Allow, all methods at once."""

import socket
from collections.abc import Callable
from typing import Any

import pytest

from segue import App, Request
from segue.testing import Client, LiveServer

Serve = Callable[[App], Any]


def exchange(app: App, request: bytes) -> bytes:
    """What a real server answers, byte for byte, until it closes."""
    with (
        LiveServer(app) as server,
        socket.create_connection((server.host, server.port), timeout=10) as connection,
    ):
        connection.sendall(request)
        pieces = []
        while piece := connection.recv(65536):
            pieces.append(piece)
        return b"".join(pieces)


def films() -> App:
    app = App("films")

    @app.get("/")
    async def index() -> str:
        return "hello"

    @app.route("/films", methods=["get", "POST"])
    async def both(request: Request) -> str:
        return request.method

    @app.delete("/films")
    async def delete() -> None: ...

    @app.any("/any/{rest:path}")
    async def whatever(request: Request) -> str:
        return request.method

    @app.put("/any/special")
    async def special() -> str:
        return "special"

    @app.query("/search")
    async def search(request: Request) -> str:
        return await request.text()

    return app


@pytest.mark.row("BO4")
def test_head_falls_back_to_get_and_a_wrong_method_says_which_are_right(serve: Serve) -> None:
    answer = exchange(films(), b"HEAD / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 ")
    assert b"\r\ncontent-length: 5\r\n" in head + b"\r\n"
    assert body == b""
    ask = serve(films())
    refused = ask("PUT", "/films")
    assert (refused.status, refused.headers["allow"]) == (405, "DELETE, GET, HEAD, OPTIONS, POST")
    assert [ask(method, "/films").text for method in ("GET", "POST")] == ["GET", "POST"]
    for method in ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "QUERY", "REPORT"):
        assert ask(method, "/any/x/y", {"content-length": "0"}).text == method


@pytest.mark.row("FL4")
def test_options_and_head_are_automatic_and_can_be_switched_off(serve: Serve) -> None:
    app = App(auto_options=False)

    @app.get("/")
    async def index() -> str:
        return "hello"

    @app.get("/on", auto_options=True)
    async def on() -> str:
        return "on"

    @app.get("/headless", auto_head=False)
    async def headless() -> str:
        return "x"

    @app.options("/own")
    async def own() -> str:
        return "own"

    automatic = serve(films())
    answer = automatic("OPTIONS", "/")
    assert (answer.status, answer.headers["allow"], answer.body) == (204, "GET, HEAD, OPTIONS", b"")
    ask = serve(app)
    assert ask("OPTIONS", "/").status == 405
    assert ask("OPTIONS", "/").headers["allow"] == "GET, HEAD"
    assert ask("OPTIONS", "/on").headers["allow"] == "GET, HEAD, OPTIONS"
    assert (ask("HEAD", "/on").status, ask("HEAD", "/headless").status) == (200, 405)
    assert ask("OPTIONS", "/own").text == "own"


def test_an_app_without_automatic_head_has_none() -> None:
    app = App(auto_head=False)

    @app.get("/")
    async def index() -> str:
        return "hello"

    @app.head("/")
    async def head() -> tuple[None, int, dict[str, str]]:
        return None, 200, {"x-own": "1"}

    @app.get("/b")
    async def b() -> str:
        return "b"

    with Client(app) as client:
        assert client.head("/").headers["x-own"] == "1"
        assert client.head("/b").status == 405


def test_a_method_of_its_own_comes_before_any(serve: Serve) -> None:
    ask = serve(films())
    assert ask("PUT", "/any/special", {"content-length": "0"}).text == "special"
    assert ask("POST", "/any/special", {"content-length": "0"}).status == 405


@pytest.mark.row("FC10")
def test_a_sink_takes_every_method_below_its_prefix(serve: Serve) -> None:
    app = App()

    @app.any("/proxy/{rest:path}")
    async def sink(request: Request, rest: str) -> str:
        return f"{request.method} {rest}"

    @app.get("/proxy/static.css")
    async def static() -> str:
        return "static"

    ask = serve(app)
    for method in ("GET", "POST", "DELETE", "PROPFIND"):
        assert ask(method, "/proxy/a/b?c=d", {"content-length": "0"}).text == f"{method} a/b"
    assert ask("GET", "/proxy/static.css").text == "static"
    assert ask("GET", "/proxy").status == 404


def test_query_has_a_body() -> None:
    with Client(films()) as client:
        assert client.request("QUERY", "/search", content=b"select").text == "select"


def test_options_for_the_server_as_a_whole(serve_raw: Serve) -> None:
    assert serve_raw(films())("OPTIONS", "*").status == 204


def test_methods_are_a_list() -> None:
    with pytest.raises(TypeError, match=r"methods is a list of methods, like \['GET', 'POST'\], not 'POST'"):
        App().route("/", methods="POST")
