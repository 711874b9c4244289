"""Any other database that SQLAlchemy knows, with its own driver: each connection in a thread of its own."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import sqlalchemy
from sqlalchemy import exc

from segue.db.engine.contract import Isolation, Row
from segue.db.engine.errors import ConnectionLost, DatabaseError
from segue.db.engine.options import Settings
from segue.db.engine.pooled import PooledEngine
from segue.db.engine.sqlalchemy_errors import translated
from segue.db.engine.url import Address
from segue.db.engine.worker import Job, Worker

__all__ = ["SQLAlchemyDriver", "SQLAlchemyEngine"]

T = TypeVar("T")

_CLOSING = 2.0  # seconds

# Statements are compiled once and their arguments come by position, so named placeholders have to be numbers or marks.
_POSITIONAL = {"pyformat": "format", "named": "numeric"}


class Session:
    """A connection of SQLAlchemy and the only thread that touches it."""

    __slots__ = ("begun", "connection", "worker")

    def __init__(self, connection: sqlalchemy.Connection, worker: Worker) -> None:
        self.connection = connection
        self.worker = worker
        self.begun = False

    async def run(self, function: Callable[..., T], *args: Any) -> T:
        """Calls ``function(connection, *args)`` in the thread."""
        job: Job[T] = self.worker.submit(function, self.connection, *args)
        return await job.future


class SQLAlchemyDriver:
    """A Driver for every dialect of SQLAlchemy. A thread cannot be interrupted: who is cancelled leaves his to end alone."""

    streams_alone = True
    streams_in_transaction = True

    def __init__(self, engine: sqlalchemy.Engine, settings: Settings, place: str) -> None:
        self._engine = engine
        self._settings = settings
        self._place = place

    async def connect(self) -> Session:
        worker = Worker("segue-sqlalchemy")
        job = worker.submit(self._engine.connect)
        try:
            async with asyncio.timeout(self._settings.connect_timeout):
                connection = await job.future
        except BaseException as error:
            job.unwanted = True
            worker.stop()
            raise self._told(error) from error
        return Session(connection, worker)

    def _told(self, error: BaseException) -> BaseException:
        if isinstance(error, TimeoutError):
            return ConnectionLost(
                f"{self._place} did not answer within {self._settings.connect_timeout:g} seconds. Is that the right address? "
                f"connect_timeout= gives it more time."
            )
        if isinstance(error, exc.OperationalError | exc.InterfaceError):
            return ConnectionLost(f"{self._place} cannot be reached: {error.orig}")
        return translated(error) or error

    async def dismiss(self, raw: Session, *, busy: bool) -> None:
        # It is closed by its thread, after what still runs there.
        job = raw.worker.submit(raw.connection.close)
        raw.worker.stop()
        await asyncio.wait([job.future], timeout=_CLOSING)
        if job.future.done() and not job.future.cancelled():
            job.future.exception()

    async def ping(self, raw: Session) -> None:
        await raw.run(_ping)

    async def reset(self, raw: Session) -> bool:
        return False

    def closed(self, raw: Session) -> Callable[[], bool]:
        return lambda: raw.connection.closed or raw.connection.invalidated

    def in_transaction(self, raw: Session) -> bool:
        return raw.begun

    async def fetch(self, raw: Session, sql: str, args: Sequence[Any]) -> Sequence[Row]:
        return await raw.run(_fetch, sql, tuple(args), not raw.begun)

    async def execute(self, raw: Session, sql: str, args: Sequence[Any]) -> int:
        return await raw.run(_execute, sql, tuple(args), not raw.begun)

    async def execute_many(self, raw: Session, sql: str, args: Sequence[Sequence[Any]]) -> int:
        return await raw.run(_execute, sql, [tuple(one) for one in args], not raw.begun)

    async def script(self, raw: Session, sql: str) -> None:
        await raw.run(_script, sql, not raw.begun)

    async def stream(self, raw: Session, sql: str, args: Sequence[Any]) -> "SessionRows":
        return SessionRows(raw, await raw.run(_stream, sql, tuple(args)))

    async def begin(self, raw: Session, isolation: Isolation | None, read_only: bool) -> None:
        await raw.run(_begin, isolation)
        raw.begun = True

    async def commit(self, raw: Session) -> None:
        await raw.run(sqlalchemy.Connection.commit)
        raw.begun = False

    async def rollback(self, raw: Session) -> None:
        await raw.run(sqlalchemy.Connection.rollback)
        raw.begun = False

    async def savepoint(self, raw: Session, name: str) -> None:
        await raw.run(self._engine.dialect.do_savepoint, name)

    async def release(self, raw: Session, name: str) -> None:
        await raw.run(self._engine.dialect.do_release_savepoint, name)

    async def rollback_to(self, raw: Session, name: str) -> None:
        await raw.run(self._engine.dialect.do_rollback_to_savepoint, name)

    def translated(self, raw: Session, error: BaseException, sql: str | None) -> DatabaseError | None:
        return translated(error, sql)


class SessionRows:
    """Rows that are fetched from a cursor of the driver as they are asked for."""

    __slots__ = ("_result", "_session")

    def __init__(self, session: Session, result: sqlalchemy.CursorResult[Any]) -> None:
        self._session = session
        self._result = result

    async def some(self, size: int) -> Sequence[Row]:
        return await self._session.run(lambda _: self._result.fetchmany(size))

    async def close(self) -> None:
        await self._session.run(lambda _: self._result.close())


def _ping(connection: sqlalchemy.Connection) -> None:
    raw = connection.connection.dbapi_connection
    if raw is None or not connection.dialect.do_ping(raw):
        raise ConnectionLost("The connection is closed.")


def _begin(connection: sqlalchemy.Connection, isolation: Isolation | None) -> None:
    if isolation is not None:
        connection.execution_options(isolation_level=isolation.upper())
    connection.begin()


def _alone(connection: sqlalchemy.Connection, work: Callable[[], T], alone: bool) -> T:
    """What ``work`` does; outside of a transaction it is one of its own."""
    if not alone:
        return work()
    try:
        result = work()
        connection.commit()
    except BaseException:
        connection.rollback()
        raise
    return result


def _fetch(connection: sqlalchemy.Connection, sql: str, args: tuple[Any, ...], alone: bool) -> Sequence[Row]:
    return _alone(connection, lambda: connection.exec_driver_sql(sql, args).fetchall(), alone)


def _execute(connection: sqlalchemy.Connection, sql: str, args: Any, alone: bool) -> int:
    def work() -> int:
        result = connection.exec_driver_sql(sql, args)
        if result.returns_rows:
            return len(result.fetchall())
        return result.rowcount

    return _alone(connection, work, alone)


def _script(connection: sqlalchemy.Connection, sql: str, alone: bool) -> None:
    def work() -> None:
        for statement in sql.split(";"):
            if statement.strip():
                connection.exec_driver_sql(statement)

    _alone(connection, work, alone)


def _stream(
    connection: sqlalchemy.Connection, sql: str, args: tuple[Any, ...]
) -> sqlalchemy.CursorResult[Any]:
    return connection.execution_options(stream_results=True).exec_driver_sql(sql, args)


class SQLAlchemyEngine(PooledEngine[Session]):
    """The Engine for URLs that no other one is for: ``mssql+pyodbc://``, ``firebird+firebird://``, ``cubrid+pycubrid://``."""

    def __init__(self, address: Address, settings: Settings) -> None:
        from sqlalchemy.pool import NullPool

        url = sqlalchemy.make_url(address.url)
        try:
            own: str = getattr(url.get_dialect(), "default_paramstyle", "")
            style: dict[str, Any] = {"paramstyle": _POSITIONAL[own]} if own in _POSITIONAL else {}
            self._engine = sqlalchemy.create_engine(
                url, poolclass=NullPool, connect_args=dict(settings.driver), **style
            )
        except exc.NoSuchModuleError as error:
            raise ValueError(
                f"SQLAlchemy knows no {address.scheme}://. Is its dialect installed, and is the name right?"
            ) from error
        except ImportError as error:
            raise ImportError(f"the driver for {address.scheme}:// is not installed: {error}") from error
        super().__init__(SQLAlchemyDriver(self._engine, settings, address.place), settings)
        self.name: str = self._engine.dialect.name
        self.dialect: sqlalchemy.Dialect = self._engine.dialect

    async def close(self) -> None:
        await super().close()
        self._engine.dispose()

    async def run_sync(self, function: Callable[[sqlalchemy.Connection], T], *, begin: bool = True) -> T:
        worker = Worker("segue-sqlalchemy")
        try:
            job: Job[T] = worker.submit(self._in_thread, function, begin)
            return await job.future
        except exc.DBAPIError as error:
            failure = translated(error, error.statement)
            if failure is None:
                raise
            raise failure from error
        finally:
            worker.stop()

    def _in_thread(self, function: Callable[[sqlalchemy.Connection], T], begin: bool) -> T:
        with self._engine.begin() if begin else self._engine.connect() as connection:
            return function(connection)
