"""Segue."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from segue.core.binding.json_codec import DEFAULT_JSON
from segue.db import Database, Field, Many, Model, Ref, field


class Director(Model):
    name: Field[str] = field(max_length=80)


class Film(Model):
    title: Field[str] = field(max_length=200)
    year: Field[int] = field(bits=32)
    rating: Field[float]
    colour: Field[bool]
    released: Field[datetime]
    director: Ref[Director]
    awards: Many[Award]


class Award(Model):
    name: Field[str] = field(max_length=80)
    year: Field[int] = field(bits=32)
    film: Ref[Film]


class Peer:
    def __init__(self, database: str, url: str) -> None:
        self.db = Database(url, models=[Director, Film, Award])

    async def open(self) -> None:
        await self.db.open()

    async def get(self, number: int) -> str:
        return (await Film.get(1 + number % 1000)).title

    async def rows(self, number: int) -> int:
        return len(await Film.all())

    async def reply(self, number: int) -> bytes:
        return await _body(Film.order_by(Film.id).limit(1000))

    async def load(self, number: int) -> int:
        films = await Film.order_by(Film.id).limit(20).load(Film.director, Film.awards)
        return sum(len(film.awards) for film in films if film.director.name)

    async def nested(self, number: int) -> bytes:
        return await _body(Film.order_by(Film.id).limit(20).load(Film.director, Film.awards))

    async def insert(self, number: int) -> int:
        class Undo(Exception):
            pass

        try:
            async with self.db.transaction():
                made = await Award.create_many(
                    [Award(name=f"Award {at}", year=2000, film_id=1 + at % 1000) for at in range(1000)]
                )
                raise Undo
        except Undo:
            return len(made)


async def _body(query: Any) -> bytes:
    """What a handler that returns the query sends."""
    body = await query.__json_body__(Any, DEFAULT_JSON)
    if body is None:
        return DEFAULT_JSON.encode(await query)
    return body if isinstance(body, bytes) else b"".join([piece async for piece in body])
