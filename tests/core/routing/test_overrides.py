"""Where two declare the same: who wins, what is a conflict, and what each level adds."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from segue import App, AppKey, Converter, HTTPError, NotFound, Request, Setup, WebSocket
from segue.core.plan import FreezeError
from segue.openapi import OpenAPI
from segue.testing import Client


def says(app: App, path: str, text: str, **options: Any) -> None:
    @app.get(path, **options)
    async def handler() -> str:
        return text


def problem(app: App) -> str:
    with pytest.raises(FreezeError) as failure:
        app.freeze()
    return str(failure.value)


class Saying:
    def __init__(self, name: str, path: str = "/") -> None:
        self.name = name
        self.path = path

    def setup(self, to: Setup) -> None:
        @to.get(self.path)
        async def handler() -> str:
            return self.name

        @to.error_handler(404)
        async def lost(request: Request, error: HTTPError) -> str:
            return f"{self.name}: lost"

        to.converter("word", Converter("[a-z]{1,9}"))


@pytest.mark.row("PY-04")
@pytest.mark.parametrize("order", [0, 1])
def test_the_app_that_includes_has_its_way_in_whatever_order_it_is_written(order: int) -> None:
    inner, app = App("inner"), App("app")
    says(inner, "/x", "inner")
    says(inner, "/only", "inner")
    steps: list[Any] = [lambda: says(app, "/in/x", "outer"), lambda: app.include(inner, at="/in")]
    for step in steps[order:] + steps[:order]:
        step()
    with Client(app) as client:
        assert (client.get("/in/x").text, client.get("/in/only").text) == ("outer", "inner")
        assert client.head("/in/x").status == 200
    assert sorted(endpoint.path for endpoint in app.plan.endpoints) == ["/in/only", "/in/x"]


def test_only_what_both_declare_is_overridden() -> None:
    inner, app = App("inner"), App("app")
    app.include(inner)

    @inner.route("/x", methods=["GET", "POST"])
    async def both() -> str:
        return "inner"

    says(app, "/x", "outer")
    with Client(app) as client:
        assert (client.get("/x").text, client.post("/x").text) == ("outer", "inner")
    assert [endpoint.methods for endpoint in app.plan.endpoints] == [("POST",), ("GET",)]


@pytest.mark.row("PY-03")
def test_all_conflicts_are_in_one_report_each_with_both_lines() -> None:
    app, one, two = App("app"), App("one"), App("two")
    says(one, "/a", "one")
    says(two, "/a", "two")
    says(app, "/b", "first")
    says(app, "/b", "second")
    app.include(one)
    app.include(two)
    told = problem(app)
    assert "2 problems" in told
    for path in ("/a", "/b"):
        assert f"GET {path} is declared at test_overrides.py:" in told
    assert told.count("and at test_overrides.py:") == 2


def test_an_outer_statement_settles_a_conflict_of_included_apps() -> None:
    app, one, two = App("app"), App("one"), App("two")
    for inner in (one, two):
        says(inner, "/x", inner.name)
        app.include(inner)
    says(app, "/x", "app")
    with Client(app) as client:
        assert client.get("/x").text == "app"


def test_an_app_overrides_its_plugins_and_two_plugins_are_a_conflict() -> None:
    app = App("app", plugins=[Saying("plugin"), Saying("other", "/other")])
    says(app, "/", "app")
    app.converter("word", Converter("[0-9]{1,9}"))
    app.error_handler(404)(_lost)
    told = problem(app)
    assert "the converter 'word' is declared at test_overrides.py:" in told
    app = App("app", plugins=[Saying("plugin")])
    says(app, "/", "app")

    @app.get("/{digits:word}")
    async def show(digits: str) -> str:
        return "digits"

    app.converter("word", Converter("[0-9]{1,9}"))
    app.error_handler(404)(_lost)
    with Client(app) as client:
        assert [client.get(path).text for path in ("/", "/1", "/a")] == ["app", "digits", "app: lost"]
    twice = App(plugins=[Saying("a"), Saying("b")])
    assert "404 has two error handlers: " in problem(twice)


async def _lost(request: Request, error: HTTPError) -> str:
    return "app: lost"


@pytest.mark.row("FL6")
def test_one_app_twice_needs_two_names(tmp_path: Any) -> None:
    (tmp_path / "style.css").write_text("x")
    app, blog = App("app"), App("blog")
    says(blog, "/post", "post", name="post")
    blog.static("/static", tmp_path)

    @blog.error_handler(404)
    async def lost(request: Request, error: HTTPError) -> str:
        return "blog: lost"

    @blog.get("/lost")
    async def missing() -> None:
        raise NotFound

    comments = App("comments")
    says(comments, "/comments", "comments", name="all")
    blog.include(comments, at="/c")
    app.include(blog, at="/a")
    app.include(blog, at="/b", name="second")
    app.include(blog, host="{user}.example.com", name="hosted")
    with Client(app) as client:
        for path in ("/a", "/b"):
            assert client.get(f"{path}/post").text == "post"
            assert client.get(f"{path}/c/comments").text == "comments"
            assert client.get(f"{path}/static/style.css").text == "x"
            assert client.get(f"{path}/lost").text == "blog: lost"
        assert "blog" not in client.get("/lost").text
        assert client.get("/post", headers={"host": "ann.example.com"}).text == "post"
    assert app.url_for("second.comments.all") == "/b/c/comments"
    same = App("same")
    same.include(blog, at="/a")
    same.include(blog, at="/b")
    told = problem(same)
    assert "the app 'blog' is included twice under the name 'blog', at test_overrides.py:" in told
    assert "include(..., name='blog_2')" in told
    named = App("named")
    named.include(App("x"), at="/a")
    named.include(App("x"), at="/b")
    assert "two included apps are under the name 'x'" in problem(named)


@pytest.mark.row("SA4")
def test_versions_stand_before_the_path_and_the_nearest_one_counts() -> None:
    app = App("app", version_prefix="/api/v")
    group, api = App("group", version=2), App("api")
    says(api, "/ip", "ip", name="ip")
    says(api, "/old", "old", version=1)
    says(api, "/odd", "odd", version="3-beta", version_prefix="/{lang}/v")
    group.include(api, at="/net")
    app.include(group)
    says(app, "/plain", "plain")
    other = App("other")
    other.include(api, version=4, at="/net")
    with Client(app) as client:
        assert client.get("/api/v2/net/ip").text == "ip"
        assert client.get("/api/v1/net/old").text == "old"
        assert client.get("/en/v3-beta/net/odd").text == "odd"
        assert client.get("/plain").text == "plain"
        assert client.get("/net/ip").status == 404
    assert app.url_for("group.api.ip") == "/api/v2/net/ip"
    with Client(other) as client:
        assert (client.get("/v4/net/ip").text, client.get("/v1/net/old").text) == ("ip", "old")


def test_header_fields_add_up_and_the_nearest_one_counts() -> None:
    app = App("app", headers={"x-a": "app", "x-b": "app"})
    inner = App("inner", headers={"X-B": "inner", "x-c": "inner"})
    says(inner, "/", "x", headers={"x-c": "route", "x-d": "route"})

    @inner.get("/own")
    async def own(request: Request) -> Any:
        request.response_headers["x-a"] = "own"
        return "x"

    app.include(inner, at="/in", headers={"x-b": "include"})
    with Client(app) as client:
        headers = client.get("/in/").headers
        assert [headers[f"x-{name}"] for name in "abcd"] == ["app", "inner", "route", "route"]


def test_header_fields_are_on_errors_streams_and_handshakes_too() -> None:
    app = App("app", headers={"X-Own": "yes"})

    @app.get("/broken")
    async def broken() -> None:
        raise NotFound

    @app.get("/stream")
    async def stream() -> AsyncIterator[str]:
        yield "a"

    @app.websocket("/live")
    async def live(socket: WebSocket) -> None: ...

    with Client(app) as client:
        for path in ("/broken", "/stream"):
            assert client.get(path).headers["x-own"] == "yes"
        assert "x-own" not in client.get("/nowhere").headers
        with client.websocket("/live") as socket:
            assert socket.headers["x-own"] == "yes"


MENU = AppKey[list[tuple[str, str]]]("menu")


class Menu:
    """A plugin with a word of its own."""

    name = "menu"

    def setup(self, to: Setup) -> None:
        to.app[MENU] = []

        def add(to_: Setup, label: str, url: str) -> None:
            to.app[MENU].append((label, url))

            @to_.get(url)
            async def page() -> str:
                return label

        to.directive("menu", add, key=lambda label, url: label)


class Entry:
    name = "entry"
    needs = ("menu",)

    def setup(self, to: Setup) -> None:
        to.declare("menu", "Home", "/by-plugin")


@pytest.mark.row("PY-05")
def test_a_directive_of_a_plugin_follows_the_rules_of_conflicts() -> None:
    app, inner = App("app", plugins=[Entry(), Menu()]), App("inner")
    app.include(inner, at="/in")
    inner.declare("menu", "Films", "/films")
    inner.declare("menu", "Songs", "/songs")
    app.declare("menu", "Songs", "/all-songs")
    app.declare("menu", "Home", "/home")
    with Client(app) as client:
        assert client.get("/in/films").text == "Films"
        assert client.get("/all-songs").text == "Songs"
        assert client.get("/in/songs").status == 404
        assert client.get("/by-plugin").status == 404
    assert app[MENU] == [("Songs", "/all-songs"), ("Home", "/home"), ("Films", "/films")]

    app = App("app", plugins=[Menu()])
    app.declare("menu", "Films", "/a")
    app.declare("menu", "Films", "/b")
    app.declare("menu", "Songs")
    app.declare("menus", "x")
    app.declare("menu", "Same", "/a")
    told = problem(app)
    assert "menu 'Films' is declared at test_overrides.py:" in told
    assert "'menu' cannot be declared so: " in told
    assert "there is no directive 'menus'. Did you mean 'menu'?" in told
    assert "GET /a is declared at test_overrides.py:" in told


def test_what_a_directive_raises_is_told_with_the_line_that_uses_it() -> None:
    class Broken:
        name = "broken"

        def setup(self, to: Setup) -> None:
            to.directive("broken", lambda to, value: int(value))

    app = App(plugins=[Broken()])
    app.declare("broken", "x")
    assert "test_overrides.py:" in problem(app)
    assert "'broken' could not be declared: ValueError: invalid literal" in problem(app)


def test_checks_and_folders_of_templates_are_in_the_plan(tmp_path: Any) -> None:
    app, inner = App("app"), App("inner")
    app.include(inner)
    inner.templates("inner-pages")
    app.templates(tmp_path)

    @inner.check
    def tidy(app: App) -> list[str]:
        return []

    plan = app.freeze()
    assert [check.name for check in plan.checks] == ["tidy"]
    assert [folder.name for folder in plan.templates] == [tmp_path.name, "inner-pages"]
    assert plan.templates[1].parent.name == Path(__file__).parent.name


def test_what_segue_declares_for_a_user_is_told_with_the_users_lines(tmp_path: Any) -> None:
    app = App("app")
    first, second = App("first", plugins=[OpenAPI("A", "1")]), App("second", plugins=[OpenAPI("B", "1")])
    app.include(first)
    app.include(second)
    app.static("/files", tmp_path)
    app.static("/files", tmp_path)
    told = problem(app)
    line = test_what_segue_declares_for_a_user_is_told_with_the_users_lines.__code__.co_firstlineno + 2
    assert f"GET /openapi.json is declared at test_overrides.py:{line} (openapi.document)" in told
    assert f"GET /files/{{path:path}} is declared at test_overrides.py:{line + 3} (app.static)" in told
    assert f"and at test_overrides.py:{line + 4} (app.static)" in told
