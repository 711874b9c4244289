"""Peewee, sync: psycopg 3, sqlite3."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import msgspec
import peewee as pw
from playhouse.sqlite_ext import SqliteDatabase

NAMES = ("id", "title", "year", "rating", "colour", "released", "director_id")
proxy: Any = pw.DatabaseProxy()


class Base(pw.Model):
    class Meta:
        database = proxy


class Director(Base):
    id = pw.BigAutoField()
    name = pw.CharField(80)


class Film(Base):
    id = pw.BigAutoField()
    title = pw.CharField(200)
    year = pw.IntegerField()
    rating = pw.DoubleField()
    colour = pw.BooleanField()
    released = pw.DateTimeField()
    director = pw.ForeignKeyField(Director)


class Award(Base):
    id = pw.BigAutoField()
    name = pw.CharField(80)
    year = pw.IntegerField()
    film = pw.ForeignKeyField(Film, backref="awards")


class Peer:
    def __init__(self, database: str, url: str) -> None:
        parts = urlsplit(url)
        if database == "sqlite":
            self.database: Any = SqliteDatabase(url.removeprefix("sqlite:///"))
        else:
            self.database = pw.PostgresqlDatabase(
                parts.path[1:], host=parts.hostname, port=parts.port, user=parts.username
            )
        proxy.initialize(self.database)

    def open(self) -> None:
        self.database.connect()

    def get(self, number: int) -> str:
        return Film.get_by_id(1 + number % 1000).title

    def rows(self, number: int) -> int:
        return len(list(Film.select()))

    def reply(self, number: int) -> bytes:
        rows = Film.select().order_by(Film.id).limit(1000).tuples()
        return msgspec.json.encode([dict(zip(NAMES, row, strict=True)) for row in rows])

    def load(self, number: int) -> int:
        films = list(Film.select(Film, Director).join(Director).order_by(Film.id).limit(20))
        awards: dict[int, list[Any]] = {film.id: [] for film in films}
        for award in Award.select().where(Award.film.in_(list(awards))).order_by(Award.id):
            awards[award.film_id].append(award)
        return sum(len(awards[film.id]) for film in films if film.director.name)

    def insert(self, number: int) -> int:
        rows = [Award(name=f"Award {at}", year=2000, film=1 + at % 1000) for at in range(1000)]
        with self.database.atomic() as transaction:
            Award.bulk_create(rows, batch_size=500)
            transaction.rollback()
        return len(rows)
