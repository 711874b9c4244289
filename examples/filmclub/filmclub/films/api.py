"""The catalogue for programs, described at `/docs`: what everybody may know, and no more."""

from datetime import datetime
from typing import Annotated

from filmclub.films.search import Search
from filmclub.models import Film, Genre, Person, Review
from segue import App, Meta, Query, Struct
from segue.db import Query as Rows
from segue.site import paginate

api = App("api")


@api.get("/films")
@paginate(20, most=100)
async def list_films(search: Query[Search]) -> Rows[Film]:
    """Films, as the site finds them: a page of twenty, or of up to a hundred by `size`."""
    return search.ordered().load(Film.director, Film.genre, Film.rating)


@api.get("/films/{id:int}")
async def show_film(id: int) -> Film:
    """A film."""
    return (
        await Film.where(Film.id == id).load(Film.director, Film.genre, Film.distributor, Film.rating).one()
    )


class ReviewOut(Struct):
    """What a member thinks of a film. Of the member it has the name alone."""

    id: int
    author: str | None
    stars: int
    text: str
    written: datetime


@api.get("/films/{id:int}/reviews")
async def list_reviews(id: int, after: Annotated[int, Meta(ge=0)] = 0) -> list[ReviewOut]:
    """What members think of a film: a hundred reviews, the next are `after` the last id."""
    film = await Film.get(id)
    found = Review.where(Review.film == film, Review.state == "shown", Review.id > after)
    return [
        ReviewOut(one.id, one.author.name, one.stars, one.text, one.written)
        for one in await found.order_by(Review.id).limit(100).load(Review.author)
    ]


@api.get("/genres")
async def list_genres() -> Rows[Genre]:
    """All genres."""
    return Genre.order_by(Genre.name)


@api.get("/people/{id:int}")
async def show_person(id: int) -> Person:
    """Somebody who directs, and their films."""
    return await Person.where(Person.id == id).load(Person.films.order_by(Film.released)).one()
