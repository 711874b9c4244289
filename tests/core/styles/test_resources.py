"""Resources: a class with a method for each HTTP method."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from segue import App, NotFound, Request, Response, Struct, WebSocket, options
from segue.core.plan import FreezeError, UnknownRoute
from segue.testing import Client

Serve = Callable[[App], Any]


class Film(Struct):
    title: str


class Films:
    """Falcon's way: two paths, one class."""

    def __init__(self) -> None:
        self.all = {1: Film("Nuages")}

    async def get_collection(self, q: str = "") -> list[Film]:
        return [film for film in self.all.values() if q in film.title]

    @options(status=201)
    async def post_collection(self, film: Film) -> Film:
        self.all[len(self.all) + 1] = film
        return film

    async def get(self, id: int) -> Film:
        if id not in self.all:
            raise NotFound
        return self.all[id]

    def delete(self, id: int) -> None:
        del self.all[id]

    async def query(self, request: Request, id: int) -> str:
        return f"{id}: {await request.text()}"

    async def PURGE(self, id: int) -> str:  # noqa: N802 -- a method of HTTP
        return f"purged {id}"

    def find(self) -> None:
        """No method of HTTP: never called by a request."""


def films() -> App:
    app = App("shop")
    app.resource("/films", suffix="collection")(Films)
    app.resource("/films/{id:int}", timeout=5)(Films)
    return app


@pytest.mark.row("FC1")
def test_a_method_for_each_method_and_suffixes_for_more_paths(serve: Serve) -> None:
    ask = serve(films())
    assert ask.get("/films?q=Nu").text == '[{"title":"Nuages"}]'
    made = ask("POST", "/films", {"content-type": "application/json"}, b'{"title":"Daphne"}')
    assert (made.status, made.text) == (201, '{"title":"Daphne"}')
    assert ask.get("/films/2").text == '{"title":"Daphne"}'  # one object answers both paths
    refused = ask("PUT", "/films/2", {"content-length": "0"})
    assert (refused.status, refused.headers["allow"]) == (405, "DELETE, GET, HEAD, OPTIONS, PURGE, QUERY")
    assert ask("QUERY", "/films/2", {}, b"select").text == "2: select"
    assert ask("PURGE", "/films/2").text == "purged 2"
    assert ask("DELETE", "/films/2").status == 204
    assert [ask.get(path).status for path in ("/films/2", "/films/x", "/films/2/find")] == [404, 404, 404]

    class Default:
        async def get(self) -> str:
            return "get"

        async def any(self, request: Request) -> str:
            return f"any {request.method}"

    app = App()
    app.resource("/")(Default)
    ask = serve(app)
    assert [ask(m, "/", {"content-length": "0"}).text for m in ("GET", "PUT", "REPORT")] == [
        "get",
        "any PUT",
        "any REPORT",
    ]


@pytest.mark.row("FL17")
def test_methods_are_inherited_and_taken_away_and_an_object_may_be_of_each_request(serve: Serve) -> None:
    class View:
        def __init__(self) -> None:
            self.calls = 0

        async def get(self) -> int:
            self.calls += 1
            return await self.count()

        async def count(self) -> Any:
            return (str(self.calls), 200)

        async def post(self) -> str:
            return "posted"

    class Reading(View):
        post = None  # type: ignore[assignment]

    app = App()
    app.resource("/all")(View)
    app.resource("/reading")(Reading)
    app.resource("/fresh", per_request=True)(View)
    ask = serve(app)
    assert [ask.get("/all").text for _ in range(3)] == ["1", "2", "3"]
    assert [ask.get("/reading").text for _ in range(2)] == ["1", "2"]
    assert [ask.get("/fresh").text for _ in range(2)] == ["1", "1"]
    assert ask("POST", "/all", {"content-length": "0"}).text == "posted"
    refused = ask("POST", "/reading", {"content-length": "0"})
    assert (refused.status, refused.headers["allow"]) == (405, "GET, HEAD, OPTIONS")


def test_constructor_arguments_are_bound_as_those_of_handlers_are(serve: Serve) -> None:
    class Search:
        def __init__(self, request: Request, words: list[str], page: int = 1) -> None:
            self.told = f"{request.path} {words} {page}"

        async def get(self, tenant: str, page: int = 1) -> list[Any]:
            return [self.told, page]

        def post(self, tenant: str) -> str:
            return f"{tenant} {self.told}"

    app = App()
    app.resource("/{tenant}/search")(Search)
    ask = serve(app)
    assert ask.get("/a/search?words=x&words=y&page=2").text == "[\"/a/search ['x', 'y'] 2\",2]"
    assert ask("POST", "/b/search?words=x").text == "b /b/search ['x'] 1"
    assert ask.get("/a/search?page=x").status == 422


def test_an_object_may_be_given_and_has_its_own_state() -> None:
    class Named:
        def __init__(self, name: str) -> None:
            self.name = name

        async def get(self) -> str:
            return self.name

        @staticmethod
        async def post() -> str:
            return "static"

        @classmethod
        async def put(cls) -> str:
            return cls.__name__

    app = App()
    app.resource("/a")(Named("a"))
    app.resource("/b")(Named("b"))
    client = Client(app)
    assert [client.get("/a").text, client.get("/b").text] == ["a", "b"]
    assert [client.post("/a").text, client.put("/a").text] == ["static", "Named"]


def test_static_and_class_methods_need_no_object() -> None:
    @(app := App()).resource("/", per_request=True)
    class Plain:
        @staticmethod
        def get() -> str:
            return "static"

        @classmethod
        async def post(cls, x: int) -> str:
            return f"{cls.__name__} {x}"

    client = Client(app)
    assert [client.get("/").text, client.post("/?x=1").text] == ["static", "Plain 1"]


def test_a_resource_may_stream_and_speak_websocket(serve: Serve) -> None:
    app = App()

    @app.resource("/talk/{room}", per_request=True)
    class Talk:
        def __init__(self, room: str) -> None:
            self.room = room

        async def get(self):  # type: ignore[no-untyped-def]
            yield self.room
            yield "!"

        @options(origins=["https://films.example"])  # type: ignore[call-arg]
        async def websocket(self, socket: WebSocket, room: str) -> None:
            await socket.send(f"{self.room} {room}")

    assert serve(app).get("/talk/x").text == "x!"
    with Client(app) as client, client.websocket("/talk/y") as socket:
        assert socket.receive() == "y y"


def test_all_methods_of_a_resource_have_one_name() -> None:
    app = films()
    assert app.url_for("Films", id=3) == "/films/3"
    assert app.url_for("shop.Films") == "/films"
    app = App()
    app.resource("/a/{id}", name="a")(Films)
    assert app.url_for("a", id=1) == "/a/1"


def test_what_cannot_be_a_resource_is_said_with_its_line() -> None:
    app = App()

    @app.resource("/empty")
    class Empty:
        def find(self) -> None: ...

    @app.resource("/odd", per_request=True)
    class Odd:
        def __init__(self, thing: object) -> None: ...

        async def get(self) -> None: ...

    @app.resource("/missing/{id}")
    class Missing:
        async def get(self) -> None: ...

    app.resource("/suffixed", suffix="list")(Missing)
    app.resource("/twice")(Missing)
    app.resource("/twice")(Films)
    with pytest.raises(FreezeError) as caught:
        app.freeze()
    told = "\n".join(caught.value.problems)
    assert "Empty answers nothing at /empty: it has no method get, post, put, ... or any" in told
    assert "where does 'thing' of type object come from?" in told
    assert "the path has {id}, but the handler has no parameter of this name" in told
    assert "Missing answers nothing at /suffixed: it has no method get_list, post_list" in told
    assert "GET /twice is declared at test_resources.py:" in told


def test_a_response_is_a_result_and_errors_have_their_handlers() -> None:
    app = App()

    @app.error_handler(KeyError)
    def lost(request: Request, error: KeyError) -> Response:
        return Response(b"lost", 404)

    app.resource("/{id:int}")(Films)
    assert Client(app).delete("/7").text == "lost"


@pytest.mark.row("U11")
def test_functions_and_classes_are_given_the_same_things(serve: Serve) -> None:
    made: list[str] = []

    class Store:
        def __init__(self, name: str) -> None:
            self.name = name

    def open_store(request: Request) -> Iterator[Store]:
        made.append(f"open {request.path}")
        yield Store(request.path)
        made.append("close")

    class Shared:
        pass

    app = App()
    app.provide(Store, open_store)
    app.provide(Shared, life="app")
    shared: list[Shared] = []

    def told(store: Store, same: Store, one: Shared, page: int) -> list[Any]:
        shared.append(one)
        return [store.name, store is same, page]

    @app.get("/function")
    def function(store: Store, again: Store, one: Shared, page: int = 1) -> list[Any]:
        return told(store, again, one, page)

    @app.resource("/method")
    class Method:
        def get(self, store: Store, again: Store, one: Shared, page: int = 1) -> list[Any]:
            return told(store, again, one, page)

    @app.resource("/constructor")
    class Constructor:
        def __init__(self, store: Store, one: Shared) -> None:
            self.store = store
            self.one = one

        async def get(self, again: Store, page: int = 1) -> list[Any]:
            return told(self.store, again, self.one, page)

    ask = serve(app)
    for path in ("/function", "/method", "/constructor"):
        assert ask.get(f"{path}?page=2").text == f'["{path}",true,2]'
        assert made == [f"open {path}", "close"]
        made.clear()
        assert ask.get(f"{path}?page=x").status == 422
        made.clear()
    assert len(set(map(id, shared))) == 1


@pytest.mark.row("AI2")
def test_tables_decorators_classes_and_patterns_stand_in_one_app(serve: Serve) -> None:
    app = App("shop")

    async def table(request: Request) -> dict[str, Any]:
        return dict(request.params)

    for path, handler, name in [("/table/{x}", table, "table"), (r"/digits/{x:re:\d+}", table, "digits")]:
        app.get(path, name=name)(handler)

    @app.get("/decorated/{x}")
    async def decorated(x: str) -> str:
        return x

    @app.resource("/view/{x}", name="view", per_request=True)
    class View:
        def __init__(self, x: str) -> None:
            self.x = x

        async def get(self) -> str:
            return self.x

        async def post(self) -> str:
            return f"posted {self.x}"

    app.resource("/films/{id:int}", name="film")(Films)
    ask = serve(app)
    assert [ask.get(path).text for path in ("/table/a", "/digits/12", "/decorated/a", "/view/a")] == [
        '{"x":"a"}',
        '{"x":"12"}',
        "a",
        "a",
    ]
    assert ask("POST", "/view/a", {"content-length": "0"}).text == "posted a"
    assert [ask.get(path).status for path in ("/digits/a", "/digits/1a", "/films/1", "/films/x")] == [
        404,
        404,
        200,
        404,
    ]
    assert [
        app.url_for("table", x="a"),
        app.url_for("shop.digits", x="12"),
        app.url_for("view", x="b"),
        app.url_for("film", id=3),
    ] == ["/table/a", "/digits/12", "/view/b", "/films/3"]
    with pytest.raises(UnknownRoute, match="cannot stand in the path"):
        app.url_for("digits", x="a")
