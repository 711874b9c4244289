"""Hooks: before, after and around handlers, methods and classes."""

import functools
import time
from collections.abc import Callable
from typing import Annotated, Any

import pytest

from segue import (
    App,
    AppStarted,
    AppStarting,
    Form,
    Header,
    HTTPError,
    Meta,
    Next,
    NotFound,
    Request,
    Response,
    Struct,
    Unauthorized,
    UnprocessableContent,
    WebSocket,
    after,
    around,
    before,
    expose,
    invalid,
    wrap,
)
from segue.core.plan import FreezeError
from segue.testing import Client
from segue.testing.socket import WebSocketRefused

Serve = Callable[[App], Any]


class Film(Struct):
    title: str


async def signed_in(authorization: Header[str] = "") -> None:
    if authorization != "me":
        raise Unauthorized("who are you?", challenge="Basic")


@pytest.mark.row("FC5")
def test_hooks_of_a_method_and_of_a_class_stop_or_let_pass(serve: Serve) -> None:
    log: list[str] = []

    @before(signed_in)
    class Films:
        async def get(self) -> str:
            return "films"

        async def post(self, film: Film) -> str:
            log.append(film.title)
            return film.title

    class More(Films):
        async def put(self) -> str:
            return "more"

    def note(request: Request, id: int) -> Response | None:
        log.append(f"before {id}")
        return Response(b"gone", 410) if id == 9 else None

    def stamp(response: Response, id: int) -> None:
        log.append(f"after {id}")
        response.headers["x-id"] = str(id)

    class One:
        @before(note)
        @after(stamp)
        async def get(self, id: int) -> str:
            log.append("get")
            if id == 8:
                raise NotFound
            return str(id)

        async def post(self, id: int) -> str:
            return "not hooked"

    app = App()
    app.resource("/films")(Films)
    app.resource("/more")(More)
    app.resource("/one/{id:int}")(One)
    ask = serve(app)
    refused = ask.get("/films")
    assert (refused.status, refused.headers["www-authenticate"]) == (401, "Basic")
    me = {"authorization": "me"}
    assert ask.get("/films", me).text == "films"
    # The hook comes before the body is looked at.
    assert ask("POST", "/films", {"content-type": "application/json"}, b"{}").status == 401
    assert ask("POST", "/films", {"content-type": "application/json", **me}, b"{}").status == 422
    assert [ask("PUT", "/more", {**h, "content-length": "0"}).status for h in ({}, me)] == [401, 200]
    assert log == []
    answer = ask.get("/one/3")
    assert (answer.text, answer.headers["x-id"]) == ("3", "3")
    assert log == ["before 3", "get", "after 3"]
    log.clear()
    assert [ask.get("/one/9").status, ask.get("/one/8").status, log] == [
        410,
        404,
        ["before 9", "before 8", "get"],
    ]
    assert ask("POST", "/one/9", {"content-length": "0"}).text == "not hooked"


def test_hooks_stack_from_the_top_down_and_bases_come_first() -> None:
    log: list[str] = []

    def noting(what: str) -> Callable[[], None]:
        return lambda: log.append(what)

    @before(noting("base"))
    class Base:
        pass

    @before(noting("one"))
    @before(noting("two"))
    class Films(Base):
        @before(noting("three"))
        @before(noting("four"))
        @after(noting("five"))
        @after(noting("six"))
        async def get(self) -> None: ...

    app = App()
    app.resource("/")(Films)
    assert Client(app).get("/").status == 204
    assert log == ["base", "one", "two", "three", "four", "six", "five"]


def test_a_hook_of_a_function_and_one_that_replaces_the_answer() -> None:
    app = App()

    async def loud(response: Response) -> str:
        return response.body.decode().upper()  # type: ignore[union-attr]

    def in_french(q: str = "") -> dict[str, str] | None:
        return {"hello": "bonjour"} if q == "fr" else None

    @app.get("/{name}", status=203)
    @after(loud)
    @before(in_french)
    async def hello(name: str) -> str:
        return f"hello {name}"

    client = Client(app)
    answer = client.get("/django")
    assert (answer.status, answer.text) == (200, "HELLO DJANGO")
    assert client.get("/django?q=fr").text == '{"HELLO":"BONJOUR"}'


def test_a_hook_that_takes_self_is_one_of_the_object(serve: Serve) -> None:
    class Tornado:
        film: str

        def prepare(self, request: Request, id: int) -> None:
            self.film = f"film {id}"
            request.after(self.on_finish)

        def on_finish(self) -> None:
            finished.append(self.film)

        @before(prepare)
        async def get(self) -> str:
            return self.film

        @before(prepare, in_thread=True)
        def post(self, id: int) -> str:
            return self.film

    finished: list[str] = []
    app = App()
    app.resource("/one/{id:int}")(Tornado())
    app.resource("/fresh/{id:int}", per_request=True)(Tornado)

    ask = serve(app)
    assert [ask.get("/one/1").text, ask.get("/fresh/2").text] == ["film 1", "film 2"]
    assert ask("POST", "/fresh/3", {"content-length": "0"}).text == "film 3"
    deadline = time.monotonic() + 10
    while len(finished) < 3 and time.monotonic() < deadline:
        time.sleep(0.01)
    assert finished == ["film 1", "film 2", "film 3"]


def test_around_sees_exceptions_and_responses() -> None:
    seen: list[object] = []

    async def timing(request: Request, next: Next) -> Response:
        try:
            response = await next(request)
        except Exception as error:
            seen.append(error)
            raise
        seen.append(response.status)
        return response

    @around(timing)
    class Films:
        async def get(self, id: int) -> int:
            return {1: (b"", 202)}[id]  # type: ignore[return-value]

    app = App()
    app.resource("/{id:int}")(Films)

    @app.error_handler(KeyError)
    def lost(request: Request, error: KeyError) -> tuple[str, int]:
        return "lost", 404

    client = Client(app)
    assert [client.get("/1").status, client.get("/2").status] == [202, 404]
    assert seen[0] == 202
    assert isinstance(seen[1], KeyError)


def test_hooks_are_put_on_classes_of_others_from_outside() -> None:
    class Third:
        async def get(self) -> str:
            return "third"

        async def post(self) -> str:
            return "posted"

    async def third() -> str:
        return "function"

    def guarded(*hooks: Any) -> App:
        inner, app = App("inner"), App("outer")
        inner.resource("/")(Third)
        inner.get("/f")(third)
        app.include(inner, at="/i")
        for target, hook in hooks:
            app.hook(target, hook)
        return app

    def stamp(response: Response) -> None:
        response.headers["x-mark"] = "1"

    mark = after(stamp)
    plain, whole = Client(guarded()), Client(guarded((Third, before(signed_in)), (third, mark)))
    method = Client(guarded((Third.get, mark)))
    assert plain.get("/i/").text == "third"
    assert [whole.get("/i/").status, whole.post("/i/").status, whole.get("/i/f").status] == [401, 401, 200]
    assert "x-mark" in whole.get("/i/f").headers
    assert ["x-mark" in method.get("/i/").headers, "x-mark" in method.post("/i/").headers] == [True, False]
    with pytest.raises(
        FreezeError, match=r"test_hooks.py:\d+: a hook is put on .*Film.*, which is no handler"
    ):
        guarded((Film, mark)).freeze()


def test_hooks_guard_websockets_too() -> None:
    app = App()

    @app.resource("/{room}")
    @before(signed_in)
    class Talk:
        async def websocket(self, socket: WebSocket, room: str) -> None:
            await socket.send(room)

    with Client(app) as client:
        with client.websocket("/a", headers={"authorization": "me"}) as socket:
            assert socket.receive() == "a"
        with pytest.raises(WebSocketRefused) as refused, client.websocket("/a"):
            pass
        assert refused.value.response.status == 401


def test_two_paths_of_one_shape_call_their_parameters_by_their_own_names() -> None:
    app = App()

    def known(name: str) -> Response | None:
        return None if name == "nuages" else Response(b"unknown", 404)

    @app.get("/films/{id}")
    async def show(id: str) -> str:
        return id

    @app.put("/films/{name}")
    @before(known)
    async def rename(name: str, to: str = "x") -> str:
        return f"{name} {to}"

    client = Client(app)
    assert [client.get("/films/a").text, client.put("/films/nuages").text] == ["a", "nuages x"]
    assert client.put("/films/b").text == "unknown"


def test_what_a_hook_cannot_take_is_in_the_report() -> None:
    app = App()

    def odd(thing: object) -> None: ...
    def early(socket: WebSocket) -> None: ...
    def late(response: Response) -> None: ...
    def own(self) -> None: ...  # type: ignore[no-untyped-def]

    for path, hook in {"/a": before(odd), "/b": before(early), "/c": before(late), "/d": before(own)}.items():

        @app.get(path)
        @hook
        async def handler() -> None: ...

        del handler

    with pytest.raises(FreezeError) as caught:
        app.freeze()
    told = "\n".join(caught.value.problems)
    assert "odd (test_hooks.py:" in told
    assert "early" in told
    assert "not open before the handler runs" in told
    assert "where does 'response' of type Response come from?" in told
    assert "its hook test_what_a_hook_cannot_take_is_in_the_report.<locals>.own takes self" in told
    with pytest.raises(TypeError, match="@before takes the function that shall run"):
        before("signed_in")  # type: ignore[arg-type]


@pytest.mark.row("TG-17")
def test_another_function_answers_what_is_not_valid_with_errors_and_values(serve: Serve) -> None:
    def bad(error: HTTPError) -> tuple[str, int]:
        return f"bad {error.status}", 200

    class Films:
        async def _again(self, error: UnprocessableContent, request: Request, lang: str = "en") -> list[Any]:
            form = await request.form()
            return [lang, form["title"], [(one["loc"], one["msg"]) for one in error.errors]]

        @expose
        @invalid(_again)
        async def create(self, title: Form[str], year: Form[Annotated[int, Meta(ge=1888)]]) -> Any:
            return [title, year]

        @expose
        @invalid(lambda: None)
        def plain(self, year: Form[int]) -> None: ...

        @expose
        @invalid(bad)
        def answered(self, year: Form[int]) -> None: ...

    app = App()
    app.tree("/", Films())
    ask = serve(app)

    def post(path: str, form: str) -> Any:
        return ask("POST", path, {"content-type": "application/x-www-form-urlencoded"}, form.encode())

    assert post("/create", "title=a&year=1946").text == '["a",1946]'
    wrong = post("/create?lang=fr", "title=a&year=1700")
    assert (wrong.status, wrong.text) == (
        422,
        '["fr","a",[[["form","year"],"Expected `int` >= 1888"]]]',
    )
    plain = post("/plain", "year=x")
    assert (plain.status, plain.headers["content-type"]) == (422, "application/problem+json")
    assert (post("/answered", "year=x").status, post("/answered", "year=x").text) == (200, "bad 422")


@pytest.mark.row("TG-18")
def test_every_moment_of_a_controller_of_others_can_be_hooked(serve: Serve) -> None:
    log: list[Any] = []

    class Third:
        @expose
        async def films(self, page: int) -> dict[str, Any]:
            log.append("call")
            return {"films": [page]}

        @expose
        def count(self) -> list[int]:
            return [1, 2]

    third = App("third")
    third.tree("/", Third())

    def before_validate(request: Request) -> None:
        log.append(f"before_validate {request.query_string}")

    def before_call_and_render(handler: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(handler)
        async def call(*args: Any, **named: Any) -> Any:
            log.append(("before_call", args))
            result = await handler(*args, **named)
            log.append("before_render")
            return {**result, "total": len(result["films"])}

        return call

    def after_render(response: Response) -> None:
        log.append(("after_render", response.body))

    def doubled(handler: Callable[..., list[int]]) -> Callable[..., list[int]]:
        return functools.wraps(handler)(lambda *args: [2 * one for one in handler(*args)])

    async def application_wrapper(request: Request, next: Next) -> Response:
        response = await next(request)
        response.headers["x-wrapped"] = "1"
        return response

    app = App()
    app.middleware(application_wrapper)
    app.include(third, at="/third")
    app.hook(Third, before(before_validate), after(after_render))
    app.hook(Third.films, wrap(before_call_and_render))
    app.hook(Third.count, wrap(doubled))
    for milestone in (AppStarting, AppStarted):
        app.on(milestone)(lambda signal: log.append(type(signal).__name__))
    ask = serve(app)
    assert log == ["AppStarting", "AppStarted"]
    del log[:]
    answer = ask.get("/third/films?page=7")
    assert (answer.text, answer.headers["x-wrapped"]) == ('{"films":[7],"total":1}', "1")
    assert log == [
        "before_validate page=7",
        ("before_call", (7,)),
        "call",
        "before_render",
        ("after_render", b'{"films":[7],"total":1}'),
    ]
    assert ask.get("/third/films?page=x").status == 422
    assert log[5:] == ["before_validate page=x"]
    assert ask.get("/third/count").text == "[2,4]"
    alone = Client(third)
    assert (alone.get("/films?page=7").text, "x-wrapped" in alone.get("/count").headers) == (
        '{"films":[7]}',
        False,
    )
