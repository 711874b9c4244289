"""Tests of those who call others: without a network."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated, Any

import pytest
import starlette.applications
import starlette.responses
import starlette.routing
from client_rig import run

from segue import App, EventStream, Request, RequestIds, Response, Struct, wait
from segue.client import (
    Answers,
    Asked,
    Backoff,
    CallBroken,
    Http,
    Outgoing,
    ReplyTooLarge,
    Retries,
    Unreachable,
)
from segue.testing import AsyncClient, Client, LiveServer

AT_ONCE = Retries(wait=Backoff(first=0.0, most=1.0))


class Film(Struct):
    id: int
    title: str


@pytest.mark.row("AI18")
def test_a_table_stands_for_the_network(client: Any) -> None:
    """A client of the app, a request that is made up, and hosts that are not there."""
    app = App(plugins=[Outgoing(base_url="https://films.example", retries=AT_ONCE)])

    @app.get("/films/{id}")
    async def film(id: int, http: Http) -> Film:
        return await http.get(f"/films/{id}", Film)

    @app.post("/films")
    async def make(film: Film, http: Http) -> Film:
        return await http.post("/films", Film, json=film)

    answers = Answers(
        {
            "GET https://films.example/films/7": Film(7, "Nuages"),
            "https://films.example/films/8": iter([Response(b"", 503), Film(8, "Minor Swing")]),
            "POST https://films.example/films": lambda asked: asked.json(Film),
            "https://films.example/films/9": ConnectionRefusedError("nobody there"),
        }
    )
    fake = Http(base_url="https://films.example", answers=answers, retries=AT_ONCE)
    browser = client(app)
    with browser.override(Http, fake):
        assert browser.get("/films/7").json(Film) == Film(7, "Nuages")
        assert browser.get("/films/8").json(Film) == Film(8, "Minor Swing")
        assert browser.post("/films", json=Film(1, "é")).json(Film) == Film(1, "é")
        assert answers.asked[-1].method == "POST"
        assert answers.asked[-1].headers["content-type"] == "application/json"
        assert browser.get("/films/9").status == 502
    with app.test_request("/films/7") as request:
        assert request.params["id"] == "7"

    # A resolver of the test's own.
    other = App()

    @other.get("/who")
    async def who(request: Request) -> str:
        return request.headers["host"]

    async def resolved() -> None:
        with LiveServer(other) as server:
            async with Http(hosts={"Films.Test": "127.0.0.1"}) as http:
                reply = await http.get(f"http://films.test:{server.port}/who")
                assert reply.text == f"films.test:{server.port}"

    run(resolved())


def test_what_is_not_in_the_table_is_told() -> None:
    async def call() -> None:
        answers = Answers({"GET https://a.test/x": "text", "https://a.test/y?n=1": b"bytes"})
        async with Http(answers=answers) as http:
            assert (await http.get("https://a.test/x?any=1")).text == "text"
            assert (await http.get("https://a.test/y", params={"n": 1})).content == b"bytes"
            with pytest.raises(
                LookupError, match=r"POST https://a\.test/x is not among .* GET https://a\.test/x, "
            ):
                await http.post("https://a.test/x")
            with pytest.raises(LookupError):
                await http.get("https://a.test/y?n=2")

    run(call())


def test_redirects_repetitions_and_limits_are_those_of_the_network() -> None:
    async def late(asked: Asked) -> Response:
        await asyncio.sleep(0)
        return Response(b"x" * 5000)

    answers = Answers(
        {
            "https://a.test/": Response(b"", 302, {"location": "https://b.test/"}),
            "https://b.test/": late,
            "https://down.test/": OSError("cut"),
        }
    )

    async def call() -> None:
        async with Http(answers=answers, headers={"x-key": "1"}, retries=AT_ONCE) as http:
            reply = await http.get("https://a.test/")
            assert (reply.url, len(reply.content)) == ("https://b.test/", 5000)
            assert ["x-key" in one.headers for one in answers.asked] == [True, False]
            with pytest.raises(ReplyTooLarge):
                await http.get("https://b.test/", limit=4999)
            before = len(answers.asked)
            with pytest.raises(Unreachable, match="cut"):
                await http.get("https://down.test/")
            assert len(answers.asked) - before == 3

    run(call())


def other_framework() -> Any:
    async def show(request: Any) -> Any:
        return starlette.responses.JSONResponse({"id": 3, "title": (await request.body()).decode()})

    return starlette.applications.Starlette(
        routes=[starlette.routing.Route("/x", show, methods=["GET", "POST"])]
    )


def test_an_app_in_the_process_answers(caplog: pytest.LogCaptureFixture) -> None:
    life: list[str] = []
    app = App()

    @app.lifespan
    async def lives() -> AsyncIterator[None]:
        life.append("started")
        yield
        life.append("stopped")

    @app.post("/size")
    async def size(request: Request) -> list[int]:
        return [len(await request.body())]

    @app.get("/ticks")
    async def ticks() -> EventStream[int]:
        number = 0
        try:
            while True:
                yield number
                number += 1
        finally:
            life.append("left")

    @app.get("/broken")
    async def broken() -> AsyncIterator[bytes]:
        yield b"a"
        raise LookupError("in the middle")

    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(3):
            yield b"x" * 1000

    async def call() -> None:
        async with Http(base_url="https://films.test", answers=app) as http:
            assert await http.post("/size", list[int], content=pieces()) == [3000]
            found: list[int] = []
            async for event in http.events("/ticks", int):
                found.append(event.data)
                if len(found) == 20:
                    break
            assert found == list(range(20))
            assert (await http.get("/nowhere")).status == 404
            with pytest.raises(CallBroken, match="broken off"):
                await http.get("/broken")
        async with Http(base_url="https://films.test", answers=other_framework()) as http:
            assert await http.post("/x", Film, content="é") == Film(3, "é")

    run(call())
    assert life == ["started", "left", "stopped"]


def test_the_plugin_gives_one_client_and_passes_the_id_of_the_request_on() -> None:
    inner = App()
    seen: list[dict[str, str]] = []

    @inner.get("/inner")
    async def show(request: Request) -> dict[str, int]:
        seen.append(dict(request.headers.multi_items()))
        return {"id": 1}

    app = App(
        plugins=[
            Outgoing(base_url="https://inner.test", answers=inner),
            Outgoing("silent", base_url="https://inner.test", answers=inner, request_ids=False),
        ]
    )
    app.middleware(RequestIds())
    given: list[Http] = []

    @app.get("/")
    async def home(http: Http, silent: Annotated[Http, "silent"]) -> str:
        given.append(http)
        await silent.get("/inner")
        return (await http.get("/inner")).text

    @app.get("/sync")
    def from_a_thread(http: Http) -> str:
        return str(wait(http.get("/inner", dict[str, int]))["id"])

    ran: list[int] = []

    @app.task(restart="never")
    async def beside(http: Http) -> None:
        ran.append((await http.get("/inner")).status)

    with Client(app) as client:
        assert client.get("/", headers={"x-request-id": "abc-1"}).json() == {"id": 1}
        assert client.get("/sync", headers={"x-request-id": "abc-2"}).text == "1"
        for _ in range(1000):
            if ran:
                break
            client.get("/sync")
    assert ran == [200]
    ids = [one.get("x-request-id") for one in seen]
    assert "abc-1" in ids
    assert "abc-2" in ids
    assert ids.count("abc-1") == 1
    assert None in ids


def test_a_failure_that_nobody_catches_is_a_gateway_s() -> None:
    answers = Answers(
        {
            "https://a.test/down": OSError("nobody"),
            "https://a.test/missing": Response(b"secret", 404),
            "https://a.test/late": late,
        }
    )
    app = App(plugins=[Outgoing(base_url="https://a.test", answers=answers, retries=Retries(times=0))])

    @app.get("/{name}")
    async def ask(name: str, http: Http) -> Film:
        return await http.get(f"/{name}", Film, timeout=0.05 if name == "late" else 20)

    async def call() -> None:
        async with AsyncClient(app) as client:
            for name, status in {"down": 502, "missing": 502, "late": 504}.items():
                reply = await client.get(f"/{name}")
                assert reply.status == status
                assert "secret" not in reply.text
                assert "a.test" not in reply.text

    run(call())


async def late(asked: Asked) -> Response:
    await asyncio.sleep(60)
    return Response(b"")


def test_a_mistake_in_the_options_is_told_where_they_are_said() -> None:
    with pytest.raises(ValueError, match="whole URL"):
        Outgoing(base_url="films.example")
    with pytest.raises(TypeError, match="timeout"):
        Outgoing(timeout=3)  # type: ignore[call-arg]
