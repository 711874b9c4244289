"""Tables as the models say, read back from each database."""

from __future__ import annotations

import asyncio
import enum
import uuid
import warnings
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from segue.db import (
    Database,
    Field,
    Keyed,
    Many,
    Model,
    Ref,
    check,
    exclude,
    field,
    index,
    unique,
)
from segue.db.engine import (
    CheckViolation,
    ForeignKeyViolation,
    IntegrityError,
    UniqueViolation,
)
from segue.db.migrations import Migrations

pytestmark = pytest.mark.anyio


class Genre(enum.Enum):
    DRAMA = "drama"
    COMEDY = "comedy"


class Country(Keyed):
    code: Field[str] = field(key=True, max_length=2)
    name: Field[str] = field(max_length=60)


class Place(Keyed):
    country: Ref[Country] = field(key=True, on_delete="cascade")
    number: Field[int] = field(key=True)
    name: Field[str] = field(max_length=60)


class Person(Keyed):
    id: Field[uuid.UUID] = field(key=True, default_factory=uuid.uuid4)
    name: Field[str] = field(max_length=60)
    friend: Ref[Person | None] = field(default=None)
    studio: Ref[Studio | None] = field(default=None, on_delete="set null")


class Studio(Model):
    name: Field[str] = field(max_length=60, help="As it stands above the door.")
    owner: Ref[Person | None] = field(default=None, on_delete="set null")
    staff: Many[Person] = field(other="studio")


class Stamped(Model, abstract=True):
    created: Field[Any] = field(json=True, default_factory=dict)
    edits: Field[int] = field(db_default=1)


class Film(Stamped):
    title: Field[str] = field(max_length=100)
    slug: Field[str] = field(max_length=100)
    genre: Field[Genre] = field(default=Genre.DRAMA)
    price: Field[Decimal] = field(digits=8, places=2, default=Decimal(0))
    tax: Field[Decimal] = field(digits=8, places=2, default=Decimal(0))
    total: Field[Decimal] = field(digits=10, places=2, computed=lambda film: film.price + film.tax)
    rating: Field[int] = field(default=5)
    studio: Ref[Studio | None] = field(default=None, on_delete="restrict")

    constraints = (
        unique("studio", "slug"),
        check(lambda film: film.rating <= 10, name="rating_is_small"),
        index("title", where=lambda film: film.rating > 3, name="ix_good_films"),
        index(lambda film: film.slug.lower(), name="ix_lower_slugs"),
        index("slug", name="ix_slugs_online", concurrently=True),
    )


MODELS = [Country, Place, Person, Studio, Film]


@pytest.fixture
async def db(url: str, anyio_backend: str) -> AsyncIterator[Database]:
    async with Database(url, models=MODELS, migrations="none") as database:
        await database.create_all()
        try:
            yield database
        finally:
            await database.drop_all()
            assert await looked(database, lambda look: look.get_table_names()) == []


async def looked(db: Database, ask: Any) -> Any:
    def look(connection: Any) -> Any:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Skipped unsupported reflection")  # of SQLite's expressions
            return ask(sa.inspect(connection))

    return await db.engine.run_sync(look)


async def test_what_is_made_is_what_was_said(db: Database) -> None:
    assert await Migrations(db).check() == []
    key = await looked(db, lambda look: look.get_pk_constraint("place"))
    assert key["constrained_columns"] == ["country_code", "number"]
    assert (await looked(db, lambda look: look.get_unique_constraints("film")))[0]["column_names"] == [
        "studio_id",
        "slug",
    ]
    names = {one["name"] for one in await looked(db, lambda look: look.get_indexes("film"))}
    assert {"ix_good_films", "ix_slugs_online"} <= names
    rules = {
        one["referred_table"]: (one["options"] or {}).get("ondelete")
        for one in await looked(db, lambda look: look.get_foreign_keys("person"))
    }
    assert rules == {"person": "SET NULL", "studio": "SET NULL"}
    if db.engine.name != "sqlite":
        [comment] = [
            one["comment"]
            for one in await looked(db, lambda look: look.get_columns("studio"))
            if one["name"] == "name"
        ]
        assert comment == "As it stands above the door."


async def test_workers_that_start_side_by_side_make_the_tables_once(url: str) -> None:
    async with AsyncExitStack() as stack:
        workers = [await stack.enter_async_context(Database(url, models=MODELS)) for _ in range(4)]
        await asyncio.gather(*(worker.create_all() for worker in workers))
        try:
            assert "film" in await looked(workers[0], lambda look: look.get_table_names())
        finally:
            await workers[0].drop_all()


async def test_keys_may_be_several_columns_or_uuids(db: Database) -> None:
    fr = await Country.create(code="FR", name="France")
    await Place.create(country=fr, number=1, name="Arles")
    with pytest.raises(UniqueViolation):
        await Place.create(country=fr, number=1, name="Nimes")
    assert (await Place.get("FR", 1)).name == "Arles"
    agnes = await Person.create(name="Agnes")
    assert isinstance(agnes.id, uuid.UUID)
    assert (await Person.get(agnes.id)).name == "Agnes"
    await Country.where(Country.code == fr.code).delete()
    assert await Place.all().count() == 0


async def test_the_database_holds_what_was_said(db: Database) -> None:
    studio = await Studio.create(name="Tamaris")
    film = await Film.create(
        title="Cleo", slug="cleo", price=Decimal("3.50"), tax=Decimal("0.70"), studio=studio
    )
    assert film.total == Decimal("4.20")
    assert film.edits == 1
    with pytest.raises(CheckViolation):
        await Film.where(Film.id == film.id).update(rating=11)
    with pytest.raises(IntegrityError):
        await db.execute("UPDATE film SET genre = 'war'")
    with pytest.raises(UniqueViolation):
        await Film.create(title="Cleo 2", slug="cleo", studio=studio)
    await Film.create(title="Elsewhere", slug="cleo")
    with pytest.raises(ForeignKeyViolation):
        await studio.delete()
    owner = await Person.create(name="Agnes", studio=studio)
    studio.owner = owner
    await studio.save()
    await Person.where(Person.id == owner.id).delete()
    assert (await Studio.get(studio.id)).owner is None


@pytest.mark.requires("postgresql")
async def test_what_only_postgresql_has(postgresql_url: str) -> None:
    class Booking(Model):
        room: Field[int]
        first: Field[int]

        constraints = (
            exclude(("room", "="), ("first", "="), name="no_two_at_once"),
            unique("first", where=lambda booking: booking.room > 5, name="uq_first_upstairs"),
        )

    async with Database(postgresql_url, models=[Booking], migrations="none") as db:
        await db.execute("CREATE EXTENSION IF NOT EXISTS btree_gist")
        await db.create_all()
        try:
            await Booking.create(room=1, first=1)
            with pytest.raises(IntegrityError):
                await Booking.create(room=1, first=1)
            await Booking.create(room=6, first=7)
            with pytest.raises(UniqueViolation):
                await Booking.create(room=7, first=7)
            await Booking.create(room=2, first=7)
            assert await Migrations(db).check() == []
        finally:
            await db.drop_all()
