"""Films and what visitors think of them: a site and an API over a database, in one file.

    segue run examples/reviews.py        (then http://127.0.0.1:8000)

The first start makes the tables in app.db and puts 3,200 films in. DATABASE_URL=postgresql://... or mysql://... is another
place for them. The templates and the stylesheet are in the folder `reviews`, beside this file.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Any, Literal

from segue import (
    App,
    Event,
    EventStream,
    Form,
    Header,
    Meta,
    Request,
    SeeOther,
    Struct,
    UnprocessableContent,
    invalid,
)
from segue.db import Database, Field, Many, Model, Query, Ref, any_of, count, field
from segue.db.engine import UniqueViolation
from segue.formats import CSV
from segue.html import Page, Templates, render
from segue.observe import Health, Metrics
from segue.openapi import OpenAPI
from segue.security import Flash, Security, Session, Sessions

HERE = Path(__file__).parent

# --- what there is ---------------------------------------------------------------------------------------------------


class Person(Model):
    """Somebody who directs."""

    name: Field[str] = field(max_length=100, unique=True)


class Genre(Model):
    """Of a film: one, or none that anybody knows."""

    name: Field[str] = field(max_length=40, unique=True)


class Film(Model):
    """What can be reviewed."""

    title: Field[str] = field(max_length=200, index=True)
    released: Field[date | None] = field(default=None)
    minutes: Field[int | None] = field(default=None)
    rating: Field[float | None] = field(default=None)
    votes: Field[int] = field(default=0, index=True)
    director: Ref[Person | None] = field(default=None)
    genre: Ref[Genre | None] = field(default=None)
    reviews: Many["Review"] = field(default_factory=list)


class Review(Model):
    """What a visitor thinks of a film: the row, the form, the body and the reply."""

    film: Ref[Film] = field(on_delete="cascade", read_only=True)
    name: Field[str] = field(min_length=1, max_length=40)
    stars: Field[int] = field(ge=1, le=5)
    text: Field[str] = field(text=True, min_length=1, max_length=2000)
    written: Field[datetime] = field(default_factory=lambda: datetime.now(UTC), read_only=True)


# --- what the app is made of -----------------------------------------------------------------------------------------

db = Database(migrate=True)  # the tables follow the models
health = Health()
app = App(
    "reviews",
    plugins=[
        db,
        Templates("reviews"),
        Security(),
        Sessions(),
        OpenAPI(title="Films and reviews", version="1.0"),
        health,
        Metrics(),
    ],
)
app.static("/static", HERE / "reviews" / "static")


@health.check
async def database() -> None:
    await db.execute("select 1")


# --- the first start -------------------------------------------------------------------------------------------------


@app.lifespan
async def filled() -> AsyncIterator[None]:
    try:
        async with db.transaction():
            if not await Film.all().exists():
                await fill(json.loads((HERE / "data" / "movies.json").read_bytes()))
    except UniqueViolation:
        pass  # another worker was faster
    yield


async def fill(rows: list[dict[str, Any]]) -> None:
    names = {row["Major Genre"] for row in rows} - {None}
    genres = {one.name: one for one in await Genre.create_many(Genre(name=name) for name in sorted(names))}
    names = {row["Director"] for row in rows} - {None}
    people = {one.name: one for one in await Person.create_many(Person(name=name) for name in sorted(names))}
    await Film.create_many(
        Film(
            title=mended(row["Title"]),
            released=day(row["Release Date"]),
            minutes=row["Running Time min"],
            rating=row["IMDB Rating"],
            votes=row["IMDB Votes"] or 0,
            director=people.get(row["Director"]),
            genre=genres.get(row["Major Genre"]),
        )
        for row in rows
        if row["Title"] is not None
    )


def mended(title: str | int) -> str:
    """Text, in which the bytes of Windows are no longer read as those of a Macintosh: "LÈon" becomes "Léon"."""
    try:
        return str(title).encode("mac-roman").decode("cp1252")
    except UnicodeError:  # the ³ of "Alien³" cannot have come from there: it is right as it is
        return str(title)


def day(text: str | None) -> date | None:
    """The date in "Jun 12 1998". The data end in 2011: a later year was two digits of the century before."""
    try:
        found = datetime.strptime(text or "", "%b %d %Y").date()  # noqa: DTZ007 -- a day has no zone
    except ValueError:
        return None
    return found if found.year <= 2011 else found.replace(year=found.year - 100)


# --- the pages -------------------------------------------------------------------------------------------------------

Sort = Literal["known", "rated", "newest", "title"]
ORDERS = {
    "known": Film.votes.desc(),
    "rated": Film.rating.desc(nulls="last"),
    "newest": Film.released.desc(nulls="last"),
    "title": Film.title.asc(),
}


def matching(q: str) -> Query[Film]:
    """The films in whose title, or in the name of whose director, every word occurs."""
    return Film.where(
        *(any_of(Film.title.icontains(word), Film.director.name.icontains(word)) for word in q.split())
    )


@app.get("/", template="films.html", documented=False)
async def index(
    q: Annotated[str, Meta(max_length=100)] = "",
    genre: str = "",
    sort: Sort = "known",
    page: Annotated[int, Meta(ge=1, le=10_000)] = 1,
) -> dict[str, Any]:
    found = matching(q)
    chosen = found.where(Film.genre.name == genre) if genre else found
    films = chosen.order_by(ORDERS[sort], Film.id).load(Film.director, Film.genre)
    genres = (
        found.where(~Film.genre.name.is_null()).select(Film.genre.name, count()).group_by(Film.genre.name)
    )
    return {
        "films": await films.page(page, 20),
        "genres": await genres.order_by(Film.genre.name),
        "q": q,
        "genre": genre,
        "sort": sort,
    }


@app.get("/films/{id:int}", template="film.html", documented=False)
async def show(id: int, session: Session) -> dict[str, Any]:
    return await about(id) | {"form": {"name": session.get("name", "")}, "errors": {}}


async def about(id: int) -> dict[str, Any]:
    film = await Film.where(Film.id == id).load(Film.director, Film.genre).one()
    reviews = Review.where(Review.film == film).order_by(Review.id.desc()).limit(50)
    stars = await Review.where(Review.film == film).aggregate(Review.stars.avg())
    return {"film": film, "reviews": await reviews, "stars": stars}


WISHES = {
    "name": "Please give a name, of at most 40 letters.",
    "stars": "How many of 5?",
    "text": "Please say what you think, in at most 2,000 letters.",
}


async def show_again(id: int, error: UnprocessableContent, request: Request) -> Page:
    errors = {one["loc"][-1]: WISHES[one["loc"][-1]] for one in error.errors}
    return render("film.html", await about(id), form=(await request.form()).fields, errors=errors)


@app.post("/films/{id:int}/reviews", documented=False)
@invalid(show_again)
async def write(id: int, review: Form[Review], session: Session, flash: Flash, request: Request) -> None:
    review.film = await Film.get(id)
    await review.save()
    session["name"] = review.name
    flash("Thank you. Your review is below.")
    raise SeeOther(request.url_for("show", id=id))


# --- the same for programs -------------------------------------------------------------------------------------------


@app.get("/api/films")
async def list_films(q: str = "", after: Annotated[int, Meta(ge=0, le=2**53)] = 0) -> Query[Film]:
    """A hundred films, with their directors and genres. The next hundred are `after` the last id."""
    return matching(q).where(Film.id > after).order_by(Film.id).limit(100).load(Film.director, Film.genre)


@app.get("/api/films/{id:int}/reviews")
async def list_reviews(id: int) -> Query[Review]:
    """The reviews of a film, the newest first."""
    return Review.where(Review.film.id == id).order_by(Review.id.desc())


@app.post("/api/films/{id:int}/reviews")
async def add_review(id: int, review: Review) -> tuple[Review, Literal[201]]:
    """Adds a review."""
    review.film = await Film.get(id)
    return await review.save(), 201


class Line(Struct):
    """A row of the export."""

    id: int
    title: str
    year: int | None
    director: str | None
    genre: str | None
    rating: float | None


@app.get("/films.csv", formats=[CSV])
async def export() -> AsyncIterator[Line]:
    """All films, row by row: however many there are, a thousand are in memory."""
    async for film in Film.order_by(Film.id).load(Film.director, Film.genre):
        yield Line(
            id=film.id,
            title=film.title,
            year=film.released.year if film.released else None,
            director=film.director.name if film.director else None,
            genre=film.genre.name if film.genre else None,
            rating=film.rating,
        )


@app.get("/reviews/feed")
async def feed(last_event_id: Header[int | None] = None) -> EventStream[Review | Event]:
    """Reviews as they are written, by whichever worker. A browser that comes back misses none."""
    newest = await Review.all().aggregate(Review.id.max())
    seen = last_event_id if last_event_id is not None else newest or 0
    while True:
        for review in await Review.where(Review.id > seen).order_by(Review.id).load(Review.film):
            yield Event(event="review", id=str(review.id), data=review)
            seen = review.id
        await asyncio.sleep(1)
