"""A Connection to SQLite."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from sqlite3 import Connection as Raw, Cursor, complete_statement as complete
from time import perf_counter
from typing import Any, TypeVar

from segue.db.engine.contract import Isolation, Row
from segue.db.engine.errors import ProgrammingError
from segue.db.engine.sessions import check_name
from segue.db.engine.sqlite_session import Session

__all__ = ["SQLiteConnection"]

T = TypeVar("T")

_LOST = (
    "The transaction is gone: SQLite rolled it back when an earlier statement of it failed. Nothing after that was run. "
    "Leave the transaction and begin another one."
)


class SQLiteConnection:
    """A Connection of an SQLiteEngine. Isolation is always serializable; transactions that write begin IMMEDIATE."""

    __slots__ = ("_begun", "_busy", "_cursors", "_session", "_writes", "touched")

    def __init__(self, session: Session, *, writes: bool) -> None:
        self._session: Session | None = session
        self._writes = writes
        self._begun = False
        self._busy = False
        self._cursors: set[Cursor] = set()
        self.touched = False

    @property
    def raw(self) -> Raw:
        self.touched = True
        return self._ready().raw

    @property
    def in_transaction(self) -> bool:
        return self._begun

    async def fetch(self, sql: str, args: Sequence[Any] = ()) -> Sequence[Row]:
        session = self._ready()
        read = session.is_read(sql)
        if read and not session.worker.pending:
            if self._begun and not session.raw.in_transaction:
                raise ProgrammingError(_LOST, sql=sql)
            now = perf_counter()
            while session.stretch.is_over(now):
                await asyncio.sleep(0)
                now = perf_counter()
            rows = session.read_now(sql, args, now)
            if rows is not None:
                return rows
        return await self.fetch_in_thread(sql, args, wait=read or not self._begun)

    async def fetch_in_thread(
        self, sql: str, args: Sequence[Any] = (), *, wait: bool = True
    ) -> Sequence[Row]:
        """As ``fetch``, for what is known to take long."""
        return await self._run(_fetch, sql, args, sql=sql, wait=wait)

    async def execute(self, sql: str, args: Sequence[Any] = ()) -> int:
        return await self._run(_execute, sql, args, sql=sql, wait=not self._begun)

    async def execute_many(self, sql: str, args: Sequence[Sequence[Any]]) -> int:
        if not args:
            return 0
        # One transaction: all of them or none, and one write to the disk.
        whole = _execute_many if self._begun else _execute_many_at_once
        return await self._run(whole, sql, args, sql=sql, wait=not self._begun)

    async def script(self, sql: str) -> None:
        self.touched = True
        await self._run(_script, sql, sql=sql, wait=False)

    async def stream(
        self, sql: str, args: Sequence[Any] = (), size: int = 1000
    ) -> AsyncGenerator[Sequence[Row], None]:
        cursor: Cursor = await self._run(Raw.execute, sql, args, sql=sql, wait=not self._begun)
        self._cursors.add(cursor)
        try:
            while rows := await self._run(_fetch_some, cursor, size, sql=sql, wait=False):
                yield rows
                if len(rows) < size:
                    break
        finally:
            self._cursors.discard(cursor)
            if self._session is not None:
                # It is closed where it is used, after what may still run on it.
                self._session.worker.submit(cursor.close)

    async def begin(self, *, isolation: Isolation | None = None, read_only: bool = False) -> None:
        if self._begun:
            raise ProgrammingError(
                "A transaction was begun already. Inside it use savepoint(), or commit it first."
            )
        how = "BEGIN IMMEDIATE" if self._writes and not read_only else "BEGIN"
        await self._run(_execute, how, (), sql=how, wait=True)
        self._begun = True

    async def commit(self) -> None:
        # In memory a reader may hold the lock for a moment.
        await self._run(_execute, "COMMIT", (), sql="COMMIT", wait=True)
        self._begun = False

    async def rollback(self) -> None:
        await self._run(_roll_back, lost=True)
        self._begun = False

    async def savepoint(self, name: str) -> None:
        await self._run(_execute, f'SAVEPOINT "{check_name(name)}"', ())

    async def release(self, name: str) -> None:
        await self._run(_execute, f'RELEASE "{check_name(name)}"', ())

    async def rollback_to(self, name: str) -> None:
        await self._run(_execute, f'ROLLBACK TO "{check_name(name)}"', ())

    def let_go(self, then: Callable[[], None]) -> None:
        """Makes this object useless. ``then`` is called when the session is as it was: at once, if it is."""
        session, self._session = self._session, None
        if session is None:
            return
        if (
            not session.worker.pending
            and not session.raw.in_transaction
            and not self.touched
            and not self._cursors
        ):
            then()
            return
        job = session.worker.submit(_clean, session.raw, tuple(self._cursors), self.touched)
        job.future.add_done_callback(lambda done: _after(done, then))

    def _ready(self) -> Session:
        if self._session is None:
            raise ProgrammingError(
                "This connection was given back. Use it only inside its `async with` block."
            )
        if self._busy:
            raise ProgrammingError(
                "Another task is using this connection at the same time. Give each task a connection of its own, or "
                "await one statement after the other."
            )
        return self._session

    async def _run(
        self,
        function: Callable[..., T],
        *args: Any,
        sql: str | None = None,
        wait: bool = False,
        lost: bool = False,
    ) -> T:
        session = self._ready()
        self._busy = True
        try:
            if self._begun and not lost:
                return await session.run(_inside, function, args, sql=sql, wait=wait)
            return await session.run(function, *args, sql=sql, wait=wait)
        finally:
            self._busy = False


def _after(done: "asyncio.Future[None]", then: Callable[[], None]) -> None:
    if not done.cancelled():
        done.exception()  # it was rolled back, or SQLite had done that already
    then()


def _inside(raw: Raw, function: Callable[..., T], args: tuple[Any, ...]) -> T:
    if not raw.in_transaction:
        raise ProgrammingError(_LOST)
    return function(raw, *args)


def _fetch(raw: Raw, sql: str, args: Sequence[Any]) -> list[Any]:
    return raw.execute(sql, args).fetchall()


def _execute(raw: Raw, sql: str, args: Sequence[Any]) -> int:
    cursor = raw.execute(sql, args)
    if cursor.description is not None:
        cursor.fetchall()  # RETURNING: without it not all rows are changed
    return max(cursor.rowcount, 0)


def _execute_many(raw: Raw, sql: str, args: Sequence[Sequence[Any]]) -> int:
    return max(raw.executemany(sql, args).rowcount, 0)


def _execute_many_at_once(raw: Raw, sql: str, args: Sequence[Sequence[Any]]) -> int:
    raw.execute("BEGIN IMMEDIATE")
    try:
        count = _execute_many(raw, sql, args)
        raw.execute("COMMIT")
    except BaseException:
        _roll_back(raw)
        raise
    return count


def _script(raw: Raw, sql: str) -> None:
    """``executescript`` would commit an open transaction first."""
    statement = ""
    for part in sql.split(";"):
        statement += part + ";"
        if complete(statement):
            if statement.strip(" \t\r\n;"):
                raw.execute(statement).fetchall()
            statement = ""


def _fetch_some(_: Raw, cursor: Cursor, size: int) -> list[Any]:
    return cursor.fetchmany(size)


def _roll_back(raw: Raw) -> None:
    if raw.in_transaction:
        raw.execute("ROLLBACK")


def _clean(raw: Raw, cursors: tuple[Cursor, ...], touched: bool) -> None:
    for cursor in cursors:
        cursor.close()
    try:
        _roll_back(raw)
    finally:
        if touched:
            raw.execute("PRAGMA foreign_keys = ON")
