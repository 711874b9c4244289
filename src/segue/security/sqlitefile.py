"""An SQLite file that several processes share: one thread of each works with it (WAL, busy timeout, mode 0600)."""

import asyncio
import os
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from segue.http.errors import ServiceUnavailable

__all__ = ["SQLiteFile"]

T = TypeVar("T")

_BUSY = 5.0
_TEMPORARY = ("locked", "busy", "full", "disk i/o")


class SQLiteFile:
    """One file with its tables. ``schema``: statements that make them, if they are not there."""

    def __init__(self, path: "str | os.PathLike[str]", schema: str) -> None:
        self.path = Path(path)
        self._schema = schema
        self._executor: ThreadPoolExecutor | None = None
        self._connection: sqlite3.Connection | None = None
        self._process = 0

    async def run(self, work: Callable[[sqlite3.Connection], T], *, writes: bool = True) -> T:
        """The result of ``work``, in a transaction of its own if it writes. Raises ServiceUnavailable (503) when the file
        is locked for too long, or the disk is full.
        """
        if self._process != os.getpid():  # a fork does not share connections
            self._executor, self._connection, self._process = None, None, os.getpid()
        executor = self._executor
        if executor is None:
            executor = self._executor = ThreadPoolExecutor(1, "segue-sqlite")
        try:
            return await asyncio.get_running_loop().run_in_executor(executor, self._work, work, writes)
        except sqlite3.OperationalError as error:
            if any(word in str(error).lower() for word in _TEMPORARY):
                raise ServiceUnavailable(f"{self.path.name} cannot be written now.", retry_after=1) from error
            raise

    async def close(self) -> None:
        """Closes the file; the next :meth:`run` opens it again."""
        executor, self._executor = self._executor, None
        if executor is not None:
            await asyncio.get_running_loop().run_in_executor(executor, self._disconnect)
            executor.shutdown(wait=False)

    def _work(self, work: Callable[[sqlite3.Connection], T], writes: bool) -> T:
        connection = self._connection or self._connect()
        if not writes:
            return work(connection)
        connection.execute("BEGIN IMMEDIATE")
        try:
            result = work(connection)
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
        return result

    def _connect(self) -> sqlite3.Connection:
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        # Made before SQLite does, whatever the umask is: nobody else may read it. Its other files follow its mode.
        os.close(os.open(self.path, os.O_CREAT | os.O_RDWR | getattr(os, "O_CLOEXEC", 0), 0o600))
        connection = sqlite3.connect(self.path, timeout=_BUSY, isolation_level=None, check_same_thread=False)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        for statement in self._schema.split(";"):
            if statement.strip():
                connection.execute(statement)
        self._connection = connection
        return connection

    def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()
