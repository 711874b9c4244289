"""What a client gives stays a value: in conditions, in paths of JSON, in names of columns."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from cinema import Film

from segue.db import Condition, Database, UnusableValue, count
from segue.http import BadRequest

pytestmark = pytest.mark.anyio

EVIL = [
    "'",
    '"',
    "]",
    "--",
    "');drop table film;--",
    "a'] or 1=1 --",
    '"."',
    "$",
    "a.b",
    "{}",
    "%(x)s",
    ":v0",
    "$1",
    "?",
    "\\",
    "\\'",
    "*",
    "[0]",
    "%",
    "a\nb",
]


@pytest.mark.row("SEC-58")
async def test_keys_of_json(films: Database) -> None:
    film = await Film.get(title="Alien")
    # A key that a database's language for paths cannot say is refused; all others mean themselves.
    for key in EVIL:
        film.facts = {key: "found", "a": {"b": "other"}}
        await film.save()
        for condition in (
            Film.facts.get(key) == "found",
            Film.facts.has_key(key),
            Film.facts.includes({key: "found"}),
        ):
            try:
                found = await Film.where(condition).count()
            except BadRequest as error:
                assert error.status == 400  # noqa: PT017 -- both are right
                assert any(letter in key for letter in '"\\\n-')
            else:
                assert found == 1, key
        try:
            await Film.where(Film.id == film.id).update(facts=Film.facts.put(key, value="changed"))
        except BadRequest:
            continue
        assert (await Film.get(film.id)).facts[key] == "changed"
        await Film.where(Film.id == film.id).update(facts=Film.facts.without(key))
        assert (await Film.get(film.id)).facts == {"a": {"b": "other"}}
    assert await Film.all().count() == 5
    for bad in ("a\0b", "\ud800"):
        with pytest.raises(BadRequest):
            await Film.where(Film.facts.get(bad) == "x")
        with pytest.raises(BadRequest):
            await Film.where(Film.facts.has_key(bad))


@pytest.mark.row("SEC-59")
@pytest.mark.parametrize(
    "name",
    [
        'a"',
        "a;b",
        "a b",
        "a\nb",
        "a\0",
        "",
        "1a",
        "a--",
        "a'b",
        "a`b",
        "a.b",
        "%s",
        "é",
        "a]",
        "x" * 0,
        "drop table",
        "\x1b",
    ],
)
async def test_names_of_columns(films: Database, name: str) -> None:
    with pytest.raises(ValueError, match="no name for a column"):
        Film.year.named(name)
    with pytest.raises(TypeError):
        Film.select(**{name: count()})
    good = await Film.select(count().named("films")).dicts()
    assert good == [{"films": 5}]


async def test_values_stay_values(films: Database) -> None:
    film = await Film.get(title="Alien")
    for text in EVIL:
        film.title = text
        await film.save()
        for condition in (
            Film.title == text,
            Film.title.contains(text),
            Film.title.icontains(text),
            Film.title.startswith(text),
            Film.title.iendswith(text),
            Film.title.is_in([text, "x"]),
            Film.title.like(text.replace("\\", "\\\\").replace("%", "\\%")),
        ):
            assert await Film.where(condition, Film.id == film.id).count() == 1, (text, condition)
            assert await Film.where(condition, Film.id != film.id).count() == (
                1
                if text == "%" and "like" in repr(condition) and await Film.where(condition).count() == 2
                else 0
            ), (text, condition)
    assert await Film.where(Film.title.contains("_")).count() == 0


UNUSABLE: dict[str, tuple[Callable[[], Condition], str]] = {
    "NUL": (lambda: Film.title == "a\0b", "character NUL"),
    "NUL in a pattern": (lambda: Film.title.contains("a\0b"), "character NUL"),
    "half a pair": (lambda: Film.title == "\ud83c", "surrogate"),
    "in a list": (lambda: Film.title.is_in(["a", "\0"]), "character NUL"),
    "huge": (lambda: Film.year == 1 << 70, "64 bits"),
    "huge below": (lambda: Film.year > -(1 << 70), "64 bits"),
    "NaN": (lambda: Film.rating == float("nan"), "no number"),  # noqa: PLW0177 -- that is the point
    "infinite": (lambda: Film.rating < float("inf"), "no number"),
    "text for a number": (lambda: Film.year == "1979", "is text"),  # type: ignore[arg-type] # from a client
    "number for a text": (lambda: Film.title == 7, "is a number"),  # type: ignore[arg-type] # from a client
    "no zone": (lambda: Film.opened < datetime(2020, 1, 1), "has no zone"),  # noqa: DTZ001 -- that is the point
}


@pytest.mark.parametrize(("make", "told"), UNUSABLE.values(), ids=UNUSABLE)
def test_values_that_no_database_compares_with(make: Callable[[], Condition], told: str) -> None:
    with pytest.raises(UnusableValue, match=told) as caught:
        make()
    assert caught.value.status == 422
    assert "Film." in str(caught.value) or "pattern" in str(caught.value) or "\\x00" in str(caught.value)


async def test_letters_beyond_what_can_be_printed(films: Database) -> None:
    for text in ("a\nb\tc", "🎬", "\u200b", "\x7f", "é\u0301"):
        film = await Film.get(1)
        film.title = text
        await film.save()
        assert (await Film.where(Film.title == text).one()).id == 1
    assert await Film.where(Film.opened < datetime(2020, 1, 1, tzinfo=UTC)).count() == 2
    any_text: Any = "x"
    assert await Film.where(Film.title == any_text).count() == 0
