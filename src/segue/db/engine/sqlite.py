"""SQLite through Python's own module: reads on the loop while they are short, one writer, many readers."""

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from functools import partial
from time import perf_counter
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeVar

from segue.db.engine.contract import Row, Statistics
from segue.db.engine.errors import ForeignKeyViolation
from segue.db.engine.options import Settings
from segue.db.engine.pool import Link, Pool
from segue.db.engine.sqlite_connection import SQLiteConnection
from segue.db.engine.sqlite_errors import translated
from segue.db.engine.sqlite_place import Place, Use, place_of
from segue.db.engine.sqlite_session import Session, Stretch
from segue.db.engine.sqlite_words import quoting
from segue.db.engine.url import Address
from segue.db.engine.worker import Job, Worker

if TYPE_CHECKING:
    import sqlalchemy

__all__ = ["SQLiteEngine"]

T = TypeVar("T")

# After a read took too long on the loop, so many of the same text go to a thread at once.
_IN_THREADS = 200

_FOR_EVER = (float("inf"), float("inf"))


class SQLiteEngine:
    """The Engine for ``sqlite://`` URLs, in WAL mode, with foreign keys.

    A read that is found by an index takes microseconds, less than a way to a thread and back. So reads are begun on the loop;
    SQLite is stopped after ``inline_budget`` seconds, and the read is made in a thread instead. Writes go through one
    connection, in the order in which they came; other processes are waited for.
    """

    name = "sqlite"
    inline = True

    def __init__(self, address: Address, settings: Settings) -> None:
        import sqlalchemy
        from sqlalchemy import event
        from sqlalchemy.pool import NullPool

        self.settings = settings
        self._place: Place = place_of(address)
        self._alchemy = sqlalchemy.create_engine(
            "sqlite://", creator=self._connect_for_schema, poolclass=NullPool
        )
        event.listen(self._alchemy, "begin", _begin_immediate)
        self.dialect: sqlalchemy.Dialect = quoting(self._alchemy.dialect)
        self._writers = self._pool("write", 1)
        self._readers = self._pool("read", settings.pool_size)
        self._reader: Session | None = None
        self._stretch = Stretch()
        self._slow: dict[str, int] = {}

    def _pool(self, use: str, size: int) -> Pool[Session]:
        settings = self.settings
        writing = use == "write"
        return Pool(
            self._connect_writer if writing else self._connect_reader,
            closed=_closed,
            ping=_no_ping,
            dismiss=_dismiss,
            size=size,
            timeout=settings.pool_timeout,
            ages=_FOR_EVER,
            busy=(
                f"Another task held the connection that writes to {self._place.shown} for {settings.pool_timeout:g} seconds. "
                f"Hold transactions for a shorter time: no slow work and no waiting for others inside."
            )
            if writing
            else "",
        )

    @property
    def statistics(self) -> Statistics:
        return Statistics(*map(sum, zip(self._writers.statistics, self._readers.statistics, strict=True)))

    async def open(self) -> None:
        if self._reader is not None:
            return
        self._stretch = Stretch()
        self._writers.open()
        self._readers.open()
        try:
            # The writer first: it makes the file, and the log that readers need.
            self._writers.give(await self._writers.take())
            self._reader = await self._connect_reader()
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        reader, self._reader = self._reader, None
        if reader is not None:
            await _dismiss(reader)
        await self._readers.close()
        await self._writers.close()  # the last connection puts the log into the file

    async def fetch(self, sql: str, args: Sequence[Any] = (), *, write: bool = False) -> Sequence[Row]:
        if write:
            return await self._fetch_in_turn(sql, args)
        reader = self._reader
        if self._place.memory and not self._writers.free:
            # In memory there is no log: who reads waits until nobody writes.
            return await self._fetch_in_turn(sql, args)
        if reader is not None and sql not in self._slow:
            now = perf_counter()
            while reader.stretch.is_over(now):
                await asyncio.sleep(0)
                now = perf_counter()
            rows = reader.read_now(sql, args, now)
            if rows is not None:
                return rows
            if not reader.locked:
                self._remember(sql)
        elif reader is not None:
            self._count(sql)
        async with self.connection(write=False) as connection:
            return await connection.fetch_in_thread(sql, args)

    async def _fetch_in_turn(self, sql: str, args: Sequence[Any]) -> Sequence[Row]:
        async with self.connection() as connection:
            return await connection.fetch(sql, args)

    def _remember(self, sql: str) -> None:
        """A read that takes long. The next ones like it need not be tried on the loop."""
        if len(self._slow) >= 1_000:
            self._slow.clear()
        self._slow[sql] = _IN_THREADS

    def _count(self, sql: str) -> None:
        left = self._slow[sql] - 1
        if left:
            self._slow[sql] = left
        else:
            del self._slow[sql]  # its arguments, or the table, may be different now

    async def execute(self, sql: str, args: Sequence[Any] = ()) -> int:
        async with self.connection() as connection:
            return await connection.execute(sql, args)

    def connection(self, *, write: bool = True) -> "Borrowing":
        return Borrowing(self._writers if write or self._place.memory else self._readers, writes=write)

    async def run_sync(self, function: "Callable[[sqlalchemy.Connection], T]", *, begin: bool = True) -> T:
        # Among the writers of this process it takes its turn like any other.
        link = await self._writers.take()
        worker = link.raw.worker
        job: Job[T] = worker.submit(self._in_thread, function, begin)
        job.future.add_done_callback(lambda _: self._writers.give(link))
        return await asyncio.shield(job.future)

    def _in_thread(self, function: "Callable[[sqlalchemy.Connection], T]", begin: bool) -> T:
        from sqlalchemy.exc import DBAPIError

        try:
            if not begin:
                with self._alchemy.connect() as connection:
                    return function(connection)
            with self._alchemy.begin() as connection:
                before = _schema_version(connection)
                result = function(connection)
                if _schema_version(connection) != before:
                    self._check_references(connection)
                return result
        except DBAPIError as error:
            failure = translated(error.orig, error.statement, self._place.shown) if error.orig else None
            if failure is None:
                raise
            raise failure from error

    def _check_references(self, connection: "sqlalchemy.Connection") -> None:
        """Tables are changed with foreign keys off (sqlite.org/lang_altertable.html): see whether they still hold."""
        found = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchmany(5)
        if found:
            told = "; ".join(
                f"{row[0]} (rowid {row[1]}) refers to a row of {row[2]} that is not there" for row in found
            )
            raise ForeignKeyViolation(
                f"The schema was not changed, because rows of it would refer to nothing: {told}",
                table=found[0][0],
            )

    def _connect_for_schema(self) -> sqlite3.Connection:
        return self._place.connect(self.settings, "schema", busy=self.settings.pool_timeout)

    async def _connect_writer(self) -> Session:
        return await self._connect("write")

    async def _connect_reader(self) -> Session:
        return await self._connect("read")

    async def _connect(self, use: Use) -> Session:
        worker = Worker(f"segue-sqlite-{use}")
        job = worker.submit(self._place.connect, self.settings, use, self.settings.connect_timeout)
        try:
            raw = await job.future
        except BaseException:
            job.unwanted = True
            worker.stop()
            raise
        return Session(raw, worker, self._place, self.settings, self._stretch)


async def _dismiss(session: Session, _: bool = False) -> None:
    await session.worker.submit(session.raw.close).future
    session.worker.stop()


class Borrowing:
    """A connection for the time of a block. Nothing is waited for at its end: what has to be rolled back is, before the
    next one has the link.
    """

    __slots__ = ("_connection", "_link", "_pool", "_writes")

    def __init__(self, pool: Pool[Session], *, writes: bool) -> None:
        self._pool = pool
        self._writes = writes
        self._link: Link[Session] | None = None
        self._connection: SQLiteConnection | None = None

    async def __aenter__(self) -> SQLiteConnection:
        link = self._pool.take_nowait()
        if link is None:
            link = await self._pool.take()
        self._link = link
        self._connection = SQLiteConnection(link.raw, writes=self._writes)
        return self._connection

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        link, connection = self._link, self._connection
        self._link = self._connection = None
        if link is not None and connection is not None:
            connection.let_go(partial(self._pool.give, link))


def _closed(_: Session) -> Callable[[], bool]:
    return bool  # never: who closes it is the engine


async def _no_ping(link: Link[Session]) -> None:
    """A file does not go away."""


def _begin_immediate(connection: "sqlalchemy.Connection") -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _schema_version(connection: "sqlalchemy.Connection") -> int:
    found: int = connection.exec_driver_sql("PRAGMA schema_version").scalar_one()
    return found
