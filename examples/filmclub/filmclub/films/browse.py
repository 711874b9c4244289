"""The pages of films: the catalogue, a film, who directed, a genre."""

from typing import Annotated
from urllib.parse import urlencode

import msgspec

from filmclub.films.search import Search, facets
from filmclub.lists.models import lists_of
from filmclub.models import Film, Genre, Member, Person, Review
from segue import App, Meta, Query, Request
from segue.html import Page, render

films = App("films")


@films.get("/", documented=False)
async def index(search: Query[Search], page: Annotated[int, Meta(ge=1, le=1_000)] = 1) -> Page:
    """The catalogue: search, facets, twenty films. As one types, the results alone."""
    shown = await search.films(page)
    return render("films/index.html", search=search, films=shown, facets=await facets(search)).part("results")


@films.get("/films/{id:int}", documented=False)
async def show(id: int, member: Member | None) -> Page:
    """A film, and what members think of it. The rules say who sees which reviews: one's own is there while it waits."""
    film = (
        await Film.where(Film.id == id)
        .load(Film.director, Film.genre, Film.distributor, Film.rating, Film.poster)
        .one()
    )
    reviews = (
        await Review.where(Review.film == film)
        .order_by(Review.written.desc(), Review.id.desc())
        .load(Review.author)
        .limit(50)
    )
    mine = member is not None and any(one.author.id == member.id for one in reviews)
    return render("films/film.html", film=film, reviews=reviews, mine=mine, lists=await lists_of(member))


@films.get("/people/{id:int}", documented=False)
async def person(id: int) -> Page:
    """Somebody, and the films that they made."""
    person = await Person.get(id)
    made = (
        Film.where(Film.director == person)
        .order_by(Film.released.desc(nulls="last"), Film.id)
        .load(Film.poster)
    )
    return render("films/person.html", person=person, films=await made)


@films.get("/genres/{slug}", documented=False)
async def genre(slug: str) -> Page:
    """A genre: its best known and its best rated films."""
    genre = await Genre.where(Genre.slug == slug).one()
    of_it = Film.where(Film.genre == genre).load(Film.director, Film.poster)
    rated = of_it.where(Film.imdb_votes >= 5_000).order_by(Film.imdb_score.desc(nulls="last"), Film.id)
    known = of_it.order_by(Film.imdb_votes.desc(), Film.id)
    return render("films/genre.html", genre=genre, known=await known.limit(12), rated=await rated.limit(12))


@films.template_global
def search_url(request: Request, search: Search, **changes: object) -> str:
    """The address of a search with something changed; what is as always is left out. Another choice begins at page one."""
    values = msgspec.structs.asdict(search) | changes
    usual = msgspec.structs.asdict(Search()) | {"page": 1}
    query = urlencode({name: value for name, value in values.items() if value and value != usual[name]})
    path = request.url_for("films.index")
    return f"{path}?{query}" if query else path
