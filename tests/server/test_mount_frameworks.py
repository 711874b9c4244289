"""Apps of six other frameworks, unmodified, below one Segue app: the same requests, the same replies."""

from __future__ import annotations

import json
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qs

import pytest

from segue import App, Next, Request, Response
from segue.testing import Client, LiveServer

Log = list[str]


def flask_app(log: Log) -> Any:
    import flask

    app = flask.Flask("legacy")

    @app.get("/hello/<name>")
    def hello(name: str) -> Any:
        return {"name": name, "url": flask.url_for("hello", name=name), "query": flask.request.args["q"]}

    @app.get("/go")
    def go() -> Any:
        return flask.redirect(flask.url_for("hello", name="Ann", q="1"))

    @app.get("/stream")
    def stream() -> Any:
        return flask.Response(pieces(log), mimetype="text/plain")

    @app.post("/form")
    def form() -> Any:
        return {"title": flask.request.form["title"]}

    @app.get("/broken")
    def broken() -> Any:
        raise KeyError("secret")

    return app


def bottle_app(log: Log) -> Any:
    import bottle

    app = bottle.Bottle()

    @app.get("/hello/<name>", name="hello")
    def hello(name: str) -> Any:
        return {"name": name, "url": app.get_url("hello", name=name), "query": bottle.request.query.q}

    @app.get("/go")
    def go() -> Any:
        bottle.redirect(app.get_url("hello", name="Ann") + "?q=1")

    @app.get("/stream")
    def stream() -> Any:
        bottle.response.content_type = "text/plain"
        return pieces(log)

    @app.post("/form")
    def form() -> Any:
        return {"title": bottle.request.forms.title}

    @app.get("/broken")
    def broken() -> Any:
        raise KeyError("secret")

    return app


def cherrypy_app(log: Log) -> Any:
    import cherrypy

    class Root:
        @cherrypy.expose
        @cherrypy.tools.json_out()
        def hello(self, name: str, q: str) -> Any:
            return {"name": name, "url": cherrypy.url(f"/hello/{name}", relative="server"), "query": q}

        @cherrypy.expose
        def go(self) -> Any:
            raise cherrypy.HTTPRedirect(cherrypy.url("/hello/Ann", qs="q=1"))

        @cherrypy.expose
        @cherrypy.config(**{"response.stream": True})
        def stream(self) -> Any:
            cherrypy.response.headers["content-type"] = "text/plain"
            return pieces(log)

        @cherrypy.expose
        @cherrypy.tools.json_out()
        def form(self, title: str) -> Any:
            return {"title": title}

        @cherrypy.expose
        def broken(self) -> Any:
            raise KeyError("secret")

    cherrypy.config.update({"environment": "embedded", "log.screen": False})
    # Its place is told by the server that it runs under.
    return cherrypy.Application(Root(), None)


def django_app(log: Log) -> Any:
    import django
    from django.conf import settings
    from django.core.wsgi import WSGIHandler
    from django.http import HttpRequest, HttpResponseRedirect, JsonResponse, StreamingHttpResponse
    from django.urls import clear_url_caches, path, reverse

    def hello(request: HttpRequest, name: str) -> Any:
        return JsonResponse({"name": name, "url": reverse("hello", args=[name]), "query": request.GET["q"]})

    def go(request: HttpRequest) -> Any:
        return HttpResponseRedirect(reverse("hello", args=["Ann"]) + "?q=1")

    def stream(request: HttpRequest) -> Any:
        return StreamingHttpResponse(pieces(log), content_type="text/plain")

    def form(request: HttpRequest) -> Any:
        return JsonResponse({"title": request.POST["title"]})

    def broken(request: HttpRequest) -> Any:
        raise KeyError("secret")

    routes = [path("hello/<name>", hello, name="hello"), path("go", go), path("stream", stream)]
    module = type("urls", (), {"urlpatterns": [*routes, path("form", form), path("broken", broken)]})
    if not settings.configured:
        settings.configure(DEBUG=False, ALLOWED_HOSTS=["*"], SECRET_KEY="x" * 50, USE_TZ=True)
        django.setup()
    settings.ROOT_URLCONF = module
    clear_url_caches()
    return WSGIHandler()


def starlette_app(log: Log) -> Any:
    from starlette.applications import Starlette
    from starlette.requests import Request as Asked
    from starlette.responses import JSONResponse, RedirectResponse, StreamingResponse
    from starlette.routing import Route

    async def hello(request: Asked) -> Any:
        name = request.path_params["name"]
        url = request.url_for("hello", name=name).path
        return JSONResponse({"name": name, "url": url, "query": request.query_params["q"]})

    async def go(request: Asked) -> Any:
        return RedirectResponse(f"{request.url_for('hello', name='Ann')}?q=1", 302)

    async def stream(request: Asked) -> Any:
        return StreamingResponse(pieces(log), media_type="text/plain")

    async def form(request: Asked) -> Any:
        fields = parse_qs((await request.body()).decode())
        return JSONResponse({"title": fields["title"][0]})

    async def broken(request: Asked) -> Any:
        raise KeyError("secret")

    routes = [Route("/hello/{name}", hello, name="hello"), Route("/go", go), Route("/stream", stream)]
    routes += [Route("/form", form, methods=["POST"]), Route("/broken", broken)]
    return Starlette(routes=routes, lifespan=living(log))


def fastapi_app(log: Log) -> Any:
    import fastapi
    from fastapi.responses import RedirectResponse, StreamingResponse

    app = fastapi.FastAPI(lifespan=living(log))

    def hello(request: fastapi.Request, name: str, q: str) -> Any:
        return {"name": name, "url": request.url_for("hello", name=name).path, "query": q}

    async def go(request: fastapi.Request) -> Any:
        return RedirectResponse(f"{request.url_for('hello', name='Ann')}?q=1", 302)

    async def stream() -> Any:
        return StreamingResponse(pieces(log), media_type="text/plain")

    async def broken() -> Any:
        raise KeyError("secret")

    async def form(request: fastapi.Request) -> Any:
        fields = parse_qs((await request.body()).decode())
        return {"title": fields["title"][0]}

    for path, function in (("/go", go), ("/stream", stream), ("/broken", broken)):
        app.get(path, response_model=None)(_typed(function, fastapi))
    app.get("/hello/{name}", name="hello", response_model=None)(_typed(hello, fastapi))
    app.post("/form", response_model=None)(_typed(form, fastapi))
    return app


def _typed(function: Callable[..., Any], fastapi: Any) -> Callable[..., Any]:
    """The annotations of a local function, which FastAPI would look for in the module."""
    kinds: dict[str, Any] = {"request": fastapi.Request, "name": str, "q": str}
    function.__annotations__ = {name: kinds[name] for name in function.__annotations__ if name in kinds}
    return function


def living(log: Log) -> Callable[[Any], Any]:
    @asynccontextmanager
    async def live(app: Any) -> AsyncIterator[None]:
        log.append("started")
        yield
        log.append("ended")

    return live


def pieces(log: Log) -> Iterator[bytes]:
    try:
        yield b"a" * 10
        yield b"b" * 10
    finally:
        log.append("closed")


@pytest.fixture(
    params=[
        pytest.param(make, id=name, marks=pytest.mark.requires(name))
        for name, make in {
            "flask": flask_app,
            "bottle": bottle_app,
            "cherrypy": cherrypy_app,
            "django": django_app,
            "starlette": starlette_app,
            "fastapi": fastapi_app,
        }.items()
    ]
)
def legacy(request: pytest.FixtureRequest) -> tuple[str, Any, Log]:
    log: Log = []
    return request.node.callspec.id, request.param(log), log


def around(foreign: object) -> App:
    app = App()
    app.mount("/old", foreign)

    @app.middleware
    async def tell(request: Request, next: Next) -> Response:
        response = await next(request)
        response.headers["x-around"] = "yes"
        return response

    @app.get("/old/new")
    async def new() -> str:
        return "ours"

    return app


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_an_unmodified_app_of_another_framework(legacy: tuple[str, Any, Log]) -> None:
    name, foreign, log = legacy
    with Client(around(foreign), raise_server_exceptions=False) as client:
        hello = client.get("/old/hello/B%C3%B6b?q=%20x")
        assert hello.json()["name"] == "Böb"
        assert hello.json()["query"] == " x"
        assert hello.json()["url"] in ("/old/hello/B%C3%B6b", "/old/hello/Böb")
        assert hello.headers["x-around"] == "yes"

        moved = client.get("/old/go")
        assert moved.status in (302, 303)
        assert moved.headers["location"].removeprefix("http://localhost") == "/old/hello/Ann?q=1"
        assert client.get("/old/go", follow_redirects=True).json()["name"] == "Ann"

        streamed = client.get("/old/stream")
        assert (streamed.text, streamed.headers["content-type"][:10]) == ("a" * 10 + "b" * 10, "text/plain")
        assert "closed" in log

        assert client.post("/old/form", data={"title": "ü"}).json() == {"title": "ü"}

        broken = client.get("/old/broken")
        assert broken.status == 500
        assert "secret" not in broken.text
        assert client.get("/old/nowhere").status == 404
        assert client.get("/old/new").text == "ours"
        assert client.get("/elsewhere").status == 404
    if name in ("starlette", "fastapi"):
        assert [log[0], log[-1]] == ["started", "ended"]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_six_requests_at_once_over_a_socket(legacy: tuple[str, Any, Log]) -> None:
    import urllib.request

    _, foreign, _ = legacy
    with LiveServer(around(foreign)) as server:
        found: list[str] = []

        def ask(number: int) -> None:
            url = f"http://{server.host}:{server.port}/old/hello/{number}?q=1"
            with urllib.request.urlopen(url, timeout=20) as answer:
                found.append(json.load(answer)["name"])

        threads = [threading.Thread(target=ask, args=(number,)) for number in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
    assert sorted(found) == ["0", "1", "2", "3", "4", "5"]
