"""Apps in apps: included, and mounted."""

import importlib
import json
import urllib.request
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from segue import (
    App,
    AppKey,
    Converter,
    HTTPError,
    Next,
    NotFound,
    Request,
    RequestFinished,
    Response,
    WebSocket,
)
from segue.core.app import Frozen
from segue.core.plan import FreezeError
from segue.testing import Client, LiveServer

Serve = Callable[[App], Any]


def blog(name: str | None = "blog") -> App:
    app = App(name)

    @app.get("/")
    async def index(request: Request) -> dict[str, str]:
        return {
            "self": request.url_for(f"{app.name}.index"),
            "post": request.url_for(f"{app.name}.post", id=3),
        }

    @app.get("/posts/{id:int}")
    async def post(id: int) -> dict[str, int]:
        if id == 0:
            raise NotFound("no such post")
        return {"id": id}

    return app


def test_an_included_app_answers_below_its_place(serve: Serve) -> None:
    app = App("site")
    app.include(blog(), at="/blog")
    ask = serve(app)
    assert ask.get("/blog/").text == '{"self":"/blog/","post":"/blog/posts/3"}'
    assert (ask.get("/blog").status, ask.get("/blog").headers["location"]) == (308, "/blog/")
    assert ask.get("/blog/posts/7").text == '{"id":7}'
    assert ask.get("/posts/7").status == 404
    assert app.url_for("blog.post", id=1) == "/blog/posts/1"


def test_the_same_app_at_two_places_under_two_names() -> None:
    app = App("site")
    shared = blog()
    entered: list[str] = []

    @shared.lifespan
    async def life() -> AsyncIterator[None]:
        entered.append("in")
        yield
        entered.append("out")

    app.include(shared, at="/a", name="first")
    app.include(shared, at="/b/", name="second")
    with Client(app) as client:
        assert client.get("/a/posts/1").json() == client.get("/b/posts/1").json() == {"id": 1}
    assert entered == ["in", "out"]
    assert app.url_for("first.post", id=1) == "/a/posts/1"
    assert app.url_for("second.post", id=1) == "/b/posts/1"


def test_the_place_may_have_parameters_and_a_host(serve: Serve) -> None:
    app, inner = App("app"), App("inner")

    @inner.get("/{page}")
    async def show(page: str, request: Request) -> list[Any]:
        return [page, dict(request.params)]

    @inner.get("/of/{page}")
    async def of(tenant: str, page: str) -> list[Any]:
        return [tenant, page]

    app.include(inner, at="/t/{tenant}")
    app.include(inner, at="/", host="{tenant}.example.com", name="hosted")
    ask = serve(app)
    assert ask.get("/t/blue/about").text == '["about",{"tenant":"blue","page":"about"}]'
    assert ask.get("/t/blue/of/x").text == '["blue","x"]'
    assert ask.get("/of/x", {"host": "red.example.com"}).text == '["red","x"]'
    assert app.url_for("inner.of", tenant="blue", page="x") == "/t/blue/of/x"


def test_error_handlers_and_defaults_of_an_included_app_are_its_own() -> None:
    app, inner = App("app", timeout=5), blog()
    inner.defaults["on_disconnect"] = "cancel"

    @inner.error_handler(404)
    async def lost(request: Request, error: HTTPError) -> str:
        return f"blog: {error.detail}"

    @app.error_handler(404)
    async def outer(request: Request, error: HTTPError) -> str:
        return "site"

    @app.get("/missing")
    async def missing() -> None:
        raise NotFound

    app.include(inner, at="/blog")
    with Client(app) as client:
        assert client.get("/blog/posts/0").text == "blog: no such post"
        assert client.get("/missing").text == "site"
        assert client.get("/blog/nowhere").text == "site"
    endpoint = app.plan.routes["blog.post"][0].endpoint
    assert (endpoint.timeout, endpoint.on_disconnect, str(endpoint)[:29]) == (
        5,
        "cancel",
        "blog.post (test_composition.p",
    )


def test_converters_are_inherited_and_each_app_may_have_its_own() -> None:
    app, a, b = App("app"), App("a"), App("b")
    app.converter("up", Converter("[A-Z]{1,9}"))
    a.converter("word", Converter("[a-z]{1,9}"))
    b.converter("word", Converter("[0-9]{1,9}"))

    def route(one: App, path: str) -> None:
        @one.get(path)
        async def handler(word: str) -> str:
            return f"{one.name} {word}"

    route(a, "/{word:word}")
    route(b, "/{word:word}")
    route(b, "/{word:up}")
    app.include(a)
    app.include(b)
    with Client(app) as client:
        assert [client.get(path).text for path in ("/x", "/1", "/X")] == ["a x", "b 1", "b X"]


def test_an_app_cannot_include_itself() -> None:
    a, b = App("a"), App("b")
    a.include(b, at="/b")
    b.include(a, at="/a")
    with pytest.raises(FreezeError, match=r"test_composition.py:[0-9]+: the app 'a' includes itself"):
        a.freeze()


def test_a_conflict_between_two_apps_names_both() -> None:
    app = App("app")
    app.include(blog("one"), at="/x")
    app.include(blog("two"), at="/x")
    with pytest.raises(FreezeError) as failure:
        app.freeze()
    assert len(failure.value.problems) == 2
    assert "(one.index) and at test_composition.py:" in str(failure.value)


def wsgi(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
    start_response("200 OK", [("content-type", "text/plain")])
    return [f"{environ['SCRIPT_NAME']}|{environ['PATH_INFO']}|{environ['QUERY_STRING']}".encode()]


def test_a_mounted_app_sees_its_own_paths(serve: Serve) -> None:
    app, inner = App("app"), App("inner")

    @inner.get("/{rest:path}")
    async def echo(rest: str, request: Request) -> list[Any]:
        return [request.prefix, request.path, str(request.url), request.url_for("echo", rest="y")]

    @inner.post("/upload")
    async def upload(request: Request) -> dict[str, int]:
        return {"size": len(await request.body())}

    @app.get("/legacy/own")
    async def own() -> str:
        return "own"

    app.mount("/legacy", wsgi)
    app.mount("/inner", inner)
    ask = serve(app)
    assert ask.get("/legacy/a/b?c=d").text == "/legacy|/a/b|c=d"
    assert ask.get("/legacy/").text == "/legacy|/|"
    assert ask.get("/legacy").text.startswith("/legacy|")
    assert ask.get("/legacy/own").text == "own"
    assert ask.get("/legacyx").status == 404
    host = {"host": "films.example"}
    assert (
        ask.get("/inner/a%2Fb?q", host).text
        == '["/inner","/a%2Fb","http://films.example/inner/a%2Fb?q","/inner/y"]'
    )
    assert ask("POST", "/inner/upload", {}, b"12345").text == '{"size":5}'


def test_what_a_mounted_app_does_after_the_response_is_done() -> None:
    app, inner = App("app"), App("inner")
    done: list[str] = []

    @inner.get("/")
    async def handler(request: Request) -> str:
        request.after(done.append, "after")
        return "x"

    @inner.lifespan
    async def life() -> AsyncIterator[None]:
        done.append("start")
        yield
        done.append("stop")

    app.mount("/inner", inner)
    with Client(app) as client:
        assert client.get("/inner/").text == "x"
    assert done == ["start", "after", "stop"]


def test_a_page_and_its_websocket_may_have_one_path() -> None:
    app = App()

    @app.websocket("/live")
    async def live(socket: WebSocket) -> None:
        await socket.send("socket")

    @app.get("/live")
    async def page() -> str:
        return "page"

    with Client(app) as client:
        assert client.get("/live").text == "page"
        assert client.head("/live").status == 200
        with client.websocket("/live") as socket:
            assert socket.receive() == "socket"
    twice = App()
    for _ in range(2):
        twice.websocket("/x")(_socket())
    with pytest.raises(FreezeError, match="WEBSOCKET /x is declared at"):
        twice.freeze()


def _socket() -> Any:
    async def handler(socket: WebSocket) -> None: ...

    return handler


def test_after_the_outer_app_was_frozen_an_included_one_is_too() -> None:
    app, inner = App("app"), App("inner")
    app.include(inner)
    app.freeze()
    with pytest.raises(Frozen, match="the app 'inner' was frozen"):
        inner.get("/late")


def test_a_websocket_gets_its_parameters() -> None:
    app, inner = App("app"), App("inner")

    @inner.websocket("/chat/{room}")
    async def chat(socket: WebSocket, room: str, request: Request, n: int = 1) -> None:
        await socket.send_json([room, n, request.path])

    app.include(inner, at="/in")
    with Client(app) as client:
        with client.websocket("/in/chat/jazz?n=3") as socket:
            assert socket.receive_json() == ["jazz", 3, "/in/chat/jazz"]
        assert client.get("/in/chat/jazz").status == 400
        assert (
            client.get(
                "/in/chat/jazz?n=x",
                headers={
                    "connection": "upgrade",
                    "upgrade": "websocket",
                    "sec-websocket-version": "13",
                    "sec-websocket-key": "AAAAAAAAAAAAAAAAAAAAAA==",
                },
            ).status
            == 422
        )


@pytest.mark.row("AI7")
def test_a_sub_app_has_its_own_life_values_and_middleware_inside_those_around_it() -> None:
    app, admin = App("app"), App("admin")
    key = AppKey[str]("key")
    app[key], admin[key] = "of app", "of admin"
    log: list[str] = []

    def noting(one: App) -> None:
        @one.middleware
        async def note(request: Request, next: Next) -> Response:
            log.append(one[key])
            return await next(request)

        @one.lifespan
        async def life(given: App) -> AsyncIterator[None]:
            log.append(f"{given.name} starts")
            yield

        @one.on(RequestFinished)
        async def finished(signal: RequestFinished) -> None:
            log.append(f"{one.name} finished")

    noting(app)
    noting(admin)
    app.get("/")(_page)
    admin.get("/x")(_page)
    app.include(admin, at="/admin")
    app.include(admin, host="admin.example.com", name="by_host")
    with Client(app) as client:
        assert log == ["app starts", "admin starts"]
        client.get("/admin/x")
        assert log[2:] == ["of app", "of admin", "admin finished", "app finished"]
        client.get("/")
        assert log[6:] == ["of app", "app finished"]
        assert client.get("/x", headers={"host": "admin.example.com"}).text == "page"
        assert client.get("/x").status == 404


async def _page() -> str:
    return "page"


ONE_FILE = """
from segue import App, Request
app = App("site")
@app.get("/")
async def index() -> str:
    return "Hello World"
@app.get("/films/{id:int}")
async def film(id: int, request: Request) -> dict[str, str]:
    return {"self": request.url_for("film", id=id), "index": request.url_for("index")}
"""


@pytest.mark.row("PY-01", "TG-01")
def test_a_file_of_ten_lines_becomes_a_package_and_its_views_stay_as_they_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert len(ONE_FILE.strip().splitlines()) < 10
    (tmp_path / "one_file.py").write_text(ONE_FILE)
    package = tmp_path / "grown"
    package.mkdir()
    head, _, views = ONE_FILE.partition('app = App("site")\n')
    (package / "__init__.py").write_text(
        "from segue import App\n"
        "from grown import films, other\n"
        "app = App()\n"
        "app.include(films.app)\n"
        "app.include(other.app, at='/other')\n"
    )
    (package / "films.py").write_text(f'{head}app = App("films")\n{views}')
    (package / "other.py").write_text(f'{head}app = App("other")\n{views}')
    monkeypatch.syspath_prepend(tmp_path)
    for name in ("one_file", "grown"):
        with LiveServer(importlib.import_module(name).app) as server:

            def ask(path: str, at: str = server.url) -> bytes:
                with urllib.request.urlopen(at + path, timeout=20) as answer:
                    content: bytes = answer.read()
                    return content

            assert ask("/") == b"Hello World"
            assert json.loads(ask("/films/7")) == {"self": "/films/7", "index": "/"}
            if name == "grown":
                assert ask("/other/") == b"Hello World"


def test_a_handler_names_routes_of_its_own_app_first_then_of_those_around() -> None:
    app, inner = App("app"), App("inner")

    @inner.get("/")
    async def index(request: Request) -> list[str]:
        names = ("index", "only_outer", "first.index", "app.index")
        return [request.url_for(name) for name in names]

    app.get("/", name="index")(_page)
    app.get("/only-outer", name="only_outer")(_page)
    app.include(inner, at="/1", name="first")
    app.include(inner, at="/2", name="second")
    with Client(app) as client:
        assert client.get("/1/").json() == ["/1/", "/only-outer", "/1/", "/"]
        assert client.get("/2/").json() == ["/2/", "/only-outer", "/1/", "/"]
    assert app.url_for("index") == "/"


def test_the_empty_path_is_the_place_of_an_app() -> None:
    notes = App("notes")

    @notes.get("")
    async def index() -> str:
        return "all"

    app = App()
    app.include(notes, at="/notes")
    app.include(notes, at="/", name="root")
    with Client(app) as client:
        assert client.get("/notes").text == "all"
        assert client.get("/notes/").status == 404
        assert client.get("/").text == "all"
        assert app.url_for("notes.index") == "/notes"
