"""The engine over asynchronous drivers: a pool, connections, deadlines, and what happens when one of them fails."""

import asyncio
from asyncio import current_task
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Sequence
from types import TracebackType
from typing import Any, Generic, TypeVar

from segue.db.engine.contract import Isolation, Row, Statistics
from segue.db.engine.deadlines import Deadlines
from segue.db.engine.driver import Driver, Rows
from segue.db.engine.errors import (
    ConnectionLost,
    DatabaseError,
    ProgrammingError,
    StaleStatement,
    StatementTimeout,
)
from segue.db.engine.options import Settings
from segue.db.engine.pool import Link, Pool
from segue.db.engine.sessions import Sessions, check_name

__all__ = ["PooledConnection", "PooledEngine"]

R = TypeVar("R")
T = TypeVar("T")

_PING = 2.0  # seconds


class PooledEngine(Generic[R]):
    """What the engines of PostgreSQL, MySQL, Oracle and others have in common; each adds its driver and its dialect."""

    inline = False

    def __init__(self, driver: Driver[R], settings: Settings) -> None:
        self.settings = settings
        self._driver = driver
        self._sessions = Sessions()
        self._clean = self._sessions.clean
        self._opened = False
        self._pool: Pool[R] = Pool(
            driver.connect,
            closed=driver.closed,
            ping=self._ping,
            dismiss=self._dismiss,
            size=settings.pool_size,
            timeout=settings.pool_timeout,
            ages=(settings.ping_after, settings.lifetime),
        )
        self._deadlines = Deadlines(settings.statement_timeout, self._pool.links)

    @property
    def statistics(self) -> Statistics:
        return self._pool.statistics

    async def open(self) -> None:
        if self._opened:
            return
        self._pool.open()
        try:
            link = await self._pool.take()
            try:
                await self._greet(link.raw)
            finally:
                self._pool.give(link)
        except BaseException:
            await self._pool.close()
            raise
        self._opened = True

    async def _greet(self, raw: R) -> None:
        """The first connection stands: time to learn about the server."""

    async def close(self) -> None:
        self._opened = False
        await self._pool.close()
        self._deadlines.stop()

    # PERF(fetch): no coroutine of their own around that of _direct.
    def fetch(
        self, sql: str, args: Sequence[Any] = (), *, write: bool = False
    ) -> Coroutine[Any, Any, Sequence[Row]]:
        return self._direct(self._driver.fetch, sql, args, write)

    def execute(self, sql: str, args: Sequence[Any] = ()) -> Coroutine[Any, Any, int]:
        return self._direct(self._driver.execute, sql, args, True)

    async def _direct(
        self,
        what: Callable[[R, str, Sequence[Any]], Awaitable[T]],
        sql: str,
        args: Sequence[Any],
        write: bool,
    ) -> T:
        """One statement on any free connection."""
        # PERF(fetch): 1 to 2 µs above the driver. What is done here for each statement is done nowhere else again.
        pool, deadlines = self._pool, self._deadlines
        link = pool.take_nowait()
        if link is None:
            link = await pool.take()
        link.task = current_task()
        if not deadlines.running:
            deadlines.start()
        try:
            result = await what(link.raw, sql, args)
        except BaseException as error:
            link.task = None
            failure = self._failed(link, error, sql)
            if failure is None:
                raise
            if not isinstance(failure, StaleStatement) and (
                not isinstance(failure, ConnectionLost) or (write and failure.sent)
            ):
                raise failure from error
        else:
            if sql not in self._clean and self._sessions.changed_by(sql):
                await self._renew(link)
            elif pool.waiting or not self._opened:
                pool.give(link)
            else:
                link.task = None
                pool.free.append(link)
            return result
        # The connection was dead, as after a restart of the server: once more, on one that was asked or just opened.
        async with self.connection() as connection:
            return await connection.run(what, sql, args)

    def connection(self, *, write: bool = True) -> "Borrowing[R]":
        return Borrowing(self)

    async def _give_back(self, connection: "PooledConnection[R]", *, at_once: bool) -> None:
        link, driver = connection.let_go(), self._driver
        if connection.broken or link.is_closed():
            self._pool.discard(link, busy=connection.busy, lost=connection.lost)
        elif connection.streaming:
            # To read the rest of rows that nobody wants may take longer than to connect anew.
            self._pool.discard(link, busy=True)
        elif driver.in_transaction(link.raw):
            if at_once:
                self._pool.discard(link)
            else:
                await self._finish(link, driver.rollback, connection.changed)
        elif connection.changed:
            if at_once:
                self._pool.discard(link)
            else:
                await self._renew(link)
        else:
            self._pool.give(link)

    async def _finish(self, link: Link[R], last: Callable[[R], Awaitable[Any]], changed: bool) -> None:
        """Gives the link back when ``last`` was done on it, or discards it if that fails."""
        self._deadlines.begin(link)
        try:
            good = await last(link.raw) is not False
            if changed:
                good = await self._driver.reset(link.raw)
        except BaseException as error:
            link.task = None
            self._pool.discard(link, busy=True)
            if isinstance(error, Exception) or self._deadlines.expired(link, error):
                return
            raise
        link.task = None
        if good:
            self._pool.give(link)
        else:
            self._pool.discard(link)

    async def _renew(self, link: Link[R]) -> None:
        await self._finish(link, self._driver.reset, changed=False)

    async def _ping(self, link: Link[R]) -> None:
        async with asyncio.timeout(_PING):
            await self._driver.ping(link.raw)

    def _failed(self, link: Link[R], error: BaseException, sql: str) -> DatabaseError | None:
        """Gives the link back after a failed statement, if it can still be used, and says what failed."""
        failure = failure_of(self._driver, self._deadlines, link, error, sql)
        driver = self._driver
        if keeps(failure) and not link.is_closed() and not driver.in_transaction(link.raw):
            self._pool.give(link)
        else:
            lost = isinstance(failure, ConnectionLost)
            self._pool.discard(link, busy=not lost, lost=lost)
        return failure

    async def _dismiss(self, raw: R, busy: bool) -> None:
        await self._driver.dismiss(raw, busy=busy)


class Borrowing(Generic[R]):
    """A connection for the time of a block.

    PERF(connection): a class of its own costs half of what contextlib's generator does.
    """

    __slots__ = ("_connection", "_engine")

    def __init__(self, engine: PooledEngine[R]) -> None:
        self._engine = engine
        self._connection: PooledConnection[R] | None = None

    async def __aenter__(self) -> "PooledConnection[R]":
        engine = self._engine
        link = engine._pool.take_nowait()
        if link is None:
            link = await engine._pool.take()
        connection = PooledConnection(engine._driver, link, engine._deadlines, engine._sessions)
        self._connection = connection
        return connection

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            # Who was cancelled waits for nothing more: not for a rollback either.
            await self._engine._give_back(
                connection, at_once=not (kind is None or issubclass(kind, Exception))
            )


def failure_of(
    driver: Driver[R], deadlines: Deadlines, link: Link[R], error: BaseException, sql: str | None
) -> DatabaseError | None:
    """What went wrong with a statement; None if the caller was cancelled, or it is no error of the driver."""
    if deadlines.expired(link, error):
        return StatementTimeout(
            f"The database did not answer within {deadlines.seconds:g} seconds; the connection was given up. Make the "
            f"statement faster (look at its plan), or allow more: statement_timeout=.",
            sql=sql,
        )
    return driver.translated(link.raw, error, sql)


def keeps(failure: DatabaseError | None) -> bool:
    """Whether a connection can be used further after this: the database refused, and nothing else happened."""
    return failure is not None and not isinstance(failure, ConnectionLost | StatementTimeout)


class PooledConnection(Generic[R]):
    """A Connection of a PooledEngine.

    ``broken``: it must not be used again; then ``lost`` says that the server went away, ``busy`` that it was left in the
    middle of a statement. ``changed``: its session is not as it was. ``streaming``: rows are read piece by piece, and
    nothing else can be done.
    """

    __slots__ = (
        "_deadlines",
        "_driver",
        "_left",
        "_link",
        "_sessions",
        "_why",
        "broken",
        "busy",
        "changed",
        "lost",
        "streaming",
    )

    def __init__(self, driver: Driver[R], link: Link[R], deadlines: Deadlines, sessions: Sessions) -> None:
        self._driver = driver
        self._link: Link[R] = link
        self._deadlines = deadlines
        self._sessions = sessions
        self._left = False
        self._why = ""
        self.broken = False
        self.busy = False
        self.changed = False
        self.lost = False
        self.streaming = False

    @property
    def raw(self) -> R:
        self.changed = True
        return self._ready("").raw

    @property
    def in_transaction(self) -> bool:
        return not self._left and self._driver.in_transaction(self._link.raw)

    async def fetch(self, sql: str, args: Sequence[Any] = ()) -> Sequence[Row]:
        return await self.run(self._driver.fetch, sql, args)

    async def execute(self, sql: str, args: Sequence[Any] = ()) -> int:
        return await self.run(self._driver.execute, sql, args)

    async def execute_many(self, sql: str, args: Sequence[Sequence[Any]]) -> int:
        return await self.run(self._driver.execute_many, sql, args) if args else 0

    async def script(self, sql: str) -> None:
        self.changed = True
        await self.run(self._driver.script, sql)

    async def begin(self, *, isolation: Isolation | None = None, read_only: bool = False) -> None:
        if self._driver.in_transaction(self._ready("").raw):
            raise ProgrammingError(
                "A transaction was begun already. Inside it use savepoint(), or commit it first."
            )
        await self.run(self._driver.begin, None, isolation, read_only)

    async def commit(self) -> None:
        await self.run(self._driver.commit, None)

    async def rollback(self) -> None:
        await self.run(self._driver.rollback, None)

    async def savepoint(self, name: str) -> None:
        await self.run(self._driver.savepoint, None, check_name(name))

    async def release(self, name: str) -> None:
        await self.run(self._driver.release, None, check_name(name))

    async def rollback_to(self, name: str) -> None:
        await self.run(self._driver.rollback_to, None, check_name(name))

    async def stream(
        self, sql: str, args: Sequence[Any] = (), size: int = 1000
    ) -> AsyncGenerator[Sequence[Row], None]:
        driver = self._driver
        own = driver.streams_in_transaction and not self.in_transaction
        if own:
            await self.begin()
        rows = await self.run(driver.stream, sql, args)
        self.streaming = driver.streams_alone
        ended = False
        try:
            while batch := await self._more(rows, size, sql):
                yield batch
                if self._left:
                    raise ProgrammingError(
                        "The rest of these rows is gone: their connection was given back. Read them all inside the block.",
                        sql=sql,
                    )
            ended = True
        finally:
            # Who was cancelled, or left the block, has lost them already; the connection was or will be rolled back.
            if not self._left and not self.broken:
                await self._close(rows)
                self.streaming = False
                if own:
                    await (self.commit() if ended else self.rollback())

    async def _more(self, rows: Rows, size: int, sql: str) -> Sequence[Row]:
        streaming, self.streaming = self.streaming, False
        try:
            return await self.run(lambda _: rows.some(size), None)
        except DatabaseError as error:
            error.sql = sql
            raise
        finally:
            self.streaming = streaming

    async def _close(self, rows: Rows) -> None:
        self.streaming = False
        await self.run(lambda _: rows.close(), None)

    def let_go(self) -> Link[R]:
        """Makes this object useless: its link goes back to the pool."""
        self._left = True
        return self._link

    async def run(self, what: Callable[..., Awaitable[T]], sql: str | None, *args: Any) -> T:
        """Waits for ``what(raw, sql, *args)``, one of the driver's functions; without ``sql`` if there is none."""
        link = self._ready(sql or "")
        if sql is not None:
            args = (sql, *args)
        self._deadlines.begin(link)
        try:
            return await what(link.raw, *args)
        except BaseException as error:
            failure = self._failed(link, error, sql)
            if failure is None:
                raise
            if not isinstance(failure, StaleStatement) or self._driver.in_transaction(link.raw):
                raise failure from error
        finally:
            link.task = None
        return await self.run(what, None, *args)

    def _ready(self, sql: str) -> Link[R]:
        link = self._link
        if self._left:
            raise ProgrammingError(
                "This connection was given back. Use it only inside its `async with` block.", sql=sql or None
            )
        if self.broken:
            lost = ConnectionLost(f"This connection cannot be used any more: {self._why}", sql=sql or None)
            lost.sent = False
            raise lost
        if link.task is not None:
            raise ProgrammingError(
                "Another task is using this connection at the same time. Give each task a connection of its own, or "
                "await one statement after the other.",
                sql=sql or None,
            )
        if self.streaming:
            raise ProgrammingError(
                "Rows are being streamed over this connection, and it can do nothing else meanwhile. Finish the stream "
                "(`async with contextlib.aclosing(...)`), or take a second connection.",
                sql=sql or None,
            )
        if sql and self._sessions.changed_by(sql):
            self.changed = True
        return link

    def _failed(self, link: Link[R], error: BaseException, sql: str | None) -> DatabaseError | None:
        failure = failure_of(self._driver, self._deadlines, link, error, sql)
        if not keeps(failure) and not self.broken:
            self.broken = True
            self.lost = isinstance(failure, ConnectionLost)
            self.busy = not self.lost
            self._why = failure.message if failure is not None else "a statement on it was cancelled"
        return failure
