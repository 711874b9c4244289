"""What is said of an app, of one inside it, of a class and of a handler: inner layers override, guards add up."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Annotated, Any

import pytest

from segue import (
    App,
    Body,
    Forbidden,
    Next,
    NotFound,
    Request,
    Response,
    SetCookie,
    Shape,
    Struct,
    WebSocket,
    expose,
    options,
)
from segue.core.plan import FreezeError
from segue.testing import Client

Serve = Callable[[Any], Any]
LAYERS = ("app", "router", "controller", "handler")


class Film(Struct):
    title: str = "Nuages"
    year: int = 1940
    budget: int = 1
    secret: str = "s"


class Greeting:
    def __init__(self, text: str) -> None:
        self.text = text


class Tone:
    def __init__(self, text: str) -> None:
        self.text = text


class Lost(LookupError):
    pass


class Gone(Exception):
    pass


passed: list[str] = []


def guard(layer: str) -> Callable[[Request], None]:
    def check(request: Request) -> None:
        passed.append(f"guard {layer}")
        if request.query.get("not") == layer:
            raise Forbidden(f"not by the {layer}")

    return check


def middleware(layer: str) -> Callable[[Request, Next], Awaitable[Response]]:
    async def around(request: Request, next: Next) -> Response:
        passed.append(f"middleware {layer}")
        return await next(request)

    return around


def answering(layer: str) -> Callable[[Request, Exception], Any]:
    def answer(request: Request, error: Exception) -> tuple[str, int]:
        return f"{type(error).__name__} by the {layer}", 418

    return answer


def layer_of(name: str) -> dict[str, Any]:
    """What each layer says: one thing for itself, and one that every layer says."""
    at = LAYERS.index(name)
    return {
        "headers": {f"x-{name}": "1", "x-nearest": name},
        "cookies": [SetCookie(f"{name}", "1"), SetCookie("nearest", name)],
        "requires": [guard(name)],
        "cache": at,
    }


def layered_app(*, without: str = "") -> App:
    passed.clear()
    router, app = App("router", **layer_of("router")), App("app", **layer_of("app"))
    app.provide(Greeting, Greeting("app"))
    app.provide(Tone, Tone("app"))
    router.provide(Greeting, Greeting("router"))
    for one in (app, router):
        one.middleware(middleware(one.name))
        one.error_handler(Lost)(answering(one.name))
    app.error_handler(Gone)(answering("app"))
    app.defaults["shapes"] = {Film: Shape(exclude=("secret",))}
    router.defaults["shapes"] = {Film: Shape(exclude=("secret", "budget"))}

    controller: dict[str, Any] = {
        **layer_of("controller"),
        "middleware": [middleware("controller")],
        "provides": {Greeting: lambda: Greeting("controller")},
        "error_handlers": {Lost: answering("controller")},
        "shapes": {Film: Shape(rename="upper")},
    }

    @router.resource("/films", **controller)
    class Films:
        async def get(self, greeting: Greeting, tone: Tone, fail: str = "") -> Film:
            fails(fail)
            return Film(title=f"{greeting.text} {tone.text}")

        @options(
            **layer_of("handler"),
            middleware=[middleware("handler")],
            provides={Greeting: Greeting("handler"), Tone: Tone("handler")},
            error_handlers={Lost: answering("handler"), 409: answering("handler")},
            shapes={Film: None},
        )
        async def post(self, film: Body[Film], greeting: Greeting, tone: Tone, fail: str = "") -> Film:
            fails(fail)
            film.title = f"{greeting.text} {tone.text}"
            return film

    @router.get("/plain")
    async def plain(greeting: Greeting, tone: Tone, fail: str = "") -> list[Film]:
        fails(fail)
        return [Film(title=f"{greeting.text} {tone.text}")]

    @app.get("/top")
    async def top(greeting: Greeting, fail: str = "") -> dict[str, Film]:
        fails(fail)
        return {"film": Film(title=greeting.text)}

    app.include(router, at="/in")
    return app


def fails(how: str) -> None:
    if how == "lost":
        raise Lost
    if how == "gone":
        raise Gone


@pytest.mark.row("LI1")
def test_inner_layers_override_outer_ones_and_guards_add_up(serve: Serve) -> None:
    ask = serve(layered_app())

    def cookies(answer: Any) -> dict[str, str]:
        fields = [one.partition(";")[0].split("=") for one in answer.headers.get_all("set-cookie")]
        assert len({name for name, _ in fields}) == len(fields)
        return dict(fields)

    def steps(answer: Any) -> list[str]:
        taken, passed[:] = list(passed), []
        assert answer.status < 500
        return taken

    json_body = {"content-type": "application/json"}
    # Each path is one layer deeper: the app, the one inside it, the class, its method.
    for depth, (method, path, body) in enumerate(
        [
            ("GET", "/top", b""),
            ("GET", "/in/plain", b""),
            ("GET", "/in/films", b""),
            ("POST", "/in/films", b"{}"),
        ]
    ):
        layers = LAYERS[: depth + 1]
        nearest = layers[-1]
        answer = ask(method, path, json_body if body else {}, body)
        assert answer.status == 200, answer.body
        # Guards add up, the outer ones first, and all middleware is around all of them.
        around, guards = [f"middleware {one}" for one in layers], [f"guard {one}" for one in layers]
        assert steps(answer) == [*around, *guards]
        for missing in layers:
            refused = ask(method, f"{path}?not={missing}", json_body if body else {}, body)
            assert (refused.status, json.loads(refused.body)["detail"]) == (403, f"not by the {missing}")
            steps(refused)
        # Header fields and cookies add up by their names, where the inner one wins; of a cache time it is the inner one.
        assert [one for one in LAYERS if f"x-{one}" in answer.headers] == list(layers)
        assert answer.headers["x-nearest"] == nearest
        assert cookies(answer) == {**dict.fromkeys(layers, "1"), "nearest": nearest}
        if method == "GET":
            expected = f"max-age={depth}" if depth else "no-store"
            assert answer.headers["cache-control"] == expected
        # The nearest error handler for an exception answers; what it does not take goes outwards.
        lost = ask(method, f"{path}?fail=lost", json_body if body else {}, body)
        assert (lost.status, lost.text) == (418, f"Lost by the {nearest}")
        gone = ask(method, f"{path}?fail=gone", json_body if body else {}, body)
        assert (gone.status, gone.text) == (418, "Gone by the app")
        assert cookies(gone)["nearest"] == nearest
        steps(gone)
    # Providers, and how a model looks: the nearest that says something.
    assert json.loads(ask.get("/top").body) == {"film": {"title": "app", "year": 1940, "budget": 1}}
    assert json.loads(ask.get("/in/plain").body) == [{"title": "router app", "year": 1940}]
    shouted = {"TITLE": "controller app", "YEAR": 1940, "BUDGET": 1, "SECRET": "s"}
    assert json.loads(ask.get("/in/films").body) == shouted
    made = ask("POST", "/in/films", json_body, b'{"budget": 7}')
    assert json.loads(made.body) == {"title": "handler handler", "year": 1940, "budget": 7, "secret": "s"}


def test_shapes_are_for_bodies_too_and_an_annotation_goes_before(serve: Serve) -> None:
    app = App(shapes={Film: Shape(exclude=("secret", "budget"))})

    @app.post("/films")
    async def add(film: Film) -> str:
        return f"{film.title} {film.budget} {film.secret}"

    @app.post("/many")
    async def many(films: Body[list[Film]]) -> tuple[list[Film], int]:
        return films, 201

    @app.get("/own")
    async def own() -> Annotated[Film, Shape(exclude=("title",))]:
        return Film()

    @app.get("/maybe")
    async def maybe() -> Film | None:
        return Film()

    ask = serve(app)
    headers = {"content-type": "application/json"}
    forged = b'{"title": "x", "budget": 1000000, "secret": "mine"}'
    assert ask("POST", "/films", headers, forged).text == "x 1 s"
    answer = ask("POST", "/many", headers, b"[%b]" % forged)
    assert (answer.status, json.loads(answer.body)) == (201, [{"title": "x", "year": 1940}])
    assert json.loads(ask.get("/own").body) == {"year": 1940, "budget": 1, "secret": "s"}
    assert json.loads(ask.get("/maybe").body) == {"title": "Nuages", "year": 1940}


def test_a_cookie_that_the_handler_sets_stays(serve: Serve) -> None:
    app = App(cookies=[SetCookie("seen", "1", max_age=60), SetCookie("see", "2")])

    @app.get("/")
    async def index() -> Response:
        response = Response("x")
        response.set_cookie(SetCookie("seen", "mine"))
        return response

    fields = serve(app).get("/").headers.get_all("set-cookie")
    assert [one.partition(";")[0] for one in fields] == ["seen=mine", "see=2"]


def test_trees_folders_and_sockets_have_layers_too(tmp_path: Any) -> None:
    class Root:
        @expose
        @options(provides={Greeting: Greeting("method")}, headers={"x-b": "2"})
        def own(self, *, greeting: Greeting) -> str:
            return greeting.text

        @expose
        def tree(self, *, greeting: Greeting) -> str:
            return greeting.text

    app = App("app")
    app.provide(Greeting, Greeting("app"))
    app.tree("/tree", Root(), provides={Greeting: Greeting("tree")}, headers={"x-a": "1"})

    @app.websocket("/socket", provides={Greeting: Greeting("socket")}, requires=[guard("socket")])
    async def socket(socket: WebSocket, greeting: Greeting) -> None:
        await socket.send(greeting.text)

    @app.websocket("/refused", requires=[guard("refused")], error_handlers={Forbidden: answering("socket")})
    async def refused(socket: WebSocket) -> None: ...

    with Client(app) as client:
        reply = client.get("/tree/own")
        assert (reply.text, reply.headers["x-a"], reply.headers["x-b"]) == ("method", "1", "2")
        assert client.get("/tree/tree").text == "tree"
        with client.websocket("/socket") as opened:
            assert opened.receive() == "socket"
        told = client.get("/refused?not=refused", headers={"upgrade": "websocket", "connection": "upgrade"})
        assert told.status in (400, 418, 426)


def test_what_is_wrong_in_a_layer_is_told_with_its_line() -> None:
    app = App()

    @app.get("/a", provides={Greeting: Tone("no greeting")})
    async def a() -> str:
        return ""

    @app.get("/b", error_handlers={"404": answering("b")})  # type: ignore[dict-item]
    async def b() -> str:
        raise NotFound

    with pytest.raises(FreezeError) as caught:
        app.freeze()
    first, second = caught.value.problems
    assert "test_layers.py" in first
    assert "Tone is no Greeting" in first
    assert "test_layers.py" in second
    assert "an error handler is for a class of exceptions or for a status" in second


def test_a_guard_may_be_an_object_that_can_be_called() -> None:
    class Closed:
        async def __call__(self, request: Request) -> None:
            raise Forbidden

    class Noisy:
        def __call__(self) -> None:
            raise Forbidden

    app = App()
    app.get("/closed", requires=[Closed()])(lambda: "open")
    app.get("/noisy", requires=[Noisy()])(lambda: "open")
    with Client(app) as client:
        assert [client.get("/closed").status, client.get("/noisy").status] == [403, 403]
