"""SQLAlchemy's ORM, async: asyncpg, aiosqlite."""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine
from sqlalchemy.orm import joinedload, selectinload

from data.peers.sqlalchemy_tables import Award, Film

NAMES = ("id", "title", "year", "rating", "colour", "released", "director_id")


class Peer:
    def __init__(self, database: str, url: str) -> None:
        driver = "postgresql+asyncpg" if database == "postgresql" else "sqlite+aiosqlite"
        self.engine = create_async_engine(f"{driver}:{url.partition(':')[2]}")
        self.session = async_sessionmaker(self.engine, expire_on_commit=False)

    async def open(self) -> None:
        pass

    async def get(self, number: int) -> str:
        async with self.session() as session:
            film = await session.get(Film, 1 + number % 1000)
            return film.title

    async def rows(self, number: int) -> int:
        async with self.session() as session:
            return len((await session.scalars(select(Film))).all())

    async def reply(self, number: int) -> bytes:
        async with self.session() as session:
            films = (await session.scalars(select(Film).order_by(Film.id).limit(1000))).all()
            return msgspec.json.encode([{name: getattr(film, name) for name in NAMES} for film in films])

    async def _loaded(self, session: Any) -> Any:
        query = select(Film).options(joinedload(Film.director), selectinload(Film.awards))
        return (await session.scalars(query.order_by(Film.id).limit(20))).all()

    async def load(self, number: int) -> int:
        async with self.session() as session:
            return sum(len(film.awards) for film in await self._loaded(session) if film.director.name)

    async def nested(self, number: int) -> bytes:
        async with self.session() as session:
            return msgspec.json.encode(
                [
                    {
                        **{name: getattr(film, name) for name in NAMES},
                        "director": {"id": film.director.id, "name": film.director.name},
                        "awards": [
                            {"id": one.id, "name": one.name, "year": one.year, "film_id": one.film_id}
                            for one in film.awards
                        ],
                    }
                    for film in await self._loaded(session)
                ]
            )

    async def insert(self, number: int) -> int:
        async with self.session() as session:
            rows = [{"name": f"Award {at}", "year": 2000, "film_id": 1 + at % 1000} for at in range(1000)]
            made = (await session.scalars(insert(Award).returning(Award), rows)).all()
            await session.rollback()
            return len(made)
