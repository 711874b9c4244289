"""The order of middleware, what goes without it, and what is around single routes and included apps."""

from typing import Any

import pytest

from segue import App, Next, Request, Response, Setup, WebSocket
from segue.core.plan import FreezeError
from segue.testing import Client


def noting(name: str) -> Any:
    async def note(request: Request, next: Next) -> Response:
        response = await next(request)
        response.headers.add("x-trace", name)
        return response

    note.__name__ = name
    return note


class Sessions:
    async def __call__(self, request: Request, next: Next) -> Response:
        response = await next(request)
        response.headers.add("x-trace", "Sessions")
        return response


class Wrapping:
    """A plugin of one middleware."""

    def __init__(self, name: str, **order: Any) -> None:
        self.name = name
        self.order = order

    def setup(self, to: Setup) -> None:
        to.middleware(noting(self.name), **self.order)


def trace(app: App, path: str = "/") -> list[str]:
    """Who was around the request, the outermost first."""
    with Client(app) as client:
        return client.get(path).headers.get_all("x-trace")[::-1]


def index(app: App, path: str = "/", **options: Any) -> App:
    @app.get(path, **options)
    async def handler() -> str:
        return "x"

    return app


def problem(app: App) -> str:
    with pytest.raises(FreezeError) as failure:
        app.freeze()
    return str(failure.value)


@pytest.mark.row("PY-17")
def test_order_is_said_by_plugin_class_or_function_and_the_rest_stays_as_declared() -> None:
    app = index(App(plugins=[Wrapping("cors"), Wrapping("auth", after=Sessions)]))
    last = noting("last")
    app.middleware(last)
    app.middleware(Sessions())
    app.middleware(noting("first"), before=["cors", last])

    @app.middleware(after="auth", before=last)
    async def decorated(request: Request, next: Next) -> Response:
        return await noting("decorated")(request, next)

    assert trace(app) == ["first", "cors", "Sessions", "auth", "decorated", "last"]
    assert [str(one) for one in app.plan.middleware] == [
        "first",
        "cors: cors",
        "Sessions",
        "auth: auth",
        "decorated",
        "last",
    ]


@pytest.mark.row("SA7")
def test_a_later_middleware_may_come_first_and_answer_by_itself() -> None:
    app = index(App())
    usual = noting("usual")
    app.middleware(usual)

    @app.middleware(before=usual)
    async def early(request: Request, next: Next) -> Response:
        if "closed" in request.query:
            return Response("closed", 503)
        return await noting("early")(request, next)

    with Client(app) as client:
        assert client.get("/").headers.get_all("x-trace") == ["usual", "early"]
        answer = client.get("/?closed=1")
        assert (answer.status, answer.text, answer.headers.get_all("x-trace")) == (503, "closed", [])


def test_circles_and_unknown_neighbours_are_named_with_their_lines() -> None:
    app = App()
    a, b, c = noting("a"), noting("b"), noting("c")
    app.middleware(a, before=b)
    app.middleware(b, before=c)
    app.middleware(c, before=a)
    app.middleware(noting("d"), after="sessions")
    told = problem(app)
    for name, following in ("ab", "bc", "ca"):
        assert f"{name} (test_ordering.py:" in told
        assert told.index(f"-> {following} (test_ordering") > 0
    assert "after='sessions', but this app has no such middleware. Name a plugin that it lists" in told


def test_middleware_of_an_included_app_comes_after_that_of_the_outer_one_anyway() -> None:
    inner = index(App("inner"), "/x")
    inner.middleware(noting("inner"), after="outer")
    app = App("app", plugins=[Wrapping("outer")])
    app.include(inner, at="/in")
    assert trace(app, "/in/x") == ["outer", "inner"]
    late = index(App("late"), "/x")
    late.middleware(noting("inner"), before="outer")
    app = App("app", plugins=[Wrapping("outer")])
    app.include(late)
    assert "cannot come before 'outer', which the app around it has" in problem(app)


def test_a_plugin_may_ask_whether_another_is_there() -> None:
    class Careful:
        name = "careful"

        def setup(self, to: Setup) -> None:
            to.middleware(noting("careful"), after="sessions" if "sessions" in to.plugins else ())

    assert trace(index(App(plugins=[Careful()]))) == ["careful"]
    assert trace(index(App(plugins=[Careful(), Wrapping("sessions")]))) == ["sessions", "careful"]


def test_a_route_skips_middleware_of_a_plugin_of_the_app_and_of_included_ones() -> None:
    app = App("app", plugins=[Wrapping("timing"), Wrapping("auth")])
    own = noting("own")
    app.middleware(own)
    inner = App("inner")
    inner.middleware(Sessions())
    index(inner, "/all")
    index(inner, "/bare", skip=["timing", own, Sessions])
    app.include(inner, at="/in")
    index(app, "/plain")
    assert trace(app, "/in/all") == ["timing", "auth", "own", "Sessions"]
    assert trace(app, "/in/bare") == ["auth"]
    assert trace(app, "/plain") == ["timing", "auth", "own"]
    assert trace(app, "/in/bare/") == ["timing", "auth", "own"]  # answered by no route


def test_what_skips_nothing_is_a_problem_that_says_what_there_is() -> None:
    app = index(App(plugins=[Wrapping("timing")]), skip=["timings"])
    assert (
        "skip='timings', but there is no such middleware around the route. There is: timing: timing"
        in problem(app)
    )


def test_of_routes_that_predicates_tell_apart_all_have_to_skip_what_is_around_the_app() -> None:
    app = App(plugins=[Wrapping("timing"), Wrapping("auth")])
    index(app, "/", param={"a": "1"}, skip=["timing", "auth"])
    index(app, "/", skip=["timing"])
    assert trace(app) == ["auth"]
    assert trace(app, "/?a=1") == ["auth"]


def test_middleware_of_a_route_and_of_an_include_statement() -> None:
    inner = index(App("inner"), "/x", middleware=[noting("route"), noting("route 2")])
    inner.middleware(noting("inner"))
    index(inner, "/y")
    app = App("app")
    app.middleware(noting("app"))
    app.include(inner, at="/a", middleware=[noting("include")])
    app.include(inner, at="/b", name="b")
    assert trace(app, "/a/x") == ["app", "include", "inner", "route", "route 2"]
    assert trace(app, "/a/y") == ["app", "include", "inner"]
    assert trace(app, "/b/x") == ["app", "inner", "route", "route 2"]


def test_middleware_of_a_websocket_sees_its_handshake() -> None:
    app, seen = App(plugins=[Wrapping("timing")]), []

    async def watch(request: Request, next: Next) -> Response:
        response = await next(request)
        seen.append((response.status, response.headers.get_all("x-trace")))
        return response

    @app.websocket("/live", middleware=[watch], skip=["timing"])
    async def live(socket: WebSocket) -> None:
        await socket.send("x")

    with Client(app) as client, client.websocket("/live") as socket:
        assert socket.receive() == "x"
    assert seen == [(101, [])]
