"""Queries: rows with objects in them, groups, windows, queries in queries, queries put together, trees."""

from __future__ import annotations

import pytest
from cinema import Category, Film, Person

from segue.db import ConfigurationError, Database, Missing, case, count, exists, functions as f, outer

pytestmark = pytest.mark.anyio


async def test_rows_with_objects_in_them(films: Database) -> None:
    rows = await Person.select(Person, Person.films.count()).order_by(Person.id)
    assert [(person.name, number) for person, number in rows] == [
        ("Agnès Varda", 3),
        ("Ridley Scott", 2),
        ("Sigourney Weaver", 0),
    ]
    ((film, director, title),) = await Film.where(Film.title == "Alien").select(
        Film, Film.director, Film.title
    )
    assert (film.title, director.name, title) == ("Alien", "Ridley Scott", "Alien")
    film.views += 1
    await film.save()
    loaded = (
        await Film.all()
        .load(Film.director, Film.roles)
        .order_by(Film.id)
        .limit(1)
        .select(Film, Film.year + 1)
    )
    ((film, year),) = loaded
    assert (film.director.name, film.roles[0].name, year, film.views) == ("Ridley Scott", "Ripley", 1980, 101)


async def test_what_is_no_object_of_each_row_is_refused(films: Database) -> None:
    with pytest.raises(TypeError, match="may be None"):
        Person.select(Person, Person.country)
    with pytest.raises(TypeError, match=r"Person\.films\.each"):
        Person.select(Person.films)  # type: ignore[call-overload] # that is the point
    with pytest.raises(TypeError, match="go over a relation"):
        Film.select(Person)


async def test_objects_are_grouped_by_their_key(films: Database) -> None:
    views = Person.films.each.views.sum()
    rows = await Person.select(Person, views, count(Person.films.each.id)).order_by(Person.id)
    assert [(person.name, *rest) for person, *rest in rows] == [
        ("Agnès Varda", 30, 3),
        ("Ridley Scott", 150, 2),
        ("Sigourney Weaver", None, 0),
    ]
    some = await Person.select(Person, views).group_by(Person).having(views > 100)
    assert [person.name for person, _ in some] == ["Ridley Scott"]


async def test_what_is_beside_aggregates_is_what_rows_are_grouped_by(films: Database) -> None:
    rows = await Film.select(Film.director.name, count(), Film.year.min()).order_by(Film.director.name)
    assert rows == [("Agnès Varda", 3, 1962), ("Ridley Scott", 2, 1979)]
    rows2 = (
        await Film.select(f.floor(Film.year / 10), count())
        .group_by(f.floor(Film.year / 10))
        .order_by(f.floor(Film.year / 10))
    )
    assert rows2 == [(196, 1), (197, 1), (198, 2), (200, 1)]
    assert await Film.select(count(), f.value("all")) == [(5, "all")]


async def test_aggregates(films: Database) -> None:
    row = await Film.select(
        count(),
        count(Film.rating),
        count(where=Film.seen),
        count(Film.director.id, distinct=True),
        Film.views.sum(where=Film.year < 1980),
        Film.views.sum(),
        Film.rating.max(),
        f.every(Film.year > 1900),
        f.some(Film.year > 1999),
        f.every(Film.seen),
    ).one()
    assert row == (5, 4, 2, 2, 110, 180, 8.5, True, True, False)
    spread = await Film.select(f.deviation(Film.year), f.variance(Film.year, sample=True)).one()
    assert spread == (pytest.approx(12.1754, abs=0.001), pytest.approx(185.3, abs=0.1))


async def test_texts_of_a_group(films: Database) -> None:
    director = Film.director.name
    rows = await (
        Film.select(director, f.string_agg(Film.title, " | ", order_by=Film.year.desc()))
        .group_by(director)
        .order_by(director)
    )
    assert rows == [
        ("Agnès Varda", "Untitled 100% | Vagabond | Cléo de 5 à 7"),
        ("Ridley Scott", "Blade Runner | Alien"),
    ]
    seen = f.string_agg(director, ",", distinct=True, order_by=director, where=Film.seen)
    assert await Film.all().aggregate(seen) == "Agnès Varda,Ridley Scott"
    assert await Film.where(Film.year > 3000).aggregate(f.string_agg(Film.title)) is None
    plain = await Film.where(Film.title == "Alien").aggregate(f.string_agg(Film.title))
    assert plain == "Alien"


async def test_lists_of_a_group(films: Database) -> None:
    years = f.collect(Film.year, order_by=Film.year)
    rows = await Film.select(Film.director.name, years).order_by(Film.director.name)
    assert rows == [("Agnès Varda", [1962, 1985, 2000]), ("Ridley Scott", [1979, 1982])]
    opened = await Film.where(Film.opened != None).aggregate(f.collect(Film.opened, order_by=Film.id))  # noqa: E711 -- IS NOT NULL
    films_with_date = await Film.where(~Film.opened.is_null()).order_by(Film.id)
    assert opened == [film.opened for film in films_with_date]
    seen = await Film.all().aggregate(f.collect(Film.seen, where=Film.year < 1980, order_by=Film.year))
    assert seen == [True, True]
    assert await Film.where(Film.year > 3000).aggregate(f.collect(Film.year)) is None


async def test_windows(films: Database) -> None:
    director = Film.director.name
    place = f.row_number().over(partition_by=director, order_by=Film.views.desc())
    total = Film.views.sum().over(partition_by=director)
    so_far = Film.views.sum().over(order_by=Film.year, rows=(None, 0))
    before = f.lag(Film.title).over(order_by=Film.year)
    rows = await Film.select(Film.title, place, total, so_far, before).order_by(Film.year)
    assert rows == [
        ("Cléo de 5 à 7", 2, 30, 10, None),
        ("Alien", 1, 150, 110, "Cléo de 5 à 7"),
        ("Blade Runner", 2, 150, 160, "Alien"),
        ("Vagabond", 1, 30, 180, "Blade Runner"),
        ("Untitled 100%", 3, 30, 180, "Vagabond"),
    ]
    others = (
        await Film.select(
            f.rank().over(order_by=Film.director.id),
            f.dense_rank().over(order_by=Film.director.id),
            f.ntile(2).over(order_by=Film.year),
            f.first_value(Film.title).over(order_by=Film.year),
            f.lead(Film.year, 2).over(order_by=Film.year),
            f.nth_value(Film.year, 2).over(order_by=Film.year, rows=(None, None)),
            f.percent_rank().over(order_by=Film.year),
        )
        .order_by(Film.year)
        .limit(2)
    )
    assert others == [
        (1, 1, 1, "Cléo de 5 à 7", 1982, 1979, 0.0),
        (4, 2, 1, "Cléo de 5 à 7", 1985, 1979, 0.25),
    ]
    ranked = await Film.select(director, f.rank().over(order_by=Film.views.sum().desc())).group_by(director)
    assert sorted(ranked) == [("Agnès Varda", 2), ("Ridley Scott", 1)]


async def test_the_best_of_each_group(films: Database) -> None:
    place = f.row_number().over(partition_by=Film.director.id, order_by=Film.views.desc())
    table = Film.select(Film.id, place).as_table()
    best = await Film.all().join(table, table[Film.id] == Film.id).where(table[place] == 1).order_by(Film.id)
    assert [film.title for film in best] == ["Alien", "Vagabond"]


async def test_choices_in_order_and_update(films: Database) -> None:
    first = case((Film.title == "Vagabond", 0), default=1)
    assert (await Film.order_by(first, Film.year).values(Film.title))[:2] == ["Vagabond", "Cléo de 5 à 7"]
    changed = await Film.all().update(views=case((Film.seen, Film.views + 1), default=0))
    assert changed == 5
    assert await Film.order_by(Film.id).values(Film.views) == [101, 0, 11, 0, 0]


async def test_queries_in_queries(films: Database) -> None:
    old = Film.where(Film.year < 1980)
    assert await Person.where(exists(old.where(Film.director.id == Person.id))).count() == 2
    assert await Person.where(~exists(Film.where(Film.director.id == Person.id))).values(Person.name) == [
        "Sigourney Weaver"
    ]
    assert await Person.where(Person.id.is_in(Film.where(Film.year == 1979).values(Film.director.id))).values(
        Person.name
    ) == ["Ridley Scott"]
    newest = Film.where(Film.director.id == Person.id).values(Film.year.max()).as_subquery()
    assert await Person.select(Person.name, newest).order_by(Person.id) == [
        ("Agnès Varda", 2000),
        ("Ridley Scott", 1982),
        ("Sigourney Weaver", None),
    ]
    more = Film.where(Film.director.id == outer(Film.director.id), Film.views > outer(Film.views))
    assert await Film.where(~exists(more)).order_by(Film.id).values(Film.title) == ["Alien", "Vagabond"]
    average = Film.all().values(Film.views.avg()).as_subquery()
    assert await Film.where(Film.views > average).count() == 2
    with pytest.raises(TypeError, match="the query around this one"):
        await Film.where(Film.views > outer(Film.views))


async def test_to_many_relations_any_all_none(films: Database) -> None:
    young = Film.year > 1980
    assert await Person.where(Person.films.any(young)).count() == 2
    assert await Person.where(Person.films.all(Film.year > 1970)).order_by(Person.id).values(Person.name) == [
        "Ridley Scott",
        "Sigourney Weaver",
    ]
    assert await Person.where(Person.films.none(young)).values(Person.name) == ["Sigourney Weaver"]
    assert await Person.where(Person.films.any(), Person.films.count(young) == 1).values(Person.name) == [
        "Ridley Scott"
    ]
    each = await Person.select(Person.name, Person.films.each.title).order_by(Person.films.each.title)
    assert ("Ridley Scott", "Alien") in each
    assert len(each) == 6


async def test_queries_put_together(films: Database) -> None:
    old, seen = Film.where(Film.year < 1980), Film.where(Film.seen | (Film.title == "Vagabond"))
    both = old.union(seen)
    assert [film.title for film in await both.order_by(Film.year)] == ["Cléo de 5 à 7", "Alien", "Vagabond"]
    assert await both.count() == 3
    assert await old.union(seen, all=True).count() == 5
    assert await old.intersection(seen).count() == 2
    assert await seen.difference(old).values(Film.title) == ["Vagabond"]
    later = await both.where(Film.views < 100).order_by(Film.title.desc()).limit(1).load(Film.director)
    assert [(film.title, film.director.name) for film in later] == [("Vagabond", "Agnès Varda")]
    limited = Film.order_by(Film.views.desc()).limit(1).union(Film.order_by(Film.year).limit(1))
    assert sorted(await limited.values(Film.title)) == ["Alien", "Cléo de 5 à 7"]
    names = Film.select(Film.title).union(Person.select(Person.name)).order_by(Film.title.desc())
    assert (await names.limit(2)) == [("Vagabond",), ("Untitled 100%",)]
    assert await names.count() == 8
    assert (
        await Film.all().values(Film.year).union(Film.all().values(Film.views)).limit(1).offset(7).count()
        == 1
    )
    with pytest.raises(TypeError, match="cannot be put together"):
        old.union(Person.all())  # type: ignore[arg-type] # that is the point
    with pytest.raises(TypeError, match="2 columns and of 1"):
        Film.select(Film.title, Film.year).union(Film.select(Film.title))  # type: ignore[arg-type] # that is the point


async def test_results_as_tables(films: Database) -> None:
    views = Film.views.sum()
    table = Film.select(Film.director.id, views).group_by(Film.director.id).as_table()
    joined = Person.all().join(table, table[Film.director.id] == Person.id)
    assert await joined.where(table[views] > 100).values(Person.name) == ["Ridley Scott"]
    assert await table.select(table[views].avg(), count()) == [(90.0, 2)]
    outer_join = Person.all().join(table, table[Film.director.id] == Person.id, outer=True)
    assert await outer_join.select(Person.name, table[views]).order_by(Person.id) == [
        ("Agnès Varda", 30),
        ("Ridley Scott", 150),
        ("Sigourney Weaver", None),
    ]
    others = Film.all().as_table()
    pairs = Film.all().join(others, others[Film.year] < Film.year).select(Film.title, others[Film.title])
    assert await pairs.count() == 10
    with pytest.raises(LookupError, match="was not selected"):
        table[Film.title]
    with pytest.raises(TypeError, match="has not joined"):
        await Person.where(table[views] > 1)


async def test_trees(films: Database) -> None:
    root, fiction = await Category.get(name="all"), await Category.get(name="fiction")
    below = Category.where(Category.id == fiction.id).follow(Category.children)
    assert await below.order_by(Category.name).values(Category.name) == ["drama", "fiction", "horror"]
    above = Category.where(Category.name == "horror").follow(Category.parent)
    assert await above.order_by(Category.id).values(Category.name) == ["all", "fiction", "horror"]
    assert await Category.where(Category.id == root.id).follow(Category.children, depth=1).count() == 3
    await Category.where(Category.id == root.id).update(parent_id=fiction.id)  # a circle
    assert await above.count() == 3
    assert await below.where(Category.name.contains("o")).count() == 2
    with pytest.raises(TypeError, match="leads to Person"):
        Film.all().follow(Film.director)


async def test_lazy_and_refined(films: Database) -> None:
    asked: list[str] = []
    fetch = films.engine.fetch

    async def counting(sql: str, *args: object, **more: object) -> object:
        asked.append(sql)
        return await fetch(sql, *args, **more)  # type: ignore[arg-type] # as it was called

    films.engine.fetch = counting  # type: ignore[method-assign] # to see what is asked
    query = Film.where(Film.director.country.name.icontains("FRANCE")).order_by(Film.year)
    two = query.exclude(Film.year == 1962).limit(2).offset(0)
    only = two.only(Film.title)
    assert not asked
    assert [film.title for film in await only] == ["Vagabond", "Untitled 100%"]
    assert len(asked) == 1
    assert asked[0].lower().count("join") == 2
    assert await query.count() == 3
    assert (await query.last()).title == "Untitled 100%"  # type: ignore[union-attr] # it is there
    assert [film.title for film in await query.reversed().limit(1)] == ["Untitled 100%"]
    assert await query.nothing() == []
    assert await query.select(Film.title).limit(1).dicts() == [{"title": "Cléo de 5 à 7"}]
    assert sorted(await Film.all().in_bulk([1, 2, 99])) == [1, 2]
    assert "film" in (await query.explain()).lower() or films.engine.name == "mariadb"
    film = await Film.get(1)
    assert await Film.all().contains(film)
    assert not await query.contains(film)
    with pytest.raises(Missing):
        await query.where(Film.year == 1).one()


async def test_distinct_on(films: Database) -> None:
    query = Film.order_by(Film.director.id, Film.year.desc()).distinct(Film.director.id)
    if films.engine.name == "postgresql":
        assert await query.values(Film.title) == ["Untitled 100%", "Blade Runner"]
        assert await query.count() == 2
    else:
        with pytest.raises(ConfigurationError, match="row_number"):
            await query
    assert await Film.select(Film.director.name).distinct().count() == 2


async def test_named_columns(films: Database) -> None:
    rows = await Film.select(Film.director.name, count().named("films")).order_by(Film.director.name).dicts()
    assert rows == [
        {"director_name": "Agnès Varda", "films": 3},
        {"director_name": "Ridley Scott", "films": 2},
    ]
