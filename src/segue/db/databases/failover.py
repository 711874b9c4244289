"""Several addresses of one database: the first that can be reached is used, and the next one when it is lost."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TYPE_CHECKING, TypeVar

from segue.db.engine.contract import Connection, Engine, Row, Statistics
from segue.db.engine.errors import ConnectionLost, DatabaseError

if TYPE_CHECKING:
    import sqlalchemy

__all__ = ["FailoverEngine"]

T = TypeVar("T")

logger = logging.getLogger("segue.db")


class FailoverEngine:
    """An engine that is the first of several which answers.

    It stays with one until that is lost: the first one may come back without what was written meanwhile, so nobody returns to it before
    the program is started again. A read is made again on the next; a write only if it was certainly not sent.
    """

    def __init__(self, engines: Sequence[Engine]) -> None:
        self._engines = list(engines)
        self._current = self._engines[0]
        self._lock = asyncio.Lock()

    @property
    def name(self) -> str:
        return self._current.name

    @property
    def dialect(self) -> "sqlalchemy.Dialect":
        return self._current.dialect

    @property
    def inline(self) -> bool:
        return self._current.inline

    @property
    def statistics(self) -> Statistics:
        return self._current.statistics

    @property
    def place(self) -> int:
        """Which of the addresses is used: 0 is the first."""
        return self._engines.index(self._current)

    async def open(self) -> None:
        await self._open(self._engines, None)

    async def close(self) -> None:
        for engine in self._engines:
            await engine.close()

    async def fetch(self, sql: str, args: Sequence[object] = (), *, write: bool = False) -> Sequence[Row]:
        engine = self._current
        try:
            return await engine.fetch(sql, args, write=write)
        except ConnectionLost as error:
            await self._leave(engine, error)
            if write and error.sent:
                raise
        return await self._current.fetch(sql, args, write=write)

    async def execute(self, sql: str, args: Sequence[object] = ()) -> int:
        engine = self._current
        try:
            return await engine.execute(sql, args)
        except ConnectionLost as error:
            await self._leave(engine, error)
            if error.sent:
                raise
        return await self._current.execute(sql, args)

    def connection(self, *, write: bool = True) -> AbstractAsyncContextManager[Connection]:
        return self._connection(write)

    @asynccontextmanager
    async def _connection(self, write: bool) -> AsyncGenerator[Connection]:
        engine = self._current
        lent = engine.connection(write=write)
        try:
            connection = await lent.__aenter__()
        except ConnectionLost as error:
            await self._leave(engine, error)
            engine = self._current
            lent = engine.connection(write=write)
            connection = await lent.__aenter__()
        try:
            yield connection
        except BaseException as error:
            await lent.__aexit__(type(error), error, error.__traceback__)
            if isinstance(error, ConnectionLost):
                await self._leave(engine, error)
            raise
        await lent.__aexit__(None, None, None)

    async def run_sync(self, function: "Callable[[sqlalchemy.Connection], T]", *, begin: bool = True) -> T:
        return await self._current.run_sync(function, begin=begin)

    async def _leave(self, engine: Engine, error: ConnectionLost) -> None:
        """Goes on to the next one, unless it was one connection that was lost. Raises the error if nobody answers."""
        async with self._lock:
            if self._current is not engine:
                return
            try:
                await engine.fetch("SELECT 1 FROM dual" if engine.name == "oracle" else "SELECT 1")
                return
            except DatabaseError:
                pass
            at = self._engines.index(engine)
            await self._open([*self._engines[at + 1 :], *self._engines[:at]], error)
            logger.warning(
                "the database at address %d is lost (%s): from now on that at address %d is used",
                at + 1,
                error.message,
                self.place + 1,
            )

    async def _open(self, engines: Sequence[Engine], failed: DatabaseError | None) -> None:
        """Makes the first that can be opened the current one."""
        for engine in engines:
            try:
                await engine.open()
            except DatabaseError as error:
                failed = error
                continue
            self._current = engine
            return
        if failed is not None:
            raise failed
