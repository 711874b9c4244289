"""What answers a request, without asking it."""

from __future__ import annotations

from typing import Literal

import pytest

from segue import App, HTTPError, Next, NotFound, Query, Request, Response, Struct, WebSocket
from segue.core.inspection.explaining import explain


class Film(Struct):
    title: str


def site() -> App:
    app = App("site")
    blog = App("blog")

    @app.middleware
    async def outer(request: Request, next: Next) -> Response:
        return await next(request)

    @app.get("/films/{id:int}")
    async def show(id: int, page: Query[int] = 1) -> str:
        if id > 5:
            raise NotFound("no such film")
        raise HTTPError(409, "taken")

    @app.post("/films")
    async def add(film: Film) -> str:
        return film.title

    @app.get("/list/")
    async def listed() -> str:
        return ""

    @blog.middleware
    async def inner(request: Request, next: Next) -> Response:
        return await next(request)

    @blog.error_handler(404)
    async def lost(request: Request, error: Exception) -> str:
        return "lost"

    @blog.get("/posts", host="{tenant}.example.com")
    async def posts(tenant: str) -> str:
        return tenant

    app.include(blog, at="/blog")
    return app


def test_the_route_its_values_and_its_middleware_are_named() -> None:
    found = explain(site(), "get", "/blog/posts", headers={"host": "acme.example.com"})
    assert found.route is not None
    assert found.route.name == "blog.posts"
    assert found.values == {"tenant": "acme"}
    assert [one.name.rpartition(".")[2] for one in found.middleware] == ["outer", "inner"]
    assert [one.what for one in found.error_handlers] == ["404"]


def test_other_answers_are_those_of_binding_and_those_the_handler_raises() -> None:
    app = site()
    errors = explain(app, "GET", "/films/7").errors
    assert {one.status for one in errors} == {404, 409, 422}
    assert any(one.status == 404 and "raises NotFound" in one.when for one in errors)
    assert {one.status for one in explain(app, "POST", "/films").errors} == {400, 413, 415, 422}


def test_the_limits_and_the_generated_function_are_told() -> None:
    found = explain(site(), "POST", "/films")
    assert found.limits["body"] == "1,000,000 bytes of JSON"
    assert "handler(p_film)" in found.source


def test_the_status_of_a_result_is_the_one_that_its_annotation_names() -> None:
    app = App("told")

    @app.post("/films")
    def add(title: str) -> tuple[str, Literal[201]]:
        return title, 201

    assert explain(app, "POST", "/films").status == 201


def test_head_is_answered_by_the_handler_for_get() -> None:
    found = explain(site(), "HEAD", "/films/7")
    assert found.route is not None
    assert found.route.name == "site.show"


def test_a_path_without_the_method_is_a_405_that_names_the_others() -> None:
    found = explain(site(), "PUT", "/films")
    assert (found.route, found.status) == (None, 405)
    assert "POST" in found.reason


def test_where_nothing_answers_the_near_ones_say_why_they_do_not() -> None:
    app = site()
    assert explain(app, "GET", "/nowhere-at-all").near == []
    assert "another path" in explain(app, "GET", "/film/7").near[0]
    assert "/films/x is not what {id:int} takes" in explain(app, "GET", "/films/x").near[0]
    assert "only for the host {tenant}.example.com" in explain(app, "GET", "/blog/posts").near[0]


def test_a_missing_slash_is_the_redirect_that_it_will_be() -> None:
    found = explain(site(), "GET", "/list")
    assert (found.status, found.route) == (308, None)
    assert "/list/" in found.reason


def test_no_handler_runs() -> None:
    app = App("site")
    ran = []

    @app.get("/")
    async def home() -> str:
        ran.append(1)
        return ""

    explain(app, "GET", "/")
    assert ran == []


def several() -> App:
    app = App("several")

    @app.get("/x", accept="text/html")
    async def page() -> str:
        return ""

    @app.get("/x", accept="application/json", xhr=True)
    async def data() -> dict[str, str]:
        return {}

    @app.websocket("/x")
    async def talk(socket: WebSocket) -> None:
        pass

    return app


@pytest.mark.parametrize(
    ("headers", "name"),
    [
        ({"accept": "text/html"}, "several.page"),
        ({"x-requested-with": "XMLHttpRequest"}, "several.data"),
        ({"upgrade": "websocket"}, "several.talk"),
    ],
)
def test_of_several_the_one_whose_conditions_hold_is_told_with_the_others(
    headers: dict[str, str], name: str
) -> None:
    found = explain(several(), "GET", "/x", headers=headers)
    assert found.route is not None
    assert found.route.name == name
    assert {one.name for one in found.alternatives} == {"several.page", "several.data", "several.talk"}


def test_where_no_condition_holds_the_answer_is_told() -> None:
    found = explain(several(), "GET", "/x", headers={"accept": "image/png"})
    assert (found.route, found.status) == (None, 406)
    assert "accept='text/html'" in {one.conditions for one in found.alternatives}
