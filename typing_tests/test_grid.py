"""Grids, as a type checker reads them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import assert_type

from segue import App, Request
from segue.db import Field, Model, Ref, field
from segue.grid import Action, Column, Grid
from segue.grid.shownlist import ShownList


class Director(Model):
    name: Field[str] = field(max_length=80)


class Film(Model):
    title: Field[str] = field(max_length=200)
    year: Field[int | None]
    director: Ref[Director]


def age(film: Film) -> int | None:
    return None if film.year is None else 2000 - film.year


async def publish(films: Sequence[Film]) -> str:
    return f"{len(films)} published"


films = Grid(
    Film,
    columns=[Film.title, Film.director.name, Column(age, "Age", sort=Film.year)],
    search=[Film.title, Film.director.name],
    filters=[Film.year, Film.director],
    can={"write": True, "delete": lambda request, film: False},
    actions=[Action("Publish", publish)],
    size=50,
)
assert_type(films, Grid[Film])
assert_type(Grid(Film.where(Film.year > 1930)), Grid[Film])

app = App()
app.include(films, at="/films")


async def home(request: Request) -> None:
    assert_type(await films.listing(request), ShownList)
    await films.listing(request, Film.where(Film.title == "x"))
    await films.listing(request, Director.all())  # type: ignore[arg-type] # of another model


Grid(Film, sizes=50)  # type: ignore[call-arg] # no such option
Grid(Film, size="50")  # type: ignore[arg-type] # a number
