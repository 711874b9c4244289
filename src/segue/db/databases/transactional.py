"""Functions and requests that are transactions: committed when they succeed, undone and tried again when others were in the way."""

import asyncio
import functools
import inspect
import random
import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, TypeVar, overload

from segue.core.records import Next
from segue.db.databases.database import Database, database_of
from segue.db.engine.errors import DatabaseError
from segue.http.request import Request
from segue.http.response import Response

if TYPE_CHECKING:
    from segue.db.databases.transaction import Transaction
    from segue.db.engine.contract import Isolation

__all__ = ["RequestTransaction", "transactional"]

F = TypeVar("F", bound=Callable[..., Any])

_LARGEST_KEPT = 1 << 20


@overload
def transactional(function: F, /) -> F: ...
@overload
def transactional(
    *,
    retries: int = 0,
    isolation: "Isolation | None" = None,
    read_only: bool = False,
    using: "str | Database | None" = None,
) -> Callable[[F], F]: ...
def transactional(
    function: Any = None,
    /,
    *,
    retries: int = 0,
    isolation: "Isolation | None" = None,
    read_only: bool = False,
    using: "str | Database | None" = None,
) -> Any:
    """Makes each call of a function one transaction: all that it does is done, or nothing.

        @transactional(retries=3, isolation="serializable")
        async def book(seat: int, guest: Guest) -> Ticket: ...

    ``retries``: how often it is called again when the database gave up because somebody else was in the way (SerializationFailure,
    Deadlock, LockTimeout); what it does outside the database it should do ``on_commit``. Inside another transaction it is a
    savepoint and is not tried again: that is for the outer one. ``using``: one of several databases. ``def`` functions may be
    decorated too, and use ``segue.wait``. Raises TypeError for a generator.
    """

    def decorate(function: Any) -> Any:
        if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
            raise TypeError(
                f"@transactional is for functions that return; {function.__qualname__} is a generator, which others may never finish. "
                f"Write `async with db.transaction():` in it"
            )

        def begin() -> "tuple[Transaction, bool]":
            database = database_of(None, using)
            outer = database.current_transaction
            return database.transaction(isolation=isolation, read_only=read_only), outer is None

        @functools.wraps(function)
        async def called(*args: Any, **named: Any) -> Any:
            attempt = 0
            while True:
                transaction, outermost = begin()
                try:
                    async with transaction:
                        return await function(*args, **named)
                except DatabaseError as error:
                    if not (error.retry and outermost and attempt < retries):
                        raise
                attempt += 1
                await asyncio.sleep(_pause(attempt))

        @functools.wraps(function)
        def called_in_thread(*args: Any, **named: Any) -> Any:
            attempt = 0
            while True:
                transaction, outermost = begin()
                try:
                    with transaction:
                        return function(*args, **named)
                except DatabaseError as error:
                    if not (error.retry and outermost and attempt < retries):
                        raise
                attempt += 1
                time.sleep(_pause(attempt))

        return called if inspect.iscoroutinefunction(function) else called_in_thread

    return decorate if function is None else decorate(function)


def _pause(attempt: int) -> float:
    """Seconds before the next attempt: longer each time, and not the same for two who met."""
    return random.uniform(0.5, 1.0) * min(1.0, 0.01 * (1 << attempt))  # noqa: S311 -- no secret


class _Undone(Exception):
    """Leaves a transaction without its changes, with the response that goes out all the same."""

    def __init__(self, response: Response) -> None:
        self.response = response


class RequestTransaction:
    """Middleware: each request is one transaction, which begins with its first statement.

        app = App(plugins=[Database(transaction="request")])

        @app.get("/report", skip=[RequestTransaction])
        @app.post("/seats", middleware=[RequestTransaction(db, retries=3, isolation="serializable")])

    A response with a status of 400 or more undoes what was written, as an exception does, and so does a request that is cancelled. It
    is committed before the response is sent; the pieces of a stream are made afterwards. On SQLite a GET is one from its first write on, so that those that
    only read need not wait for who writes. ``retries``: how often a request is
    handled again when the database said that somebody was in its way, if its body is not larger than 1 MB.
    """

    def __init__(self, database: Database, *, retries: int = 0, isolation: "Isolation | None" = None) -> None:
        self.database = database
        self.retries = retries
        self.isolation: Isolation | None = isolation

    async def __call__(self, request: Request, next: Next) -> Response:
        retries = self.retries
        safe = request.method in ("GET", "HEAD", "OPTIONS")
        if retries and not safe:
            retries = await _repeatable(request, retries)
        attempt = 0
        while True:
            transaction = self.database.transaction(lazy=True, isolation=self.isolation)
            # SQLite has one connection that may write: requests that only read do not wait for it.
            transaction.reads_outside = (
                safe and self.isolation is None and self.database.engine.name == "sqlite"
            )
            try:
                async with transaction:
                    response = await next(request)
                    if response.status >= 400:
                        raise _Undone(response)
                return response
            except _Undone as undone:
                if transaction.retry is None or attempt >= retries:
                    return undone.response
            except DatabaseError as error:
                if not error.retry or attempt >= retries:
                    raise
            attempt += 1
            await asyncio.sleep(_pause(attempt))


async def _repeatable(request: Request, retries: int) -> int:
    """How often a request may be handled again: its body has to be there again too."""
    length = request.headers.get("content-length")
    if length is None:
        return 0 if "transfer-encoding" in request.headers else retries
    if not length.isdigit() or int(length) > _LARGEST_KEPT:
        return 0
    whole: Awaitable[bytes] = request.body()
    await whole
    return retries
