"""Piccolo: asyncpg, aiosqlite."""

from __future__ import annotations

from urllib.parse import urlsplit

import msgspec
from piccolo.columns import (
    BigInt,
    BigSerial,
    Boolean,
    DoublePrecision,
    ForeignKey,
    Integer,
    Timestamptz,
    Varchar,
)
from piccolo.engine.postgres import PostgresEngine
from piccolo.engine.sqlite import SQLiteEngine
from piccolo.table import Table


class Director(Table, tablename="director"):
    id = BigSerial(primary_key=True)
    name = Varchar(80)


class Film(Table, tablename="film"):
    id = BigSerial(primary_key=True)
    title = Varchar(200)
    year = Integer()
    rating = DoublePrecision()
    colour = Boolean()
    released = Timestamptz()
    director_id = BigInt()
    director = ForeignKey(Director, db_column_name="director_id")


class Award(Table, tablename="award"):
    id = BigSerial(primary_key=True)
    name = Varchar(80)
    year = Integer()
    film_id = BigInt()


COLUMNS = (Film.id, Film.title, Film.year, Film.rating, Film.colour, Film.released, Film.director_id)


class Peer:
    def __init__(self, database: str, url: str) -> None:
        parts = urlsplit(url)
        if database == "sqlite":
            self.engine = SQLiteEngine(path=url.removeprefix("sqlite:///"))
        else:
            self.engine = PostgresEngine(
                {
                    "host": parts.hostname,
                    "port": parts.port,
                    "user": parts.username,
                    "database": parts.path[1:],
                }
            )
        for table in (Director, Film, Award):
            table._meta._db = self.engine

    async def open(self) -> None:
        if isinstance(self.engine, PostgresEngine):
            await self.engine.start_connection_pool(min_size=1, max_size=4)

    async def get(self, number: int) -> str:
        return (await Film.objects(*()).where(Film.id == 1 + number % 1000).first()).title

    async def rows(self, number: int) -> int:
        return len(await Film.objects())

    async def reply(self, number: int) -> bytes:
        return msgspec.json.encode(await Film.select(*COLUMNS).order_by(Film.id).limit(1000))

    async def insert(self, number: int) -> int:
        class Undo(Exception):
            pass

        rows = [Award(name=f"Award {at}", year=2000, film_id=1 + at % 1000) for at in range(1000)]
        try:
            async with self.engine.transaction():
                await Award.insert(*rows)
                raise Undo
        except Undo:
            return len(rows)
