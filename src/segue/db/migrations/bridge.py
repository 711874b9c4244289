"""Segue's models over the connection of a migration: data is changed in the transaction that changes its tables."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import sqlalchemy as sa

from segue.db.compiling.statements import StatementCache
from segue.db.databases.database import Database, _chosen
from segue.db.engine.contract import Isolation, Row, Statistics
from segue.db.migrations.errors import MigrationError

__all__ = ["run_with_models"]

T = TypeVar("T")


def run_with_models(
    connection: sa.Connection, function: Callable[[], Awaitable[T]], *, alone: bool = False
) -> T:
    """Runs an async function here and now; its queries go over ``connection``.

    ``alone``: what it does in no transaction of its own is committed at once.
    """
    database = _BridgedDatabase(BridgedEngine(connection, alone=alone))
    token = _chosen.set(database)
    try:
        coroutine: Any = function()
        try:
            # Queries over the connection never wait for the loop, so the first step is the last.
            coroutine.send(None)
        except StopIteration as done:
            result: T = done.value
            return result
        coroutine.close()
        raise MigrationError(
            f"{getattr(function, '__qualname__', function)} waits for something other than a query. The data of a revision is changed by "
            f"queries alone: get the rest before, or do it in a command of the app"
        )
    finally:
        _chosen.reset(token)


class _BridgedDatabase(Database):
    """A database that is open as long as a migration runs."""

    def __init__(self, engine: "BridgedEngine") -> None:
        super().__init__("sqlite://", name="migration")
        self._engine = engine
        self._statements = StatementCache(200)


class BridgedEngine:
    """The Engine over one connection of SQLAlchemy that somebody else opened. Its methods never wait for the loop."""

    inline = True

    def __init__(self, connection: sa.Connection, *, alone: bool) -> None:
        self._connection = connection
        self._alone = alone
        self.dialect = connection.dialect
        name = connection.dialect.name
        self.name = (
            "mariadb" if name == "mysql" and getattr(connection.dialect, "is_mariadb", False) else name
        )
        self._names = 0

    @property
    def statistics(self) -> Statistics:
        return Statistics(1, 0, 0)

    async def open(self) -> None:
        """It is open."""

    async def close(self) -> None:
        """Who opened it closes it."""

    async def fetch(self, sql: str, args: Sequence[Any] = (), *, write: bool = False) -> Sequence[Row]:
        rows: Sequence[Any] = self._connection.exec_driver_sql(sql, tuple(args)).fetchall()
        if write:
            self._committed()
        return rows

    async def execute(self, sql: str, args: Sequence[Any] = ()) -> int:
        count = self._connection.exec_driver_sql(sql, tuple(args)).rowcount
        self._committed()
        return count

    def _committed(self) -> None:
        if self._alone and not self._names:
            self._connection.commit()

    @asynccontextmanager
    async def connection(self, *, write: bool = True) -> AsyncGenerator["BridgedConnection", None]:
        yield BridgedConnection(self)

    async def run_sync(self, function: Callable[[sa.Connection], T], *, begin: bool = True) -> T:
        return function(self._connection)


class BridgedConnection:
    """A Connection over that of the migration: a transaction in it is a savepoint."""

    def __init__(self, engine: BridgedEngine) -> None:
        self._engine = engine
        self._begun: str | None = None

    @property
    def raw(self) -> sa.Connection:
        return self._engine._connection

    @property
    def in_transaction(self) -> bool:
        return self._begun is not None

    async def fetch(self, sql: str, args: Sequence[Any] = ()) -> Sequence[Row]:
        return await self._engine.fetch(sql, args)

    async def execute(self, sql: str, args: Sequence[Any] = ()) -> int:
        return await self._engine.execute(sql, args)

    async def execute_many(self, sql: str, args: Sequence[Sequence[Any]]) -> int:
        return sum([await self._engine.execute(sql, one) for one in args])

    async def stream(
        self, sql: str, args: Sequence[Any] = (), size: int = 1000
    ) -> AsyncGenerator[Sequence[Row], None]:
        rows = self._engine._connection.exec_driver_sql(sql, tuple(args)).fetchall()
        for start in range(0, len(rows), size):
            yield rows[start : start + size]

    async def begin(self, *, isolation: Isolation | None = None, read_only: bool = False) -> None:
        self._engine._names += 1
        self._begun = f"segue_step_{self._engine._names}"
        self._say(f"SAVEPOINT {self._begun}")

    async def commit(self) -> None:
        self._say(f"RELEASE SAVEPOINT {self._begun}")
        self._end()

    async def rollback(self) -> None:
        self._say(f"ROLLBACK TO SAVEPOINT {self._begun}")
        self._end()

    def _end(self) -> None:
        self._begun = None
        self._engine._names -= 1
        self._engine._committed()

    async def savepoint(self, name: str) -> None:
        self._say(f"SAVEPOINT {name}")

    async def release(self, name: str) -> None:
        self._say(f"RELEASE SAVEPOINT {name}")

    async def rollback_to(self, name: str) -> None:
        self._say(f"ROLLBACK TO SAVEPOINT {name}")

    async def script(self, sql: str) -> None:
        for one in filter(str.strip, sql.split(";")):
            self._say(one)

    def _say(self, sql: str) -> None:
        self._engine._connection.exec_driver_sql(sql)
