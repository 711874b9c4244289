"""Functions of the database mean the same on every database."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from cinema import Film, Person

from segue.db import Database, Expr, functions as f

pytestmark = pytest.mark.anyio


async def of_alien(expression: Expr[Any]) -> Any:
    (found,) = await Film.where(Film.title == "Alien").values(expression)
    return found


TEXTS: dict[str, tuple[Expr[Any], Any]] = {
    "concat": (f.concat(Film.title, " (", Film.year, ")"), "Alien (1979)"),
    "concat of nothing": (f.concat(Film.title, Film.director.country.name), "AlienBritain"),
    "plus": (Film.title + "!", "Alien!"),
    "trim": (f.trim(f.concat("  ", Film.title, " ")), "Alien"),
    "trim start": (f.trim_start(f.concat("  ", Film.title, " ")), "Alien "),
    "trim end": (f.trim_end(f.concat("  ", Film.title, " ")), "  Alien"),
    "substring": (f.substring(Film.title, 2, 3), "lie"),
    "substring to the end": (f.substring(Film.title, 3), "ien"),
    "left": (f.left(Film.title, 2), "Al"),
    "right": (f.right(Film.title, 2), "en"),
    "right of too much": (f.right(Film.title, 20), "Alien"),
    "replace": (f.replace(Film.title, "ien", "most"), "Almost"),
    "replace pattern": (f.replace_pattern(Film.title, "[aeiou]", "-"), "Al--n"),
    "reverse": (f.reverse(Film.title), "neilA"),
    "repeat": (f.repeat(Film.title, 2), "AlienAlien"),
    "left pad": (f.left_pad(Film.title, 8, "*"), "***Alien"),
    "right pad": (f.right_pad(Film.title, 3, "*"), "Ali"),
    "position": (f.position(Film.title, "ien"), 3),
    "position of nothing": (f.position(Film.title, "z"), 0),
    "length": (Film.title.length(), 5),
    "lower": (Film.title.lower(), "alien"),
    "cast": (Film.year.cast(str), "1979"),
}

NUMBERS: dict[str, tuple[Expr[Any], Any]] = {
    "arithmetic": ((Film.year + 1) * 2 - 3, 3957),
    "division": (Film.year / 2, 989.5),
    "remainder": (Film.year % 10, 9),
    "minus": (-Film.year, -1979),
    "absolute": (f.absolute(-Film.year), 1979),
    "rounded": (f.rounded(f.coalesce(Film.rating, 0.0) + 0.04, 1), 8.5),
    "floor": (f.floor(Film.rating), 8),
    "ceil": (f.ceil(Film.rating), 9),
    "sign": (f.sign(Film.year), 1),
    "power": (f.power(Film.views, 2), 10_000.0),
    "sqrt": (f.sqrt(Film.views), 10.0),
    "log10": (f.log10(Film.views), 2.0),
    "exp and ln": (f.rounded(f.exp(f.ln(Film.views)), 6), 100.0),
    "greatest": (f.greatest(Film.year, 2000, Film.views), 2000),
    "least": (f.least(Film.year, 2000, Film.views), 100),
    "greatest with nothing": (f.greatest(Film.director.country.id, f.nullif(Film.views, 100)), None),
    "coalesce": (f.coalesce(f.nullif(Film.views, 100), 7), 7),
    "case": (f.case((Film.year < 1970, "old"), (Film.year < 1980, "elder"), default="new"), "elder"),
    "case of nothing": (f.case((Film.year < 1970, "old")), None),
    "value": (f.value("film"), "film"),
    "decimal": (Film.budget, Decimal("11000000.50")),
    "cast to number": (f.value("12").cast(int), 12),
}

TIMES: dict[str, tuple[Expr[Any], Any]] = {
    **{
        part: (Film.opened.part(part), number)  # type: ignore[arg-type] # all of them
        for part, number in {
            "year": 1979,
            "quarter": 2,
            "month": 5,
            "week": 21,
            "day": 25,
            "weekday": 5,
            "year day": 145,
            "hour": 23,
            "minute": 30,
            "second": 15,
            "iso year": 1979,
        }.items()
    },
    "part of a day": (Film.day.part("month"), 5),
    "hour": (Film.opened.trunc("hour"), datetime(1979, 5, 25, 23, tzinfo=UTC)),
    "minute": (Film.opened.trunc("minute"), datetime(1979, 5, 25, 23, 30, tzinfo=UTC)),
    "day": (Film.opened.trunc("day"), datetime(1979, 5, 25, tzinfo=UTC)),
    "week": (Film.opened.trunc("week"), datetime(1979, 5, 21, tzinfo=UTC)),
    "month": (Film.opened.trunc("month"), datetime(1979, 5, 1, tzinfo=UTC)),
    "year of a day": (Film.day.trunc("year"), date(1979, 1, 1)),
    "week of a day": (Film.day.trunc("week"), date(1979, 5, 21)),
    "date": (Film.opened.date(), date(1979, 5, 25)),
    "later": (
        Film.opened + timedelta(hours=1, microseconds=1),
        datetime(1979, 5, 26, 0, 30, 15, 123457, tzinfo=UTC),
    ),
    "earlier": (Film.opened - timedelta(days=30), datetime(1979, 4, 25, 23, 30, 15, 123456, tzinfo=UTC)),
    "later day": (Film.day + timedelta(days=7), date(1979, 6, 1)),
    "its end": (Film.opened + Film.length, datetime(1979, 5, 26, 1, 27, 15, 123456, tzinfo=UTC)),
    "difference": (
        Film.opened - datetime(1979, 5, 25, 23, tzinfo=UTC),
        timedelta(minutes=30, seconds=15.123456),
    ),
    "difference of days": (Film.day - date(1979, 5, 1), timedelta(days=24)),
}


@pytest.mark.parametrize("cases", [TEXTS, NUMBERS, TIMES], ids=["texts", "numbers", "times"])
async def test_functions(films: Database, cases: dict[str, tuple[Expr[Any], Any]]) -> None:
    found: dict[str, Any] = {}
    for name, (expression, _) in cases.items():
        try:
            found[name] = await of_alien(expression)
        except Exception as error:  # noqa: BLE001 -- all that fail are shown
            found[name] = error
    wrong = {name: (found[name], wanted) for name, (_, wanted) in cases.items() if found[name] != wanted}
    assert not wrong
    assert [type(found[name]) for name in cases] == [type(wanted) for _, wanted in cases.values()]


async def test_random_shuffles(films: Database) -> None:
    values = await Film.all().values(f.random())
    assert all(0 <= one <= 1 for one in values)
    assert len(set(values)) > 1
    assert len(await Film.order_by(f.random()).limit(2)) == 2


async def test_weeks_and_years_of_iso(films: Database) -> None:
    film = await Film.get(title="Alien")
    for day in (date(2021, 1, 3), date(2020, 12, 31), date(2024, 12, 30), date(2026, 1, 1), date(2023, 1, 1)):
        film.day = day
        await film.save()
        row = (
            await Film.where(Film.id == film.id)
            .select(Film.day.part("iso year"), Film.day.part("week"), Film.day.part("weekday"))
            .one()
        )
        assert row == tuple(day.isocalendar())


async def test_a_time_on_the_clock_of_a_place(films: Database) -> None:
    if films.engine.name == "mariadb":
        pytest.skip("its tables of zones are empty unless an administrator fills them")
    at = Film.opened.part("hour", zone="Europe/Paris")
    day = Film.opened.date(zone="Europe/Paris")
    month = Film.opened.trunc("day", zone="Europe/Paris")
    (row,) = await Film.where(Film.title == "Alien").select(at, day, month)
    assert row == (1, date(1979, 5, 26), datetime(1979, 5, 26))  # noqa: DTZ001 -- of that place
    with pytest.raises(ValueError, match="no name of a zone"):
        Film.opened.part("hour", zone="x'; drop table film")


async def test_the_clock_of_the_database_knows_parts_of_seconds(films: Database) -> None:
    (found,) = await Film.all().limit(1).values(f.now())
    assert found.tzinfo is not None
    assert abs((datetime.now(UTC) - found).total_seconds()) < 60
    assert await Film.where(Film.opened < f.now()).count() == 2
    assert await Film.where(Film.opened > f.now() - timedelta(days=365_00)).count() == 2


async def test_text_of_any_language_in_upper_and_lower_case(films: Database) -> None:
    assert await Film.where(Film.title.icontains("CLÉO")).count() == 1
    assert await Film.where(Film.title.istartswith("clÉ")).count() == 1
    assert await Film.where(Film.title.iequals("ALIEN")).count() == 1
    assert await Film.where(Film.title.icontains("É%")).count() == 0
    assert await Film.where(Film.title.icontains("100%")).count() == 1
    assert await Film.where(Film.title.contains("cléo")).count() == 0
    assert await Film.where(Film.title.matches("^[A-B].*n")).count() == 2
    assert await Film.where(Film.title.matches("é")).count() == 1


async def test_own_functions_and_sql(films: Database) -> None:
    called = f.function("abs", Film.year - 2000, type=int)
    assert await of_alien(called) == 21
    mixed = f.fragment("{} + 2 * {}", Film.year, 4, type=int)
    assert await of_alien(mixed) == 1987
    assert await Film.where(f.fragment("{} = {}", Film.title, "Alien", type=bool)).count() == 1
    with pytest.raises(TypeError, match="1 places"):
        f.fragment("{} + {}", Film.year, type=int)
    with pytest.raises(ValueError, match="no name of a function"):
        f.function("abs(1); drop table film --", type=int)


async def test_likeness(films: Database) -> None:
    if films.engine.name == "postgresql":
        await films.execute("create extension if not exists pg_trgm")
    if films.engine.name == "mariadb":
        from segue.db import ConfigurationError

        with pytest.raises(ConfigurationError, match="no counterpart in mariadb"):
            await Film.all().values(f.similarity(Film.title, "Alein"))
        return
    alike = f.similarity(Film.title, "Blade Runer")
    (best, *_) = await Film.order_by(alike.desc()).limit(1).select(Film.title, alike)
    assert best[0] == "Blade Runner"
    assert best[1] == pytest.approx(0.75, abs=0.1)


async def test_functions_over_relations(films: Database) -> None:
    assert await Person.where(Person.country.name.lower() == "france").values(Person.name) == ["Agnès Varda"]
