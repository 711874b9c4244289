"""Sessions in an SQLite file, which all workers of a machine share."""

import os
import secrets
import sqlite3
import time
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager

import msgspec

from segue.core.ports import StoredSession
from segue.core.turns import Turns
from segue.security.sqlitefile import SQLiteFile

__all__ = ["SQLiteSessions"]

_SCHEMA = """
CREATE TABLE IF NOT EXISTS session (
    key TEXT PRIMARY KEY, data BLOB NOT NULL, created REAL NOT NULL, used REAL NOT NULL, until REAL NOT NULL,
    owner TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS session_owner ON session (owner) WHERE owner != '';
CREATE INDEX IF NOT EXISTS session_until ON session (until);
CREATE TABLE IF NOT EXISTS lock (key TEXT PRIMARY KEY, holder TEXT NOT NULL, until REAL NOT NULL) WITHOUT ROWID
"""
_LEASE = 90.0  # seconds after which the lock of a process that died is free
_data = msgspec.msgpack.Decoder(dict[str, bytes]).decode
_encode = msgspec.msgpack.Encoder().encode


class SQLiteSessions:
    """Keeps sessions in an SQLite file. ``Sessions("sessions.db")`` means this.

    The file and its table are made when they are needed, readable for their owner only.
    """

    def __init__(self, path: "str | os.PathLike[str]" = "sessions.db") -> None:
        self._file = SQLiteFile(path, _SCHEMA)
        self._turns = Turns()

    async def open(self) -> None:
        await self.sweep()

    async def close(self) -> None:
        await self._file.close()

    async def read(self, key: str) -> StoredSession | None:
        def work(connection: sqlite3.Connection) -> StoredSession | None:
            row = connection.execute(
                "SELECT data, created, used, owner FROM session WHERE key = ? AND until > ?",
                (key, time.time()),
            ).fetchone()
            return None if row is None else StoredSession(_data(row[0]), *row[1:])

        return await self._file.run(work, writes=False)

    async def create(self, key: str, session: StoredSession, keep: float) -> None:
        until = time.time() + keep
        row = (key, _encode(session.data), session.created, session.used, until, session.owner)
        await self._file.run(
            lambda connection: connection.execute(
                "INSERT OR REPLACE INTO session VALUES (?, ?, ?, ?, ?, ?)", row
            )
        )

    async def merge(self, key: str, changes: Mapping[str, bytes | None], used: float, keep: float) -> bool:
        def work(connection: sqlite3.Connection) -> bool:
            now = time.time()
            row = connection.execute(
                "SELECT data, used FROM session WHERE key = ? AND until > ?", (key, now)
            ).fetchone()
            if row is None:
                return False
            data = _data(row[0])
            for name, value in changes.items():
                if value is None:
                    data.pop(name, None)
                else:
                    data[name] = value
            connection.execute(
                "UPDATE session SET data = ?, used = ?, until = ? WHERE key = ?",
                (_encode(data), max(used, row[1]), now + keep, key),
            )
            return True

        return await self._file.run(work)

    async def delete(self, key: str) -> None:
        await self._file.run(
            lambda connection: connection.execute("DELETE FROM session WHERE key = ?", (key,))
        )

    async def owned(self, owner: str) -> dict[str, StoredSession]:
        def work(connection: sqlite3.Connection) -> dict[str, StoredSession]:
            rows = connection.execute(
                "SELECT key, data, created, used, owner FROM session WHERE owner = ? AND owner != '' AND until > ?",
                (owner, time.time()),
            )
            return {row[0]: StoredSession(_data(row[1]), *row[2:]) for row in rows}

        return await self._file.run(work, writes=False)

    @asynccontextmanager
    async def lock(self, key: str, wait: float) -> AsyncGenerator[None]:
        holder = secrets.token_hex(8)
        async with self._turns.taken(key, wait, lambda: self._take(key, holder)):
            try:
                yield
            finally:
                await self._file.run(
                    lambda connection: connection.execute(
                        "DELETE FROM lock WHERE key = ? AND holder = ?", (key, holder)
                    )
                )

    async def _take(self, key: str, holder: str) -> bool:
        now = time.time()

        def work(connection: sqlite3.Connection) -> bool:
            taken = connection.execute(
                "INSERT INTO lock VALUES (?, ?, ?) ON CONFLICT (key) DO UPDATE "
                "SET holder = excluded.holder, until = excluded.until WHERE lock.until < ? OR lock.until > ?",
                # One that ends later than any lease can was taken before the clock was set back.
                (key, holder, now + _LEASE, now, now + 2 * _LEASE),
            )
            return taken.rowcount > 0

        return await self._file.run(work)

    async def sweep(self) -> int:
        now = time.time()
        return await self._file.run(
            lambda connection: connection.execute("DELETE FROM session WHERE until < ?", (now,)).rowcount
        )
