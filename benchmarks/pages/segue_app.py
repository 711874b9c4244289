"""Segue: models, templates, a form and a grid, as its guide has them."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from pages import FORTUNE, URL
from segue import App, Email
from segue.db import Database, Field, Model, Ref, field
from segue.grid import Grid
from segue.html import FormOf, Page, Templates


class Fortune(Model, table="fortune"):
    message: Field[str] = field(max_length=2048)


class Director(Model, table="director"):
    name: Field[str] = field(max_length=100)


class Film(Model, table="film"):
    title: Field[str] = field(max_length=200)
    year: Field[int] = field(bits=32)
    released: Field[date]
    rating: Field[float]
    director: Ref[Director]


class Entry(Struct):
    title: Annotated[str, Meta(min_length=1, max_length=200)]
    year: Annotated[int, Meta(ge=1880, le=2100)]
    released: date
    rating: Annotated[float, Meta(ge=0, le=10)]
    kind: Literal["short", "long", "serial"]
    country: Literal["fr", "de", "it", "es", "uk"]
    contact: Email
    colour: bool = False
    minutes: Annotated[int, Meta(ge=1, le=600)] | None = None
    story: Annotated[str, Meta(max_length=2000)] = ""


class EntryForm(FormOf[Entry]):
    pass


app = App(
    plugins=[
        Database(URL, models=[Fortune, Director, Film]),
        Templates(Path(__file__).parent / "templates" / "segue"),
    ]
)
app.template_globals(menu=[("All", "/"), ("Fortunes", "/fortunes"), ("New", "/form"), ("Table", "/grid/")])
app.include(
    Grid(
        Film,
        columns=[Film.title, Film.director.name, Film.year, Film.released, Film.rating],
        search=[Film.title],
        sort="title",
        size=50,
        exports=[],
    ),
    at="/grid",
)


@app.get("/fortunes", template="fortunes.html")
async def fortunes() -> dict[str, Any]:
    found = await Fortune.all()
    found.append(Fortune(id=0, message=FORTUNE))
    found.sort(key=lambda fortune: fortune.message)
    return {"fortunes": found}


@app.route("/form", methods=["GET", "POST"])
async def entry(form: EntryForm) -> Page | str:
    if form.valid:
        return f"saved {form.value.title}"
    return form.render("form.html")
