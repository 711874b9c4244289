"""Providers: objects that handlers ask for by their type."""

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Annotated, Any, Generic, Protocol, TypeVar, get_args

import pytest

from segue import App, Header, NotFound, Query, Request, Response, SeeOther, WebSocket, before, wait
from segue.core.plan import FreezeError
from segue.testing import AsyncClient, Client

ItemOnShelf = TypeVar("ItemOnShelf")


class Mailer:
    def __init__(self, url: str = "smtp://one") -> None:
        self.url = url


class Pool:
    pass


class Session:
    def __init__(self, pool: Pool) -> None:
        self.pool = pool


def ask(app: App, path: str = "/", **options: Any) -> Any:
    with Client(app, raise_server_exceptions=False) as client:
        return client.get(path, **options)


# --- what can provide ------------------------------------------------------------------------------------------------


def test_a_class_provides_itself_and_what_its_constructor_needs() -> None:
    app = App()
    app.provide(Pool)
    app.provide(Session)

    @app.get("/")
    async def show(session: Session) -> str:
        return type(session.pool).__name__

    assert ask(app).text == "Pool"


def test_the_default_of_a_constructor_cannot_be_sent_by_a_client() -> None:
    app = App()
    app.provide(Mailer)

    @app.get("/")
    async def show(mailer: Mailer) -> str:
        return mailer.url

    assert ask(app, "/?url=smtp://evil").text == "smtp://one"


@pytest.mark.parametrize("inline", [True, False])
def test_functions_provide(inline: bool) -> None:
    app = App()
    app.provide(Mailer, lambda: Mailer("a"), inline=inline)

    @app.get("/")
    async def show(mailer: Mailer) -> str:
        return mailer.url

    assert ask(app).text == "a"


def test_the_annotation_of_a_decorated_function_says_what_it_provides() -> None:
    app = App()

    @app.provide
    async def mailer() -> Mailer:
        return Mailer("b")

    @app.provide(life="app")
    def pool() -> Iterator[Pool]:
        yield Pool()

    @app.get("/")
    def show(mailer: Mailer, pool: Pool) -> str:
        return mailer.url + type(pool).__name__

    assert ask(app).text == "bPool"


def test_an_object_provides_itself() -> None:
    app = App()
    mailer = Mailer("c")
    app.provide(Mailer, mailer)

    @app.get("/")
    async def show(one: Mailer) -> str:
        return str(one is mailer)

    assert ask(app).text == "True"


class Sends(Protocol):
    url: str


def test_a_protocol_is_provided_by_a_class_that_fits() -> None:
    app = App()
    app.provide(Sends, Mailer)

    @app.get("/")
    async def show(mailer: Sends) -> str:
        return type(mailer).__name__

    assert ask(app).text == "Mailer"


def test_a_tag_tells_two_of_a_type_apart() -> None:
    app = App()
    app.provide(Mailer, lambda: Mailer("first"), inline=True)
    app.provide(Annotated[Mailer, "second"], lambda: Mailer("second"), inline=True)

    @app.get("/")
    async def show(one: Mailer, two: Annotated[Mailer, "second"]) -> str:
        return f"{one.url} {two.url}"

    assert ask(app).text == "first second"


def test_generators_clean_up_in_reverse_after_the_response_is_made() -> None:
    app, events = App(), list[str]()

    @app.provide
    async def pool() -> AsyncIterator[Pool]:
        events.append("+pool")
        yield Pool()
        events.append("-pool")

    @app.provide(inline=True)
    def session(pool: Pool) -> Iterator[Session]:
        events.append("+session")
        yield Session(pool)
        events.append("-session")

    @app.provide
    def mailer(session: Session) -> Iterator[Mailer]:
        events.append("+mailer")
        yield Mailer()
        events.append("-mailer")

    @app.get("/")
    async def show(mailer: Mailer) -> str:
        events.append("handler")
        return "ok"

    assert ask(app).text == "ok"
    assert events == ["+pool", "+session", "+mailer", "handler", "-mailer", "-session", "-pool"]


# --- lives -----------------------------------------------------------------------------------------------------------


def test_for_a_request_an_object_is_made_once_however_often_it_is_asked_for() -> None:
    app, made = App(), list[int]()

    @app.provide(inline=True)
    def pool() -> Pool:
        made.append(1)
        return Pool()

    app.provide(Session)

    @app.get("/")
    async def show(session: Session, pool: Pool) -> str:
        return str(session.pool is pool)

    with Client(app) as client:
        assert client.get("/").text == "True"
        assert client.get("/").text == "True"
    assert len(made) == 2


def test_what_lives_with_the_app_is_made_once_and_closed_at_shutdown_in_reverse() -> None:
    app, events = App(), list[str]()

    @app.provide(life="app")
    async def session(pool: Pool) -> AsyncIterator[Session]:
        events.append("+session")
        yield Session(pool)
        events.append("-session")

    @app.provide(life="app")
    def pool() -> Iterator[Pool]:
        events.append("+pool")
        yield Pool()
        events.append("-pool")

    @app.get("/")
    async def show(session: Session) -> str:
        return "ok"

    with Client(app) as client:
        assert events == []
        client.get("/")
        client.get("/")
        assert events == ["+pool", "+session"]
    assert events == ["+pool", "+session", "-session", "-pool"]


# --- what is wrong is known before the first request -----------------------------------------------------------------


def problems(app: App) -> str:
    with pytest.raises(FreezeError) as caught:
        app.freeze()
    return str(caught.value)


def test_a_circle_names_every_provider_with_its_line() -> None:
    app = App()

    @app.provide
    def first(session: Session) -> Pool:
        return session.pool

    @app.provide
    def second(mailer: Mailer) -> Session:
        return Session(Pool())

    @app.provide
    def third(pool: Pool) -> Mailer:
        return Mailer()

    told = problems(app)
    assert "each other" in told
    assert told.count("test_providers.py:") >= 4
    assert "Pool (" in told
    assert "-> Session (" in told
    assert "-> Mailer (" in told


def test_what_lives_with_the_app_cannot_take_what_lives_for_a_request() -> None:
    app = App()
    app.provide(Pool)
    app.provide(Session, life="app")
    assert "lives as long as the app, but takes Pool" in problems(app)


def test_what_lives_with_the_app_takes_nothing_from_a_request() -> None:
    app = App()
    app.provide(Mailer, lambda request: Mailer(), life="app")
    assert "takes 'request' from one request" in problems(app)


def test_two_providers_of_a_type_are_named_both() -> None:
    app = App()
    app.provide(Pool)
    app.provide(Pool)
    assert problems(app).count("test_providers.py:") == 2


def test_a_class_that_is_no_such_thing_is_refused() -> None:
    app = App()
    app.provide(Mailer, Pool)  # type: ignore[arg-type]
    app.provide(Pool, Mailer())  # type: ignore[arg-type]
    told = problems(app)
    assert "Pool is no Mailer" in told
    assert "Mailer is no Pool" in told


def test_a_type_that_nobody_provides_is_named_with_the_way_out() -> None:
    app = App()
    app.provide(Session)

    @app.get("/")
    async def show(mailer: Mailer) -> str:
        return ""

    told = problems(app)
    assert "app.provide(Mailer, ...)" in told
    assert "app.provide(Pool, ...)" in told


# --- outside of requests ---------------------------------------------------------------------------------------------


def test_a_scope_gives_what_is_provided_to_scripts() -> None:
    app, events = App(), list[str]()
    app.provide(Pool, life="app")

    @app.provide
    async def session(pool: Pool) -> AsyncIterator[Session]:
        yield Session(pool)
        events.append("closed")

    async def work(session: Session, month: int) -> tuple[Session, int]:
        return session, month

    async def main() -> None:
        async with app.scope() as scope:
            one = await scope.get(Session)
            assert await scope.call(work, month=3) == (one, 3)
            assert events == []
        assert events == ["closed"]

    asyncio.run(main())


# --- clean-up --------------------------------------------------------------------------------------------------------


class Log(list[str]):
    pass


def transaction(log: Log) -> Any:
    async def begin() -> AsyncIterator[Session]:
        try:
            yield Session(Pool())
        except BaseException as error:
            log.append(f"rollback {type(error).__name__}")
            raise
        else:
            log.append("commit")

    return begin


def test_an_error_of_the_handler_is_thrown_into_the_provider() -> None:
    app, log = App(), Log()
    app.provide(Session, transaction(log))

    @app.get("/")
    async def show(session: Session) -> str:
        raise NotFound("no such film")

    assert ask(app).status == 404
    assert log == ["rollback NotFound"]


def test_a_redirect_is_no_error() -> None:
    app, log = App(), Log()
    app.provide(Session, transaction(log))

    @app.get("/")
    async def show(session: Session) -> str:
        raise SeeOther("/there")

    assert ask(app, follow_redirects=False).status == 303
    assert log == ["commit"]


def test_a_result_that_cannot_be_a_response_is_an_error_too() -> None:
    app, log = App(), Log()
    app.provide(Session, transaction(log))

    @app.get("/")
    async def show(session: Session) -> dict[str, Any]:
        return {"session": object()}

    assert ask(app).status == 500
    assert log[0].startswith("rollback")


def test_a_clean_up_that_fails_is_a_500_and_does_not_stop_the_others() -> None:
    app, log = App(), Log()
    app.provide(Session, transaction(log))

    @app.provide
    async def mailer(session: Session) -> AsyncIterator[Mailer]:
        yield Mailer()
        raise OSError("disk full")

    @app.get("/")
    async def show(mailer: Mailer) -> str:
        return "never sent"

    assert ask(app).status == 500
    assert log == ["rollback OSError"]


def test_a_provider_turns_one_error_into_another() -> None:
    app = App()

    @app.provide
    async def session() -> AsyncIterator[Session]:
        try:
            yield Session(Pool())
        except LookupError:
            raise NotFound("no such row") from None

    @app.get("/")
    async def show(session: Session) -> str:
        raise KeyError(3)

    assert ask(app).status == 404


def test_a_provider_cannot_make_an_error_undone() -> None:
    app = App()

    @app.provide
    async def session() -> AsyncIterator[Session]:
        try:
            yield Session(Pool())
        except KeyError:
            pass

    @app.get("/")
    async def show(session: Session) -> str:
        raise KeyError(3)

    assert ask(app).status == 500


@pytest.mark.parametrize("times", [0, 2])
def test_a_generator_that_does_not_yield_once_is_told(times: int, caplog: pytest.LogCaptureFixture) -> None:
    app = App()

    @app.provide
    async def session() -> AsyncIterator[Session]:
        for _ in range(times):
            yield Session(Pool())

    @app.get("/")
    async def show(session: Session) -> str:
        return ""

    assert ask(app).status == 500
    assert ("without a `yield`" if times == 0 else "yielded twice") in caplog.text


@pytest.mark.parametrize("sync", [True, False])
def test_a_stream_has_what_was_provided_until_its_end(sync: bool) -> None:
    app, log = App(), Log()
    app.provide(Session, transaction(log))

    if sync:

        @app.get("/")
        def numbers(session: Session) -> Iterator[str]:
            for at in range(3):
                yield f"{at}{len(log)} "

    else:

        @app.get("/")
        async def numbers_async(session: Session) -> AsyncIterator[str]:
            for at in range(3):
                yield f"{at}{len(log)} "

    assert ask(app).text == "00 10 20 "
    assert log == ["commit"]


def test_a_stream_that_breaks_off_is_an_error_for_what_was_provided() -> None:
    app, log = App(), Log()
    app.provide(Session, transaction(log))

    @app.get("/")
    async def numbers(session: Session) -> AsyncIterator[str]:
        yield "0"
        raise OSError

    with (
        Client(app, raise_server_exceptions=False) as client,
        pytest.raises(Exception, match="broke off"),
    ):
        client.get("/")
    assert log == ["rollback OSError"]


def test_a_stream_that_the_client_leaves_cleans_up() -> None:
    app, log = App(), Log()
    app.provide(Session, transaction(log))

    @app.get("/")
    async def endless(session: Session) -> AsyncIterator[str]:
        while True:
            yield "x" * 1000
            await asyncio.sleep(0)

    with Client(app) as client, client.stream("GET", "/") as response:
        response.piece()
    assert log == ["rollback CancelledError"]


def test_a_head_request_for_a_stream_cleans_up() -> None:
    app, log = App(), Log()
    app.provide(Session, transaction(log))

    @app.get("/")
    async def numbers(session: Session) -> AsyncIterator[str]:
        yield "0"

    with Client(app) as client:
        assert client.head("/").status == 200
    assert len(log) == 1


def test_a_request_that_is_cancelled_cleans_up() -> None:
    app, log, reached = App(), Log(), asyncio.Event()
    app.provide(Session, transaction(log))

    @app.get("/", on_disconnect="cancel")
    async def wait(session: Session) -> str:
        reached.set()
        await asyncio.sleep(60)
        return ""

    async def main() -> None:
        task = asyncio.ensure_future(app.handle(Request("GET", "/", [])))
        await reached.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    assert log == ["rollback CancelledError"]


# --- from the request ------------------------------------------------------------------------------------------------


class Page:
    def __init__(self, number: int, size: int) -> None:
        self.number = number
        self.size = size


def page(number: int = 1, size: Query[int] = 10, x_size: Header[int] = 0) -> Page:
    return Page(number, x_size or size)


def paged() -> App:
    app = App()
    app.provide(Page, page, inline=True)

    @app.get("/films")
    async def films(page: Page, title: str) -> str:
        return f"{title} {page.number} {page.size}"

    return app


def test_a_provider_takes_parameters_of_the_request() -> None:
    assert ask(paged(), "/films?title=a&number=2").text == "a 2 10"
    assert ask(paged(), "/films?title=a", headers={"x-size": "5"}).text == "a 1 5"


def test_what_is_wrong_with_them_is_told_with_all_the_rest() -> None:
    response = ask(paged(), "/films?number=x&size=y", headers={"x-size": "z"})
    assert response.status == 422
    where = sorted(error["loc"] for error in response.json()["errors"])
    assert where == [["header", "x-size"], ["query", "number"], ["query", "size"], ["query", "title"]]


def test_a_parameter_of_the_path_goes_to_the_provider_that_asks_for_it() -> None:
    app = App()

    class Film:
        def __init__(self, id: int) -> None:
            self.id = id

    @app.provide
    async def film(id: int) -> Film:
        if id > 9:
            raise NotFound
        return Film(id)

    @app.get("/films/{id}")
    async def show(film: Film) -> str:
        return str(film.id + 1)

    assert ask(app, "/films/3").text == "4"
    assert ask(app, "/films/10").status == 404
    assert ask(app, "/films/x").status == 404


def test_a_provider_may_take_the_request_and_the_app() -> None:
    app = App()

    @app.provide
    async def mailer(request: Request, here: App) -> Mailer:
        return Mailer(f"{here.name} {request.path}")

    @app.get("/a")
    async def show(mailer: Mailer) -> str:
        return mailer.url

    assert ask(app, "/a").text == "test_providers /a"


# --- apps in apps ----------------------------------------------------------------------------------------------------


def test_an_included_app_inherits_and_overrides() -> None:
    outer, inner, other = App("outer"), App("inner"), App("other")
    outer.provide(Mailer, Mailer("outer"))
    inner.provide(Mailer, Mailer("inner"))
    for app in (outer, inner, other):

        @app.get("/")
        async def show(mailer: Mailer) -> str:
            return mailer.url

    outer.include(inner, at="/inner")
    outer.include(other, at="/other")
    with Client(outer) as client:
        assert [client.get(path).text for path in ("/", "/inner/", "/other/")] == ["outer", "inner", "outer"]


def test_a_plugin_provides_and_the_app_has_the_last_word() -> None:
    class Mail:
        name = "mail"

        def setup(self, to: Any) -> None:
            to.provide(Mailer, Mailer("plugin"))
            to.provide(Pool)

    app = App(plugins=[Mail()])
    app.provide(Mailer, Mailer("app"))

    @app.get("/")
    async def show(mailer: Mailer, pool: Pool) -> str:
        return mailer.url

    assert ask(app).text == "app"


# --- everywhere ------------------------------------------------------------------------------------------------------


def test_middleware_and_handler_share_what_is_made_for_the_request() -> None:
    app, log, seen = App(), Log(), list[Session]()
    app.provide(Session, transaction(log))

    @app.middleware
    async def watch(request: Request, next: Any, session: Session) -> Any:
        seen.append(session)
        response = await next(request)
        log.append("answered")
        return response

    @app.get("/")
    async def show(session: Session) -> str:
        seen.append(session)
        return "ok"

    @app.get("/bad")
    async def bad(session: Session) -> str:
        raise NotFound

    with Client(app) as client:
        assert client.get("/").text == "ok"
        assert log == ["answered", "commit"]
        assert seen[0] is seen[1]
        assert client.get("/bad").status == 404
        assert log == ["answered", "commit", "answered", "rollback NotFound"]


def test_middleware_of_an_included_app_is_provided_for() -> None:
    app, inner = App(), App("inner")
    app.provide(Mailer, Mailer("m"), life="app")
    app.provide(Pool)

    @inner.middleware
    async def watch(request: Request, next: Any, mailer: Mailer, pool: Pool) -> Any:
        response = await next(request)
        response.headers["x-mailer"] = mailer.url
        return response

    @inner.get("/")
    async def show() -> str:
        return "ok"

    @app.get("/")
    async def index(pool: Pool) -> str:
        return "index"

    app.include(inner, at="/inner")
    with Client(app) as client:
        assert client.get("/inner/").headers["x-mailer"] == "m"
        assert client.get("/").text == "index"


def test_error_handlers_are_provided_for() -> None:
    app, log = App(), Log()
    app.provide(Session, transaction(log))

    @app.error_handler(KeyError)
    async def sorry(request: Request, error: KeyError, session: Session) -> tuple[str, int]:
        log.append("answer")
        return type(session).__name__, 418

    @app.get("/")
    async def show(session: Session) -> str:
        raise KeyError

    assert (ask(app).status, log) == (418, ["rollback KeyError", "answer", "commit"])


def test_lifespans_are_provided_for_and_make_what_lives_with_the_app_at_the_start() -> None:
    app, events = App(), list[str]()

    @app.provide(life="app")
    async def pool() -> AsyncIterator[Pool]:
        events.append("open")
        yield Pool()
        events.append("close")

    @app.lifespan
    async def live(app: App, pool: Pool) -> AsyncIterator[None]:
        events.append(type(pool).__name__)
        yield
        events.append("end")

    with Client(app):
        assert events == ["open", "Pool"]
    assert events == ["open", "Pool", "end", "close"]


def test_websockets_are_provided_for_until_the_handler_ends() -> None:
    app, log = App(), Log()
    app.provide(Session, transaction(log))

    @app.websocket("/")
    async def talk(socket: WebSocket, session: Session) -> None:
        await socket.send(f"{len(log)}")
        await socket.receive()

    with Client(app) as client, client.websocket("/") as socket:
        assert socket.receive() == "0"
        socket.send("end")
    assert log == ["commit"]


def test_a_provider_may_refuse_a_websocket() -> None:
    app = App()

    @app.provide
    async def mailer(token: Header[str] = "") -> Mailer:
        raise NotFound

    @app.websocket("/")
    async def talk(socket: WebSocket, mailer: Mailer) -> None: ...

    with Client(app) as client, pytest.raises(Exception, match="404"), client.websocket("/"):
        pass


# --- functions that only guard ---------------------------------------------------------------------------------------


def test_guards_of_the_app_the_included_app_and_the_route_run_in_this_order() -> None:
    log = Log()

    async def outer() -> None:
        log.append("outer")

    def inner(pool: Pool) -> None:
        log.append("inner")

    async def own(token: Header[str] = "") -> None:
        log.append("own")
        if token != "t":
            raise NotFound

    app, below = App(requires=[outer]), App("below", requires=[inner])
    app.provide(Pool)

    @below.get("/", requires=[own, outer])
    async def show(q: Query[int]) -> str:
        return "ok"

    app.include(below, at="/below")
    with Client(app) as client:
        # Who is sent away learns nothing about the parameters.
        assert client.get("/below/?q=x").status == 404
        assert log == ["outer", "inner", "own"]
        assert client.get("/below/?q=1", headers={"token": "t"}).text == "ok"


def test_guards_stand_before_mounted_apps_and_websockets() -> None:
    async def nobody() -> None:
        raise NotFound

    async def foreign(scope: Any, receive: Any, send: Any) -> None:
        raise AssertionError("reached")

    app = App(requires=[nobody])
    app.mount("/old", foreign)

    @app.websocket("/talk")
    async def talk(socket: WebSocket) -> None: ...

    with Client(app) as client:
        assert client.get("/old/x").status == 404
        with pytest.raises(Exception, match="404"), client.websocket("/talk"):
            pass


# --- in tests --------------------------------------------------------------------------------------------------------


def overridable() -> App:
    app = App()
    app.provide(Mailer, lambda: Mailer("real"), life="app")

    class Sender:
        def __init__(self, mailer: Mailer) -> None:
            self.mailer = mailer

    app.provide(Sender, life="app")

    @app.middleware
    async def watch(request: Request, next: Any, mailer: Mailer) -> Any:
        response = await next(request)
        response.headers["x-mailer"] = mailer.url
        return response

    @app.get("/")
    def show(mailer: Mailer, sender: Sender) -> str:
        return f"{mailer.url} {sender.mailer.url}"

    return app


@pytest.mark.parametrize("by", [Mailer("fake"), lambda: Mailer("fake")])
def test_an_override_is_everywhere_and_ends(by: Any) -> None:
    with Client(overridable()) as client:
        assert client.get("/").text == "real real"
        with client.override(Mailer, by):
            response = client.get("/")
            assert response.text == "fake fake"
            assert response.headers["x-mailer"] == "fake"
        assert client.get("/").text == "real real"


def test_what_is_not_provided_cannot_be_overridden() -> None:
    with pytest.raises(LookupError, match="Pool is not provided"), overridable().overriding(Pool, Pool()):
        pass


def test_an_override_that_does_not_fit_changes_nothing() -> None:
    app = overridable()
    with Client(app) as client:
        with (
            pytest.raises(FreezeError, match="where does 'pool' come from"),
            client.override(
                Mailer,
                lambda pool: Mailer(),
            ),
        ):
            pass
        assert client.get("/").text == "real real"


# --- handlers in threads ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fails", [False, True])
def test_a_def_handler_and_its_def_providers_run_in_one_thread(fails: bool, tmp_path: Any) -> None:
    # sqlite3 refuses a connection that another thread has opened.
    app, log = App(), Log()

    @app.provide
    def connection() -> Iterator[sqlite3.Connection]:
        connection = sqlite3.connect(tmp_path / "films.db")
        try:
            yield connection
        except LookupError:
            connection.rollback()
            log.append("rollback")
            raise
        else:
            connection.commit()
            log.append("commit")
        finally:
            connection.close()

    @app.get("/")
    def show(connection: sqlite3.Connection) -> dict[str, int]:
        if fails:
            raise LookupError
        return {"one": connection.execute("select 1").fetchone()[0]}

    with Client(app, raise_server_exceptions=False) as client:
        for _ in range(3):
            assert client.get("/").status == (500 if fails else 200)
    assert log == (["rollback"] if fails else ["commit"]) * 3


def test_async_providers_of_a_def_handler_run_on_the_loop() -> None:
    app, where = App(), list[str]()

    @app.provide
    async def pool() -> Pool:
        where.append(threading.current_thread().name)
        return Pool()

    @app.provide
    def session(pool: Pool) -> Iterator[Session]:
        where.append(threading.current_thread().name)
        yield Session(pool)
        where.append(threading.current_thread().name)

    @app.get("/")
    def show(session: Session) -> tuple[str, int]:
        where.append(threading.current_thread().name)
        return "made", 201

    response = ask(app)
    assert (response.status, response.text) == (201, "made")
    loop, *threads = where
    assert loop == "segue-testing"
    assert all(name.startswith("segue_") for name in threads)


def test_a_stream_of_a_def_handler_keeps_its_def_provider() -> None:
    app, log = App(), Log()

    @app.provide
    def session() -> Iterator[Session]:
        yield Session(Pool())
        log.append("closed")

    @app.get("/")
    def numbers(session: Session) -> Iterator[str]:
        return (f"{at}{len(log)} " for at in range(3))

    assert ask(app).text == "00 10 20 "
    assert log == ["closed"]


# --- the same everywhere ---------------------------------------------------------------------------------------------


@pytest.mark.row("U4")
def test_one_provider_serves_every_place_of_an_app() -> None:
    app, log = App(), Log()

    @app.provide
    async def session() -> AsyncIterator[Session]:
        log.append("open")
        yield Session(Pool())
        log.append("close")

    @app.get("/")
    async def handler(session: Session) -> str:
        return "handler"

    @app.websocket("/talk")
    async def talk(socket: WebSocket, session: Session) -> None:
        await socket.send("socket")

    @app.lifespan
    async def live(session: Session) -> AsyncIterator[None]:
        yield

    async def job(session: Session, number: int) -> int:
        return number

    def command(session: Session, name: str) -> str:
        return name

    async def outside() -> None:
        async with app.scope() as scope:
            assert await scope.call(job, number=3) == 3
            assert await scope.call(command, name="n") == "n"

    asyncio.run(outside())
    assert log == ["open", "close"]
    with Client(app) as client:
        assert client.get("/").text == "handler"
        with client.websocket("/talk") as socket:
            assert socket.receive() == "socket"
    assert log == ["open", "close"] * 4 or sorted(log) == ["close"] * 4 + ["open"] * 4


def test_what_needs_a_request_says_so_outside_of_one() -> None:
    app = App()
    app.provide(Mailer, lambda request: Mailer(), inline=True)

    async def main() -> None:
        async with app.scope() as scope:
            with pytest.raises(LookupError, match=r"app\.scope\(request\)"):
                await scope.get(Mailer)
            with pytest.raises(LookupError, match="Pool is not provided"):
                await scope.get(Pool)
        async with app.scope(Request("GET", "/", [])) as scope:
            assert type(await scope.get(Mailer)) is Mailer

    asyncio.run(main())


def test_two_apps_of_one_process_have_their_own_objects() -> None:
    apps = [App("one"), App("two")]
    for app in apps:
        app.provide(Pool, life="app")

        @app.get("/")
        async def show(pool: Pool) -> str:
            return str(id(pool))

    with Client(apps[0]) as one, Client(apps[1]) as two:
        assert one.get("/").text == one.get("/").text != two.get("/").text


def test_many_who_need_it_at_once_get_the_one_object_of_the_app() -> None:
    app, made = App(), list[int]()

    @app.provide(life="app")
    async def pool() -> Pool:
        made.append(1)
        await asyncio.sleep(0.01)
        return Pool()

    @app.get("/")
    async def show(pool: Pool) -> str:
        return str(id(pool))

    async def main() -> None:
        async with AsyncClient(app) as client:
            answers = await asyncio.gather(*[client.get("/") for _ in range(20)])
            assert len({answer.text for answer in answers}) == 1

    asyncio.run(main())
    assert made == [1]


def test_what_could_not_be_made_for_the_app_is_tried_again() -> None:
    app, tries = App(), list[int]()

    @app.provide(life="app")
    async def pool() -> Pool:
        tries.append(1)
        if len(tries) == 1:
            raise ConnectionError("the database is not up yet")
        return Pool()

    @app.get("/")
    async def show(pool: Pool) -> str:
        return "ok"

    with Client(app, raise_server_exceptions=False) as client:
        assert [client.get("/").status for _ in range(3)] == [500, 200, 200]


def test_providers_do_what_depends_does_elsewhere() -> None:
    app, log = App(), Log()

    @app.provide
    async def pool(q: str = "") -> AsyncIterator[Pool]:
        log.append(f"made {q}")
        try:
            yield Pool()
        finally:
            log.append("closed")

    app.provide(Session)

    async def only_signed_in(pool: Pool, token: Header[str] = "") -> None:
        if token != "t":
            raise NotFound

    below = App("below", requires=[only_signed_in])

    @below.get("/")
    async def show(session: Session, pool: Pool) -> AsyncIterator[str]:
        yield f"{len(log)}"
        yield f"{len(log)}"

    app.include(below, at="/below")
    with Client(app) as client:
        assert client.get("/below/").status == 404
        assert log == ["made ", "closed"]
        log.clear()
        assert client.get("/below/?q=x", headers={"token": "t"}).text == "11"
        assert log == ["made x", "closed"]
        log.clear()
        with client.override(Pool, Pool()):
            assert client.get("/below/", headers={"token": "t"}).text == "00"


def test_tasks_are_provided_for_anew_in_each_run() -> None:
    app, log = App(), Log()
    app.provide(Session, transaction(log))
    sessions, enough = list[Session](), threading.Event()

    @app.every(0.001, at_once=True)
    async def refresh(session: Session) -> None:
        sessions.append(session)
        if len(sessions) > 1:
            enough.set()

    @app.task(restart="never")
    def once(session: Session) -> None:
        assert threading.current_thread().name.startswith("segue_")

    with Client(app):
        assert enough.wait(20)
        assert app.tasks["once"].error is None
    assert sessions[0] is not sessions[1]
    assert "commit" in log


def test_a_task_that_needs_a_request_is_told_at_freeze() -> None:
    app = App()

    @app.task()
    async def work(request: Request) -> None: ...

    assert "takes 'request' from a request" in problems(app)


@pytest.mark.row("U11")
def test_functions_and_classes_of_handlers_are_provided_alike() -> None:
    app, log = App(), Log()
    app.provide(Session, transaction(log))
    app.provide(Mailer, Mailer("m"))

    @app.get("/function")
    async def show(session: Session, mailer: Mailer) -> str:
        return type(session).__name__ + mailer.url

    @app.resource("/class")
    class Films:
        def __init__(self, session: Session) -> None:
            self.session = session

        async def get(self, session: Session, mailer: Mailer) -> str:
            assert session is self.session
            return type(session).__name__ + mailer.url

    with Client(app) as client:
        assert client.get("/function").text == client.get("/class").text == "Sessionm"
    assert log == ["commit", "commit"]


@pytest.mark.row("U29")
def test_no_name_of_a_parameter_is_reserved() -> None:
    app = App()
    for tag in ("request", "query", "headers", "state", "scope", "socket", "body", "data", "app", "exits"):
        app.provide(Annotated[Mailer, tag], Mailer(tag))

    async def show(**mailers: Mailer) -> str:
        return " ".join(f"{name}={mailer.url}" for name, mailer in mailers.items())

    names = ["request", "query", "headers", "state", "scope", "socket", "body", "data", "app", "exits"]
    source = ", ".join(f"{name}: Annotated[Mailer, {name!r}]" for name in names)
    made: dict[str, Any] = {"Annotated": Annotated, "Mailer": Mailer, "show": show}
    given = ", ".join(f"{name}={name}" for name in names)
    exec(f"async def handler({source}) -> str:\n    return await show({given})", made)
    app.get("/")(made["handler"])
    assert ask(app).text == " ".join(f"{name}={name}" for name in names)


@pytest.mark.row("LI3")
def test_by_type_and_by_name_from_generators_in_threads_or_inline_and_overridden() -> None:
    app, where = App(), list[str]()

    @app.provide
    def pool() -> Iterator[Pool]:
        where.append(threading.current_thread().name)
        yield Pool()

    def replica() -> Mailer:
        where.append(threading.current_thread().name)
        return Mailer("replica")

    app.provide(Mailer, Mailer("main"))
    app.provide(Annotated[Mailer, "replica"], replica, inline=True)

    @app.get("/")
    async def show(pool: Pool, one: Mailer, two: Annotated[Mailer, "replica"]) -> str:
        return f"{type(pool).__name__} {one.url} {two.url}"

    with Client(app) as client:
        assert client.get("/").text == "Pool main replica"
        assert sorted(name.split("_")[0] for name in where) == ["segue", "segue-testing"]
        with client.override(Annotated[Mailer, "replica"], Mailer("fake")):
            assert client.get("/").text == "Pool main fake"
        assert client.get("/").text == "Pool main replica"


def test_guards_of_an_include_statement_stand_before_what_is_included() -> None:
    async def nobody() -> None:
        raise NotFound

    app, below = App(), App("below")

    @below.get("/")
    async def show() -> str:
        return "ok"

    app.include(below, at="/closed", requires=[nobody])
    app.include(below, at="/open", name="open")
    with Client(app) as client:
        assert client.get("/closed/").status == 404
        assert client.get("/open/").text == "ok"


def test_what_a_class_of_handlers_and_a_hook_ask_for_is_cleaned_up_with_the_request() -> None:
    app, log = App(), Log()
    app.provide(Session, transaction(log))

    async def check(session: Session) -> None:
        log.append("hook")

    @app.get("/")
    @before(check)
    async def show(session: Session) -> str:
        log.append("handler")
        raise NotFound

    assert ask(app).status == 404
    assert log == ["hook", "handler", "rollback NotFound"]


def test_hooks_of_an_app_share_what_is_made_for_the_request() -> None:
    app, log, seen = App(), Log(), list[Session]()
    app.provide(Session, transaction(log))
    app.provide(Mailer, Mailer("m"))

    @app.before
    async def check(request: Request, session: Session) -> None:
        seen.append(session)
        if "stop" in request.query:
            raise NotFound

    @app.after
    async def sign(request: Request, response: Response, mailer: Mailer) -> None:
        response.headers["x-mailer"] = mailer.url

    @app.get("/")
    async def show(session: Session) -> str:
        seen.append(session)
        return "ok"

    with Client(app) as client:
        assert client.get("/").headers["x-mailer"] == "m"
        assert seen[0] is seen[1]
        assert log == ["commit"]
        assert client.get("/?stop").status == 404
        assert log == ["commit", "rollback NotFound"]


class Shelf(Generic[ItemOnShelf]):
    def __init__(self, kind: type) -> None:
        self.kind = kind


def test_a_generic_class_is_provided_for_whatever_is_in_its_brackets() -> None:
    made: list[Any] = []

    def shelf_of(kind: Any) -> Callable[..., Any]:
        item = get_args(kind)[0]
        if item is float:
            raise TypeError("no shelf holds a float")
        made.append(item)
        return lambda request: Shelf(item)

    app = App()
    app.provide_each(Shelf, lambda kind: _taking_request(shelf_of(kind)))

    @app.get("/")
    async def index(numbers: Shelf[int], texts: Shelf[str], again: Shelf[int]) -> list[str]:
        return [numbers.kind.__name__, texts.kind.__name__, str(again is numbers)]

    with Client(app) as client:
        assert client.get("/").json() == ["int", "str", "True"]
    assert made == [int, str]

    @(wrong := App()).get("/")
    async def floats(shelf: Shelf[float]) -> None: ...

    wrong.provide_each(Shelf, shelf_of)
    with pytest.raises(FreezeError, match="no shelf holds a float"):
        wrong.freeze()


def _taking_request(make: Callable[..., Any]) -> Callable[..., Any]:
    def provider(request: Request) -> Any:
        return make(request)

    return provider


def test_what_was_made_from_another_loop_is_closed_there() -> None:
    """A test that fills the database by `segue.wait` may be the first that asks for what lives as long as the app."""
    closed: list[str] = []

    class Directory:
        pass

    async def directory() -> AsyncIterator[Directory]:
        yield Directory()
        closed.append("directory")

    app = App()
    app.provide(Directory, directory, life="app")

    async def asked() -> Directory:
        async with app.scope() as scope:
            return await scope.get(Directory)

    with Client(app):
        assert isinstance(wait(asked()), Directory)
    assert closed == ["directory"]
