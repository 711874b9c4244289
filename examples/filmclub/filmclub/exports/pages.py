"""The addresses of exports: by suffix, `/films.csv?q=alien`, or by `Accept`."""

from collections.abc import AsyncIterator
from typing import Any

from markupsafe import Markup

from filmclub.exports.rows import FilmRow, ReviewRow, entry_rows, film_rows, review_rows
from filmclub.films.search import ORDERS, Search
from filmclub.lists.models import Entry, FilmList
from filmclub.models import Film, Review
from segue import App, Query, Request
from segue.formats import CSV, PDF, RSS, Feed, Format, Item, JSONLines
from segue.html import Renderer
from segue.i18n import gettext as _
from segue.security import Limiter, client_network, signed_in

exports = App("exports")

#: A feed has the first of what is found, a PDF some pages of it. A table has all.
IN_FEED, IN_PDF = 50, 200
PRINTED = "20 per minute"


def printable() -> list[PDF]:
    """PDF, where there is what makes it: `pip install 'segue[pdf]'`, and Pango."""
    try:
        return [PDF()]
    except ImportError:
        return []


@exports.get("/films", formats=[CSV, JSONLines, RSS, *printable()], suffixes=True)
async def films(
    search: Query[Search], format: Format, request: Request, renderer: Renderer, limiter: Limiter
) -> Any:
    """What a search has found."""
    found = search.query().order_by(ORDERS[search.sort], Film.id)
    title = _("Films: %(words)s", words=search.q) if search.q else _("Films")
    if format.name == "rss":
        items = [
            Item(title=row.title, link=request.url_for("films.show", id=row.id), summary=summary(row))
            async for row in film_rows(found.limit(IN_FEED))
        ]
        return Feed(title=title, link=request.url_for("films.index"), items=items)
    if format.name == "pdf":
        return await printed(title, film_rows(found.limit(IN_PDF)), request, renderer, limiter)
    return film_rows(found)


@exports.get("/reviews", formats=[RSS, CSV, JSONLines], suffixes=True)
async def reviews(format: Format, request: Request) -> Any:
    """What members think of films, the newest first."""
    found = Review.where(Review.state == "shown").order_by(Review.written.desc(), Review.id.desc())
    if format.name != "rss":
        return review_rows(found)
    items = [
        Item(
            title=_("%(film)s: %(stars)s of 5", film=one.film.title, stars=str(one.stars)),
            link=f"{request.url_for('films.show', id=one.film.id)}#review-{one.id}",
            id=f"review-{one.id}",
            summary=one.text,
            author=one.author.name or "",
            published=one.written,
        )
        for one in await found.limit(IN_FEED).load(Review.film, Review.author)
    ]
    return Feed(title=_("New reviews"), link=request.url_for("live.newest"), items=items)


@exports.get(
    "/lists/{id:int}/films",
    name="list",
    formats=[CSV, JSONLines, *printable()],
    suffixes=True,
    requires=[signed_in(login="auth.login")],
)
async def list_(id: int, format: Format, request: Request, renderer: Renderer, limiter: Limiter) -> Any:
    """A list of whoever asks."""
    wanted = await FilmList.get(id)
    found = Entry.where(Entry.list == wanted).order_by(Entry.place, Entry.id)
    if format.name == "pdf":
        return await printed(wanted.title, entry_rows(found.limit(IN_PDF)), request, renderer, limiter)
    return entry_rows(found)


def summary(row: FilmRow) -> str:
    """A film in a line."""
    parts = (row.released and str(row.released.year), row.director, row.genre)
    return " · ".join(part for part in parts if part)


async def printed(
    title: str,
    rows: AsyncIterator[FilmRow | ReviewRow],
    request: Request,
    renderer: Renderer,
    limiter: Limiter,
) -> Markup:
    """A page to be printed. It is much work to make a PDF, so nobody gets many at a time."""
    await limiter.take("pdf", client_network(request), PRINTED)
    return Markup(renderer.text("exports/printed.html", title=title, rows=[row async for row in rows]))  # noqa: S704 -- a page
