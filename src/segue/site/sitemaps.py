"""Sitemaps for search engines (sitemaps.org, protocol 0.9): what is on the site, in as many files as it takes."""

import datetime
import inspect
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from typing import Any, Literal, TypeAlias, TypeVar, overload
from xml.sax.saxutils import escape

from msgspec import Struct

from segue.core.plugins.setup import Setup
from segue.core.results.streams import Stream
from segue.http.errors import NotFound
from segue.http.request import Request
from segue.http.response import Response
from segue.http.url import encode_path_segment
from segue.site.finding import awaited
from segue.site.signatures import signed

__all__ = ["Changes", "Place", "Sitemap"]

F = TypeVar("F", bound=Callable[..., Any])

Changes: TypeAlias = Literal["always", "hourly", "daily", "weekly", "monthly", "yearly", "never"]

_MOST = 50_000  # addresses in one file, by the protocol
_TYPE = "application/xml; charset=utf-8"
_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
_NAMESPACE = "http://www.sitemaps.org/schemas/sitemap/0.9"


class Place(Struct):
    """One address of a site: a path or a URL. ``languages``: the same page in others, ``{"de": "/de/films"}``; ``priority``: from 0 to 1."""

    path: str
    modified: datetime.datetime | datetime.date | None = None
    changes: Changes | None = None
    priority: float | None = None
    languages: Mapping[str, str] = {}


class Sitemap:
    """Plugin: ``/sitemap.xml``, of sections that say what is on the site.

        sitemap = Sitemap()
        app = App(plugins=[sitemap])

        @sitemap.section
        async def films(request: Request) -> AsyncIterator[Place]:
            async for film in Film.all().order_by(Film.id).stream():
                yield Place(request.url_for("film", id=film.id), modified=film.changed)

        @sitemap.section
        def pages() -> list[str]:
            return ["/", "/about"]

    A section gives places or paths: in a list, or one by one, which are written while they come. With one section that has
    no more than 50,000 it is one file; else ``/sitemap.xml`` is an index of ``/sitemap-films-1.xml`` and so on. ``count``: a
    function that says how many a section has, if it may be more than ``size``: ``@sitemap.section(count=Film.all().count)``.
    Sections give their places in the same order each time.
    """

    name = "sitemap"

    def __init__(self, *, size: int = _MOST, at: str = "/sitemap") -> None:
        if not 1 <= size <= _MOST:
            raise ValueError(f"a sitemap has from 1 to {_MOST:,} addresses, not {size}")
        self._size = size
        self._at = at
        self._sections: dict[str, tuple[Callable[..., Any], Callable[[], Any] | None]] = {}

    @overload
    def section(self, function: F, /) -> F: ...
    @overload
    def section(
        self, /, *, name: str | None = ..., count: Callable[[], Any] | None = ...
    ) -> Callable[[F], F]: ...
    def section(
        self, function: Any = None, /, *, name: str | None = None, count: Callable[[], Any] | None = None
    ) -> Any:
        """Adds the places that the decorated function gives; its parameter ``request`` is there if it asks for it."""

        def add(one: F) -> F:
            known = name or one.__name__
            if not known.replace("-", "_").isidentifier():
                raise ValueError(f"{known!r} is no name for a section: letters, digits and dashes")
            if known in self._sections:
                raise ValueError(
                    f"there are two sections named {known!r}: give one another, section(name=...)"
                )
            self._sections[known] = (one, count)
            return one

        return add if function is None else add(function)

    def setup(self, to: Setup) -> None:
        """Declares the routes."""
        to.get(f"{self._at}.xml", name="sitemap", documented=False)(signed(self._first, {"request": Request}))
        section = signed(self._section, {"request": Request, "section": str, "number": int})
        to.get(f"{self._at}-{{section}}-{{number:int}}.xml", name="sitemap_section", documented=False)(
            section
        )

    @property
    def _first(self) -> Callable[..., Any]:
        async def first(*, request: Request) -> Response:
            files = [(name, one) for name in self._sections for one in range(1, await self._files(name) + 1)]
            if len(files) == 1:
                return await self._written(request, *files[0])
            parts = [_HEAD, f'<sitemapindex xmlns="{_NAMESPACE}">\n']
            for name, number in files:
                url = _whole(request, request.url_for("sitemap_section", section=name, number=number))
                parts.append(f"<sitemap><loc>{escape(url)}</loc></sitemap>\n")
            parts.append("</sitemapindex>\n")
            return Response("".join(parts).encode(), 200, None, _TYPE)

        return first

    @property
    def _section(self) -> Callable[..., Any]:
        async def one(*, request: Request, section: str, number: int) -> Response:
            if section not in self._sections or not 1 <= number <= await self._files(section):
                raise NotFound
            return await self._written(request, section, number)

        return one

    async def _files(self, name: str) -> int:
        count = self._sections[name][1]
        return 1 if count is None else max(1, -(-int(await awaited(count())) // self._size))

    async def _written(self, request: Request, name: str, number: int) -> Response:
        pieces = self._pieces(request, name, (number - 1) * self._size)
        first = await anext(pieces)  # what fails before anything is there is an ordinary error
        body = Stream(pieces, lambda piece: piece, first, pieces.aclose)
        return Response(body, 200, None, _TYPE)

    async def _pieces(self, request: Request, name: str, start: int) -> AsyncGenerator[bytes, None]:
        written = [f'{_HEAD}<urlset xmlns="{_NAMESPACE}" xmlns:xhtml="http://www.w3.org/1999/xhtml">\n']
        at = 0
        async for place in _places(self._sections[name][0], request):
            if at >= start:
                written.append(_entry(request, place))
            at += 1
            if at == start + self._size:
                break
            if len(written) >= 500:
                yield "".join(written).encode()
                written.clear()
        yield "".join([*written, "</urlset>\n"]).encode()


async def _places(function: Callable[..., Any], request: Request) -> AsyncIterator[Place | str]:
    given = function(request) if "request" in inspect.signature(function).parameters else function()
    given = await awaited(given)
    if hasattr(given, "__aiter__"):
        async for one in given:
            yield one
    else:
        for one in given:
            yield one


def _entry(request: Request, place: Place | str) -> str:
    if isinstance(place, str):
        place = Place(place)
    parts = ["<url>", _element("loc", _whole(request, place.path))]
    if place.modified is not None:
        parts.append(_element("lastmod", _time(place.modified)))
    if place.changes is not None:
        parts.append(_element("changefreq", place.changes))
    if place.priority is not None:
        parts.append(_element("priority", f"{place.priority:.1f}"))
    for language, path in place.languages.items():
        href = escape(_whole(request, path), {'"': "&quot;"})
        tag = escape(language, {'"': "&quot;"})
        parts.append(f'<xhtml:link rel="alternate" hreflang="{tag}" href="{href}"/>')
    parts.append("</url>\n")
    return "".join(parts)


def _element(name: str, text: str) -> str:
    return f"<{name}>{escape(text)}</{name}>"


def _whole(request: Request, path: str) -> str:
    """A path as a whole URL, in which only what may stand in one does."""
    if path.startswith(("https://", "http://")):
        return path
    bare, mark, query = path.partition("?")
    written = bare if bare.isascii() else "/".join(map(encode_path_segment, bare.split("/")))
    return f"{request.url.origin}{written}{mark}{query}"


def _time(time: datetime.datetime | datetime.date) -> str:
    if isinstance(time, datetime.datetime):
        return (time if time.tzinfo else time.replace(tzinfo=datetime.UTC)).isoformat(timespec="seconds")
    return time.isoformat()
