"""Counts in an SQLite file, which all workers of a machine share: exact, without a server for it."""

import os
import sqlite3
import time

import msgspec

from segue.security.limits.rate import Allowance, Entry, Rate, decide
from segue.security.sqlitefile import SQLiteFile

__all__ = ["SQLiteCounts"]

_SCHEMA = """
CREATE TABLE IF NOT EXISTS taken (key TEXT PRIMARY KEY, log BLOB NOT NULL, until REAL NOT NULL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS taken_until ON taken (until)
"""
_read = msgspec.msgpack.Decoder(list[Entry]).decode
_write = msgspec.msgpack.Encoder().encode


class SQLiteCounts:
    """Counts in a file. ``Limiter("limits.db")`` means this."""

    def __init__(self, path: "str | os.PathLike[str]" = "limits.db") -> None:
        self._file = SQLiteFile(path, _SCHEMA)

    async def open(self) -> None:
        await self.sweep()

    async def close(self) -> None:
        await self._file.close()

    async def take(self, key: str, rate: Rate, cost: int) -> Allowance:
        def work(connection: sqlite3.Connection) -> Allowance:
            row = connection.execute("SELECT log FROM taken WHERE key = ?", (key,)).fetchone()
            # The clock is read while the file is ours: another worker cannot have written a later time.
            now = time.time()
            allowance, log = decide([] if row is None else _read(row[0]), rate, now, cost)
            if allowance.allowed:
                connection.execute(
                    "INSERT OR REPLACE INTO taken VALUES (?, ?, ?)", (key, _write(log), now + allowance.reset)
                )
            return allowance

        return await self._file.run(work)

    async def forget(self, key: str) -> None:
        await self._file.run(lambda connection: connection.execute("DELETE FROM taken WHERE key = ?", (key,)))

    async def sweep(self) -> int:
        now = time.time()
        return await self._file.run(
            lambda connection: connection.execute("DELETE FROM taken WHERE until < ?", (now,)).rowcount
        )
