"""The films: 3,200 of `examples/data/movies.json`, cleaned, and what they have in common in tables of its own."""

from collections.abc import Iterable
from datetime import date
from pathlib import Path

from filmclub.films.cleaning import read_films
from filmclub.models import folded
from segue.db import Field, Model, Ref, field
from segue.db.migrations import data

after = "0001_films_members_and_reviews"

FILE = Path(__file__).resolve().parents[2] / "data" / "movies.json"


class Person(Model, table="person"):
    name: Field[str] = field(max_length=100)


class Genre(Model, table="genre"):
    name: Field[str] = field(max_length=40)
    slug: Field[str] = field(default="", slug="name", max_length=40, unique=True)


class Distributor(Model, table="distributor"):
    name: Field[str] = field(max_length=100)


class Rating(Model, table="rating"):
    name: Field[str] = field(max_length=20)


class Film(Model, table="film"):
    title: Field[str] = field(max_length=200)
    released: Field[date | None]
    minutes: Field[int | None]
    director: Ref[Person | None]
    genre: Ref[Genre | None]
    distributor: Ref[Distributor | None]
    rating: Ref[Rating | None]
    source: Field[str | None] = field(max_length=40)
    kind: Field[str | None] = field(max_length=40)
    budget: Field[int | None]
    us_gross: Field[int | None]
    worldwide_gross: Field[int | None]
    us_dvd_sales: Field[int | None]
    imdb_score: Field[float | None]
    imdb_votes: Field[int]
    tomatoes: Field[int | None]
    words: Field[str] = field(text=True)
    review_count: Field[int] = field(default=0)


async def fill() -> None:
    found = list(read_films(FILE))
    people = {name: Person(name=name) for name in names(one.director for one in found)}
    genres = {name: Genre(name=name) for name in names(one.genre for one in found)}
    distributors = {name: Distributor(name=name) for name in names(one.distributor for one in found)}
    ratings = {name: Rating(name=name) for name in names(one.rating for one in found)}
    await Person.create_many(people.values())
    await Genre.create_many(genres.values())
    await Distributor.create_many(distributors.values())
    await Rating.create_many(ratings.values())
    await Film.create_many(
        Film(
            title=one.title,
            released=one.released,
            minutes=one.minutes,
            director=people.get(one.director or ""),
            genre=genres.get(one.genre or ""),
            distributor=distributors.get(one.distributor or ""),
            rating=ratings.get(one.rating or ""),
            source=one.source,
            kind=one.kind,
            budget=one.budget,
            us_gross=one.us_gross,
            worldwide_gross=one.worldwide_gross,
            us_dvd_sales=one.us_dvd_sales,
            imdb_score=one.imdb_score,
            imdb_votes=one.imdb_votes,
            tomatoes=one.tomatoes,
            words=folded(f"{one.title} {one.director or ''}"),
        )
        for one in found
    )


def names(found: Iterable[str | None]) -> list[str]:
    return sorted({one for one in found if one is not None})


async def empty() -> None:
    for model in (Film, Person, Genre, Distributor, Rating):
        await model.all().delete()


def upgrade() -> None:
    data(fill)


def downgrade() -> None:
    data(empty)
