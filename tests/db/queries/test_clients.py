"""What clients may ask for: orders, filters and questions, by lists of what is allowed."""

from __future__ import annotations

import pytest
from cinema import Film

from segue.db import Condition, Database, Expr, function, functions as f
from segue.db.queries.lookups import lookup
from segue.http import BadRequest, MultiDict

pytestmark = pytest.mark.anyio

ALLOWED = (Film.title, Film.year, Film.rating, Film.seen, Film.day, Film.director.name)


@lookup("sounds_like", takes="text")
def sounds_like(of: Expr[str], word: str) -> Condition:
    """Whether two words sound alike, roughly: a transform of the test's own."""
    return f.left(of.lower(), 2) == f.left(f.value(word).lower(), 2)


async def test_orders(films: Database) -> None:
    found = await Film.sorted_by("-director.name, year", allowed=ALLOWED)
    assert [film.title for film in found][:3] == ["Alien", "Blade Runner", "Cléo de 5 à 7"]
    assert (await Film.all().sorted_by("", allowed=ALLOWED).count()) == 5
    total = await Film.select(Film.title, (Film.views + 1).named("more")).sorted_by(
        "-more", allowed={"more": Film.views + 1}
    )
    assert total[0] == ("Alien", 101)


@pytest.mark.row("SEC-60")
@pytest.mark.parametrize(
    "order",
    [
        "plot",
        "title; drop table film",
        "title desc",
        "id",
        "director__name",
        "director.country.name",
        "(select 1)",
        "--title",
        "-",
        "year,views",
        '"title"',
        "1",
        "__class__",
        "title\0",
    ],
)
async def test_orders_that_are_not_allowed(films: Database, order: str) -> None:
    with pytest.raises(BadRequest, match="Cannot sort by"):
        Film.sorted_by(order, allowed=ALLOWED)
    with pytest.raises(TypeError, match=r"sorted_by"):
        Film.order_by(order)  # type: ignore[arg-type] # that is the point
    with pytest.raises(TypeError, match=r"not '"):
        Film.select(Film.title).group_by(order)
    assert await Film.all().count() == 5


async def test_filters(films: Database) -> None:
    async def titles(**given: object) -> list[str]:
        named = {key.replace("__", "."): value for key, value in given.items()}
        return await Film.filtered(named, allowed=ALLOWED).order_by(Film.id).values(Film.title)

    assert await titles(year="1979") == ["Alien"]
    assert await titles(year__ge="1980", year__lt="1990") == ["Blade Runner", "Vagabond"]
    assert await titles(title__contains="a") == ["Blade Runner", "Vagabond"]
    assert await titles(director__name__icontains="VARDA", rating__is_null="true") == ["Untitled 100%"]
    assert await titles(year__in="1962,1979") == ["Alien", "Cléo de 5 à 7"]
    assert await titles(seen="true") == ["Alien", "Cléo de 5 à 7"]
    assert await titles(day__le="1970-01-01") == ["Cléo de 5 à 7"]
    assert await titles(title__ne="Alien", year__ne="2000", rating__gt="8") == ["Blade Runner"]
    assert await titles(title__sounds_like="alone") == ["Alien"]
    several = MultiDict([("year.in", "1962"), ("year.in", "1979"), ("page", "2")])
    assert await Film.filtered(several, allowed=ALLOWED, beside=("page",)).count() == 2


@pytest.mark.row("SEC-61")
@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("_connector", "OR 1=1 OR"),
        ("_negated", "1"),
        ("title__contains", "x"),
        ("__class__", "x"),
        ("director__country__name", "x"),
        ("plot", "x"),
        ("id", "1"),
        ("title.regex", "(a+)+"),
        ("title.__eq__", "x"),
        ("year.contains", "1"),
        ("year", "x"),
        ("year", "1 or 1=1"),
        ("seen", "perhaps"),
        ("year.is_null", "drop"),
        ("", "x"),
        (".", "x"),
        ("year.kind", "week"),
        ("title.trunc", "x"),
        ("where", "x"),
        ("self", "x"),
    ],
)
async def test_filters_that_are_not_allowed(films: Database, key: str, value: str) -> None:
    with pytest.raises(BadRequest):
        Film.filtered({key: value}, allowed=ALLOWED)
    with pytest.raises(TypeError):
        Film.where(**{key: value})
    assert await Film.all().count() == 5


async def test_questions_of_people(films: Database) -> None:
    async def titles(text: str) -> list[str]:
        return await Film.matching(text, allowed=ALLOWED).order_by(Film.id).values(Film.title)

    assert await titles("title contains alien") == ["Alien"]
    assert await titles("title contains A and year>1980") == ["Blade Runner", "Vagabond"]
    assert await titles("year = 1979 or director.name = 'Agnès Varda' and seen = true") == [
        "Alien",
        "Cléo de 5 à 7",
    ]
    assert await titles("(year = 1979 or year=1982) and not seen = true") == ["Blade Runner"]
    assert await titles("year in (1962, 1985) and rating is not null") == ["Cléo de 5 à 7", "Vagabond"]
    assert await titles("year in 1962, 1985") == ["Cléo de 5 à 7", "Vagabond"]
    assert await titles('title startswith "blade r"') == ["Blade Runner"]
    assert await titles("title not contains a and rating is null") == ["Untitled 100%"]
    assert await titles(r'title = "x\" or year > 0 or title = \""') == []
    assert await titles("title contains '%'") == ["Untitled 100%"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "a name is missing"),
        ("plot contains x", "'plot' at 1 is no name"),
        ("title", "a comparison is missing"),
        ("title contains", "a value is missing"),
        ("title contains x year > 3", "'year' at 18 is more"),
        ("(title contains x", "'\\)' is missing at the end"),
        ("title regexp x", "cannot be asked for 'regexp'"),
        ("year > many", "year"),
        ("year > 3 and", "a name is missing"),
        ("title is 3", "'null' is missing"),
        ("title = 'x", "no sense"),
        ("(" * 30 + "year>3" + ")" * 30, "too long"),
        (" or ".join(["year>3"] * 200), "too long"),
        ("year>3 " * 1000, "at most 2,000"),
        ("1=1", "'1' at 1 is no name"),
        ("title = x; drop table film", "more than was understood"),
    ],
)
def test_questions_that_are_not_understood(text: str, told: str) -> None:
    with pytest.raises(BadRequest, match=told):
        Film.matching(text, allowed=ALLOWED)


def test_what_is_allowed_has_names() -> None:
    with pytest.raises(TypeError, match="give it a name"):
        Film.sorted_by("x", allowed=(Film.views + 1,))
    with pytest.raises(ValueError, match="one of that name"):
        lookup("in")
    assert function("abs", Film.year, type=int).kind.storage == "int"
