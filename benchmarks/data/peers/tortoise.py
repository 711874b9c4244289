"""Tortoise ORM: asyncpg, aiosqlite."""

from __future__ import annotations

from typing import Any

import msgspec
from tortoise import Tortoise, fields
from tortoise.models import Model
from tortoise.transactions import in_transaction

NAMES = ("id", "title", "year", "rating", "colour", "released", "director_id")


class Director(Model):
    id = fields.BigIntField(primary_key=True)
    name = fields.CharField(80)

    class Meta:
        table = "director"


class Film(Model):
    id = fields.BigIntField(primary_key=True)
    title = fields.CharField(200)
    year = fields.IntField()
    rating = fields.FloatField()
    colour = fields.BooleanField()
    released = fields.DatetimeField()
    director: Any = fields.ForeignKeyField("models.Director", related_name="films")

    class Meta:
        table = "film"


class Award(Model):
    id = fields.BigIntField(primary_key=True)
    name = fields.CharField(80)
    year = fields.IntField()
    film: Any = fields.ForeignKeyField("models.Film", related_name="awards")

    class Meta:
        table = "award"


class Peer:
    def __init__(self, database: str, url: str) -> None:
        self.url = url.replace("postgresql:", "asyncpg:").replace("sqlite:///", "sqlite:///")

    async def open(self) -> None:
        await Tortoise.init(db_url=self.url, modules={"models": [__name__]}, use_tz=True)

    async def get(self, number: int) -> str:
        return (await Film.get(id=1 + number % 1000)).title

    async def rows(self, number: int) -> int:
        return len(await Film.all())

    async def reply(self, number: int) -> bytes:
        return msgspec.json.encode(await Film.all().order_by("id").limit(1000).values(*NAMES))

    async def load(self, number: int) -> int:
        films = (
            await Film.all().order_by("id").limit(20).select_related("director").prefetch_related("awards")
        )
        return sum(len(film.awards) for film in films if film.director.name)

    async def nested(self, number: int) -> bytes:
        films = (
            await Film.all().order_by("id").limit(20).select_related("director").prefetch_related("awards")
        )
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
                for film in films
            ]
        )

    async def insert(self, number: int) -> int:
        class Undo(Exception):
            pass

        rows = [Award(name=f"Award {at}", year=2000, film_id=1 + at % 1000) for at in range(1000)]
        try:
            async with in_transaction():
                await Award.bulk_create(rows)
                raise Undo
        except Undo:
            return len(rows)
