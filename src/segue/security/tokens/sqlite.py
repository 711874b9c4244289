"""Sign-ins by tokens in an SQLite file, which all workers of a machine share."""

import os
import sqlite3
import time
from collections.abc import Sequence

from segue.security.sqlitefile import SQLiteFile
from segue.security.tokens.families import Family

__all__ = ["SQLiteFamilies"]

_SCHEMA = """
CREATE TABLE IF NOT EXISTS family (
    id TEXT PRIMARY KEY, owner TEXT NOT NULL, scopes TEXT NOT NULL, step INTEGER NOT NULL, until REAL NOT NULL, used REAL NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS family_owner ON family (owner);
CREATE INDEX IF NOT EXISTS family_until ON family (until)
"""
_COLUMNS = "id, owner, scopes, step, until, used"


class SQLiteFamilies:
    """Keeps them in a file. ``TokenAuth(store="tokens.db")`` means this."""

    def __init__(self, path: "str | os.PathLike[str]" = "tokens.db") -> None:
        self._file = SQLiteFile(path, _SCHEMA)

    async def open(self) -> None:
        await self.sweep()

    async def close(self) -> None:
        await self._file.close()

    async def sweep(self) -> int:
        now = time.time()
        return await self._changed("DELETE FROM family WHERE until < ?", (now,))

    async def add(self, family: Family) -> None:
        row = (family.id, family.owner, " ".join(family.scopes), family.step, family.until, family.used)
        await self._changed(f"INSERT INTO family ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?)", row)  # noqa: S608 -- our own words

    async def read(self, id: str) -> Family | None:
        found = await self._rows("id = ? AND until >= ?", (id, time.time()))
        return found[0] if found else None

    async def advance(self, id: str, step: int, now: float) -> bool:
        changed = await self._changed(
            "UPDATE family SET step = step + 1, used = ? WHERE id = ? AND step = ?", (now, id, step)
        )
        return changed == 1

    async def end(self, id: str) -> None:
        await self._changed("DELETE FROM family WHERE id = ?", (id,))

    async def end_all(self, owner: str) -> int:
        return await self._changed("DELETE FROM family WHERE owner = ?", (owner,))

    async def of(self, owner: str) -> Sequence[Family]:
        return await self._rows("owner = ? AND until >= ?", (owner, time.time()))

    async def _changed(self, sql: str, values: tuple[object, ...]) -> int:
        return await self._file.run(lambda connection: connection.execute(sql, values).rowcount)

    async def _rows(self, condition: str, values: tuple[object, ...]) -> list[Family]:
        sql = f"SELECT {_COLUMNS} FROM family WHERE {condition}"  # noqa: S608 -- our own words

        def work(connection: sqlite3.Connection) -> list[Family]:
            rows = connection.execute(sql, values).fetchall()
            return [Family(one[0], one[1], tuple(one[2].split()), *one[3:]) for one in rows]

        return await self._file.run(work, writes=False)
