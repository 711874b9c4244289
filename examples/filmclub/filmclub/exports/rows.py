"""What leaves in an export: these columns, and no others."""

from collections.abc import AsyncIterator
from datetime import date, datetime

from filmclub.lists.models import Entry
from filmclub.models import Film, Review
from segue import Struct
from segue.db import Query


class FilmRow(Struct, frozen=True):
    """A film."""

    id: int
    title: str
    released: date | None
    director: str | None
    genre: str | None
    rating: str | None
    minutes: int | None
    imdb_score: float | None
    stars: float | None
    reviews: int

    @classmethod
    def of(cls, film: Film) -> "FilmRow":
        """The row of a film, with what it refers to loaded."""
        return cls(
            id=film.id,
            title=film.title,
            released=film.released,
            director=film.director.name if film.director else None,
            genre=film.genre.name if film.genre else None,
            rating=film.rating.name if film.rating else None,
            minutes=film.minutes,
            imdb_score=film.imdb_score,
            stars=film.stars,
            reviews=film.review_count,
        )


class ReviewRow(Struct, frozen=True):
    """A review."""

    id: int
    film: str
    author: str
    stars: int
    text: str
    written: datetime

    @classmethod
    def of(cls, review: Review) -> "ReviewRow":
        """The row of a review, with its film and its author loaded."""
        return cls(
            review.id, review.film.title, review.author.name or "", review.stars, review.text, review.written
        )


async def film_rows(films: Query[Film]) -> AsyncIterator[FilmRow]:
    """The films of a query, one by one: however many there are, few are in memory."""
    async for film in films.load(Film.director, Film.genre, Film.rating):
        yield FilmRow.of(film)


async def review_rows(reviews: Query[Review]) -> AsyncIterator[ReviewRow]:
    """The reviews of a query, one by one."""
    async for review in reviews.load(Review.film, Review.author):
        yield ReviewRow.of(review)


async def entry_rows(entries: Query[Entry]) -> AsyncIterator[FilmRow]:
    """The films of a list, one by one."""
    film = Entry.film
    async for entry in entries.load(film, film.director, film.genre, film.rating):
        yield FilmRow.of(entry.film)
