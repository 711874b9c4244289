"""MySQL and MariaDB through asyncmy."""

import asyncio
import ssl
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from segue.db.engine.alchemy import async_engine, run_sync
from segue.db.engine.contract import Isolation, Row
from segue.db.engine.errors import DatabaseError
from segue.db.engine.mysql_errors import connecting_failed, translated
from segue.db.engine.options import Settings
from segue.db.engine.pooled import PooledEngine
from segue.db.engine.url import Address

try:
    import asyncmy
    from asyncmy.cursors import SSCursor
except ImportError as error:
    raise ImportError("MySQL and MariaDB need asyncmy: pip install 'segue[mysql]'") from error

if TYPE_CHECKING:
    import sqlalchemy

__all__ = ["MySQLDriver", "MySQLEngine"]

T = TypeVar("T")

Raw = Any  # asyncmy.Connection: its stubs leave out half of what it has

_FOUND_ROWS = (
    2  # an update counts the rows that it matched, as everywhere else, not those that it made different
)
_IN_TRANSACTION = 1
_CLOSING = 2.0  # seconds


class MySQLDriver:
    """A Driver for asyncmy. Statements with arguments are prepared ones; JSON is text, ``decimal`` is Decimal."""

    streams_alone = True
    streams_in_transaction = False

    def __init__(self, address: Address, settings: Settings) -> None:
        self._address = address
        self._settings = settings

    async def connect(self) -> Raw:
        settings = self._settings
        try:
            async with asyncio.timeout(settings.connect_timeout):
                raw: Raw = await self._connect()
                try:
                    await self._set_up(raw)
                except BaseException:
                    raw.close()
                    raise
        except Exception as error:
            failure = connecting_failed(error, self._address.place, settings.connect_timeout)
            if failure is None:
                raise
            raise failure from error
        return raw

    async def _connect(self) -> Raw:
        address, settings = self._address, self._settings
        options: dict[str, Any] = {
            "host": address.host or "127.0.0.1",
            "port": address.port or 3306,
            "user": address.user,
            "password": address.password or "",
            "database": address.database or None,
            "charset": "utf8mb4",
            "autocommit": True,
            "client_flag": _FOUND_ROWS,
            "stmt_cache_size": settings.statement_cache,
            **{name: _typed(name, value) for name, value in address.query.items()},
            **settings.driver,
        }
        raw: Raw = await asyncmy.connect(**options)
        return raw

    async def _set_up(self, raw: Raw) -> None:
        """What a session has to be for the same models to mean the same as on other databases."""
        limit = self._settings.statement_timeout
        sets = [
            # A value that does not fit is an error, and is not cut.
            "sql_mode = CONCAT(@@sql_mode, ',TRADITIONAL')",
            "time_zone = '+00:00'",
            # Otherwise texts of groups are cut after a megabyte, arrays of JSON among them.
            "group_concat_max_len = 1073741824",
        ]
        if limit:
            # Otherwise a lock is waited for longer than a statement may take.
            wait = max(1, int(limit) - 1)
            # The first for rows, the second for tables that somebody reads or changes.
            sets += [f"innodb_lock_wait_timeout = {wait}", f"lock_wait_timeout = {wait}"]
            if is_mariadb(raw):
                sets.append(f"max_statement_time = {limit}")
            else:
                sets.append(f"max_execution_time = {int(limit * 1000)}")
        await raw.query(f"SET {', '.join(sets)}")
        await raw.query("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED")

    async def dismiss(self, raw: Raw, *, busy: bool) -> None:
        try:
            async with asyncio.timeout(_CLOSING):
                if busy:
                    await self._kill(raw)
                else:
                    await raw.ensure_closed()
        except Exception:  # noqa: BLE001 -- it is gone, one way or the other
            raw.close()
        except BaseException:
            raw.close()
            raise

    async def _kill(self, raw: Raw) -> None:
        """A server does not look whether its client is still there while it works, and keeps its locks."""
        number: int = raw.thread_id()
        raw.close()
        other = await self._connect()
        try:
            await other.query(f"KILL {number}")
        finally:
            other.close()

    async def ping(self, raw: Raw) -> None:
        await raw.ping(reconnect=False)

    async def reset(self, raw: Raw) -> bool:
        return False  # asyncmy knows no COM_RESET_CONNECTION

    def closed(self, raw: Raw) -> Callable[[], bool]:
        return lambda: not raw.connected or raw._stream_broken

    def in_transaction(self, raw: Raw) -> bool:
        return bool(raw.server_status & _IN_TRANSACTION)

    async def fetch(self, raw: Raw, sql: str, args: Sequence[Any]) -> Sequence[Row]:
        cursor = raw.cursor()
        await cursor.execute(sql, args)
        rows: Sequence[Row] = await cursor.fetchall()
        return rows

    async def execute(self, raw: Raw, sql: str, args: Sequence[Any]) -> int:
        count: int = await raw.cursor().execute(sql, args)
        return count

    async def execute_many(self, raw: Raw, sql: str, args: Sequence[Sequence[Any]]) -> int:
        if self.in_transaction(raw):
            return await self._execute_many(raw, sql, args)
        # All of them or none, as everywhere else.
        await raw.begin()
        try:
            count = await self._execute_many(raw, sql, args)
        except Exception:
            if not raw._stream_broken:
                await raw.rollback()
            raise
        await raw.commit()
        return count

    async def _execute_many(self, raw: Raw, sql: str, args: Sequence[Sequence[Any]]) -> int:
        count: int | None = await raw.cursor().executemany(sql, args)
        return -1 if count is None else count

    async def script(self, raw: Raw, sql: str) -> None:
        cursor = raw.cursor()
        await cursor.execute(sql)
        while await cursor.nextset():
            pass

    async def stream(self, raw: Raw, sql: str, args: Sequence[Any]) -> "MySQLRows":
        cursor = raw.cursor(SSCursor)
        await cursor.execute(sql, args)
        return MySQLRows(cursor)

    async def begin(self, raw: Raw, isolation: Isolation | None, read_only: bool) -> None:
        if isolation:
            await raw.query(f"SET TRANSACTION ISOLATION LEVEL {isolation.upper()}")
        await raw.query("START TRANSACTION READ ONLY" if read_only else "START TRANSACTION")

    async def commit(self, raw: Raw) -> None:
        await raw.commit()

    async def rollback(self, raw: Raw) -> None:
        await raw.rollback()

    async def savepoint(self, raw: Raw, name: str) -> None:
        await raw.query(f"SAVEPOINT `{name}`")

    async def release(self, raw: Raw, name: str) -> None:
        await raw.query(f"RELEASE SAVEPOINT `{name}`")

    async def rollback_to(self, raw: Raw, name: str) -> None:
        await raw.query(f"ROLLBACK TO SAVEPOINT `{name}`")

    def translated(self, raw: Raw, error: BaseException, sql: str | None) -> DatabaseError | None:
        return translated(error, sql)


class MySQLRows:
    """Rows that the server sends as fast as they are read."""

    __slots__ = ("_cursor",)

    def __init__(self, cursor: Any) -> None:
        self._cursor = cursor

    async def some(self, size: int) -> Sequence[Row]:
        rows: Sequence[Row] = await self._cursor.fetchmany(size)
        return rows

    async def close(self) -> None:
        await self._cursor.close()  # reads the rest: the protocol has no other way


def _typed(name: str, value: str) -> Any:
    """What the query of a URL says, as asyncmy wants it: ``?ssl=true``, ``?local_infile=false``, ``?read_timeout=3``."""
    if value.lower() in ("true", "false"):
        said = value.lower() == "true"
        return ssl.create_default_context() if said and name == "ssl" else said
    return int(value) if value.isdecimal() and len(value) < 10 and name != "password" else value


def is_mariadb(raw: Raw) -> bool:
    """Whether the server is MariaDB, whatever its URL says."""
    return "mariadb" in str(raw.get_server_info()).lower()


class MySQLEngine(PooledEngine[Raw]):
    """The Engine for ``mysql://`` and ``mariadb://`` URLs. What the server is, is found out when it is opened."""

    def __init__(self, address: Address, settings: Settings) -> None:
        self._mysql = MySQLDriver(address, settings)
        super().__init__(self._mysql, settings)
        self._speak(address.scheme)

    def _speak(self, name: str) -> None:
        self.name = name
        self._alchemy = async_engine(f"{name}+asyncmy", self._connect_for_transactions)
        self.dialect: sqlalchemy.Dialect = self._alchemy.dialect

    async def _connect_for_transactions(self) -> Raw:
        """SQLAlchemy begins no transaction here: it takes for granted that there is one until it says COMMIT."""
        raw = await self._mysql.connect()
        await raw.autocommit(False)
        return raw

    async def _greet(self, raw: Raw) -> None:
        found = "mariadb" if is_mariadb(raw) else "mysql"
        if found != self.name:
            self._speak(found)
        await self.run_sync(lambda _: None)  # the dialect asks for the server's version

    async def close(self) -> None:
        await super().close()
        await self._alchemy.dispose()

    async def run_sync(self, function: "Callable[[sqlalchemy.Connection], T]", *, begin: bool = True) -> T:
        return await run_sync(self._alchemy, function, translated, begin=begin)
