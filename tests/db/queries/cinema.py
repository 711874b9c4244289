"""Models of the tests of queries, and five films."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from segue.db import Field, Many, Model, Ref, field


class Country(Model):
    name: Field[str] = field(max_length=60, unique=True)


class Person(Model):
    name: Field[str] = field(max_length=80)
    country: Ref[Country | None] = field(default=None)
    films: Many[Film] = field(other="director")
    played: Many[Role] = field(other="actor")


class Film(Model):
    title: Field[str] = field(max_length=200)
    plot: Field[str] = field(text=True, default="")
    director: Ref[Person]
    year: Field[int] = field(default=0)
    rating: Field[float | None] = field(default=None)
    budget: Field[Decimal | None] = field(default=None, digits=12, places=2)
    opened: Field[datetime | None] = field(default=None)
    day: Field[date | None] = field(default=None)
    length: Field[timedelta | None] = field(default=None)
    facts: Field[dict[str, Any]] = field(default_factory=dict)
    genres: Field[list[str]] = field(array=True, default_factory=list)
    seen: Field[bool] = field(default=False)
    views: Field[int] = field(default=0)
    roles: Many[Role]


class Role(Model):
    film: Ref[Film]
    actor: Ref[Person]
    name: Field[str] = field(max_length=80)


class Category(Model):
    name: Field[str] = field(max_length=40)
    parent: Ref[Category | None] = field(default=None)
    children: Many[Category] = field(other="parent")


MODELS = [Country, Person, Film, Role, Category]


async def fill() -> None:
    """Five films by three people of two countries."""
    france = await Country.create(name="France")
    britain = await Country.create(name="Britain")
    varda = await Person.create(name="Agnès Varda", country=france)
    scott = await Person.create(name="Ridley Scott", country=britain)
    weaver = await Person.create(name="Sigourney Weaver")
    alien = await Film.create(
        title="Alien",
        plot="The crew of the Nostromo meets something that does not like it.",
        director=scott,
        year=1979,
        rating=8.5,
        budget=Decimal("11000000.50"),
        opened=datetime(1979, 5, 25, 23, 30, 15, 123456, tzinfo=UTC),
        day=date(1979, 5, 25),
        length=timedelta(minutes=117),
        facts={
            "studio": {"name": "Fox"},
            "oscars": 1,
            "colour": True,
            "none": None,
            "places": ["space", "ship"],
        },
        genres=["horror", "space"],
        seen=True,
        views=100,
    )
    await Film.create(
        title="Blade Runner",
        plot="A man hunts those who only look like people.",
        director=scott,
        year=1982,
        rating=8.1,
        opened=datetime(1982, 6, 25, tzinfo=UTC),
        day=date(1982, 6, 25),
        facts={"studio": {"name": "Warner"}, "oscars": 0},
        genres=["noir", "space"],
        views=50,
    )
    await Film.create(
        title="Cléo de 5 à 7",
        plot="A singer waits for two hours.",
        director=varda,
        year=1962,
        rating=7.8,
        day=date(1962, 4, 11),
        genres=["drama"],
        seen=True,
        views=10,
    )
    await Film.create(title="Vagabond", director=varda, year=1985, rating=7.7, views=20)
    await Film.create(title="Untitled 100%", director=varda, year=2000)
    await Role.create(film=alien, actor=weaver, name="Ripley")
    root = await Category.create(name="all")
    fiction = await Category.create(name="fiction", parent=root)
    await Category.create(name="drama", parent=fiction)
    await Category.create(name="horror", parent=fiction)
    await Category.create(name="news", parent=root)
