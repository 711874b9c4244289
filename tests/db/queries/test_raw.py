"""SQL of one's own as queries, and statements as texts for databases that are not there."""

from __future__ import annotations

from decimal import Decimal

import pytest
from cinema import Film, Person

from segue.db import Database, UnusableValue, count
from segue.db.compiling.statementtexts import insert_text

pytestmark = pytest.mark.anyio


async def test_sql_of_ones_own_as_objects(films: Database) -> None:
    query = Film.raw("select * from film where year > :least;", least=1980)
    assert [film.title for film in await query.order_by(Film.year)] == [
        "Blade Runner",
        "Vagabond",
        "Untitled 100%",
    ]
    more = query.where(Film.director.name.startswith("R")).load(Film.director)
    assert [(film.title, film.director.name) for film in await more] == [("Blade Runner", "Ridley Scott")]
    assert await query.count() == 3
    assert await query.select(Film.director.name, count()).order_by(Film.director.name) == [
        ("Agnès Varda", 2),
        ("Ridley Scott", 1),
    ]
    some = await Film.raw("select id, title from film where title = :title", title="Alien").only(Film.title)
    assert [film.title for film in some] == ["Alien"]
    film = (await query.order_by(Film.year))[0]
    film.views = 7
    await film.save()
    assert (await Film.get(film.id)).views == 7


async def test_sql_and_its_parameters(films: Database) -> None:
    evil = "x' or 1=1 --"
    assert await Film.raw("select * from film where title = :title", title=evil) == []
    with pytest.raises(TypeError, match=":least"):
        Film.raw("select * from film where year > :least")
    with pytest.raises(TypeError, match="does not stand"):
        Film.raw("select * from film", least=3)
    with pytest.raises(UnusableValue, match="NUL"):
        Film.raw("select * from film where title = :title", title="\0")


DIALECTS = ["sqlite", "postgresql", "mysql", "mariadb", "oracle", "mssql", "firebird", "cubrid"]


@pytest.mark.row("W-06")
@pytest.mark.parametrize("dialect", DIALECTS)
def test_statements_without_a_connection(dialect: str) -> None:
    """Generated, and compared with what they have to say; no database runs them here."""
    query = (
        Film.where(Film.title == "Alien", Film.director.name.startswith("R"))
        .order_by(Film.year.desc())
        .limit(3)
    )
    text, args = query.sql(dialect)
    assert text.upper().startswith("SELECT")
    assert "JOIN" in text.upper()
    assert "Alien" in args
    assert "Alien" not in text
    updated, args = Film.where(Film.year < 1970).update_sql(dialect, views=Film.views + 1)
    assert updated.lower().startswith("update film set views=")
    assert list(args) == [1, 1970]
    deleted, args = Film.where(Film.id == 7).delete_sql(dialect)
    assert deleted.lower().startswith("delete from film where film.id = ")
    assert list(args) == [7]
    inserted, args = insert_text(Person(name="Ridley"), dialect)
    assert inserted.lower().startswith("insert into person (name, country_id) ")
    assert list(args) == ["Ridley", None]


EXPECTED = {
    "oracle": (
        "SELECT film.title \nFROM film \nWHERE film.year > :1 ORDER BY film.title ASC\n FETCH FIRST :2 ROWS ONLY",
        [1970, 2],
    ),
    "mssql": (
        "SELECT film.title \nFROM film \nWHERE film.year > ? ORDER BY film.title ASC\n OFFSET 0 ROWS\n FETCH FIRST ? ROWS ONLY",
        [1970, 2],
    ),
    "firebird": (
        "SELECT film.title \nFROM film \nWHERE film.year > CAST(? AS BIGINT) ORDER BY film.title ASC \n ROWS 1 TO CAST(? AS BIGINT)",
        [1970, 2],
    ),
    "cubrid": (
        'SELECT film.title \nFROM film \nWHERE film."year" > ? ORDER BY film.title ASC \n LIMIT ?',
        [1970, 2],
    ),
}


@pytest.mark.parametrize("dialect", EXPECTED)
def test_what_other_databases_would_be_asked(dialect: str) -> None:
    text, args = Film.where(Film.year > 1970).order_by(Film.title).limit(2).select(Film.title).sql(dialect)
    assert (text, list(args)) == EXPECTED[dialect]


def test_a_dialect_that_is_not_there() -> None:
    from segue.db import ConfigurationError

    with pytest.raises(ConfigurationError, match="no dialect 'dbase'"):
        Film.all().sql("dbase")


async def test_a_parameter_of_which_nothing_tells_what_it_is(films: Database) -> None:
    values = [1, -(2**40), 1.5, True, "text", b"bytes", Decimal("1.5"), None]
    for value in values:
        for _ in range(2):  # the second time as it was learnt
            [(found, again)] = await films.execute("SELECT :x, :x", x=value)
            assert (found, again) in ((value, value), (str(value), str(value))), value
    async with films.transaction():
        assert await films.execute("SELECT :x", x=7) == [(7,)]
        assert await films.execute("SELECT :x, :y", x=7, y="a") == [(7, "a")]
