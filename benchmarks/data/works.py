"""What each peer is asked to do, and how often in one measurement."""

from __future__ import annotations

from typing import NamedTuple


class DataWork(NamedTuple):
    """A work: how often it is done in one measurement, and what it is for people."""

    times: int
    told: str


WORKS = {
    "get": DataWork(3000, "an object by its key"),
    "rows": DataWork(60, "1,000 rows to objects"),
    "reply": DataWork(60, "1,000 rows to JSON"),
    "load": DataWork(200, "20 objects with one related object and a list of others each"),
    "nested": DataWork(200, "the same to JSON"),
    "insert": DataWork(10, "1,000 objects inserted"),
}

PEERS = {
    "raw": "the driver: asyncpg, sqlite3",
    "segue": "Segue",
    "sqlalchemy_core": "SQLAlchemy Core, async",
    "sqlalchemy_orm": "SQLAlchemy ORM, async",
    "django": "Django",
    "tortoise": "Tortoise",
    "piccolo": "Piccolo",
    "peewee": "Peewee",
}

#: Peers that make objects: what Segue's ORM is compared with.
OBJECTS = ("sqlalchemy_orm", "django", "tortoise", "piccolo", "peewee")
