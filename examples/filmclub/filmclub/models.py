"""What the club keeps. After a change: `segue db diff -m "..."`, `segue db migrate`."""

import unicodedata
from datetime import UTC, date, datetime
from typing import Literal

from segue import Struct
from segue.auth import Account
from segue.db import Field, Many, Model, One, Ref, field, related, searchable, unique

State = Literal["waiting", "shown", "hidden"]


class Member(Account):
    """Somebody with an account. The name is public: reviews are signed with it."""

    about: Field[str] = field(text=True, default="", max_length=1_000)
    reviews: Many["Review"] = related(other="author")

    def __str__(self) -> str:
        return self.name or str(self.id)


class Person(Model):
    """Somebody who directs."""

    name: Field[str] = field(max_length=100, unique=True)
    films: Many["Film"] = related(other="director")


class Genre(Model):
    """What kind of film: one, or none that anybody knows."""

    name: Field[str] = field(max_length=40, unique=True)
    slug: Field[str] = field(default="", slug="name", max_length=40, unique=True)
    films: Many["Film"] = related(other="genre")


class Distributor(Model):
    """Who brings films to cinemas."""

    name: Field[str] = field(max_length=100, unique=True)
    films: Many["Film"] = related(other="distributor")


class Rating(Model):
    """What the MPAA says who may see a film: G, PG, PG-13, R and so on."""

    name: Field[str] = field(max_length=20, unique=True)
    films: Many["Film"] = related(other="rating")


class Film(Model):
    """What can be found, and reviewed. None is what nobody knows."""

    title: Field[str] = field(max_length=200, index=True)
    released: Field[date | None] = field(default=None, index=True)
    minutes: Field[int | None] = field(default=None, ge=1, le=1_000)
    director: Ref[Person | None] = field(default=None)
    genre: Ref[Genre | None] = field(default=None)
    distributor: Ref[Distributor | None] = field(default=None)
    rating: Ref[Rating | None] = field(default=None)
    source: Field[str | None] = field(default=None, max_length=40)
    kind: Field[str | None] = field(default=None, max_length=40)
    budget: Field[int | None] = field(default=None, ge=0)
    us_gross: Field[int | None] = field(default=None, ge=0)
    worldwide_gross: Field[int | None] = field(default=None, ge=0)
    us_dvd_sales: Field[int | None] = field(default=None, ge=0)
    imdb_score: Field[float | None] = field(default=None, ge=0, le=10, index=True)
    imdb_votes: Field[int] = field(default=0, ge=0, index=True)
    tomatoes: Field[int | None] = field(default=None, ge=0, le=100)
    # What is searched: title and director without case and accents, so that "amelie" finds "Amélie".
    words: Field[str] = field(text=True, default="", private=True)
    # What members think. It is computed anew whenever a review is written, changed, shown or hidden.
    stars: Field[float | None] = field(
        default=None,
        read_only=True,
        index=True,
        formula=lambda film: film.reviews.aggregate(Review.stars.avg(), Review.state == "shown"),
    )
    review_count: Field[int] = field(
        default=0, read_only=True, formula=lambda film: film.reviews.count(Review.state == "shown")
    )
    reviews: Many["Review"] = related(other="film")
    poster: One["Poster"] = related(other="film")

    constraints = (searchable("words"),)

    @property
    def year(self) -> int | None:
        """When it came to cinemas."""
        return self.released.year if self.released else None


class Size(Struct, frozen=True):
    """A poster as small as this: `name` is that of the file."""

    width: int
    height: int
    name: str


class Poster(Model):
    """What stands for a film: one picture in several sizes, who has sent it, and where it is from."""

    film: Ref[Film] = field(unique=True, on_delete="cascade", read_only=True)
    sender: Ref[Member | None] = field(default=None, on_delete="set null", read_only=True)
    file: Field[str] = field(max_length=200, private=True)
    sizes: Field[list[Size]] = field(default_factory=list, read_only=True)
    credit: Field[str] = field(default="", max_length=200)
    sent: Field[datetime] = field(default_factory=lambda: datetime.now(UTC), read_only=True)


class Review(Model):
    """What a member thinks of a film: one for each film. Others see it when it is ``shown``."""

    film: Ref[Film] = field(on_delete="cascade", read_only=True)
    author: Ref[Member] = field(on_delete="cascade", read_only=True)
    stars: Field[int] = field(ge=1, le=5)
    text: Field[str] = field(text=True, min_length=1, max_length=4_000)
    state: Field[State] = field(default="waiting", read_only=True, max_length=10, index=True)
    written: Field[datetime] = field(default_factory=lambda: datetime.now(UTC), read_only=True, index=True)
    version: Field[int] = field(default=1, version=True)
    reports: Many["Report"] = related(other="review")

    constraints = (unique("film", "author"),)

    def __str__(self) -> str:
        return self.text if len(self.text) <= 80 else f"{self.text[:79]}…"


class Report(Model):
    """Somebody thinks that moderators should look at a review."""

    review: Ref[Review] = field(on_delete="cascade")
    by: Ref[Member] = field(on_delete="cascade")
    reason: Field[str] = field(max_length=300, min_length=1)
    written: Field[datetime] = field(default_factory=lambda: datetime.now(UTC))

    constraints = (unique("review", "by"),)


def folded(text: str) -> str:
    """For comparing: without case and accents."""
    return "".join(
        one for one in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(one)
    )
