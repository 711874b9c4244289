"""What can be asked of the catalogue, and the queries that answer it."""

from typing import Annotated, Literal

from filmclub.models import Film, folded
from segue import Meta, Struct
from segue.db import Condition, Page, Query, count, search

Sort = Literal["known", "rated", "stars", "newest", "title"]
SIZE = 20

ORDERS = {
    "known": Film.imdb_votes.desc(),
    "rated": Film.imdb_score.desc(nulls="last"),
    "stars": Film.stars.desc(nulls="last"),
    "newest": Film.released.desc(nulls="last"),
    "title": Film.title.asc(),
}
DECADE = Film.released.part("year") // 10 * 10


class Search(Struct, kw_only=True, frozen=True):
    """What somebody is looking for, as the query of an address says it."""

    q: Annotated[str, Meta(max_length=100)] = ""
    genre: Annotated[str, Meta(max_length=40)] = ""
    decade: Annotated[int, Meta(ge=1880, le=2100, multiple_of=10)] | None = None
    rating: Annotated[str, Meta(max_length=20)] = ""
    sort: Sort = "known"

    def conditions(self, leave_out: str = "") -> list[Condition]:
        """What has to hold for a film; a facet leaves itself out, to say what else there is."""
        found: list[Condition] = []
        if self.genre and leave_out != "genre":
            found.append(Film.genre.slug == self.genre)
        if self.decade and leave_out != "decade":
            found.append(Film.released.part("year").between(self.decade, self.decade + 9))
        if self.rating and leave_out != "rating":
            found.append(Film.rating.name == self.rating)
        return found

    def query(self, leave_out: str = "") -> Query[Film]:
        """All that fits, in no order."""
        found = [search(words_of(self.q), Film.words)] if words_of(self.q) else []
        return Film.where(*found, *self.conditions(leave_out))

    def ordered(self) -> Query[Film]:
        """The same in the order that was asked for."""
        return self.query().order_by(ORDERS[self.sort], Film.id)

    async def films(self, page: int) -> Page[Film]:
        """A page of it."""
        return await self.ordered().load(Film.director, Film.poster).page(page, SIZE)


def words_of(text: str) -> str:
    """The words as they are kept. The last one may be unfinished."""
    text = folded(text).strip()
    return f"{text}*" if text[-1:].isalnum() else text


class Facet(Struct, frozen=True):
    """One way to narrow a search: ``value`` is what the address says, ``label`` what people read."""

    value: str
    label: str
    count: int


class Facets(Struct, frozen=True):
    """How many films each further choice would leave."""

    genres: list[Facet]
    decades: list[Facet]
    ratings: list[Facet]


async def facets(asked: Search) -> Facets:
    """What a search could be narrowed by."""
    genres = asked.query("genre").where(Film.genre.slug != None)  # noqa: E711 -- SQL's IS NOT NULL
    decades = asked.query("decade").where(Film.released != None)  # noqa: E711
    ratings = asked.query("rating").where(Film.rating.name != None)  # noqa: E711
    return Facets(
        genres=[
            Facet(slug, name, number)
            for slug, name, number in await genres.select(Film.genre.slug, Film.genre.name, count()).order_by(
                Film.genre.name
            )
        ],
        decades=[
            Facet(str(decade), str(decade), number)
            for decade, number in await decades.select(DECADE, count()).order_by(DECADE.desc())
        ],
        ratings=[
            Facet(name, name, number)
            for name, number in await ratings.select(Film.rating.name, count()).order_by(Film.rating.name)
        ],
    )
