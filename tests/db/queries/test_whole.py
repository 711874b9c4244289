"""What a query language has to have, each from one end to the other."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from cinema import Film, Person

from segue.db import (
    Condition,
    Database,
    Expr,
    NotLoaded,
    ValidationError,
    case,
    coalesce,
    count,
    exists,
    functions as f,
    outer,
)
from segue.db.queries.lookups import lookup

pytestmark = pytest.mark.anyio


class Asked:
    """The statements that a database was asked."""

    def __init__(self, database: Database) -> None:
        self.statements: list[str] = []
        self._fetch = database.engine.fetch
        database.engine.fetch = self.fetch  # type: ignore[method-assign] # to see what is asked

    async def fetch(self, sql: str, args: Sequence[Any] = (), *, write: bool = False) -> Sequence[Any]:
        self.statements.append(sql)
        return await self._fetch(sql, args, write=write)


@pytest.mark.row("DJ-04")
async def test_queries_are_lazy_and_do_all_that_querysets_do(films: Database) -> None:
    asked = Asked(films)
    every = Film.order_by(Film.id)
    old, seen = every.where(Film.year < 1980), every.where(Film.seen)
    queries: dict[str, tuple[Any, list[Any]]] = {
        "where": (old.values(Film.title), ["Alien", "Cléo de 5 à 7"]),
        "exclude": (every.exclude(Film.rating > 7.75).values(Film.title), ["Vagabond", "Untitled 100%"]),
        "order_by": (every.order_by(Film.year.desc()).limit(1).values(Film.year), [2000]),
        "slice": (every.offset(1).limit(2).values(Film.year), [1982, 1962]),
        "select": (old.select(Film.title, Film.year), [("Alien", 1979), ("Cléo de 5 à 7", 1962)]),
        "distinct": (
            Film.select(Film.director.name).distinct().order_by(Film.director.name),
            [("Agnès Varda",), ("Ridley Scott",)],
        ),
        "union": (old.union(seen).order_by(Film.year).values(Film.year), [1962, 1979]),
        "intersection": (old.intersection(seen).order_by(Film.year).values(Film.year), [1962, 1979]),
        "difference": (every.difference(old).order_by(Film.year).values(Film.year), [1982, 1985, 2000]),
        "raw": (Film.raw("select * from film where year > :y", y=1990).values(Film.title), ["Untitled 100%"]),
    }
    only, defer = old.only(Film.title), old.defer(Film.plot)
    assert asked.statements == []
    for name, (query, wanted) in queries.items():
        before = len(asked.statements)
        assert await query == wanted, name
        assert len(asked.statements) == before + 1
    titles = await only
    assert [film.title for film in titles] == ["Alien", "Cléo de 5 à 7"]
    with pytest.raises(NotLoaded):
        _ = titles[0].year
    (film, *_) = await defer
    assert film.year == 1979
    with pytest.raises(NotLoaded):
        _ = film.plot
    assert await old.select(Film.title).dicts() == [{"title": "Alien"}, {"title": "Cléo de 5 à 7"}]
    assert {key: film.title for key, film in (await every.in_bulk([film.id, 10_000])).items()} == {
        film.id: "Alien"
    }
    assert await old.explain()
    assert [film.title async for film in old] == ["Alien", "Cléo de 5 à 7"]


@lookup("starts_like", takes="text")
def starts_like(of: Expr[str], word: str) -> Condition:
    """Whether a text begins with a letter of a word's, whatever its case."""
    return f.left(of, 1).lower() == f.value(word[:1].lower())


def initial(of: Expr[str]) -> Expr[str]:
    """The first letter: a transform of the test's own."""
    return f.left(of, 1)


@pytest.mark.row("DJ-05")
async def test_conditions_over_relations_are_joins_of_one_statement(films: Database) -> None:
    asked = Asked(films)
    found = await Film.where(
        Film.director.country.name.icontains("FRAN"), Film.director.name.contains("Varda")
    )
    assert len(found) == 3
    assert len(asked.statements) == 1
    assert asked.statements[0].upper().count(" JOIN ") == 2
    assert await Film.where(starts_like(Film.director.country.name, "britain")).count() == 2
    assert await Film.where(initial(Film.director.name) == "R").count() == 2
    given = {"director.name.starts_like": "Rome"}
    assert await Film.filtered(given, allowed=(Film.director.name,)).count() == 2


@pytest.mark.row("DJ-06")
async def test_expressions(films: Database) -> None:
    either = (Film.title == "Alien") | ~(Film.year < 1985)
    assert await Film.where(either).order_by(Film.id).values(Film.title) == [
        "Alien",
        "Vagabond",
        "Untitled 100%",
    ]
    query = Film.where(Film.title == "Vagabond")

    async def writer() -> None:
        for _ in range(20):
            await query.update(views=Film.views + 1)

    await asyncio.gather(writer(), writer())
    assert (await query.one()).views == 60
    row = await (
        Film.where(Film.title == "Alien")
        .select(
            case((Film.views > 90, "hot"), default="cold"),
            Film.all().values(Film.views.max()).as_subquery(),
            exists(Film.where(Film.director.id == outer(Film.director.id), Film.year > outer(Film.year))),
            f.rank().over(order_by=Film.views),
            f.concat(f.trim(Film.title), "!"),
            f.greatest(Film.views, 500),
        )
        .one()
    )
    assert row == ("hot", 100, True, 1, "Alien!", 500)


@pytest.mark.row("DJ-07")
async def test_aggregation(films: Database) -> None:
    seen = Person.films.each.id.count(where=Person.films.each.seen)
    titles = f.string_agg(Person.films.each.title, ", ", order_by=Person.films.each.title)
    rows = (
        await Person.select(Person, seen, titles)
        .having(count(Person.films.each.id) > 0)
        .order_by(Person.name)
    )
    assert [(person.name, *rest) for person, *rest in rows] == [
        ("Agnès Varda", 1, "Cléo de 5 à 7, Untitled 100%, Vagabond"),
        ("Ridley Scott", 1, "Alien, Blade Runner"),
    ]
    assert await Film.all().aggregate(Film.rating.avg()) == pytest.approx((8.5 + 8.1 + 7.8 + 7.7) / 4)
    by_country = await Film.select(Film.director.country.name, count(), Film.year.max()).order_by(
        count().desc()
    )
    assert by_country == [("France", 3, 2000), ("Britain", 2, 1982)]
    big = await Person.select(Person.name, Person.films.each.views.sum()).having(
        Person.films.each.views.sum() > 100
    )
    assert big == [("Ridley Scott", 150)]


@pytest.mark.row("W-08")
async def test_query_algebra(films: Database) -> None:
    async def titles(*conditions: Condition) -> list[str]:
        return await Film.where(*conditions).order_by(Film.id).values(Film.title)

    assert await titles((Film.year > 1980) & ~(Film.views > 20) | (Film.title == "Alien")) == [
        "Alien",
        "Vagabond",
        "Untitled 100%",
    ]
    assert await titles(Film.title.like("%n%r")) == ["Blade Runner"]
    assert await titles(Film.title.ilike("ALI%")) == ["Alien"]
    assert await titles(Film.title.matches("^[AV].*n")) == ["Alien", "Vagabond"]
    assert await titles(Film.title.contains("ad")) == ["Blade Runner"]
    french = Person.where(Person.country.name == "France").values(Person.id)
    assert await titles(Film.director.id.is_in(french), Film.year < 1990) == ["Cléo de 5 à 7", "Vagabond"]
    both = case((coalesce(Film.rating, 0.0) > 8, "good"), default="rest")
    assert await Film.select(both, count()).group_by(both).having(count() > 1).order_by(both) == [
        ("good", 2),
        ("rest", 3),
    ]
    left = await Person.select(Person.name, Person.country.name).order_by(Person.id)
    assert left == [("Agnès Varda", "France"), ("Ridley Scott", "Britain"), ("Sigourney Weaver", None)]
    alien = await Film.get(title="Alien")
    assert (await Film.get(alien.id)).title == "Alien"
    changed, made = await Person.create_or_update({"country": None}, name="Ridley Scott")
    assert (changed.name, made, await Person.where(Person.name == "Ridley Scott").count()) == (
        "Ridley Scott",
        False,
        1,
    )
    _, made = await Person.create_or_update({}, name="Jacques Demy")
    assert made
    with pytest.raises(ValidationError, match=r"Person\.name"):
        await Person.create(name="x" * 81)
    assert len([film async for film in Film.order_by(Film.year).stream(2)]) == 5
    smart = Film.matching("title contains a and year>1979", allowed=(Film.title, Film.year)).order_by(Film.id)
    assert await smart.values(Film.title) == ["Blade Runner", "Vagabond"]


async def test_shapes_without_number_do_not_grow_memory(films: Database) -> None:
    """Twice as many shapes are remembered by nothing: what is kept is bounded."""
    if films.engine.name != "sqlite":
        pytest.skip("what is kept is the same for all")
    import gc
    import tracemalloc

    films.statements.most = 50

    def ask(number: int) -> None:
        columns = [Film.title, Film.plot, Film.year, Film.views, Film.rating]
        condition = Film.id > 0
        for bit in range(10):
            one = columns[bit % 5]
            condition = condition & (one.is_null() if number >> bit & 1 else ~one.is_null())
        Film.where(condition).order_by(columns[number % 5]).sql()

    for number in range(100):
        ask(number)
    gc.collect()
    tracemalloc.start()
    for number in range(100, 200):
        ask(number)
    gc.collect()
    first = tracemalloc.get_traced_memory()[0]
    for number in range(200, 400):
        ask(number)
    gc.collect()
    second = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert len(films.statements) <= 50
    assert second - first < 1_000_000
