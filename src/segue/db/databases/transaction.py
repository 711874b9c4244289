"""Transactions: all or nothing, savepoints inside, and what is done once they are committed."""

import asyncio
import inspect
import itertools
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from contextvars import Token
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self
from uuid import uuid4

from segue.core.threads import wait
from segue.db.errors import ConfigurationError

if TYPE_CHECKING:
    from segue.db.databases.database import Database
    from segue.db.engine.contract import Connection, Isolation

__all__ = ["Transaction", "on_commit"]

logger = logging.getLogger("segue.db")
_names = itertools.count(1)


class Transaction:
    """A block in which all statements happen, or none.

        async with db.transaction():
            await source.save()
            await target.save()

    Inside another it is a savepoint. Tasks that are started in it share it, one statement at a time.
    """

    #: Whether it is that of a test, in which everybody is.
    shared = False

    def __init__(
        self,
        database: "Database",
        *,
        isolation: "Isolation | None" = None,
        read_only: bool = False,
        own: bool = False,
        lazy: bool = False,
    ) -> None:
        self.database = database
        self.isolation: Isolation | None = isolation
        self.read_only = read_only
        self._own = own
        self._lazy = lazy
        #: Whether reads before the first write need no transaction.
        self.reads_outside = False
        self._open = False
        self._name = ""
        #: What failed in it because of others: the same work may succeed if it is done again.
        self.retry: Exception | None = None
        self._outer: Transaction | None = None
        self._connection: Connection | None = None
        self._lent: AbstractAsyncContextManager[Connection] | None = None
        self._savepoint: str | None = None
        self._token: Token[Transaction | None] | None = None
        self._lock = asyncio.Lock()
        self._before: list[Callable[[], Any]] = []
        self._after: list[Callable[[], Any]] = []
        self._undone: list[Callable[[], Any]] = []

    async def __aenter__(self) -> Self:
        outer = self._around()
        await self._begin(outer)
        self._token = self.database._transaction.set(self)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if error is None and self._before:
            try:
                await self._finish()
            except BaseException as failed:
                await self.__aexit__(type(failed), failed, failed.__traceback__)
                raise
        if self._token is not None:
            self.database._transaction.reset(self._token)
        await self._end(error)

    def __enter__(self) -> Self:
        """The same for code that is not async: ``with db.transaction():`` in a ``def`` handler, with ``segue.wait`` inside."""
        outer = self._around()
        wait(self._begin(outer))
        self._token = self.database._transaction.set(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if error is None and self._before:
            try:
                wait(self._finish())
            except BaseException as failed:
                self.__exit__(type(failed), failed, failed.__traceback__)
                raise
        if self._token is not None:
            self.database._transaction.reset(self._token)
        wait(self._end(error))

    def _around(self) -> "Transaction | None":
        """The transaction that it is in."""
        outer = self.database._transaction.get()
        if not self._own:
            return outer
        root = outer
        while root is not None and root._outer is not None:
            root = root._outer
        # In a test there is one connection for all.
        return outer if root is not None and root.shared else None

    async def _begin(self, outer: "Transaction | None") -> None:
        if self._open:
            raise RuntimeError("this transaction is open: db.transaction() makes another one")
        if outer is not None:
            if self.isolation is not None and self.isolation != outer.isolation and not outer.shared:
                raise ConfigurationError(
                    f"a transaction inside another one is a savepoint and cannot be {self.isolation!r}: say so of the outer one"
                )
            self._outer = outer
            self._lock = outer._lock
            self.isolation = outer.isolation
            self._savepoint = f"segue_{next(_names)}"
            await outer._enter()
            try:
                async with self._lock:
                    connection = outer._connection or await outer._connected()
                    await connection.savepoint(self._savepoint)
            except BaseException:
                outer._leave()
                raise
            self._connection = connection
            self._told(f"SAVEPOINT {self._savepoint}")
        elif not self._lazy:
            await self._connected()
        self._open = True

    async def _enter(self) -> None:
        """Lets a savepoint in."""

    def _leave(self) -> None:
        """Is told that a savepoint has ended."""

    async def _connected(self) -> "Connection":
        """The connection, with the transaction begun on it."""
        lent = self.database.engine.connection(write=not self.read_only)
        connection = await lent.__aenter__()
        try:
            await self._begin_on(connection)
        except BaseException as error:
            await lent.__aexit__(type(error), error, error.__traceback__)
            raise
        self._lent, self._connection = lent, connection
        # Who shares a connection between loops brings a lock that knows them all.
        self._lock = getattr(connection, "turn", self._lock)
        self._told("BEGIN")
        return connection

    async def _begin_on(self, connection: "Connection") -> None:
        await connection.begin(isolation=self.isolation, read_only=self.read_only)

    async def _commit_on(self, connection: "Connection") -> None:
        await connection.commit()
        self._told("COMMIT")

    async def _rollback_on(self, connection: "Connection") -> None:
        if connection.in_transaction:
            await connection.rollback()
            self._told("ROLLBACK")

    async def _end(self, error: BaseException | None) -> None:
        self._open = False
        connection = self._connection
        try:
            if connection is None:
                pass  # nobody asked for anything
            elif self._savepoint is not None:
                async with self._lock:
                    if error is None:
                        await connection.release(self._savepoint)
                    elif connection.in_transaction:
                        await connection.rollback_to(self._savepoint)
            elif error is None:
                await self._commit_on(connection)
            else:
                await self._rollback_on(connection)
        except BaseException as failed:
            self._failed(failed)
            self._connection = None
            if self._outer is not None:
                self._outer._leave()
            if self._lent is not None:
                await self._lent.__aexit__(type(failed), failed, failed.__traceback__)
            self._undo()
            raise
        self._connection = None
        if self._outer is not None:
            self._outer._leave()
        if self._lent is not None:
            kind = None if error is None else type(error)
            await self._lent.__aexit__(kind, error, None if error is None else error.__traceback__)
        if error is not None:
            self._undo()
        elif self._outer is not None and not self._outer.shared:
            self._outer._before += self._before
            self._outer._after += self._after
            self._outer._undone += self._undone
        else:
            await _called(self._after)

    @property
    def name(self) -> str:
        """A name that the outermost transaction and all savepoints in it share, and no other."""
        outer = self._outer
        if outer is not None and not outer.shared:
            return outer.name
        if not self._name:
            self._name = uuid4().hex
        return self._name

    @property
    def connection(self) -> "Connection":
        """The connection that it runs on."""
        if self._connection is None:
            raise RuntimeError("this transaction has ended, or has not begun")
        return self._connection

    async def fetch(self, sql: str, args: Sequence[Any], *, write: bool = False) -> Sequence[Any]:
        """The rows of a statement. ``write``: it changes something."""
        if self.reads_outside and self._connection is None and not write and self._open:
            return await self.database.engine.fetch(sql, args)
        log = self.database._log
        began = None if log is None else log.begin()
        async with self._lock:
            connection = self._connection or await self._wanted()
            try:
                rows = await connection.fetch(sql, args)
            except Exception as error:
                self._failed(error)
                raise
        if began is not None and log is not None:
            log.end(began, sql, args, len(rows))
        return rows

    async def execute(self, sql: str, args: Sequence[Any]) -> int:
        """How many rows a statement changed."""
        log = self.database._log
        began = None if log is None else log.begin()
        async with self._lock:
            connection = self._connection or await self._wanted()
            try:
                count = await connection.execute(sql, args)
            except Exception as error:
                self._failed(error)
                raise
        if began is not None and log is not None:
            log.end(began, sql, args, count)
        return count

    async def stream(self, sql: str, args: Sequence[Any], size: int) -> AsyncIterator[Sequence[Any]]:
        """The rows of a statement, ``size`` at a time. Other statements may run between them."""
        if self._connection is None:
            async with self._lock:
                await self._wanted()
        found = self.connection.stream(sql, args, size)
        try:
            async for rows in found:
                yield rows
        finally:
            await found.aclose()

    def before_commit(self, function: Callable[[], Any]) -> None:
        """Calls a function when the outermost transaction is about to be committed. What it raises rolls all back."""
        self._before.append(function)

    async def _finish(self) -> None:
        """Calls what waited for the end; it may add more."""
        if self._outer is not None and not self._outer.shared:
            return
        while self._before:
            found = self._before.pop(0)()
            if inspect.isawaitable(found):
                await found

    async def _wanted(self) -> "Connection":
        """The connection of a transaction that begins when it is needed."""
        if not self._open:
            raise RuntimeError("this transaction has ended, or has not begun")
        return await self._connected()

    def _failed(self, error: BaseException) -> None:
        if getattr(error, "retry", False) and isinstance(error, Exception):
            one: Transaction | None = self
            while one is not None:
                one.retry, one = error, one._outer

    def _told(self, sql: str) -> None:
        if self.database._log is not None:
            self.database._log.control(sql)

    def on_commit(self, function: Callable[[], Any]) -> None:
        """Calls a function once the outermost transaction is committed."""
        self._after.append(function)

    @property
    def later(self) -> "Callable[[Callable[[], Any]], None] | None":
        """:meth:`on_commit`, while there is a commit to come: not when it has ended, nor in that of a test, which never does."""
        return self.on_commit if self._open and not self.shared else None

    def on_rollback(self, function: Callable[[], None]) -> None:
        """Calls a function if this is rolled back: what objects in memory have to take back."""
        self._undone.append(function)

    def _undo(self) -> None:
        for function in reversed(self._undone):
            function()
        self._undone.clear()
        self._before.clear()
        self._after.clear()


def on_commit(database: "Database", function: Callable[[], Any]) -> None:
    """Calls a function when the transaction around this is committed; soon, if there is none."""
    transaction = database._transaction.get()
    if transaction is not None and not transaction.shared:
        transaction.on_commit(function)
        return
    found = function()
    if inspect.isawaitable(found):
        task = asyncio.ensure_future(found)
        _tasks.add(task)
        task.add_done_callback(_tasks.discard)


_tasks: set[asyncio.Future[Any]] = set()


async def _called(functions: Sequence[Callable[[], Any]]) -> None:
    """Calls what waited for the commit. What fails does not undo it, and does not keep the rest from being called."""
    for function in functions:
        try:
            found = function()
            if inspect.isawaitable(found):
                await found
        except Exception:
            logger.exception("on_commit: %r failed after the transaction was committed", function)
