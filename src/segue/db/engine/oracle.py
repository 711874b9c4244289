"""Oracle through oracledb, in its thin mode: no client of Oracle's has to be installed."""

import asyncio
import re
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any, TypeVar

from segue.db.engine.alchemy import async_engine, run_sync
from segue.db.engine.contract import Isolation, Row
from segue.db.engine.errors import DatabaseError
from segue.db.engine.options import Settings
from segue.db.engine.oracle_errors import connecting_failed, translated
from segue.db.engine.pooled import PooledEngine
from segue.db.engine.url import Address

try:
    import oracledb
except ImportError as error:
    raise ImportError("Oracle needs oracledb: pip install 'segue[oracle]'") from error

if TYPE_CHECKING:
    import sqlalchemy

__all__ = ["OracleDriver", "OracleEngine", "positions"]

T = TypeVar("T")

Raw = Any  # oracledb.AsyncConnection: mypy sees half of its methods as untyped

_CLOSING = 2.0  # seconds
_MOST = 5_000  # statements whose places are remembered
_LONGEST = 10_000  # characters of one of them
_MARK = re.compile(r"""'(?:[^']|'')*'|"[^"]*"|--[^\n]*|/\*.*?\*/|:(?P<number>\d+)\b""", re.DOTALL)
_BLOCK = re.compile(r"\s*(?:begin|declare)\b", re.IGNORECASE)


def positions(sql: str) -> tuple[int, ...] | None:
    """Which argument stands at each mark, from 0; None if they come in their order.

    Oracle wants a value for each place in a statement, also where the same number stands again; in a block of PL/SQL,
    one for each number.
    """
    if _BLOCK.match(sql):
        return None
    found = tuple(int(mark["number"]) - 1 for mark in _MARK.finditer(sql) if mark["number"])
    return None if found == tuple(range(len(found))) else found


class OracleDriver:
    """A Driver for oracledb. Long text and bytes come whole; numbers with a fraction are Decimal."""

    streams_alone = False
    streams_in_transaction = False

    def __init__(self, address: Address, settings: Settings) -> None:
        self._address = address
        self._settings = settings
        self._positions: dict[str, tuple[int, ...] | None] = {}

    async def connect(self) -> Raw:
        address, settings = self._address, self._settings
        options: dict[str, Any] = {
            "user": address.user,
            "password": address.password,
            "host": address.host or "127.0.0.1",
            "port": address.port or 1521,
            "service_name": address.database or None,
            "tcp_connect_timeout": settings.connect_timeout,
            "stmtcachesize": settings.statement_cache,
            **address.query,
            **settings.driver,
        }
        try:
            async with asyncio.timeout(settings.connect_timeout):
                raw: Raw = await oracledb.connect_async(**options)
                raw.autocommit = True
                raw.outputtypehandler = _read_as
                await raw.execute("ALTER SESSION SET TIME_ZONE = '+00:00'")
        except Exception as error:
            failure = connecting_failed(error, address.place, settings.connect_timeout)
            if failure is None:
                raise
            raise failure from error
        return raw

    async def dismiss(self, raw: Raw, *, busy: bool) -> None:
        try:
            async with asyncio.timeout(_CLOSING):
                if busy:
                    raw.cancel()  # lets the server know that what it still does for us is not wanted
                await raw.close()
        except Exception:  # noqa: BLE001 -- it is gone, one way or the other
            return

    async def ping(self, raw: Raw) -> None:
        await raw.ping()

    async def reset(self, raw: Raw) -> bool:
        return False

    def closed(self, raw: Raw) -> Callable[[], bool]:
        return lambda: not raw.is_healthy()

    def in_transaction(self, raw: Raw) -> bool:
        return not raw.autocommit

    async def fetch(self, raw: Raw, sql: str, args: Sequence[Any]) -> Sequence[Row]:
        with raw.cursor() as cursor:
            await cursor.execute(sql, self._in_order(sql, args))
            rows: Sequence[Row] = await cursor.fetchall()
            return rows

    async def execute(self, raw: Raw, sql: str, args: Sequence[Any]) -> int:
        with raw.cursor() as cursor:
            await cursor.execute(sql, self._in_order(sql, args))
            count: int = cursor.rowcount
            return count

    async def execute_many(self, raw: Raw, sql: str, args: Sequence[Sequence[Any]]) -> int:
        rows = [self._in_order(sql, one) for one in args]
        # All of them or none, as everywhere else.
        own, raw.autocommit = raw.autocommit, False
        try:
            with raw.cursor() as cursor:
                await cursor.executemany(sql, rows)
                count: int = cursor.rowcount
            if own:
                await raw.commit()
        except Exception:
            if own:
                await raw.rollback()
                raw.autocommit = True
            raise
        raw.autocommit = own
        return count

    async def script(self, raw: Raw, sql: str) -> None:
        with raw.cursor() as cursor:
            for statement in sql.split(";"):
                if statement.strip():
                    await cursor.execute(statement)

    async def stream(self, raw: Raw, sql: str, args: Sequence[Any]) -> "OracleRows":
        cursor = raw.cursor()
        await cursor.execute(sql, self._in_order(sql, args))
        return OracleRows(cursor)

    async def begin(self, raw: Raw, isolation: Isolation | None, read_only: bool) -> None:
        # A transaction begins by itself with the first statement.
        raw.autocommit = False
        if read_only:
            await raw.execute("SET TRANSACTION READ ONLY")
        elif isolation in ("repeatable read", "serializable"):
            await raw.execute("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE")

    async def commit(self, raw: Raw) -> None:
        await raw.commit()
        raw.autocommit = True

    async def rollback(self, raw: Raw) -> None:
        await raw.rollback()
        raw.autocommit = True

    async def savepoint(self, raw: Raw, name: str) -> None:
        await raw.execute(f"SAVEPOINT {name}")

    async def release(self, raw: Raw, name: str) -> None:
        """Oracle has no way to forget one; the end of the transaction does."""

    async def rollback_to(self, raw: Raw, name: str) -> None:
        await raw.execute(f"ROLLBACK TO SAVEPOINT {name}")

    def translated(self, raw: Raw, error: BaseException, sql: str | None) -> DatabaseError | None:
        return translated(error, sql)

    def _in_order(self, sql: str, args: Sequence[Any]) -> list[Any]:
        if len(sql) > _LONGEST:
            order = positions(sql)
        elif sql in self._positions:
            order = self._positions[sql]
        else:
            if len(self._positions) >= _MOST:
                self._positions.clear()
            order = self._positions[sql] = positions(sql)
        return list(args) if order is None else [args[at] for at in order]


class OracleRows:
    """Rows of a cursor, fetched as they are asked for."""

    __slots__ = ("_cursor",)

    def __init__(self, cursor: Any) -> None:
        self._cursor = cursor

    async def some(self, size: int) -> Sequence[Row]:
        rows: Sequence[Row] = await self._cursor.fetchmany(size)
        return rows

    async def close(self) -> None:
        self._cursor.close()


def _read_as(cursor: Any, metadata: Any) -> Any:
    """Locators of long values would need a round trip each, and a float is no amount of money."""
    kind = metadata.type_code
    if kind is oracledb.DB_TYPE_CLOB:
        return cursor.var(oracledb.DB_TYPE_LONG, arraysize=cursor.arraysize)
    if kind is oracledb.DB_TYPE_NCLOB:
        return cursor.var(oracledb.DB_TYPE_LONG_NVARCHAR, arraysize=cursor.arraysize)
    if kind is oracledb.DB_TYPE_BLOB:
        return cursor.var(oracledb.DB_TYPE_LONG_RAW, arraysize=cursor.arraysize)
    if kind is oracledb.DB_TYPE_NUMBER and metadata.scale not in (0, -127):
        return cursor.var(Decimal, arraysize=cursor.arraysize)
    return None


class OracleEngine(PooledEngine[Raw]):
    """The Engine for ``oracle://`` URLs; what stands after the host is the name of the service."""

    name = "oracle"

    def __init__(self, address: Address, settings: Settings) -> None:
        driver = OracleDriver(address, settings)
        super().__init__(driver, settings)
        self._alchemy = async_engine("oracle+oracledb", driver.connect, paramstyle="numeric")
        self.dialect: sqlalchemy.Dialect = self._alchemy.dialect

    async def _greet(self, raw: Raw) -> None:
        await self.run_sync(lambda _: None)  # the dialect asks for the server's version

    async def close(self) -> None:
        await super().close()
        await self._alchemy.dispose()

    async def run_sync(self, function: "Callable[[sqlalchemy.Connection], T]", *, begin: bool = True) -> T:
        return await run_sync(self._alchemy, function, translated, begin=begin)
