"""PostgreSQL through asyncpg."""

import contextlib
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from segue.db.engine.alchemy import async_engine, run_sync
from segue.db.engine.contract import Isolation, Row
from segue.db.engine.errors import DatabaseError, ProgrammingError
from segue.db.engine.options import Settings
from segue.db.engine.pooled import PooledEngine
from segue.db.engine.postgres_errors import connecting_failed, translated
from segue.db.engine.url import Address

try:
    import asyncpg
except ImportError as error:
    raise ImportError("PostgreSQL needs asyncpg: pip install 'segue[postgres]'") from error

if TYPE_CHECKING:
    import sqlalchemy
    from asyncpg.cursor import Cursor
    from asyncpg.prepared_stmt import PreparedStatement

    Base = asyncpg.Connection[Any]
else:
    Base = asyncpg.Connection  # it is generic for type checkers only

__all__ = ["PostgresDriver", "PostgresEngine"]

T = TypeVar("T")

_LONGEST = 16_384  # characters of a statement that is kept prepared
_CLOSING = 2.0  # seconds for the server to hear that a statement is not wanted any more

# What is said when the schema is not the one for which a statement was prepared.
_STALE = (
    asyncpg.exceptions.InvalidCachedStatementError,
    asyncpg.exceptions.OutdatedSchemaCacheError,
    asyncpg.exceptions.InvalidSQLStatementNameError,
)


class Raw(Base):
    """asyncpg's connection, with the statements that are prepared on it."""

    __slots__ = ("_quick", "_run", "_statements")

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self._statements: dict[str, PreparedStatement[Any]] = {}
        #: What of each statement the protocol knows, and what runs it there. Another asyncpg may call it otherwise: then nothing is.
        self._quick: dict[str, Any] = {}
        self._run: Any = getattr(getattr(self, "_protocol", None), "bind_execute", None)

    def quickly(self, sql: str, args: Sequence[Any]) -> "Awaitable[Sequence[Row]] | None":
        """The rows of a statement that was prepared before; None if it was not.

        PERF(fetch): 23.1 µs where PreparedStatement.fetch takes 27.4 and Connection.fetch 30.7: four coroutines and two looks at the
        connection less. The protocol looks at it too, and says the same where it was closed.
        """
        state = self._quick.get(sql)
        return None if state is None else self._run(state, args, "", 0, False, None)

    def prepared(self, sql: str) -> "PreparedStatement[Any] | None":
        """The statement, if it was prepared before."""
        return self._statements.get(sql)

    def keep(self, sql: str, statement: "PreparedStatement[Any]", most: int) -> None:
        """Keeps a statement, and forgets the oldest one where there are too many: asyncpg closes what nobody has any more."""
        if len(self._statements) >= most:
            oldest = next(iter(self._statements))
            del self._statements[oldest]
            self._quick.pop(oldest, None)
        self._statements[sql] = statement
        state = getattr(statement, "_state", None)
        if self._run is not None and state is not None:
            self._quick[sql] = state

    def forget(self) -> None:
        """Forgets all statements, and what it knows of the types in them."""
        self._statements.clear()
        self._quick.clear()
        # Public, and async only in its name: it waits for nothing.
        with contextlib.suppress(StopIteration):
            self.reload_schema_state().send(None)


class PostgresDriver:
    """A Driver for asyncpg. Values are asyncpg's: JSON is text, ``numeric`` is Decimal, ``uuid`` is UUID."""

    streams_alone = False
    streams_in_transaction = True

    def __init__(self, address: Address, settings: Settings) -> None:
        self._address = address
        self._settings = settings

    async def connect(self) -> Raw:
        settings = self._settings
        options: dict[str, Any] = {
            "timeout": settings.connect_timeout,
            "statement_cache_size": settings.statement_cache,
            **settings.driver,
        }
        url = "postgresql" + self._address.url[self._address.url.index("://") :]
        try:
            raw: Raw = await asyncpg.connect(url, connection_class=Raw, **options)
        except Exception as error:
            failure = connecting_failed(error, self._address.place, settings.connect_timeout)
            if failure is None:
                raise
            raise failure from error
        return raw

    async def dismiss(self, raw: Raw, *, busy: bool) -> None:
        try:
            # Lets the server know that what it still does for us is not wanted.
            await raw.close(timeout=_CLOSING)
        except Exception:  # noqa: BLE001 -- it is gone, one way or the other
            raw.terminate()
        except BaseException:
            raw.terminate()
            raise

    async def ping(self, raw: Raw) -> None:
        await raw.execute("SELECT 1")

    async def reset(self, raw: Raw) -> bool:
        if raw.is_in_transaction():
            await raw.execute("ROLLBACK")
        raw.forget()  # what they knew of the types may be different now
        await raw.reset()
        await raw.execute("DISCARD TEMP")
        return True

    def closed(self, raw: Raw) -> Callable[[], bool]:
        return raw.is_closed

    def in_transaction(self, raw: Raw) -> bool:
        return raw.is_in_transaction()

    def fetch(self, raw: Raw, sql: str, args: Sequence[Any]) -> Awaitable[Sequence[Row]]:
        return raw.quickly(sql, args) or self._fetch_first(raw, sql, args)

    async def _fetch_first(self, raw: Raw, sql: str, args: Sequence[Any]) -> Sequence[Row]:
        statement = await self._prepared(raw, sql)
        return await (raw.fetch(sql, *args) if statement is None else statement.fetch(*args))

    async def _prepared(self, raw: Raw, sql: str) -> "PreparedStatement[Any] | None":
        """The statement, prepared and kept; None for one that is not kept."""
        most = self._settings.statement_cache
        if not most or len(sql) > _LONGEST:
            return None
        statement = raw.prepared(sql)
        if statement is None:
            statement = await raw.prepare(sql)
            raw.keep(sql, statement, most)
        return statement

    async def execute(self, raw: Raw, sql: str, args: Sequence[Any]) -> int:
        if not args:
            return _count(await raw.execute(sql))
        statement = await self._prepared(raw, sql)
        if statement is None:
            return _count(await raw.execute(sql, *args))
        await statement.fetch(*args)
        return _count(statement.get_statusmsg() or "")

    async def execute_many(self, raw: Raw, sql: str, args: Sequence[Sequence[Any]]) -> int:
        await raw.executemany(sql, args)
        return -1

    async def script(self, raw: Raw, sql: str) -> None:
        await raw.execute(sql)

    async def stream(self, raw: Raw, sql: str, args: Sequence[Any]) -> "PostgresRows":
        return PostgresRows(await raw.cursor(sql, *args))

    async def begin(self, raw: Raw, isolation: Isolation | None, read_only: bool) -> None:
        level = f" ISOLATION LEVEL {isolation.upper()}" if isolation else ""
        await raw.execute(f"BEGIN{level}{' READ ONLY' if read_only else ''}")

    async def commit(self, raw: Raw) -> None:
        if await raw.execute("COMMIT") == "ROLLBACK":
            raise ProgrammingError(
                "Nothing was committed: a statement of this transaction had failed, and PostgreSQL runs nothing after that. "
                "To go on after an error, set a savepoint before what may fail, and roll back to it."
            )

    async def rollback(self, raw: Raw) -> None:
        await raw.execute("ROLLBACK")

    async def savepoint(self, raw: Raw, name: str) -> None:
        await raw.execute(f'SAVEPOINT "{name}"')

    async def release(self, raw: Raw, name: str) -> None:
        await raw.execute(f'RELEASE SAVEPOINT "{name}"')

    async def rollback_to(self, raw: Raw, name: str) -> None:
        await raw.execute(f'ROLLBACK TO SAVEPOINT "{name}"')

    def translated(self, raw: Raw, error: BaseException, sql: str | None) -> DatabaseError | None:
        if isinstance(error, _STALE):
            raw.forget()
        return translated(error, sql)


class PostgresRows:
    """Rows of a portal (PostgreSQL's protocol has cursors of its own)."""

    __slots__ = ("_cursor", "_ended")

    def __init__(self, cursor: "Cursor[Any]") -> None:
        self._cursor = cursor
        self._ended = False

    async def some(self, size: int) -> Sequence[Row]:
        rows = [] if self._ended else await self._cursor.fetch(size)
        self._ended = len(rows) < size
        return rows

    async def close(self) -> None:
        """Inside a transaction that goes on, asyncpg's portal stays until that ends: it has no public way to close one."""


def _count(status: str) -> int:
    """The number in ``INSERT 0 5``, ``UPDATE 5``, ``SELECT 5``; a table that was created has none."""
    number = status.rpartition(" ")[2]
    return int(number) if number.isdecimal() else 0


class PostgresEngine(PooledEngine[Raw]):
    """The Engine for ``postgresql://`` URLs."""

    name = "postgresql"

    def __init__(self, address: Address, settings: Settings) -> None:
        driver = PostgresDriver(address, settings)
        super().__init__(driver, settings)
        self._alchemy = async_engine("postgresql+asyncpg", driver.connect)
        self.dialect: sqlalchemy.Dialect = self._alchemy.dialect

    async def _greet(self, raw: Raw) -> None:
        await self.run_sync(lambda _: None)  # the dialect asks for the server's version

    async def close(self) -> None:
        await super().close()
        await self._alchemy.dispose()

    async def run_sync(self, function: "Callable[[sqlalchemy.Connection], T]", *, begin: bool = True) -> T:
        limit = int(self.settings.statement_timeout * 1000)

        def limited(connection: "sqlalchemy.Connection") -> T:
            # Who waits for a lock says so before the statement has taken too long.
            connection.exec_driver_sql(f"SET LOCAL lock_timeout = {max(1, limit * 9 // 10)}")
            connection.exec_driver_sql(f"SET LOCAL statement_timeout = {limit}")
            return function(connection)

        chosen = limited if begin and limit else function
        return await run_sync(self._alchemy, chosen, translated, begin=begin)
