"""The current request, for code that cannot be handed it."""

import asyncio
import importlib
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest

import segue
from segue import App, NotFound, Request, WebSocket
from segue.testing import AsyncClient, Client


@pytest.fixture(autouse=True, scope="module")
def imported() -> Iterator[None]:
    """As if a module of the app had imported it; the apps of other tests go without."""
    before = sys.modules.get("segue.core.context")
    module = importlib.import_module("segue.core.context")
    yield
    if before is None:
        del sys.modules[module.__name__], segue.core.context


def path() -> str:
    return segue.current_request().path


def films() -> App:
    app = App("films")

    @app.get("/async")
    async def on_loop() -> str:
        before = path()
        await asyncio.sleep(0)
        return before + path()

    @app.get("/def")
    def in_thread() -> str:
        return path() + path()

    @app.get("/task")
    async def in_task() -> str:
        async def inner() -> str:
            await asyncio.sleep(0)
            return path()

        return await asyncio.create_task(inner()) + path()

    @app.get("/stream")
    async def stream() -> AsyncIterator[str]:
        yield path()
        await asyncio.sleep(0)
        yield path()

    @app.get("/lines")
    def lines() -> Iterator[str]:
        yield path()
        yield path()

    @app.get("/films/{id:int}", name="show")
    async def show(id: int) -> str:
        return segue.current_app().name

    return app


@pytest.mark.parametrize("where", ["/async", "/def", "/task", "/stream", "/lines"])
def test_it_is_known_wherever_a_request_is_answered(serve: Callable[[App], Any], where: str) -> None:
    assert serve(films()).get(where).text == where * 2


def test_middleware_error_handlers_and_websockets_know_it() -> None:
    app = films()

    @app.error_handler(NotFound)
    async def lost(request: Request, error: NotFound) -> str:
        return f"no {path()}"

    @app.websocket("/talk")
    async def talk(socket: WebSocket) -> None:
        await socket.send(path())
        await socket.receive()
        await socket.send(path())

    with Client(app) as client:
        assert client.get("/nowhere").text == "no /nowhere"
        with client.websocket("/talk") as socket:
            assert socket.receive() == "/talk"
            socket.send("on")
            assert socket.receive() == "/talk"


def test_requests_at_the_same_time_have_each_their_own() -> None:
    async def main() -> None:
        async with AsyncClient(films()) as client:
            paths = ["/async", "/def", "/task", "/stream"] * 20
            answers = await asyncio.gather(*[client.get(path) for path in paths])
            assert [answer.text for answer in answers] == [path * 2 for path in paths]

    asyncio.run(main())


@pytest.mark.row("FL7")
def test_the_context_of_an_app() -> None:
    one, two = films(), App("two")

    @two.get("/")
    async def index() -> str:
        return segue.current_app().name

    # Outside: an error that explains.
    with pytest.raises(RuntimeError, match=r"app\.test_request"):
        segue.current_request()
    # Two apps in one process.
    with Client(one) as first, Client(two) as second:
        assert (first.get("/films/3").text, second.get("/").text) == ("films", "two")
    # A request for what is outside of one.
    with one.test_request("/films/3?q=x", headers={"X-Token": "t"}) as request:
        assert segue.current_request() is request
        assert segue.current_app() is one
        assert request.params == {"id": 3}
        assert request.query["q"] == "x"
        assert request.headers["x-token"] == "t"
        assert request.url_for("show", id=4) == "/films/4"
        assert request.url_for("show", id=4, _external=True) == "http://localhost/films/4"
        with two.test_request("/"):
            assert segue.current_app() is two
        assert segue.current_app() is one
    with pytest.raises(RuntimeError):
        segue.current_app()


def test_a_request_that_nobody_has_sent_has_a_body_and_a_scope() -> None:
    app = App()

    @app.provide
    async def text(request: Request) -> bytes:
        return await request.body()

    async def main() -> None:
        with app.test_request("/", method="POST", content=b"hello") as request:
            async with app.scope(request) as scope:
                assert await scope.get(bytes) == b"hello"

    asyncio.run(main())


def test_an_app_that_does_not_use_it_does_not_carry_it() -> None:
    script = (
        "import sys, segue; app = segue.App(); app.freeze(); assert 'segue.core.context' not in sys.modules; "
        "assert app.handle.__qualname__.startswith('dispatcher')"
    )
    subprocess.run([sys.executable, "-c", script], check=True)
