"""Signals: who receives what, in which order, and what nobody receives costs nothing."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from segue import (
    App,
    AppSignal,
    ErrorAnswered,
    Next,
    NotFound,
    Request,
    RequestFailed,
    RequestFinished,
    RequestRouted,
    RequestSignal,
    RequestStarted,
    Response,
    ResponseReady,
    Struct,
    WebSocket,
    WebSocketClosed,
    WebSocketOpened,
    wait,
)
from segue.core.life.requesthooks import around
from segue.core.plan import FreezeError
from segue.testing import AsyncClient, Client, LiveServer


class UserEvent(Struct):
    name: str


class UserCreated(UserEvent):
    pass


def soon(condition: Callable[[], object]) -> bool:
    """Whether it comes to be: what happens after a response need not have happened when the client has it."""
    end = time.monotonic() + 20
    while not condition() and time.monotonic() < end:
        time.sleep(0.005)
    return bool(condition())


def kinds(seen: list[Any]) -> list[str]:
    return [type(signal).__name__ for signal in seen]


def noting(app: App, what: type[Any]) -> list[Any]:
    seen: list[Any] = []
    app.on(what)(seen.append)
    return seen


def answers(app: App) -> App:
    @app.get("/")
    async def index() -> str:
        return "index"

    @app.get("/films/{id}")
    def film(id: int) -> dict[str, int]:
        return {"id": id}

    @app.get("/bad")
    async def bad() -> str:
        raise ValueError("bad")

    @app.get("/gone")
    async def gone() -> str:
        raise NotFound("gone")

    @app.get("/stream")
    async def stream() -> AsyncIterator[str]:
        yield "a"
        yield "b"

    @app.websocket("/echo")
    async def echo(socket: WebSocket) -> None:
        async for message in socket:
            await socket.send(message)

    return app


WHOLE = ["RequestStarted", "RequestRouted", "ResultRendering", "ResponseReady", "RequestFinished"]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/", WHOLE),
        ("/films/7", WHOLE),
        ("/stream", WHOLE),
        ("/gone", ["RequestStarted", "RequestRouted", "ErrorAnswered", "ResponseReady", "RequestFinished"]),
        ("/nowhere", ["RequestStarted", "ErrorAnswered", "ResponseReady", "RequestFinished"]),
        ("/bad", [*WHOLE[:2], "RequestFailed", "ErrorAnswered", *WHOLE[3:]]),
    ],
)
def test_what_happens_to_a_request_is_told_in_order(
    serve: Callable[[App], Any], path: str, expected: list[str]
) -> None:
    app = answers(App())
    seen = noting(app, RequestSignal)
    serve(app).get(path)
    assert soon(lambda: kinds(seen) == expected), kinds(seen)


def test_a_signal_has_what_it_tells_of() -> None:
    app = answers(App("films"))
    seen = noting(app, RequestSignal)
    with Client(app, raise_server_exceptions=False) as client:
        client.get("/films/7")
        _, routed, rendering, ready, finished = seen
        assert rendering.result == {"id": 7}
        assert (str(routed.request.endpoint).split()[0], routed.request.params) == ("films.film", {"id": "7"})
        assert ready.response.status == finished.response.status == 200
        assert finished.response is ready.response
        assert finished.seconds >= 0
        seen.clear()
        client.get("/bad")
    failed = next(one for one in seen if isinstance(one, RequestFailed))
    answered = next(one for one in seen if isinstance(one, ErrorAnswered))
    assert failed.error is answered.error
    assert (str(failed.error), answered.response.status) == ("bad", 500)


@pytest.mark.row("AI5")
def test_start_response_and_stop_are_told_and_streams_and_handshakes_get_the_header_too() -> None:
    app = answers(App())
    lived = noting(app, AppSignal)

    @app.on(ResponseReady)
    async def add(signal: ResponseReady) -> None:
        signal.response.headers["x-served-by"] = "segue"

    with Client(app, raise_server_exceptions=False) as client:
        for path in ("/", "/stream", "/bad", "/nowhere"):
            assert client.get(path).headers["x-served-by"] == "segue"
    assert kinds(lived) == ["AppStarting", "AppStarted", "AppStopping", "AppStopped"]

    async def handshake() -> None:
        async with AsyncClient(app) as client, client.websocket("/echo") as socket:
            assert socket.headers["x-served-by"] == "segue"

    asyncio.run(handshake())
    with LiveServer(app) as server:
        import websockets.sync.client

        url = server.url.replace("http", "ws") + "/echo"
        with websockets.sync.client.connect(url) as socket:
            assert socket.response is not None
            assert socket.response.headers["x-served-by"] == "segue"


def test_sockets_are_told_of_when_they_open_and_close() -> None:
    app = answers(App())
    opened, closed = noting(app, WebSocketOpened), noting(app, WebSocketClosed)

    @app.websocket("/fails")
    async def fails(socket: WebSocket) -> None:
        raise ValueError("no")

    async def talk() -> None:
        async with AsyncClient(app, raise_server_exceptions=False) as client:
            async with client.websocket("/echo") as socket:
                await socket.send("x")
                assert await socket.receive() == "x"
                assert len(opened) == 1
            async with client.websocket("/fails") as socket:
                pass

    asyncio.run(talk())
    assert [one.request.path for one in closed] == ["/echo", "/fails"]
    assert opened[0].socket is closed[0].socket
    assert [type(one.error) for one in closed] == [type(None), ValueError]


def test_an_included_app_hears_of_what_it_answers_and_the_outer_one_of_all() -> None:
    app, blog, deep = App("app"), answers(App("blog")), answers(App("deep"))
    blog.include(deep, at="/deep")
    app.include(blog, at="/blog")
    answers(app)
    heard = {one.name: noting(one, RequestSignal) for one in (app, blog, deep)}
    with Client(app, raise_server_exceptions=False) as client:
        for path, deeper, inner in (
            ("/bad", 0, 0),
            ("/blog/bad", 0, 6),
            ("/blog/deep/bad", 6, 6),
            ("/blog/no", 0, 0),
        ):
            for seen in heard.values():
                seen.clear()
            client.get(path)
            assert len(heard["app"]) == (4 if path == "/blog/no" else 6), path
            assert (len(heard["deep"]), len(heard["blog"])) == (deeper, inner), path


def test_a_middleware_that_fails_or_answers_itself_is_told_of_too() -> None:
    app = answers(App())
    seen = noting(app, RequestSignal)

    @app.middleware
    async def gate(request: Request, next: Next) -> Response:
        if request.path == "/bad":
            raise ValueError("gate")
        return Response("closed", 403)

    with Client(app, raise_server_exceptions=False) as client:
        assert client.get("/").status == 403
        assert kinds(seen) == ["RequestStarted", "ResponseReady", "RequestFinished"]
        seen.clear()
        assert client.get("/bad").status == 500
    assert kinds(seen) == [
        "RequestStarted",
        "RequestFailed",
        "ErrorAnswered",
        "ResponseReady",
        "RequestFinished",
    ]


def test_a_request_whose_client_left_is_finished_without_a_response() -> None:
    app = App()
    began, told = asyncio.Event(), asyncio.Event()
    seen = noting(app, RequestFinished)
    app.on(RequestFinished)(told.set)

    @app.get("/", on_disconnect="cancel")
    async def slow() -> str:
        began.set()
        await asyncio.Event().wait()
        return "never"

    async def main() -> None:
        from segue.server import Server, ServerConfig

        async with Server(app, ServerConfig(binds=("127.0.0.1:0",))) as server:
            host, port = server.urls[0].removeprefix("http://").split(":")
            _, writer = await asyncio.open_connection(host, int(port))
            writer.write(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
            await asyncio.wait_for(began.wait(), 20)
            writer.close()
            await writer.wait_closed()
            await asyncio.wait_for(told.wait(), 20)

    asyncio.run(main())
    assert [one.response for one in seen] == [None]


def test_what_nobody_receives_is_not_in_the_plan() -> None:
    bare, heard = answers(App()), answers(App())
    noting(heard, UserCreated)
    noting(heard, AppSignal)
    noting(told := answers(App()), RequestStarted)

    async def on_error(request: Request, error: Exception) -> Response:
        raise error

    assert [len(around(one, (), (), on_error)) for one in (bare, heard, told)] == [0, 0, 1]


# --- signals of one's own --------------------------------------------------------------------------------------------


@dataclass
class Saved:
    id: int


@pytest.mark.parametrize("sync", [True, False])
def test_own_signals_of_any_class_reach_sync_and_async_receivers_and_their_results_come_back(
    sync: bool,
) -> None:
    app = App()

    if sync:

        @app.on(Saved)
        def index(signal: Saved) -> str:
            return f"indexed {signal.id}"
    else:

        @app.on(Saved)
        async def index_later(signal: Saved) -> str:
            await asyncio.sleep(0)
            return f"indexed {signal.id}"

    @app.on(Saved)
    def count() -> int:
        return 1

    assert asyncio.run(app.emit(Saved(7))) == ["indexed 7", 1]
    assert wait(app.emit(Saved(8))) == ["indexed 8", 1]


def test_receivers_of_a_base_class_get_its_subclasses() -> None:
    app = App()
    events, created, everything = noting(app, UserEvent), noting(app, UserCreated), noting(app, object)
    wait(app.emit(UserCreated("django")))
    wait(app.emit(UserEvent("stéphane")))
    wait(app.emit(Saved(1)))
    assert ([len(one) for one in (events, created, everything)]) == [2, 1, 3]


def test_receivers_come_in_the_order_that_they_ask_for() -> None:
    app = App()
    order: list[str] = []

    @app.on(Saved, after="late_but_first")
    def third(signal: Saved) -> None:
        order.append("third")

    @app.on(Saved)
    def fourth(signal: Saved) -> None:
        order.append("fourth")

    @app.on(Saved, before=(third, fourth))
    def second(signal: Saved) -> None:
        order.append("second")

    def late(signal: Saved) -> None:
        order.append("first")

    late.__qualname__ = "late_but_first"
    app.on(Saved, before=second)(late)
    wait(app.emit(Saved(1)))
    assert order == ["first", "second", "third", "fourth"]


def test_a_circle_a_missing_neighbour_and_a_bad_receiver_are_all_told_at_freeze() -> None:
    app = App()

    def b(signal: Saved) -> None: ...

    @app.on(Saved, before=b)
    def a(signal: Saved) -> None: ...

    app.on(Saved, before=a)(b)

    @app.on(Saved, after="nobody")
    def c(signal: Saved) -> None: ...

    app.on(Saved)(lambda signal, more: None)
    app.on("user..created")(lambda: None)
    app.on(7)(lambda signal: None)  # type: ignore[call-overload]
    with pytest.raises(FreezeError) as caught:
        app.freeze()
    told = "\n".join(caught.value.problems)
    assert len(caught.value.problems) == 5
    for part in (
        "circle",
        "nobody",
        "takes one argument, the Saved",
        "'user..created'",
        "not 7",
        "test_signals.py:",
    ):
        assert part in told


def test_conditions_choose() -> None:
    app = App()
    seen: list[int] = []
    app.on(Saved, when=lambda signal: signal.id > 5)(lambda signal: seen.append(signal.id))
    for number in (3, 7):
        wait(app.emit(Saved(number)))
    assert seen == [7]


def test_what_receivers_raise_is_collected_when_all_were_told() -> None:
    app = App()

    @app.on(Saved)
    def bad(signal: Saved) -> None:
        raise ValueError("bad")

    @app.on(Saved)
    async def worse(signal: Saved) -> None:
        raise KeyError("worse")

    seen = noting(app, Saved)
    with pytest.raises(ExceptionGroup) as caught:
        wait(app.emit(Saved(1)))
    assert [type(error) for error in caught.value.exceptions] == [ValueError, KeyError]
    assert "bad (test_signals.py:" in caught.value.exceptions[0].__notes__[0]
    assert len(seen) == 1


def test_a_receiver_of_a_notification_that_fails_is_logged_and_stops_nobody(
    caplog: pytest.LogCaptureFixture,
) -> None:
    app = answers(App())

    @app.on(RequestRouted)
    def bad(signal: RequestRouted) -> None:
        raise ValueError("bad")

    seen = noting(app, RequestRouted)
    with Client(app) as client:
        assert client.get("/").text == "index"
    assert len(seen) == 1
    [record] = [one for one in caplog.records if one.levelno == logging.ERROR]
    assert "bad (test_signals.py:" in record.getMessage()


def test_a_receiver_that_fails_stops_the_start() -> None:
    app = App()
    left: list[str] = []

    @app.lifespan
    async def life() -> AsyncIterator[None]:
        yield
        left.append("left")

    @app.on(AppSignal, when=lambda signal: type(signal).__name__ == "AppStarted")
    def refuse(signal: AppSignal) -> None:
        raise OSError("no disk")

    with pytest.raises(ExceptionGroup, match="AppStarted"), Client(app):
        pass
    assert left == ["left"]
    assert app.phase == "stopped"


def test_signals_cross_the_apps_that_are_served_together() -> None:
    app, blog = App("app"), App("blog")
    app.include(blog, at="/blog")
    of_app, of_blog = noting(app, Saved), noting(blog, Saved)
    app.freeze()
    wait(app.emit(Saved(1)))
    wait(blog.emit(Saved(2)))
    assert of_app == of_blog == [Saved(1), Saved(2)]


# --- topics ----------------------------------------------------------------------------------------------------------


@pytest.mark.row("SA8")
def test_topics_capture_segments_have_conditions_an_order_and_can_be_waited_for() -> None:
    app = answers(App())
    seen: list[Any] = []

    @app.on("user.{thing}.created")
    async def created(thing: str, user: str) -> None:
        seen.append((thing, user))

    @app.on("user.{thing}.created", before=created)
    def first(**values: Any) -> None:
        seen.append(values)

    @app.on("user.*.created", when=lambda values: values.get("user") == "stéphane")
    def chosen() -> None:
        seen.append("chosen")

    wait(app.emit("user.registration.created", user="django"))
    assert seen == [{"user": "django", "thing": "registration"}, ("registration", "django")]
    seen.clear()
    wait(app.emit("user.registration.created", user="stéphane"))
    assert seen[-1] == "chosen"
    seen.clear()
    wait(app.emit("user.registration.removed", user="django"))
    wait(app.emit("user.a.b.created", user="django"))
    assert seen == []

    async def waiting() -> None:
        task = asyncio.create_task(app.event("a.b.c", timeout=20))
        await asyncio.sleep(0)
        await app.emit("a.b.d")
        await app.emit("a.b.c", number=7)
        assert await task == {"number": 7}
        with pytest.raises(TimeoutError):
            await app.event("a.b.c", timeout=0.01)

    asyncio.run(waiting())
    # The life of requests, of handlers, of the server and of sockets: signals of Segue's own.
    requests, lives = noting(other := answers(App()), RequestSignal), noting(other, AppSignal)
    with Client(other) as client:
        client.get("/")
    assert (kinds(requests), len(lives)) == (WHOLE, 4)


def test_an_event_is_waited_for_by_class_and_condition() -> None:
    app = App()

    async def main() -> None:
        task = asyncio.create_task(app.event(UserEvent, timeout=20, when=lambda signal: signal.name == "b"))
        await asyncio.sleep(0)
        await app.emit(UserCreated("a"))
        await app.emit(UserCreated("b"))
        assert await task == UserCreated("b")
        assert app.plan.life._waiters == []
        with pytest.raises(TypeError, match="receiver"):
            await app.event(RequestFinished)

    asyncio.run(main())


def test_values_go_with_a_topic_only() -> None:
    with pytest.raises(TypeError, match="values go with a topic"):
        wait(App().emit(Saved(1), id=2))


def test_the_values_of_a_topic_are_a_mapping_for_conditions() -> None:
    app = App()
    seen: list[Mapping[str, Any]] = []

    def look(values: Mapping[str, Any]) -> bool:
        seen.append(values)
        return False

    app.on("a.{b}", when=look)(lambda: seen.append({}))
    wait(app.emit("a.x", y=1))
    assert seen == [{"b": "x", "y": 1}]
