"""From names of routes to URLs, and what apps say about the values in them."""

from collections.abc import Callable
from typing import Any

import pytest

from segue import App, Request
from segue.core.plan import UnknownRoute
from segue.testing import Client


@pytest.mark.row("SA3")
@pytest.mark.row("FL3")
def test_the_parts_of_a_url() -> None:
    app = App("films")

    @app.get("/films/{id:int}")
    async def show(id: int) -> None: ...

    @app.get("/urls")
    async def urls(request: Request) -> list[str]:
        url = request.url_for
        return [
            url("show", id=3, q=["a", "b c"], _anchor="the cast"),
            url("show", id=3, _external=True),
            url("show", id=3, _scheme="https"),
            url("show", id=3, _server="films.example:81"),
            url("show", id=3, _server="films.example", _scheme="https", _external=True),
        ]

    with Client(app) as client:
        assert client.get("/urls", headers={"host": "here.example"}).json() == [
            "/films/3?q=a&q=b+c#the%20cast",
            "http://here.example/films/3",
            "https://here.example/films/3",
            "http://films.example:81/films/3",
            "https://films.example/films/3",
        ]
    with pytest.raises(UnknownRoute, match="did you mean 'show'"):
        app.url_for("shaw", id=3)


@pytest.mark.row("SA3")
def test_of_several_routes_of_a_name_the_one_for_a_method() -> None:
    app = App()

    @app.get("/films", name="films")
    async def read() -> None: ...

    @app.post("/films/new", name="films")
    async def add() -> None: ...

    assert app.url_for("films", _method="POST") == "/films/new"
    assert app.url_for("films", _method="get") == "/films"
    with pytest.raises(UnknownRoute, match="several routes"):
        app.url_for("films")


def translated() -> tuple[App, App]:
    inner = App("pages")

    @inner.get("/about")
    async def about(request: Request) -> list[str]:
        return [request.state.lang, request.url_for("pages.about"), request.url_for("pages.about", lang="de")]

    @inner.get("/film/{id:int}")
    async def film(id: int) -> int | str:
        return str(id)

    @inner.websocket("/socket")
    async def socket() -> None: ...

    @inner.url_values
    def take(request: Request, values: dict[str, Any]) -> None:
        request.state.lang = values.pop("lang")

    @inner.url_defaults
    def give(request: Request | None) -> dict[str, Any]:
        return {"lang": request.state.lang if request else "en", "unasked": "x"}

    app = App()
    app.include(inner, at="/{lang}")

    @app.get("/plain")
    async def plain(request: Request) -> str:
        return request.url_for("plain")

    return app, inner


def test_values_of_the_path_are_taken_before_the_handler_and_given_back_to_urls() -> None:
    app, _ = translated()
    with Client(app) as client:
        assert client.get("/fr/about").json() == ["fr", "/fr/about", "/de/about"]
        assert client.get("/fr/film/7").text == "7"
        assert client.get("/plain").text == "/plain"
    assert app.url_for("pages.about") == "/en/about"
    assert app.url_for("pages.film", id=7) == "/en/film/7"


def test_paths_are_told_by_the_names_of_their_own_template() -> None:
    app = App()
    seen: list[dict[str, Any]] = []

    @app.url_values
    def look(request: Request, values: dict[str, Any]) -> None:
        seen.append(dict(values))

    @app.get("/{a}")
    async def read(a: str) -> str:
        return f"read {a}"

    @app.post("/{b}")
    async def write(b: str) -> str:
        return f"write {b}"

    with Client(app) as client:
        assert client.get("/x").text == "read x"
        assert client.post("/y").text == "write y"
    assert seen == [{"a": "x"}, {"b": "y"}]


@pytest.mark.row("AI4")
def test_slashes_too_many_are_redirected_where_the_path_is_there_with_one() -> None:
    app = App()
    order: list[str] = []

    def named(name: str) -> Callable[..., Any]:
        async def middleware(request: Request, next: Callable[[Request], Any]) -> Any:
            order.append(f"{name} in")
            response = await next(request)
            order.append(f"{name} out")
            return response

        return middleware

    app.middleware(named("outer"))
    app.middleware(named("inner"))

    @app.get("/a/b")
    async def here() -> str:
        return "here"

    @app.get("/dir/x/")
    async def folder() -> str:
        return "folder"

    @app.get("/strict/b", slashes="strict")
    async def strict() -> str:
        return "strict"

    def ask(path: str) -> tuple[int, str | None]:
        with Client(app) as client:
            answer = client.get(path)
            return answer.status, answer.headers.get("location")

    assert ask("/a//b") == (308, "/a/b")
    assert order == ["outer in", "inner in", "inner out", "outer out"]
    assert ask("/a///b?x=//y") == (308, "/a/b?x=//y")
    assert ask("/dir//x") == (308, "/dir/x/")
    assert ask("/a//nothing") == (404, None)
    assert ask("/strict//b") == (404, None)
    assert ask("/a/b//") == (404, None)


def test_the_option_cache_says_how_long_a_reply_may_be_kept() -> None:
    app = App(cache=60)

    def route(path: str, **options: Any) -> None:
        @app.get(path, name=path[1:], **options)
        async def handler(request: Request) -> Any:
            if "own" in request.query:
                return "x", {"cache-control": "private"}
            return request.query.get("wrong") or "x"

    route("/minute")
    route("/hour", cache=3600)
    route("/never", cache=0)
    route("/shared", cache="public, s-maxage=9")
    route("/unsaid", cache=None)
    with Client(app) as client:
        fields = {
            path: client.get(path).headers.get("cache-control")
            for path in ("/minute", "/hour", "/never", "/shared", "/unsaid", "/gone")
        }
        assert client.get("/hour?own").headers["cache-control"] == "private"
    assert fields == {
        "/minute": "max-age=60",
        "/hour": "max-age=3600",
        "/never": "no-store",
        "/shared": "public, s-maxage=9",
        "/unsaid": None,
        "/gone": None,
    }
