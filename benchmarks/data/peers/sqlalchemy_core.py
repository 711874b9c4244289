"""SQLAlchemy's Core, async: rows, no objects."""

from __future__ import annotations

import msgspec
from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import create_async_engine

from data.peers.sqlalchemy_tables import Award, Film

FILM = Film.__table__
AWARD = Award.__table__


class Peer:
    def __init__(self, database: str, url: str) -> None:
        driver = "postgresql+asyncpg" if database == "postgresql" else "sqlite+aiosqlite"
        self.engine = create_async_engine(f"{driver}:{url.partition(':')[2]}")

    async def open(self) -> None:
        pass

    async def get(self, number: int) -> str:
        async with self.engine.connect() as connection:
            return (await connection.execute(select(FILM).where(FILM.c.id == 1 + number % 1000))).one().title

    async def rows(self, number: int) -> int:
        async with self.engine.connect() as connection:
            return len((await connection.execute(select(FILM))).all())

    async def reply(self, number: int) -> bytes:
        async with self.engine.connect() as connection:
            rows = (await connection.execute(select(FILM).order_by(FILM.c.id).limit(1000))).mappings()
            return msgspec.json.encode([dict(row) for row in rows])

    async def insert(self, number: int) -> int:
        async with self.engine.connect() as connection:
            rows = [{"name": f"Award {at}", "year": 2000, "film_id": 1 + at % 1000} for at in range(1000)]
            await connection.execute(insert(AWARD), rows)
            await connection.rollback()
            return len(rows)
