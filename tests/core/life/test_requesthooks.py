"""Hooks around requests: their order, what they may change, and that teardown always comes."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from segue import (
    App,
    AppStarted,
    AppStopping,
    BadRequest,
    ErrorAnswered,
    Next,
    NotFound,
    Request,
    RequestFailed,
    RequestFinished,
    RequestRouted,
    RequestStarted,
    Response,
    ResponseReady,
    SetCookie,
    Setup,
)
from segue.testing import Client


def soon(condition: Callable[[], object]) -> bool:
    """Whether it comes to be: what happens after a response need not have happened when the client has it."""
    end = time.monotonic() + 20
    while not condition() and time.monotonic() < end:
        time.sleep(0.005)
    return bool(condition())


def hooked(app: App, seen: list[str], name: str = "") -> App:
    @app.before
    def before1(request: Request) -> None:
        seen.append(f"{name}before1")

    @app.before
    async def before2(request: Request) -> None:
        seen.append(f"{name}before2")

    @app.after
    def after1(request: Request, response: Response) -> None:
        seen.append(f"{name}after1")

    @app.after
    async def after2(request: Request, response: Response) -> None:
        seen.append(f"{name}after2")

    @app.teardown
    async def teardown(request: Request) -> None:
        seen.append(f"{name}teardown")

    @app.get("/")
    async def view() -> str:
        seen.append(f"{name}view")
        return "view"

    @app.get("/bad")
    async def bad() -> str:
        raise ValueError("bad")

    return app


ORDER = ["before1", "before2", "view", "after2", "after1", "teardown"]


def test_they_run_in_order(serve: Callable[[App], Any]) -> None:
    seen: list[str] = []
    ask = serve(hooked(App(), seen))
    assert ask.get("/").text == "view"
    assert soon(lambda: seen == ORDER), seen


@pytest.mark.row("BO11")
def test_after_and_teardown_run_on_errors_too() -> None:
    seen: list[str] = []
    app = hooked(App(), seen)
    statuses: list[int] = []

    @app.after
    def note(request: Request, response: Response) -> None:
        statuses.append(response.status)
        response.headers["x-after"] = "yes"

    with Client(app, raise_server_exceptions=False) as client:
        for path in ("/bad", "/nowhere"):
            seen.clear()
            assert client.get(path).headers["x-after"] == "yes"
            assert seen == [one for one in ORDER if one != "view"]
        assert client.put("/").headers["x-after"] == "yes"
    assert statuses == [500, 404, 405]


def test_a_before_hook_may_answer_and_knows_the_endpoint() -> None:
    seen: list[str] = []
    app = hooked(App("shop"), seen)

    @app.before
    async def gate(request: Request) -> tuple[str, int] | None:
        name = str(request.endpoint).split()[0]
        return ("closed", 403) if name == "shop.view" else None

    with Client(app, raise_server_exceptions=False) as client:
        response = client.get("/")
        assert (response.status, response.text) == (403, "closed")
        assert seen == [one for one in ORDER if one != "view"]
        assert client.get("/bad").status == 500


def test_what_a_before_hook_raises_is_answered_and_seen_by_after() -> None:
    app = hooked(App(), seen := [])

    @app.before
    def refuse(request: Request) -> None:
        raise BadRequest("no")

    with Client(app) as client:
        assert client.get("/").status == 400
    assert seen == [one for one in ORDER if one != "view"]


def test_an_after_hook_may_replace_the_response_and_one_that_fails_is_answered() -> None:
    app = hooked(App(), seen := [])

    @app.after
    def replace(request: Request, response: Response) -> str:
        return f"<{response.body!r}>"

    @app.after
    def fail(request: Request, response: Response) -> None:
        if request.query_string:
            raise NotFound("after all")

    with Client(app) as client:
        assert client.get("/").text == "<b'view'>"
        assert client.get("/?fail=1").text.startswith("<b'{")
    assert seen == ORDER * 2


def test_all_teardowns_run_though_one_raises_and_know_the_error(caplog: pytest.LogCaptureFixture) -> None:
    app = hooked(App(), [])
    seen: list[object] = []

    @app.teardown
    def last(request: Request, error: Exception | None) -> None:
        seen.append(error)

    @app.teardown
    async def fails(request: Request) -> None:
        seen.append("fails")
        raise OSError("cannot close")

    @app.teardown
    def first(request: Request, error: Exception | None) -> None:
        seen.append("first")

    with Client(app, raise_server_exceptions=False) as client:
        client.get("/")
        client.get("/bad")
    assert seen[:5] == ["first", "fails", None, "first", "fails"]
    assert str(seen[5]) == "bad"
    failures = [one for one in caplog.records if one.name == "segue.hooks"]
    assert len(failures) == 2
    assert "test_requesthooks.py:" in failures[0].getMessage()


def test_those_of_an_included_app_are_inside_and_for_its_requests_only() -> None:
    seen: list[str] = []
    app, blog = hooked(App("app"), seen), hooked(App("blog"), seen, "b-")
    app.include(blog, at="/blog")
    with Client(app) as client:
        client.get("/blog/")
        assert seen == [
            *("before1", "before2", "b-before1", "b-before2", "b-view"),
            *("b-after2", "b-after1", "after2", "after1", "b-teardown", "teardown"),
        ]
        seen.clear()
        client.get("/")
        client.get("/blog/no")
        assert not [one for one in seen if one.startswith("b-")]


def test_teardown_comes_after_the_stream_and_when_the_client_leaves(caplog: pytest.LogCaptureFixture) -> None:
    app = App()
    seen: list[str] = []
    began, done = asyncio.Event(), asyncio.Event()

    @app.get("/stream")
    async def stream() -> AsyncIterator[str]:
        yield "a"
        seen.append("streamed")

    @app.get("/endless", on_disconnect="cancel")
    async def endless() -> None:
        began.set()
        await asyncio.Event().wait()

    @app.get("/endless-stream")
    async def endless_stream() -> AsyncIterator[str]:
        yield "a"
        began.set()
        await asyncio.Event().wait()

    @app.teardown
    def teardown(request: Request) -> None:
        seen.append("teardown")
        done.set()

    with Client(app) as client:
        assert client.get("/stream").text == "a"
    assert seen == ["streamed", "teardown"]

    async def leave(path: str) -> None:
        from segue.server import Server, ServerConfig

        seen.clear()
        began.clear()
        done.clear()
        async with Server(app, ServerConfig(binds=("127.0.0.1:0",))) as server:
            host, port = server.urls[0].removeprefix("http://").split(":")
            _, writer = await asyncio.open_connection(host, int(port))
            writer.write(f"GET {path} HTTP/1.1\r\nhost: x\r\n\r\n".encode())
            await asyncio.wait_for(began.wait(), 20)
            writer.close()
            await writer.wait_closed()
            await asyncio.wait_for(done.wait(), 20)

    async def main() -> None:
        for path in ("/endless", "/endless-stream"):
            await leave(path)
            assert seen == ["teardown"]

    asyncio.run(main())
    assert [one for one in caplog.records if one.levelno >= logging.ERROR] == []


def test_hooks_are_inside_the_middleware_of_their_app() -> None:
    app = App()
    seen: list[str] = []

    @app.before
    def before(request: Request) -> None:
        seen.append("before")

    @app.middleware
    async def around(request: Request, next: Next) -> Response:
        seen.append("in")
        response = await next(request)
        seen.append("out")
        return response

    with Client(app) as client:
        client.get("/")
    assert seen == ["in", "before", "out"]


def test_after_this_changes_the_response_of_one_request_in_any_app(serve: Callable[[App], Any]) -> None:
    app = App()

    @app.get("/")
    async def index(request: Request, fail: bool = False) -> str:
        request.after_this(lambda response: response.set_cookie(SetCookie("seen", "1")))

        async def number(response: Response) -> None:
            response.headers["x-number"] = "7"

        request.after_this(number)
        if fail:
            raise ValueError("bad")
        return "x"

    @app.get("/replaced")
    async def replaced(request: Request) -> str:
        request.after_this(lambda response: Response("other", 202))
        return "x"

    @app.get("/broken")
    async def broken(request: Request) -> str:
        request.after_this(lambda response: 1 / 0)
        return "x"

    @app.get("/plain")
    async def plain() -> str:
        return "x"

    ask = serve(app)
    for target, status in (("/", 200), ("/?fail=1", 500)):
        answer = ask.get(target)
        assert (answer.status, answer.headers["x-number"]) == (status, "7")
        assert answer.headers["set-cookie"].startswith("seen=1")
    assert ask.get("/replaced")[::2] == (202, b"other")
    assert ask.get("/broken").text == "x"
    assert "x-number" not in ask.get("/plain").headers


@pytest.mark.row("FL8")
def test_the_whole_life_of_a_request_with_values_of_the_path_and_of_urls() -> None:
    app = App()
    seen: list[str] = []

    @app.before
    def before1(request: Request) -> None:
        seen.append("before1")

    @app.url_values
    def take_language(request: Request, values: dict[str, Any]) -> None:
        request.state.lang = values.pop("lang")

    @app.url_defaults
    def add_language(request: Request | None) -> dict[str, Any]:
        return {"lang": request.state.lang if request else "en"}

    @app.get("/{lang}/films/{id}")
    async def view(request: Request, id: int) -> str:
        seen.append("view")
        request.after_this(lambda response: seen.append("after_this"))
        return request.url_for("view", id=id + 1)

    app.before(lambda request: seen.append("before2"))
    app.after(lambda request, response: seen.append("after1"))
    app.after(lambda request, response: seen.append("after2"))
    app.teardown(lambda request: seen.append("teardown"))

    @app.teardown
    def fails(request: Request) -> None:
        seen.append("fails")
        raise OSError("cannot close")

    app.teardown(lambda request: seen.append("teardown, the last"))
    with Client(app) as client:
        assert client.get("/de/films/7").text == "/de/films/8"
    assert seen == [
        *("before1", "before2", "view", "after2", "after1", "after_this"),
        *("teardown, the last", "fails", "teardown"),
    ]


@pytest.mark.row("CP17")
def test_a_tool_attaches_to_the_points_of_a_request_in_its_order_on_errors_too() -> None:
    points: list[str] = []

    class Stamp:
        """A tool of one's own: a header on success and on errors."""

        name = "stamp"

        def setup(self, to: Setup) -> None:
            to.on(ResponseReady, after="number")(self.stamp)
            to.on(ResponseReady)(number)
            to.on(RequestFinished)(lambda: points.append("end of request"))
            to.on(RequestStarted)(lambda: points.append("start"))
            to.on(RequestRouted)(lambda: points.append("routed"))
            to.before(lambda request: points.append("before handler"))
            to.after(lambda request, response: points.append("after handler"))
            to.on(RequestFailed)(lambda: points.append("before error response"))
            to.on(ErrorAnswered)(lambda: points.append("after error response"))

        def stamp(self, signal: ResponseReady) -> None:
            points.append("before it is sent")
            signal.response.headers["x-stamp"] = signal.response.headers["x-number"]

    def number(signal: ResponseReady) -> None:
        signal.response.headers["x-number"] = "7"
        raise OSError("one that fails stops none of the others")

    app = App(plugins=[Stamp()])

    @app.get("/")
    async def view() -> str:
        points.append("handler")
        return "view"

    @app.get("/crash")
    async def crash() -> str:
        raise MemoryError

    number.__qualname__ = "number"
    with Client(app, raise_server_exceptions=False) as client:
        assert client.get("/").headers["x-stamp"] == "7"
        begin, end = ["start", "routed", "before handler"], ["before it is sent", "end of request"]
        assert points == [*begin, "handler", "after handler", *end]
        points.clear()
        assert client.get("/crash").headers["x-stamp"] == "7"
        assert points == [*begin, "before error response", "after error response", "after handler", *end]


@pytest.mark.row("LI12")
def test_events_lifespans_hooks_and_work_after_the_response_come_in_order() -> None:
    app = App()
    seen: list[str] = []

    @app.lifespan
    async def life() -> AsyncIterator[None]:
        seen.append("open")
        yield
        seen.append("close")

    @app.on("order.placed")
    async def placed(number: int) -> None:
        seen.append(f"event {number}")

    @app.on(ResponseReady)
    def before_send(signal: ResponseReady) -> None:
        seen.append(f"before {signal.response.status} is sent")

    async def mail(to: str) -> None:
        seen.append(f"mail to {to}")

    @app.post("/orders")
    async def order(request: Request) -> tuple[str, int]:
        await app.emit("order.placed", number=7)
        request.after(mail, "ada")
        return "ordered", 201

    app.on(AppStarted)(lambda: seen.append("started"))
    app.on(AppStopping)(lambda: seen.append("stopping"))
    with Client(app) as client:
        assert client.post("/orders").status == 201
    assert seen == [
        *("open", "started", "event 7", "before 201 is sent", "mail to ada", "stopping", "close"),
    ]
