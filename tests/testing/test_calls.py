"""Tests without a server: what handlers got, requests that overlap, sockets, and heads that HTTP does not allow."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from segue import App, NotFound, Response, Struct, WebSocket, wrap
from segue.http import InvalidHeader, InvalidResponse
from segue.testing import AsyncClient, Calls, Client


class Film(Struct):
    title: str


def shop() -> tuple[App, Calls]:
    app, calls = App(), Calls()

    @app.resource("/films/{id:int}")
    class Films:
        async def get(self, id: int, page: int = 1) -> Film:
            if id > 9:
                raise NotFound("no such film")
            return Film("Nuages")

        def put(self, id: int, film: Film) -> Film:
            return film

    app.hook(Films, wrap(calls))

    @app.get("/count")
    @wrap(calls)
    async def count(to: int) -> AsyncIterator[str]:
        for one in range(to):
            yield str(one)

    @app.get("/bad")
    async def bad(how: str) -> Response:
        response = Response("x")
        if how == "status":
            response.status = 1000
        elif how == "split":
            response.headers.raw.append((b"x-a", b"1\r\nx-b: 2"))
        else:
            response.headers["content-length"] = "2"
        return response

    @app.get("/slow")
    async def slow() -> AsyncIterator[str]:
        yield "a"
        await ready.wait()
        yield "b"

    ready = asyncio.Event()

    @app.post("/ready")
    async def set_ready() -> None:
        ready.set()

    @app.websocket("/talk")
    async def talk(socket: WebSocket) -> None:
        async for message in socket:
            await socket.send(f"{message}!")

    return app, calls


@pytest.mark.row("FC19")
def test_requests_arguments_sockets_and_strict_heads_without_a_server() -> None:
    app, calls = shop()
    with Client(app) as client:
        assert client.get("/films/7?page=2").json() == {"title": "Nuages"}
        assert calls.last.arguments == {"id": 7, "page": 2}
        assert calls.last.result == Film("Nuages")
        assert client.put("/films/7", json={"title": "Daphne"}).json() == {"title": "Daphne"}
        assert calls.last.arguments == {"id": 7, "film": Film("Daphne")}
        assert [one.name.rpartition(".")[2] for one in calls] == ["get", "put"]
        assert client.get("/films/10").status == 404
        assert isinstance(calls.last.error, NotFound)
        assert client.get("/count?to=3").text == "012"
        assert calls.last.arguments == {"to": 3}
        with client.websocket("/talk") as socket:
            socket.send("hello")
            assert socket.receive() == "hello!"
        for how, error in (
            ("status", InvalidResponse),
            ("split", InvalidHeader),
            ("length", InvalidResponse),
        ):
            with pytest.raises(error):
                client.get("/bad", params={"how": how})

    async def conduct() -> None:
        """A stream is read while another request is made, which lets it go on."""
        app, _ = shop()
        async with AsyncClient(app) as client, client.stream("GET", "/slow") as response:
            assert await response.piece() == b"a"
            assert (await client.post("/ready")).status == 204
            assert await response.piece() == b"b"

    asyncio.run(conduct())


def test_what_clients_see_of_a_bad_head() -> None:
    app, _ = shop()
    with Client(app, raise_server_exceptions=False) as client:
        assert client.get("/bad?how=split").status == 500


def test_no_call_yet() -> None:
    calls = Calls()
    with pytest.raises(LookupError, match=r"wrap\(calls\)"):
        _ = calls.last
    assert len(calls) == 0


def test_calls_are_forgotten_and_functions_are_noted_as_they_are() -> None:
    calls = Calls()

    @calls
    def add(a: int, b: int = 1) -> int:
        return a // b

    assert add(4) == 4
    with pytest.raises(ZeroDivisionError):
        add(1, 0)
    assert [(one.result, type(one.error).__name__) for one in calls] == [
        (4, "NoneType"),
        (None, "ZeroDivisionError"),
    ]
    calls.clear()
    assert list(calls) == []
