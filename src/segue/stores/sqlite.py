"""The store in an SQLite file, which all workers of one machine share and which outlives them."""

import asyncio
import os
import sqlite3
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

from segue.stores.store import StoreDown

__all__ = ["SQLiteStore"]

T = TypeVar("T")

_SCHEMA = """
CREATE TABLE IF NOT EXISTS entries (key TEXT PRIMARY KEY, value, expires REAL, stored REAL NOT NULL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS entries_expires ON entries (expires);
CREATE INDEX IF NOT EXISTS entries_stored ON entries (stored);
"""
_SWEEP_EVERY = 256  # writes
_AT_ONCE = 1_000  # rows that are over, at a time: nobody waits long for it
_OLDEST = 64  # rows at a time, until the file is small enough


class SQLiteStore:
    """Keeps up to ``size`` bytes in a file, which only its owner may read.

    One thread does all the work, so that the loop never waits for a disk or for another worker's write.
    """

    shared = True

    def __init__(self, path: str | os.PathLike[str], size: int = 256 * 1024 * 1024) -> None:
        self._path = Path(path)
        self._size = size
        self._writes = 0
        self._connection: sqlite3.Connection | None = None
        self._thread: ThreadPoolExecutor | None = None

    async def get(self, key: str, renew: float | None = None) -> bytes | None:
        if renew is None:
            return (await self.get_many([key]))[0]

        def work(db: sqlite3.Connection) -> bytes | None:
            now = time.time()
            row = db.execute(
                "UPDATE entries SET expires = ? WHERE key = ? AND (expires IS NULL OR expires > ?) RETURNING value",
                (now + renew, key, now),
            ).fetchall()
            return None if not row else row[0][0]

        return await self._run(work)

    async def get_many(self, keys: Sequence[str]) -> list[bytes | None]:
        def work(db: sqlite3.Connection) -> list[bytes | None]:
            marks = ",".join("?" * len(keys))
            query = (
                f"SELECT key, value FROM entries WHERE key IN ({marks}) AND (expires IS NULL OR expires > ?)"  # noqa: S608 -- question marks
            )
            found = dict(db.execute(query, (*keys, time.time())).fetchall())
            return [found.get(key) for key in keys]

        return await self._run(work)

    async def set(self, key: str, value: bytes, seconds: float | None) -> None:
        def work(db: sqlite3.Connection) -> None:
            now = time.time()
            db.execute(
                "INSERT OR REPLACE INTO entries VALUES (?, ?, ?, ?)", (key, value, _until(now, seconds), now)
            )
            self._sweep(db, now)

        await self._run(work)

    async def add(self, key: str, value: bytes, seconds: float | None) -> bool:
        def work(db: sqlite3.Connection) -> bool:
            now = time.time()
            # One statement is at once: a row that is over counts as none.
            done = db.execute(
                "INSERT INTO entries VALUES (?1, ?2, ?3, ?4) ON CONFLICT (key) DO UPDATE SET value = ?2, expires = ?3, "
                "stored = ?4 WHERE entries.expires <= ?4",
                (key, value, _until(now, seconds), now),
            )
            self._sweep(db, now)
            return done.rowcount == 1

        return await self._run(work)

    async def swap(self, key: str, old: bytes, new: bytes, seconds: float | None) -> bool:
        def work(db: sqlite3.Connection) -> bool:
            now = time.time()
            done = db.execute(
                "UPDATE entries SET value = ?, expires = ?, stored = ? WHERE key = ? AND value = ? "
                "AND (expires IS NULL OR expires > ?)",
                (new, _until(now, seconds), now, key, old, now),
            )
            return done.rowcount == 1

        return await self._run(work)

    async def touch(self, key: str, seconds: float | None) -> bool:
        def work(db: sqlite3.Connection) -> bool:
            now = time.time()
            done = db.execute(
                "UPDATE entries SET expires = ? WHERE key = ? AND (expires IS NULL OR expires > ?)",
                (_until(now, seconds), key, now),
            )
            return done.rowcount == 1

        return await self._run(work)

    async def delete(self, keys: Sequence[str]) -> int:
        def work(db: sqlite3.Connection) -> int:
            now = time.time()
            query = "DELETE FROM entries WHERE key = ? AND (expires IS NULL OR expires > ?)"
            return db.executemany(query, [(key, now) for key in keys]).rowcount

        return await self._run(work) if keys else 0

    async def delete_if(self, key: str, value: bytes) -> bool:
        def work(db: sqlite3.Connection) -> bool:
            return db.execute("DELETE FROM entries WHERE key = ? AND value = ?", (key, value)).rowcount == 1

        return await self._run(work)

    async def increment(self, key: str, by: int, seconds: float | None) -> int:
        def work(db: sqlite3.Connection) -> int:
            now = time.time()
            row = db.execute(
                "INSERT INTO entries VALUES (?1, ?2, ?3, ?4) ON CONFLICT (key) DO UPDATE SET "
                "value = CASE WHEN expires <= ?4 THEN ?2 ELSE value + ?2 END, "
                "expires = CASE WHEN expires <= ?4 THEN ?3 ELSE expires END RETURNING value",
                (key, by, _until(now, seconds), now),
            ).fetchall()
            return int(row[0][0])

        return await self._run(work)

    async def clear(self, prefix: str = "") -> None:
        def work(db: sqlite3.Connection) -> None:
            # Keys are ASCII: nothing that begins with the prefix comes after this.
            db.execute("DELETE FROM entries WHERE key >= ? AND key < ?", (prefix, prefix + "\x7f"))

        await self._run(work)

    async def delete_expired(self) -> int:
        def work(db: sqlite3.Connection) -> int:
            return db.execute("DELETE FROM entries WHERE expires <= ?", (time.time(),)).rowcount

        return await self._run(work)

    async def close(self) -> None:
        thread, self._thread = self._thread, None
        if thread is not None:
            await asyncio.wrap_future(thread.submit(self._disconnect))
            thread.shutdown(wait=False)

    async def _run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1, "segue-cache")
        return await asyncio.wrap_future(self._thread.submit(self._work, work))

    def _work(self, work: Callable[[sqlite3.Connection], T]) -> T:
        try:
            if self._connection is None:
                self._connection = self._connect()
            return work(self._connection)
        except (sqlite3.Error, OSError) as error:
            self._disconnect()  # the file may be another one next time
            raise StoreDown(f"{self._path}: {error}") from error

    def _connect(self) -> sqlite3.Connection:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(self._path, os.O_CREAT | os.O_RDWR, 0o600))
        db = sqlite3.connect(self._path, timeout=2.0, isolation_level=None, check_same_thread=False)
        try:
            # A cache that a power cut takes away is no loss; a page that waits for the disk is one.
            for statement in ("PRAGMA journal_mode = WAL", "PRAGMA synchronous = OFF", *_SCHEMA.split(";")):
                db.execute(statement)
        except BaseException:
            db.close()
            raise
        return db

    def _disconnect(self) -> None:
        db, self._connection = self._connection, None
        if db is not None:
            db.close()

    def _sweep(self, db: sqlite3.Connection, now: float) -> None:
        """Takes away what is over, and the oldest where the file is too large; now and then."""
        self._writes += 1
        if self._writes % _SWEEP_EVERY:
            return
        db.execute(
            "DELETE FROM entries WHERE key IN (SELECT key FROM entries WHERE expires <= ? LIMIT ?)",
            (now, _AT_ONCE),
        )
        size = _number(db, "PRAGMA page_size")
        while (_number(db, "PRAGMA page_count") - _number(db, "PRAGMA freelist_count")) * size > self._size:
            gone = db.execute(
                "DELETE FROM entries WHERE key IN (SELECT key FROM entries ORDER BY stored LIMIT ?)",
                (_OLDEST,),
            )
            if not gone.rowcount:
                return


def _number(db: sqlite3.Connection, query: str) -> int:
    row: Any = db.execute(query).fetchone()
    return int(row[0])


def _until(now: float, seconds: float | None) -> float | None:
    return None if seconds is None else now + seconds
