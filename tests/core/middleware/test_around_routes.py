"""Middleware that is decided route by route, when the app is frozen."""

import sys
from typing import Any

import pytest

from segue import App, Next, Request, Response
from segue.core.handlers import Endpoint
from segue.core.plan import FreezeError
from segue.core.plugins.setup import Setup
from segue.testing import Client


async def mark(request: Request, next: Next) -> Response:
    response = await next(request)
    response.headers["x-marked"] = "yes"
    return response


def only_posts(route: Endpoint) -> Any:
    return mark if "POST" in route.methods else None


def a_page(app: App) -> None:
    @app.get("/page")
    async def read() -> str:
        return "page"

    @app.post("/page")
    async def write() -> str:
        return "written"


def test_each_route_is_asked_about_once_and_included_ones_too() -> None:
    asked: list[str] = []
    app, inner = App(), App("inner")
    a_page(app)
    a_page(inner)
    app.include(inner, at="/inner")

    @app.around_routes
    def decide(route: Endpoint) -> Any:
        asked.append(f"{route.methods[0]} {route.path}")
        return only_posts(route)

    with Client(app) as client:
        for at in ("", "/inner"):
            assert "x-marked" not in client.get(f"{at}/page").headers
            assert client.post(f"{at}/page").headers["x-marked"] == "yes"
    assert sorted(asked) == ["GET /inner/page", "GET /page", "POST /inner/page", "POST /page"]


def test_a_route_that_gets_nothing_costs_nothing() -> None:
    def calls(app: App) -> int:
        counted = 0

        def count(frame: Any, event: str, argument: Any) -> None:
            nonlocal counted
            counted += event == "call"

        async def ask() -> None:
            await app.handle(Request("GET", "/page", []))

        import asyncio

        asyncio.run(ask())

        async def ask_counted() -> None:
            request = Request("GET", "/page", [])
            sys.setprofile(count)
            try:
                await app.handle(request)
            finally:
                sys.setprofile(None)

        asyncio.run(ask_counted())
        return counted

    plain, surrounded = App(), App()
    a_page(plain)
    a_page(surrounded)
    surrounded.around_routes(only_posts)
    assert calls(plain) == calls(surrounded)


def test_it_stands_inside_of_other_middleware_and_can_be_skipped_by_the_name_of_its_plugin() -> None:
    order: list[str] = []

    class Guarding:
        name = "guarding"

        def setup(self, to: Setup) -> None:
            async def innermost(request: Request, next: Next) -> Response:
                order.append("inner")
                return await next(request)

            to.around_routes(lambda route: innermost)

    app = App(plugins=[Guarding()])

    @app.middleware
    async def outer(request: Request, next: Next) -> Response:
        order.append("outer")
        return await next(request)

    @app.get("/")
    async def index() -> str:
        return ""

    @app.get("/free", skip=["guarding"])
    async def free() -> str:
        return ""

    with Client(app) as client:
        client.get("/")
        assert order == ["outer", "inner"]
        client.get("/free")
        assert order == ["outer", "inner", "outer"]


def test_what_leads_to_other_handlers_is_not_asked_about_but_they_are() -> None:
    names: list[str] = []

    class Router:
        def handlers(self) -> dict[str, Any]:
            return {"one": self.one}

        async def one(self) -> str:
            return "one"

        def find(self, request: Request, path: str) -> str:
            return "one"

    app = App()
    app.router("/own", Router())

    @app.around_routes
    def decide(route: Endpoint) -> Any:
        names.append(route.name.rpartition(".")[2])
        return mark

    with Client(app) as client:
        assert client.get("/own/x").headers["x-marked"] == "yes"
    assert names == ["one"]


def test_a_mount_is_asked_about_and_may_skip_it() -> None:
    def foreign(environ: Any, start_response: Any) -> list[bytes]:
        start_response("200 OK", [("content-type", "text/plain")])
        return [b"foreign"]

    class Marking:
        name = "marking"

        def setup(self, to: Setup) -> None:
            to.around_routes(lambda route: mark if route.kind == "mount" else None)

    app = App(plugins=[Marking()])
    app.mount("/a", foreign)
    app.mount("/b", foreign, skip=["marking"])
    with Client(app) as client:
        assert client.get("/a").headers["x-marked"] == "yes"
        assert "x-marked" not in client.get("/b").headers
    wrong = App()
    wrong.mount("/c", foreign, skip=["nothing"])
    with pytest.raises(FreezeError, match="no such middleware"):
        wrong.freeze()


def test_a_plugin_brings_another_unless_the_app_lists_it() -> None:
    class Small:
        name = "small"

        def __init__(self, said: str) -> None:
            self.said = said

        def setup(self, to: Setup) -> None:
            said = self.said

            @to.get("/small")
            async def small() -> str:
                return said

    class Large:
        name = "large"

        def setup(self, to: Setup) -> None:
            to.bring(Small("brought"))
            to.bring(Small("brought twice"))

    assert Client(App(plugins=[Large()])).get("/small").text == "brought"
    assert Client(App(plugins=[Large(), Small("listed")])).get("/small").text == "listed"


def test_a_plugin_without_middleware_may_be_named_as_a_neighbour() -> None:
    class Silent:
        name = "silent"

        def setup(self, to: Setup) -> None: ...

    app = App(plugins=[Silent()])
    app.middleware(mark, after=Silent)
    app.middleware(mark, before="silent")
    app.freeze()


def test_the_class_of_a_plugin_means_its_middleware() -> None:
    order: list[str] = []

    def noting(name: str) -> Any:
        async def note(request: Request, next: Next) -> Response:
            order.append(name)
            return await next(request)

        return note

    class Loud:
        name = "loud"

        def setup(self, to: Setup) -> None:
            to.middleware(noting("loud"))

    app = App(plugins=[Loud()])
    app.middleware(noting("after"), after=Loud)
    app.middleware(noting("before"), before=Loud)
    a_page(app)
    Client(app).get("/page")
    assert order == ["before", "loud", "after"]
