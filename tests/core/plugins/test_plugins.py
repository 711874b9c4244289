"""Plugins: what they declare, in which order, and what is said when they do not fit."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from segue import App, AppKey, Next, Request, Response, Setup
from segue.core.plan import FreezeError
from segue.testing import Client

HITS = AppKey[list[str]]("hits")
WORD = AppKey[str]("word")


class Counter:
    """A plugin with a setting of its own: everything that it remembers is in the app."""

    name = "counter"

    def __init__(self, at: str = "/hits") -> None:
        self.at = at

    def setup(self, to: Setup) -> None:
        app = to.app
        app[HITS] = []

        @to.middleware
        async def count(request: Request, next: Next) -> Response:
            app[HITS].append(request.path)
            return await next(request)

        @to.get(self.at)
        async def hits() -> list[str]:
            return app[HITS]

        @to.lifespan
        async def life() -> AsyncIterator[None]:
            app[HITS].append("start")
            yield

        @to.error_handler(LookupError)
        async def lost(request: Request, error: LookupError) -> str:
            return f"{to.plugin}: {error}"


def plugin(name: str, *needs: str, log: list[str] | None = None) -> Any:
    class Named:
        def __init__(self) -> None:
            self.name = name
            self.needs = needs

        def setup(self, to: Setup) -> None:
            if log is not None:
                log.append(name)

    return Named()


def problems(*plugins: Any) -> str:
    with pytest.raises(FreezeError) as failure:
        App(plugins=plugins).freeze()
    return str(failure.value)


def test_a_plugin_declares_what_an_app_declares() -> None:
    app = App(plugins=[Counter()])

    @app.get("/fails")
    async def fails() -> None:
        raise LookupError("gone")

    with Client(app) as client:
        assert client.get("/fails").text == "counter: gone"
        assert client.get("/hits").json() == ["start", "/fails", "/hits"]


@pytest.mark.row("FL23")
def test_one_plugin_object_serves_two_apps_with_their_own_state() -> None:
    class Greeting:
        name = "greeting"

        def setup(self, to: Setup) -> None:
            app = to.app

            @to.get("/")
            async def greet() -> str:
                return app[WORD]

    shared, counter = Greeting(), Counter()
    first, second = App("first", plugins=[shared, counter]), App("second", plugins=[shared, counter])
    first[WORD], second[WORD] = "hello", "servus"
    with Client(first) as one, Client(second) as two:
        assert [one.get("/").text, two.get("/").text, two.get("/").text] == ["hello", "servus", "servus"]
    assert (first[HITS], second[HITS]) == (["start", "/"], ["start", "/", "/"])


def test_plugins_are_set_up_after_those_they_need_otherwise_as_listed() -> None:
    log: list[str] = []
    app = App(plugins=[plugin("a", "c", log=log), plugin("b", log=log), plugin("c", log=log)])
    assert log == []  # nothing happens before the app is frozen
    app.freeze()
    assert log == ["c", "a", "b"]


def test_an_included_app_has_its_own_plugins_and_may_need_those_around_it() -> None:
    app, inner = (
        App("app", plugins=[plugin("outer")]),
        App("inner", plugins=[Counter(), plugin("x", "outer")]),
    )
    app.include(inner, at="/in")
    app.include(inner, at="/twice", name="twice")

    @app.get("/")
    async def index() -> str:
        return "x"

    with Client(app) as client:
        client.get("/")
        assert client.get("/in/hits").json() == ["start", "/in/hits"]
        assert client.get("/twice/hits").json() == ["start", "/in/hits", "/twice/hits"]


def test_middleware_of_plugins_is_around_that_of_the_app() -> None:
    order: list[str] = []

    def noting(name: str) -> Any:
        async def note(request: Request, next: Next) -> Response:
            order.append(name)
            return await next(request)

        return note

    class Outer:
        name = "outer"

        def setup(self, to: Setup) -> None:
            to.middleware(noting("plugin"))

    app = App(plugins=[Outer()])
    app.middleware(noting("app"))
    with Client(app) as client:
        client.get("/")
    assert order == ["plugin", "app"]


def test_what_a_plugin_opens_is_open_in_the_lifespans_of_its_app() -> None:
    order: list[str] = []

    def noting(name: str) -> Any:
        async def life() -> AsyncIterator[None]:
            order.append(f"{name} starts")
            yield
            order.append(f"{name} stops")

        return life

    class Store:
        name = "store"

        def setup(self, to: Setup) -> None:
            to.lifespan(noting("plugin"))

    inner = App("inner", plugins=[Store()])
    inner.lifespan(noting("inner"))
    app = App(plugins=[Store()])
    app.lifespan(noting("app"))
    app.include(inner)
    with Client(app):
        assert order == ["plugin starts", "app starts", "plugin starts", "inner starts"]
    assert order[4:] == ["inner stops", "plugin stops", "app stops", "plugin stops"]


def test_what_does_not_fit_is_said_with_the_line_and_the_fix() -> None:
    assert "Counter is a class; list an object of it: plugins=[Counter()]" in problems(Counter)
    assert "has no name: a plugin is an object with `name: str`" in problems(object())
    nameless = plugin("x")
    nameless.setup = 3
    assert "the plugin 'x' (" in problems(nameless)
    text = plugin("x")
    text.needs = "sessions"
    assert "is a tuple of names, like ('sessions',), not 'sessions'" in problems(text)


def test_missing_double_and_circular_plugins_are_all_named_at_once() -> None:
    told = problems(
        plugin("a", "b"), plugin("b", "c"), plugin("c", "a"), plugin("d", "auth"), plugin("d"), plugin("e")
    )
    assert "3 problems" in told
    assert "plugins need each other in a circle: a -> b -> c -> a" in told
    assert "the plugin 'd' needs the plugin 'auth', but the app has only: a, b, c, d, e" in told
    assert "two plugins are named 'd'" in told
    assert told.count("test_plugins.py:") >= 4


def test_what_a_setup_raises_is_a_problem_of_the_app() -> None:
    class Broken:
        name = "broken"

        def setup(self, to: Setup) -> None:
            raise ValueError("no folder 'x'")

    assert "the plugin 'broken' could not be set up: ValueError: no folder 'x'" in problems(
        Broken(), plugin("a")
    )


def test_a_conflict_names_the_line_of_the_plugin() -> None:
    told = problems(Counter("/same"), Other())
    assert told.count("test_plugins.py:") == 2
    assert "GET /same is declared at" in told


class Other:
    name = "other"

    def setup(self, to: Setup) -> None:
        @to.get("/same")
        async def same() -> str:
            return ""


def test_values_of_an_app_are_its_own_and_say_when_they_are_missing() -> None:
    app, key = App("shop"), AppKey[int]("shop.count")
    assert key not in app
    with pytest.raises(KeyError, match=r"the app 'shop' has no value for AppKey\('shop.count'\)"):
        app[key]
    app[key] = 3
    assert (key in app, app[key]) == (True, 3)
    assert AppKey[int]("shop.count") not in app
