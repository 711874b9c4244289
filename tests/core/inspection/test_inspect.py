"""What can be seen of a frozen app."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated, Any

import msgspec
import pytest

from segue import App, Meta, Next, NotFound, Query, Request, Response, WebSocket, inspect_app
from segue.core.inspection.overview import RouteInfo


async def outer(request: Request, next: Next) -> Response:
    return await next(request)


async def inner(request: Request, next: Next) -> Response:
    return await next(request)


async def show(id: int, page: Query[Annotated[int, Meta(ge=1)]] = 1, *, request: Request) -> dict[str, int]:
    return {"id": id}


def add(title: str) -> str:
    return title


async def lost(request: Request, error: Exception) -> str:
    return "lost"


async def life() -> AsyncIterator[None]:
    yield


async def chat(socket: WebSocket) -> None:
    pass


def site(folder: Path) -> App:
    app = App("site")
    blog = App("blog")
    app.middleware(outer)
    app.lifespan(life)
    app.error_handler(NotFound)(lost)
    app.get("/films/{id:int}")(show)
    app.post("/films", timeout=5)(add)
    app.websocket("/chat")(chat)
    app.static("/static", folder)
    blog.middleware(inner)
    blog.get("/posts", host="{tenant}.example.com")(add)
    app.include(blog, at="/blog")
    app.mount("/old", wsgi)
    return app


def wsgi(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    start_response("200 OK", [])
    return [b""]


@pytest.fixture
def routes(tmp_path: Path) -> dict[str, RouteInfo]:
    return {one.path: one for one in inspect_app(site(tmp_path)).routes}


def test_a_route_says_what_it_answers_and_where_it_is_written(routes: dict[str, RouteInfo]) -> None:
    route = routes["/films/{id:int}"]
    assert (route.methods, route.automatic, route.name) == (["GET"], ["HEAD", "OPTIONS"], "site.show")
    assert route.place.endswith(f"test_inspect.py:{show.__code__.co_firstlineno}")
    line = site.__code__.co_firstlineno + 6
    assert route.declared.endswith(f"test_inspect.py:{line}")
    assert (route.runs, route.returns, route.middleware) == ("loop", "dict[str, int]", ["outer"])


def test_a_parameter_says_where_it_comes_from_and_what_is_asked_of_it(routes: dict[str, RouteInfo]) -> None:
    key, page, request = routes["/films/{id:int}"].parameters
    assert (key.origin, key.type, key.required) == ("path", "int", True)
    assert (page.origin, page.type, page.required, page.default) == ("query", "int >= 1", False, "1")
    assert request.origin == "request"


def test_options_that_are_not_the_defaults_are_told(routes: dict[str, RouteInfo]) -> None:
    assert routes["/films"].options == {"timeout": 5.0}
    assert routes["/films"].runs == "thread"


def test_what_an_included_app_adds_is_told_with_its_name_and_host(routes: dict[str, RouteInfo]) -> None:
    route = routes["/blog/posts"]
    assert (route.apps, route.host) == (["site", "blog"], "{tenant}.example.com")
    assert route.middleware == ["outer", "inner"]


def test_sockets_mounts_and_segues_own_handlers_are_told_apart(routes: dict[str, RouteInfo]) -> None:
    assert (routes["/chat"].kind, routes["/chat"].methods) == ("websocket", ["GET"])
    assert (routes["/old/{path:path}"].kind, routes["/old/{path:path}"].handler) == ("mount", "wsgi")
    assert routes["/static/{path:path}"].own
    assert not routes["/films"].own


def test_the_rest_of_the_app_is_there_too(tmp_path: Path) -> None:
    found = inspect_app(site(tmp_path))
    assert [(one.app, one.name) for one in found.middleware] == [("site", "outer"), ("blog", "inner")]
    assert [(one.what, one.handler) for one in found.error_handlers] == [("NotFound", "lost")]
    assert [one.name for one in found.lifespans] == ["life"]
    assert [(one.name, one.at, one.includes) for one in found.apps] == [
        ("site", ["/"], ["blog"]),
        ("blog", ["/blog"], []),
    ]


def test_all_of_it_is_json(tmp_path: Path) -> None:
    assert msgspec.json.decode(msgspec.json.encode(inspect_app(site(tmp_path))))["app"] == "site"
