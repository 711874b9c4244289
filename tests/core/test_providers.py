"""Providers: objects that handlers ask for by their type."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Annotated, Any, Protocol

import pytest

from segue import App
from segue.core.plan import FreezeError
from segue.testing import Client


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
