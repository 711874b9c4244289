"""A film catalogue in one file: a searchable JSON API with a page, exports, a live feed and search as you type.

    segue run examples/films.py        (then http://127.0.0.1:8000)

The 3,201 films are real data, with holes and mistakes: what can be decided is mended when they are read, the rest
stays as it was found. What is posted is kept in memory, by each process for itself, until it ends.
"""

import asyncio
import base64
import csv
import hashlib
import html
import json
from collections.abc import AsyncIterator, Iterable
from datetime import date, datetime
from operator import attrgetter
from pathlib import Path
from string import Template
from typing import Annotated, Any, Literal, get_args
from unicodedata import combining, normalize
from urllib.parse import urlencode

import msgspec
from msgspec import Meta, Struct

from segue import (
    App,
    Event,
    EventStream,
    Header,
    HTTPError,
    JSONLines,
    NotFound,
    Query,
    Request,
    Response,
    WebSocket,
)

HERE = Path(__file__).parent
ROOM_FOR_POSTED = 10_000

Genre = Literal[
    "Action", "Adventure", "Black Comedy", "Comedy", "Concert/Performance", "Documentary", "Drama", "Horror",
    "Musical", "Romantic Comedy", "Thriller/Suspense", "Western",
]  # fmt: skip
Certificate = Literal["G", "PG", "PG-13", "R", "NC-17", "Not Rated", "Open"]
Rating = Annotated[float, Meta(ge=0, le=10)]


class NewFilm(Struct, kw_only=True, forbid_unknown_fields=True):
    """What a client may say about a film."""

    title: Annotated[str, Meta(min_length=1, max_length=200)]
    released: date | None = None
    director: Annotated[str, Meta(max_length=200)] | None = None
    genre: Genre | None = None
    certificate: Certificate | None = None
    minutes: Annotated[int, Meta(ge=1, le=1000)] | None = None
    imdb_rating: Rating | None = None


class Film(Struct, kw_only=True, frozen=True):
    """A film of the catalogue; None is what nobody knows."""

    id: int
    title: str | None
    released: date | None = None
    director: str | None = None
    genre: Genre | None = None
    certificate: Certificate | None = None
    minutes: int | None = None
    distributor: str | None = None
    source: str | None = None
    creative_type: str | None = None
    budget: int | None = None
    us_gross: int | None = None
    worldwide_gross: int | None = None
    us_dvd_sales: int | None = None
    imdb_rating: Rating | None = None
    imdb_votes: int | None = None
    rotten_tomatoes: Annotated[int, Meta(ge=0, le=100)] | None = None


# --- the data, read once when the module is imported -----------------------------------------------------------------


def mended_title(title: str | int | None) -> str | None:
    """Text, in which the bytes of Windows are no longer read as those of a Macintosh: "LÈon" becomes "Léon"."""
    if title is None:
        return None
    try:
        return str(title).encode("mac-roman").decode("cp1252")
    except UnicodeError:  # the ³ of "Alien³" cannot have come from there: it is right as it is
        return str(title)


def mended_date(text: str | None) -> date | None:
    """The date in "Jun 12 1998". The data end in 2011: a later year was two digits of the century before."""
    try:
        day = datetime.strptime(text or "", "%b %d %Y").date()  # noqa: DTZ007 -- a day has no zone
    except ValueError:
        return None
    return day if day.year <= 2011 else day.replace(year=day.year - 100)


def read_films(path: Path) -> list[Film]:
    """All films of the file; their ids count from 1 in its order. Raises ValidationError for what is no film."""
    rows = (
        {
            "id": number,
            "title": mended_title(row["Title"]),
            "released": mended_date(row["Release Date"]),
            "director": row["Director"],
            "genre": row["Major Genre"],
            "certificate": row["MPAA Rating"],
            "minutes": row["Running Time min"],
            "distributor": row["Distributor"],
            "source": row["Source"],
            "creative_type": row["Creative Type"],
            "budget": row["Production Budget"],
            "us_gross": row["US Gross"],
            "worldwide_gross": row["Worldwide Gross"],
            "us_dvd_sales": row["US DVD Sales"],
            "imdb_rating": row["IMDB Rating"],
            "imdb_votes": row["IMDB Votes"],
            "rotten_tomatoes": row["Rotten Tomatoes Rating"],
        }
        for number, row in enumerate(json.loads(path.read_bytes()), 1)
    )
    return [msgspec.convert(row, Film) for row in rows]


def folded(text: str) -> str:
    """For comparing, without case and accents."""
    return "".join(letter for letter in normalize("NFKD", text.casefold()) if not combining(letter))


films = read_films(HERE / "data" / "movies.json")  # the film with the id 7 is films[6]
texts = [folded(f"{film.title or ''} {film.director or ''}") for film in films]
IN_FILE = len(films)
posted = asyncio.Condition()  # notified when a film was added

# --- search ----------------------------------------------------------------------------------------------------------


class Search(Struct, kw_only=True):
    """What can be asked for, in the query of an address."""

    q: Annotated[str, Meta(max_length=100)] = ""
    genre: Genre | Literal[""] = ""
    year: Annotated[int, Meta(ge=1900, le=2100)] | None = None
    rating_min: Rating = 0
    sort: Literal[
        "title", "-title", "released", "-released", "imdb_rating", "-imdb_rating", "imdb_votes", "-imdb_votes"
    ] = "-imdb_votes"
    page: Annotated[int, Meta(ge=1, le=100_000)] = 1
    size: Annotated[int, Meta(ge=1, le=100)] = 20


class Page(Struct, kw_only=True):
    """One page of what was found."""

    total: int
    page: int
    pages: int
    links: dict[str, str]
    films: list[Film]


def matching(q: str) -> Iterable[Film]:
    """The films in whose title and director every word of ``q`` occurs."""
    words = folded(q).split()
    return (film for film, text in zip(films, texts, strict=True) if all(word in text for word in words))


def best_matches(q: str, count: int = 20) -> list[Film]:
    """Titles that begin with ``q`` first, then by fame."""
    start = folded(q.strip())
    return sorted(
        matching(q),
        key=lambda film: (not texts[film.id - 1].startswith(start), -(film.imdb_votes or 0)),
    )[:count]


def find(search: Search, path: str) -> Page:
    """The page that ``search`` asks for, with links below ``path``; what is not known is sorted last."""
    found = [
        film
        for film in matching(search.q)
        if (not search.genre or film.genre == search.genre)
        and (search.year is None or (film.released is not None and film.released.year == search.year))
        and (not search.rating_min or (film.imdb_rating or 0) >= search.rating_min)
    ]
    key = attrgetter(search.sort.removeprefix("-"))
    known = [film for film in found if key(film) is not None]
    known.sort(key=key, reverse=search.sort.startswith("-"))
    found = known + [film for film in found if key(film) is None]

    pages = max(1, -(-len(found) // search.size))
    asked = {name: value for name, value in msgspec.structs.asdict(search).items() if value not in {"", None}}
    targets = {"self": search.page, "first": 1, "last": pages}
    if search.page > 1:
        targets["previous"] = min(search.page - 1, pages)
    if search.page < pages:
        targets["next"] = search.page + 1
    return Page(
        total=len(found),
        page=search.page,
        pages=pages,
        links={name: f"{path}?{urlencode(asked | {'page': page})}" for name, page in targets.items()},
        films=found[(search.page - 1) * search.size : search.page * search.size],
    )


# --- the API ---------------------------------------------------------------------------------------------------------

app = App("films")


@app.get("/films")
async def index(search: Query[Search], request: Request) -> Page:
    return find(search, request.url_for("films.index"))


@app.get("/films/{id:int}")
async def show(id: int) -> Film:
    if not 1 <= id <= len(films):
        raise NotFound(f"There is no film {id}.")
    return films[id - 1]


@app.post("/films")
async def add(new: NewFilm, request: Request) -> tuple[Film, int, dict[str, str]]:
    if len(films) >= IN_FILE + ROOM_FOR_POSTED:
        raise HTTPError(507, "The memory for new films is full.")
    film = Film(id=len(films) + 1, **msgspec.structs.asdict(new))
    films.append(film)
    texts.append(folded(f"{film.title} {film.director or ''}"))
    async with posted:
        posted.notify_all()
    return film, 201, {"location": request.url_for("films.show", id=film.id)}


@app.get("/films/export.jsonl")
async def export_lines() -> JSONLines[Film]:
    for film in films:
        yield film


@app.get("/films/export.csv", content_type="text/csv; charset=utf-8")
async def export_csv() -> AsyncIterator[str]:
    class Line:
        def write(self, text: str) -> str:
            return text

    def harmless(cell: Any) -> Any:  # a spreadsheet would run a text that begins like a formula
        formula = isinstance(cell, str) and cell.startswith(("=", "+", "-", "@", "\t", "\r"))
        return f"'{cell}" if formula else cell

    writer = csv.writer(Line())
    yield writer.writerow(Film.__struct_fields__)
    for film in films:
        yield writer.writerow(map(harmless, msgspec.structs.astuple(film)))


@app.get("/feed")
async def feed(last_event_id: Header[int | None] = None) -> EventStream[Film | Event]:
    """Films as they are posted. A browser that comes back says which one it saw last, and misses none."""
    seen = len(films) if last_event_id is None else min(max(last_event_id, IN_FILE), len(films))
    while True:
        async with posted:
            while len(films) == seen:
                await posted.wait()
        for film in films[seen:]:
            yield Event(event="film", id=str(film.id), data=film)
            seen = film.id


@app.websocket("/search")
async def search_as_you_type(socket: WebSocket) -> None:
    """Each message is a query; each reply has the query and its best matches."""
    async for query in socket:
        if isinstance(query, bytes):
            await socket.close(1003, "queries are text")
            break
        q = query[:100]
        await socket.send_json({"q": q, "films": best_matches(q)})


@app.get("/healthz")
async def health() -> dict[str, Any]:
    return {"status": "ok", "films": len(films)}


# --- the page: complete without JavaScript, live with it -------------------------------------------------------------

PAGE = Template((HERE / "films.html").read_text(encoding="utf-8"))
SORTS = {
    "-imdb_votes": "Best known",
    "-imdb_rating": "Best rated",
    "-released": "Newest",
    "released": "Oldest",
    "title": "Title",
}


def allowed(element: str) -> str:
    """The hash by which a browser knows the one <style> or <script> of the page, and runs no other."""
    text = PAGE.template.split(f"<{element}>")[1].split(f"</{element}>")[0]
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


POLICY = (
    f"default-src 'none'; style-src {allowed('style')}; script-src {allowed('script')}; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


def options(choices: dict[str, str], chosen: str) -> str:
    return "".join(
        f'<option value="{html.escape(value)}"{" selected" * (value == chosen)}>{html.escape(text)}</option>'
        for value, text in choices.items()
    )


def table_row(film: Film) -> str:
    year = film.released.year if film.released else ""
    rating = "" if film.imdb_rating is None else f"{film.imdb_rating:.1f}"
    title = f'<a href="films/{film.id}">{html.escape(film.title or "(no title)")}</a>'
    director, genre = html.escape(film.director or ""), html.escape(film.genre or "")
    return f'\n<tr><th scope="row">{title}<td>{year}<td>{director}<td>{genre}<td>{rating}'


@app.get("/")
async def home(search: Query[Search]) -> Response:
    page = find(search, "")
    text = PAGE.substitute(
        count=f"{len(films):,}",
        q=html.escape(search.q),
        genres=options({"": "All"} | {genre: genre for genre in get_args(Genre)}, search.genre),
        sorts=options(SORTS, search.sort),
        found=f"{page.total:,} found, page {page.page} of {page.pages}" if page.total else "Nothing found",
        rows="".join(map(table_row, page.films)),
        pager=" ".join(
            f'<a href="{html.escape(page.links[name])}" rel="{rel}">{name.capitalize()}</a>'
            for name, rel in (("previous", "prev"), ("next", "next"))
            if name in page.links
        ),
    )
    return Response(
        text.encode(), content_type="text/html; charset=utf-8", headers={"content-security-policy": POLICY}
    )
