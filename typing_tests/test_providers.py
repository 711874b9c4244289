"""Providing objects: what the checkers know about it; never run."""

from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Annotated, Protocol, assert_type

from segue import App, Next, Request, Response
from segue.testing import Client


class Mailer(Protocol):
    def send(self, to: str) -> None: ...


class SMTPMailer:
    def __init__(self, host: str = "localhost") -> None: ...

    def send(self, to: str) -> None: ...


class Engine:
    pass


app = App()

# A class, a function, a generator, an object: all of what fits the type, protocols included.
app.provide(Mailer, SMTPMailer)
app.provide(Mailer, SMTPMailer())
app.provide(Mailer, lambda: SMTPMailer("mail"), life="app")
app.provide(Engine)
app.provide(Annotated[Engine, "replica"], Engine)


async def connect() -> Engine:
    return Engine()


def lend() -> Iterator[Engine]:
    yield Engine()


async def lend_async() -> AsyncIterator[Engine]:
    yield Engine()


@asynccontextmanager
async def opened() -> AsyncGenerator[Engine]:
    yield Engine()


app.provide(Engine, connect, life="app")
app.provide(Engine, lend, inline=True)
app.provide(Engine, lend_async)
app.provide(Engine, opened)

# What does not fit is an error, for both checkers.
app.provide(Mailer, Engine)  # type: ignore[arg-type]
app.provide(Mailer, Engine())  # type: ignore[arg-type]
app.provide(Engine, connect, life="session")  # type: ignore[call-overload]


# A decorated function stays what it is.
@app.provide
async def engine() -> Engine:
    return Engine()


@app.provide(life="app")
class Settings:
    url = "sqlite://"


async def use() -> None:
    assert_type(await engine(), Engine)
    assert_type(Settings().url, str)


@app.get("/")
async def show(mailer: Mailer, replica: Annotated[Engine, "replica"]) -> None:
    assert_type(replica, Engine)
    mailer.send("a@example.com")
    mailer.post("a@example.com")  # type: ignore[attr-defined]


@app.middleware
async def timing(request: Request, next: Next, mailer: Mailer) -> Response:
    return await next(request)


@app.middleware  # type: ignore[arg-type]
async def wrong(request: Request, mailer: Mailer) -> Response:
    return Response(b"")


async def signed_in(request: Request) -> None: ...


guarded = App(requires=[signed_in])


async def send_all(mailer: Mailer, month: int) -> int:
    return month


async def main() -> None:
    async with app.scope() as scope:
        assert_type(await scope.get(Mailer), Mailer)
        assert_type(await scope.get(Annotated[Engine, "replica"]), Engine)
        assert_type(await scope.call(send_all, month=3), int)


def in_tests() -> None:
    with Client(app) as client, client.override(Mailer, SMTPMailer("test")):
        client.get("/")
    with app.overriding(Mailer, SMTPMailer):
        pass
    with app.overriding(Mailer, Engine()):  # type: ignore[arg-type]
        pass
