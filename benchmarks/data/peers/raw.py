"""The drivers themselves: asyncpg, sqlite3; JSON by msgspec."""

from __future__ import annotations

import sqlite3
from typing import Any

import msgspec

COLUMNS = "id, title, year, rating, colour, released, director_id"


class Peer:
    def __init__(self, database: str, url: str) -> None:
        self.url = url
        if database == "sqlite":
            self.fetch: Any = self._sqlite
            self.connection: Any = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)
            self.mark, self.marks = "?", "?, ?, ?"
        else:
            self.fetch = self._postgresql
            self.mark, self.marks = "$1", "$1, $2, $3"

    async def open(self) -> None:
        if self.mark == "$1":
            import asyncpg

            self.connection = await asyncpg.connect(self.url)

    async def _sqlite(self, sql: str, *args: Any) -> list[Any]:
        return self.connection.execute(sql, args).fetchall()

    async def _postgresql(self, sql: str, *args: Any) -> list[Any]:
        return await self.connection.fetch(sql, *args)

    async def get(self, number: int) -> str:
        return (await self.fetch(f"SELECT {COLUMNS} FROM film WHERE id = {self.mark}", 1 + number % 1000))[0][
            1
        ]

    async def rows(self, number: int) -> int:
        return len(await self.fetch(f"SELECT {COLUMNS} FROM film"))

    async def reply(self, number: int) -> bytes:
        rows = await self.fetch(f"SELECT {COLUMNS} FROM film ORDER BY id LIMIT 1000")
        names = COLUMNS.split(", ")
        return msgspec.json.encode([dict(zip(names, row, strict=True)) for row in rows])

    async def nested(self, number: int) -> bytes:
        return msgspec.json.encode(await self._nested())

    async def load(self, number: int) -> int:
        return sum(len(film["awards"]) for film in await self._nested())

    async def _nested(self) -> list[dict[str, Any]]:
        rows = await self.fetch(
            f"SELECT {', '.join(f'f.{one}' for one in COLUMNS.split(', '))}, d.id, d.name FROM film f "
            "JOIN director d ON d.id = f.director_id ORDER BY f.id LIMIT 20"
        )
        names = COLUMNS.split(", ")
        films = {
            row[0]: {
                **dict(zip(names, row, strict=False)),
                "director": {"id": row[7], "name": row[8]},
                "awards": [],
            }
            for row in rows
        }
        if self.mark == "?":
            awards = await self.fetch(
                f"SELECT id, name, year, film_id FROM award WHERE film_id IN ({', '.join('?' * len(films))}) ORDER BY id",
                *films,
            )
        else:
            awards = await self.fetch(
                "SELECT id, name, year, film_id FROM award WHERE film_id = ANY($1::bigint[]) ORDER BY id",
                list(films),
            )
        for key, name, year, film in awards:
            films[film]["awards"].append({"id": key, "name": name, "year": year, "film_id": film})
        return list(films.values())

    async def insert(self, number: int) -> int:
        rows = [(f"Award {at}", 2000, 1 + at % 1000) for at in range(1000)]
        sql = f"INSERT INTO award (name, year, film_id) VALUES ({self.marks})"
        if self.mark == "?":
            self.connection.execute("BEGIN")
            self.connection.executemany(sql, rows)
            self.connection.execute("ROLLBACK")
        else:
            transaction = self.connection.transaction()
            await transaction.start()
            await self.connection.executemany(sql, rows)
            await transaction.rollback()
        return len(rows)
