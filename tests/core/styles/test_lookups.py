"""Trees whose objects are found when a request comes."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from segue import App, Next, Request, Response, Struct, Unauthorized, expose, popargs
from segue.core.plan import FreezeError
from segue.testing import Client

Serve = Callable[[App], Any]
FORM = {"content-type": "application/x-www-form-urlencoded"}


class Film:
    def __init__(self, title: str) -> None:
        self.title = title

    def _before(self, *args: str) -> None:
        self.seen = args

    @expose
    def index(self) -> str:
        return self.title

    @expose
    def show(self, page: int, lang: str = "en") -> list[Any]:
        return [self.title, page, lang, self.seen]

    def hidden(self) -> str:
        return "hidden"


class Films:
    def __init__(self) -> None:
        self.searched: list[tuple[str, ...]] = []

    @expose
    def index(self) -> str:
        return "films"

    @expose
    def new(self) -> str:
        return "new"

    async def _lookup(self, title: str, *rest: str) -> tuple[Film, tuple[str, ...]] | None:
        self.searched.append((title, *rest))
        return (Film(title), rest) if title != "none" else None


def tree(root: object, at: str = "/") -> App:
    app = App("shop")
    app.tree(at, root)
    return app


@pytest.mark.row("TG-03")
def test_arguments_index_default_lookup_and_what_runs_around_them(serve: Serve) -> None:
    log: list[Any] = []

    class A:
        def _visit(self, *args: str, **params: str) -> None:
            log.append(("visit", args, params))

        def _before(self, *args: str, **params: str) -> None:
            log.append(("before", args, params))

        def _after(self, *args: str, **params: str) -> None:
            log.append(("after", args, params))

        @expose
        def b(self, *args: str, **params: str) -> Any:
            return [args, params]

        @expose
        def _default(self, *args: str) -> str:
            return f"default {args}"

    class Root:
        a = A()
        films = Films()

        @expose
        def index(self) -> str:
            return "root"

    ask = serve(tree(Root()))
    assert ask.get("/a/b/1?x=2").text == '[["1"],{"x":"2"}]'
    assert log == [(what, ("1",), {"x": "2"}) for what in ("visit", "before", "after")]
    assert [ask.get(path).text for path in ("/", "/a/c/d")] == ["root", "default ('c', 'd')"]
    assert ask.get("/films/nuages/show/7?lang=fr").text == '["nuages",7,"fr",["7"]]'
    assert [ask.get(path).text for path in ("/films", "/films/new", "/films/old")] == ["films", "new", "old"]
    assert ask.get("/films/a%2Fb%25/").text == "a/b%"
    assert Root.films.searched == [("nuages", "show", "7"), ("old",), ("a/b%",)]


def test_what_is_found_is_as_strict_as_the_rest(serve: Serve) -> None:
    ask = serve(tree(Films(), at="/films"))
    for path in (
        "/films/none",
        "/films/x/hidden",
        "/films/x/_before",
        "/films/x/show/1?q=1",
        "/films/x/show",
    ):
        assert ask.get(path).status == 404, path
    assert ask.get("/films/x/show?page=y").status == 422
    assert ask("POST", "/films/x/show", FORM, b"page=1&z=1").status == 400
    assert ask("POST", "/films/x/show", FORM, b"page=1").text == '["x",1,"en",[]]'


def test_objects_of_objects_are_found_too() -> None:
    class Comments:
        def __init__(self, film: str) -> None:
            self.film = film

        @expose
        def index(self) -> str:
            return f"comments of {self.film}"

    class Item(Film):
        def __init__(self, title: str) -> None:
            super().__init__(title)
            self.comments = Comments(title)
            self._private = Comments(title)

        def _lookup(self, name: str, *rest: str) -> Any:
            return Item(f"{self.title}+{name}"), rest

    class Shelf:
        def __getattr__(self, name: str) -> Any:
            return Item(name) if len(name) < 9 else None

    client = Client(tree(Shelf()))
    assert client.get("/a/comments").text == "comments of a"
    assert client.get("/a/b/c/show/1").json() == ["a+b+c", 1, "en", ["1"]]
    assert client.get("/a/b/c/comments/").text == "comments of a+b+c"
    assert [client.get(path).status for path in ("/longer-than-that", "/__dict__", "/_private")] == [404] * 3
    assert client.get("/a/_private").text == "a+_private"  # _lookup may take any name


def test_a_lookup_stands_inside_of_middleware_errors_and_injection() -> None:
    class Mailer(Struct):
        name: str

    class Sending:
        def __init__(self, who: str) -> None:
            self.who = who

        @expose(status=202)
        def send(self, mailer: Mailer, tenant: str) -> str:
            if self.who == "nobody":
                raise KeyError(self.who)
            return f"{mailer.name} to {self.who} of {tenant}"

    class Root:
        def _before(self, request: Request) -> None:
            if "key" not in request.query and request.source.length == 0:
                raise Unauthorized

        def _lookup(self, who: str, *rest: str) -> Any:
            return Sending(who), rest

    inner, app = App("inner"), App("app")
    calls: list[str] = []

    @inner.middleware
    async def counting(request: Request, next: Next) -> Response:
        calls.append(request.path)
        return await next(request)

    @inner.error_handler(KeyError)
    def lost(request: Request, error: KeyError) -> tuple[str, int]:
        return "lost", 404

    inner.tree("/tree", Root())
    app.provide(Mailer, lambda: Mailer("sendmail"))
    app.include(inner, at="/{tenant}")
    client = Client(app)
    assert client.get("/blue/tree/django/send").status == 401
    sent = client.post("/blue/tree/django/send", content=b"x")
    assert (sent.status, sent.text) == (202, "sendmail to django of blue")
    assert client.post("/blue/tree/nobody/send", content=b"x").text == "lost"
    assert calls == ["/blue/tree/django/send"] * 2 + ["/blue/tree/nobody/send"]


def test_a_lookup_that_does_not_get_on_or_returns_something_else_says_so() -> None:
    class Circle:
        def _lookup(self, *path: str) -> Any:
            return self, path

    class Odd:
        def _lookup(self, *path: str) -> Any:
            return 7

    client = Client(tree(Circle()))
    with pytest.raises(RuntimeError, match="Circle: _lookup was asked 100 times on the way to '/a/b'"):
        client.get("/a/b")
    with pytest.raises(TypeError, match=r"Odd\._lookup returned 7: it has to return an object and the parts"):
        Client(tree(Odd())).get("/a")

    class Both:
        @expose
        def _default(self, *path: str) -> None: ...
        def _lookup(self, *path: str) -> None: ...

    with pytest.raises(FreezeError, match=r"Both\._lookup"):
        tree(Both()).freeze()


def test_a_lookup_below_parts_that_an_object_takes() -> None:
    class Albums:
        def _lookup(self, title: str, *rest: str) -> Any:
            return Album(title), rest

    class Album:
        def __init__(self, title: str) -> None:
            self.title = title

        @expose
        def index(self, band: str) -> str:
            return f"{band}: {self.title}"

    @popargs("band")
    class Bands:
        albums = Albums()

    assert Client(tree(Bands())).get("/nirvana/albums/nevermind").text == "nirvana: nevermind"


def test_what_is_provided_on_the_way_is_provided_once() -> None:
    made: list[str] = []

    class Store:
        pass

    def open_store() -> Iterator[Store]:
        made.append("open")
        yield Store()
        made.append("close")

    class Item:
        @expose
        def index(self, request: Request, store: Store) -> str:
            return str(store is request.state.store)

    class Root:
        def _visit(self, request: Request, store: Store) -> None:
            request.state.store = store

        def _lookup(self, name: str, *rest: str) -> Any:
            return Item(), rest

    app = tree(Root())
    app.provide(Store, open_store)
    with Client(app) as client:
        assert client.get("/x").text == "True"
    assert made == ["open", "close"]
